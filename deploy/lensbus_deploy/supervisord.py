"""supervisord, with two habits changed (supervisor 4.3.0).

Its loop looks after its children once a second, because a signal does not end its wait: stopping a
system would take a second for each process, and a crashed worker as long to be noticed.

It closes the socket of an `[fcgi-program]` when the last process ends, and opens it anew with the
next. A browser whose reconnect falls into that gap is refused and never comes back.

That socket may be one that was handed to `lensbus up`: LENSBUS_GATEWAY_FD is its descriptor.
"""

import os
import socket
import sys
from typing import Any, Final

from supervisor import poller, process, socket_manager, supervisord

LOOK_S: Final = 0.1
DESCRIPTOR: Final = "LENSBUS_GATEWAY_FD"


class QuickPoller(poller.Poller):  # type: ignore[misc]  # untyped package
    """A poller that never waits long."""

    def poll(self, timeout: float) -> Any:
        """Return what is ready within `timeout` or `LOOK_S` seconds, whichever is less."""
        return super().poll(min(timeout, LOOK_S))


class HandedSocket(socket_manager.SocketManager):  # type: ignore[misc]  # untyped package
    """A listening socket that somebody else has made and keeps."""

    socket: Any = None

    def _prepare_socket(self) -> None:
        if self.socket is None:
            self.socket = socket.socket(fileno=int(os.environ[DESCRIPTOR]))
        self.prepared = True

    def _close(self) -> None:
        """Keep it: there is no other."""


class KeptSocketGroup(process.FastCGIProcessGroup):  # type: ignore[misc]  # untyped package
    """A group of processes whose listening socket lives as long as the group."""

    def __init__(self, config: Any, **options: Any) -> None:
        if os.environ.get(DESCRIPTOR):
            options["socketManager"] = HandedSocket
        super().__init__(config, **options)
        self.socket_manager.ref_ctr.increment()


if __name__ == "__main__":
    poller.Poller = QuickPoller
    process.FastCGIProcessGroup = KeptSocketGroup
    sys.exit(supervisord.main())
