"""Beginning a connection, and waiting for the camera's word."""

import logging
from collections.abc import Callable
from typing import Final

from lensbus_proto.errors import CameraError, CameraGone, CameraTimeout, Refused
from lensbus_services.sony.callbacks import Queue
from lensbus_services.sony.codes import CONNECT_ADVICE, MODES, error_name
from lensbus_services.sony.connection import Signal, State
from lensbus_services.sony.ending import ABANDON_S
from lensbus_services.sony.limits import within
from lensbus_services.sony.link import Link
from lensbus_services.sony.lookup import Lookup
from lensbus_services.sony.present import Present
from lensbus_services.sony.sdk import Sdk
from lensbus_services.sony.values import Credentials
from lensbus_services.sony.wish import Wish

logger = logging.getLogger(__name__)

RETRIES: Final = 1  # of a connection about which the camera says nothing
RETRY_LEAST_S: Final = 1.0  # a healthy body takes less


class Opening:
    """Opens connections; one that does not come about is let go of. One thread at a time."""

    def __init__(
        self,
        present: Present,
        sdk: Sdk,
        queue: Queue,
        lookup: Lookup,
        let_go: Callable[[float], bool],
        limit_s: float,
    ) -> None:
        self._present = present
        self._sdk = sdk
        self._queue = queue
        self._lookup = lookup
        self._let_go = let_go
        self._limit_s = limit_s

    def open(self, wish: Wish, login: Credentials) -> Link:
        """Connect; once more when the camera says nothing at all.

        Giving up such a try clears a link that a dead process has left behind in the body.
        """
        for retries in (RETRIES, 0):
            link = self._begin(wish, login)
            try:
                self._await_opened()
            except CameraTimeout:
                if retries == 0 or within(self._limit_s) < RETRY_LEAST_S:
                    raise
                logger.warning("no word from the camera", extra={"retries_left": retries})
            else:
                return link
        raise AssertionError("the last try returns or raises")

    def _begin(self, wish: Wish, login: Credentials) -> Link:
        cameras, index = self._lookup.look(with_login=bool(login.username))
        link = Link(self._sdk, self._queue, self._present.number + 1)
        try:
            self._present.begin(link, wish, login)
        except CameraGone:
            link.release()
            raise
        try:
            result = link.connect(
                cameras, index, MODES[wish.mode], wish.reconnecting, login, self._limit_s
            )
        except CameraError:
            self._let_go(ABANDON_S)
            raise
        if result != 0:
            with self._present.changed:
                self._present.error = result
                self._present.advance(Signal.FAILED)
        return link

    def _await_opened(self) -> None:
        present, limit_s = self._present, within(self._limit_s)
        with present.changed:
            present.changed.wait_for(
                lambda: present.closed or present.state is not State.CONNECTING, limit_s
            )
            state, error = present.state, present.error
        if state is State.UP:
            return
        self._let_go(ABANDON_S)
        self._lookup.forget()
        if state is State.ENDED:
            advice = CONNECT_ADVICE.get(error, "the camera refused the connection")
            raise Refused(
                f"{advice} (0x{error:04X} {error_name(error)})",
                vendor_code=error,
                operation="Connect",
            )
        if state is State.CONNECTING and not present.closed:
            raise CameraTimeout(
                f"Connection did not complete within {limit_s:g}s. The camera said nothing: it may"
                " still hold the link of a process that died, which this attempt has cleared;"
                " connect again.",
                operation="Connect",
            )
        raise CameraGone("the connection was given up meanwhile")
