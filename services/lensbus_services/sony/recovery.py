"""Bringing back a connection that a client wishes: after the worker's death, and after a loss.

A body that another process holds is asked less and less often; one that is not there is looked
for every few seconds. What stands in the way is told once, not with every try.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from lensbus_proto.errors import CameraGone, CommandError
from lensbus_proto.runtime.clock import unix_us
from lensbus_services.driver import Observation
from lensbus_services.sony.observations import failed
from lensbus_services.sony.session import Session
from lensbus_services.sony.values import Credentials
from lensbus_services.sony.wish import Wish
from lensbus_services.threads import spawn

logger = logging.getLogger(__name__)

WAITS_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
GONE_S: Final = 2.0  # looking costs the camera nothing


@dataclass(frozen=True, slots=True)
class Wanted:
    """The connection that is to be there."""

    wish: Wish
    login: Credentials


class Recovery:
    """Connects a camera again and again until it works or nobody wants it any more."""

    def __init__(
        self,
        session: Session,
        tell: Callable[[Observation], None],
        resume_live_view: Callable[[], None],
    ) -> None:
        self._session = session
        self._resume_live_view = resume_live_view
        self._tell = tell
        self._changed = threading.Condition()
        self._wanted: Wanted | None = None
        self._closed = False
        spawn(self._work, "sony-recovery")

    def begin(self, wish: Wish, login: Credentials) -> None:
        """Have the camera connected as soon as that is possible."""
        with self._changed:
            self._wanted = Wanted(wish, login)
            self._changed.notify_all()

    def give_up(self) -> None:
        """Stop trying: a client has said how it shall be."""
        with self._changed:
            self._wanted = None
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _work(self) -> None:
        """Thread: try, wait, try again."""
        while (wanted := self._await_wanted()) is not None:
            tries, told = 0, ""
            while self._is_wanted(wanted):
                wait_s, told = self._try(wanted, tries, told)
                tries += 1
                with self._changed:
                    self._changed.wait_for(partial(self._is_dropped, wanted), wait_s)

    def _await_wanted(self) -> Wanted | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._wanted is not None)
            return None if self._closed else self._wanted

    def _is_wanted(self, wanted: Wanted) -> bool:
        return self._wanted is wanted and not self._closed

    def _is_dropped(self, wanted: Wanted) -> bool:
        return not self._is_wanted(wanted)

    def _try(self, wanted: Wanted, tries: int, told: str) -> tuple[float, str]:
        """Try once. Return how long to wait before the next time, and what clients were told."""
        session = self._session
        try:
            already = session.connect(wanted.wish, wanted.login)
        except CommandError as error:
            logger.warning("not connected again", extra={"reason": error.message})
            if error.message != told and not session.error_told and self._is_wanted(wanted):
                code = error.code if error.vendor_code is None else f"0x{error.vendor_code:08x}"
                self._tell(failed(unix_us(), code, error.message))
            wait_s = WAITS_S[min(tries, len(WAITS_S) - 1)]
            return min(wait_s, GONE_S) if isinstance(error, CameraGone) else wait_s, error.message
        # Dropped in the very last moment; who only closes wishes it still, for the next worker.
        if self._wanted is not wanted and not already and not self._closed:
            session.disconnect()
        with self._changed:
            is_back = self._wanted is wanted
            if is_back:
                self._wanted = None
        if is_back and not already and wanted.wish.live_view:
            self._resume_live_view()
        return 0.0, told
