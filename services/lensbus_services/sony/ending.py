"""The end of a connection: told first, then brought about within its limit."""

import logging
from typing import Final

from lensbus_proto.errors import CameraError, CameraTimeout
from lensbus_proto.runtime.clock import unix_us
from lensbus_services.sony.connection import Signal, State
from lensbus_services.sony.limits import Until
from lensbus_services.sony.link import Link
from lensbus_services.sony.observations import disconnected
from lensbus_services.sony.outlet import Outlet
from lensbus_services.sony.present import Present
from lensbus_services.sony.telling import Teller
from lensbus_services.sony.values import Found

logger = logging.getLogger(__name__)

ABANDON_S: Final = 1.0  # OnDisconnected of a connection that never came about, or is over
RELEASE_S: Final = 0.1  # at least, for a call on its way to come back
SEQUENCE_S: Final = 1.0  # a capture sequence lets go of the shutter


class Ending:
    """Lets go of connections. `let_go` has one calling thread at a time."""

    def __init__(self, present: Present, found: Found, teller: Teller, outlet: Outlet) -> None:
        self.left_behind: Link | None = None  # the SDK did not let go of it
        self._present = present
        self._found = found
        self._teller = teller
        self._outlet = outlet

    def stop(self, reason: str) -> bool:
        """Move towards the end and wake everybody who waits for something else.

        Return whether the camera was connected.
        """
        present = self._present
        with present.changed:
            was_connected = present.is_connected
            present.lost = None
            if was_connected:
                for lost in self._teller.lose(unix_us(), reason):
                    self._outlet.put(lost)
                self._outlet.put(disconnected(self._found, unix_us(), reason=reason))
            present.advance(Signal.STOP)
            return was_connected

    def let_go(self, wait_s: float) -> bool:
        """Disconnect and release whatever there is. Return whether the SDK told the end."""
        present, until = self._present, Until(wait_s)
        link = present.link
        if link is None:
            return True
        with present.changed:
            present.advance(Signal.STOP)
            over = present.state is State.ENDED
        quiet = present.sequence.acquire(timeout=min(SEQUENCE_S, until.left_s() / 2))
        try:
            if over:
                link.ended()
            else:
                over = self._disconnect(link, until)
            self._release(link, until)
        finally:
            if quiet:
                present.sequence.release()
        present.released()
        return over

    def _disconnect(self, link: Link, until: Until) -> bool:
        """Have the SDK tell the end; return whether it did."""
        present = self._present
        try:
            link.disconnect(until.left_s())
        except CameraError as error:
            logger.warning("not disconnected", extra={"reason": error.message})
            return False
        with present.changed:
            return present.changed.wait_for(lambda: present.state is State.ENDED, until.left_s())

    def _release(self, link: Link, until: Until) -> None:
        try:
            link.release(max(until.left_s(), RELEASE_S))
        except CameraTimeout as error:
            # The SDK still has a call of this link: nothing that it knows may be taken away.
            self.left_behind = link
            logger.error("device not released", extra={"reason": error.message})
        except CameraError as error:
            logger.warning("device not released", extra={"reason": error.message})
