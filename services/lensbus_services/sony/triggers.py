"""Every accepted trigger comes to an end that is told: exposed, not exposed, or nobody can know.

Threads: commands begin triggers, callbacks tell exposures and files, and one thread of its own
watches the time: a camera that accepted a trigger and did nothing says nothing.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from lensbus_proto.errors import CameraBusy, CommandError
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.records import bound
from lensbus_services.driver import Observation
from lensbus_services.sony.captures import Capture, Captures
from lensbus_services.sony.limits import within
from lensbus_services.sony.observations import not_exposed, outcome_unknown
from lensbus_services.threads import spawn

logger = logging.getLogger(__name__)

LIMIT_S: Final = 3.0  # healthy bodies were seen to take 0.4 to 0.7 s, and 1.6 s with autofocus
LEAST_S: Final = 1.0  # however fast a simulated body is, our own threads need some time

Ask = Callable[[], float]
Tell = Callable[[Observation], None]


class Triggers:
    """The captures of one camera.

    `ask` returns by how much longer than usual the camera may take now; `tell` has observations
    told.
    """

    def __init__(self, scale: float, ask: Ask, tell: Tell) -> None:
        self._captures = Captures(max(LEAST_S, LIMIT_S * scale))
        self._changed = threading.Condition()
        self._closed = False
        self._ask = ask
        self._tell = tell
        spawn(self._watch, "sony-triggers")

    @contextmanager
    def trigger(self, method: str, *, held: bool = False) -> Iterator[Capture]:
        """Have the block press the shutter: what it raises means that the camera did not accept.

        Waits until it is known what became of the last trigger: CameraBusy if that takes too long.
        """
        with self._changed:
            capture = self._captures.held
            if capture is None:
                limit_s = within(self._captures.limit_s * 4)
                if not self._changed.wait_for(lambda: self._captures.is_settled, limit_s):
                    raise CameraBusy("the camera has not yet exposed what was triggered last")
                capture = self._captures.begin(unix_us(), method, time.monotonic(), held=True)
        try:
            with bound(capture=capture.id):
                yield capture
                logger.info("triggered", extra={"method": method})
        except CommandError as error:
            with self._changed:
                if error.began:
                    self._captures.released(time.monotonic())
                else:
                    self._captures.withdraw(capture)
                self._changed.notify_all()
            raise
        if not held:
            self.released()

    def released(self) -> Capture | None:
        """Note that the shutter was let go; return its capture, if there is one."""
        with self._changed:
            capture = self._captures.released(time.monotonic())
            self._changed.notify_all()
            return capture

    def exposed(self, *, has_files: bool) -> int | None:
        """Return the capture of an exposure."""
        with self._changed:
            capture = self._captures.exposed(time.monotonic(), has_files=has_files)
            self._changed.notify_all()
            return capture

    def filed(self, stem: str) -> int | None:
        """Return the capture of a file."""
        with self._changed:
            return self._captures.filed(stem)

    def lost_file(self) -> int | None:
        """Return the capture of a file that did not arrive."""
        with self._changed:
            return self._captures.lost_file()

    def expect_no_files(self) -> None:
        """Forget exposures that were for the card only."""
        with self._changed:
            self._captures.expect_no_files()

    def lose(self, reason: str) -> Observation | None:
        """Note the end of the connection; return what has to be told of the last trigger."""
        with self._changed:
            capture = self._captures.open_at_end()
            self._captures.expect_no_files()
            self._changed.notify_all()
        return outcome_unknown(unix_us(), capture, reason) if capture is not None else None

    def close(self) -> None:
        """End the watching."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _watch(self) -> None:
        """Thread: tell of triggers that came to nothing."""
        while (capture := self._await_overdue()) is not None:
            more_s = self._ask() if capture.more_s is None else 0.0
            with self._changed:
                if self._captures.overdue(time.monotonic()) is not capture:
                    continue
                capture.more_s = more_s if capture.more_s is None else capture.more_s
                if more_s > 0:
                    continue
                capture.told = True
                self._changed.notify_all()
            self._tell(not_exposed(unix_us(), capture))

    def _await_overdue(self) -> Capture | None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                overdue = self._captures.overdue(now)
                if overdue is not None:
                    return overdue
                self._changed.wait(self._captures.due_in(now))
        return None
