"""Records one camera while it runs, whoever looks: asks its main stream for pictures in turn."""

import logging
import threading
import time
from collections.abc import Callable

from lensbus_proto.errors import CommandError
from lensbus_proto.runtime.settings import OakRecordingSettings
from lensbus_services.oak.images import Pixels
from lensbus_services.oak.recording import Recording

logger = logging.getLogger(__name__)

STOP_S = 1.0

# Returns the pixels of a new picture and its time in Unix microseconds.
Look = Callable[[], tuple[Pixels, int]]


class Recorder:
    """A thread of its own; without seconds to keep there is none, and nothing is recorded."""

    def __init__(self, settings: OakRecordingSettings, look: Look) -> None:
        self._period_s = 1 / settings.fps
        self._look = look
        self._recording = Recording(settings) if settings.seconds > 0 else None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="oak-recorder", daemon=True)

    def start(self) -> None:
        """Begin to record."""
        if self._recording is not None:
            self._thread.start()

    def stop(self) -> None:
        """End; calling it twice is fine."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)

    def webm(self) -> bytes | None:
        """Return the last seconds; None when there is no recording."""
        return None if self._recording is None else self._recording.webm()

    def _run(self) -> None:
        assert self._recording is not None
        due_s = time.monotonic()
        while not self._ending.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s + self._period_s, time.monotonic())
            try:
                self._recording.add(*self._look())
            except CommandError as error:
                # Off, shut down or lost: it goes on when there are pictures again.
                logger.debug("nothing to record", extra={"reason": error.message})
            except Exception:  # the edge of a thread
                logger.exception("recording failed")
                self._ending.wait(STOP_S)
