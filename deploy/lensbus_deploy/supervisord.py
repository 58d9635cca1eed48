"""supervisord, with three habits changed (supervisor 4.3.0).

Its loop looks after its children once a second, because a signal does not end its wait: stopping a
system would take a second for each process, and a crashed worker as long to be noticed.

It closes the socket of an `[fcgi-program]` when the last process ends, and opens it anew with the
next. A browser whose reconnect falls into that gap is refused and never comes back.

That socket may be one that was handed to `lensbus up`: LENSBUS_GATEWAY_FD is its descriptor.

It tells nobody but its log by which signal a process died. Of workers this one leaves a note, which
the next worker of that camera finds.
"""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from supervisor import options, poller, process, socket_manager, supervisord

from lensbus_proto.runtime.clock import unix_us
from lensbus_services.ends import Ends, ended_by
from lensbus_services.supervisor import camera_of

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


class NotedProcess(process.Subprocess):  # type: ignore[misc]  # untyped package
    """The process of a worker, whose end is noted before the next one is started."""

    def __init__(self, config: Any, camera: str, ends: Ends) -> None:
        super().__init__(config)
        self._camera = camera
        self._ends = ends

    def finish(self, pid: int, status: int) -> None:
        """Take note of the end of the process."""
        try:
            self._ends.note(self._camera, ended_by(pid, status, unix_us()), asked=self.killing)
        except OSError as error:
            self.config.options.logger.warn(f"end of {self.config.name} not noted: {error}")
        super().finish(pid, status)


def making(ends: Ends) -> Callable[..., Any]:
    """Return how a process is made from its configuration by a supervisord that leaves notes."""
    plainly = options.ProcessConfig.make_process

    def make_process(config: Any, group: Any = None) -> Any:
        camera = camera_of(config.name)
        if camera is None:
            return plainly(config, group)
        made = NotedProcess(config, camera, ends)
        made.group = group
        return made

    return make_process


if __name__ == "__main__":
    poller.Poller = QuickPoller
    process.FastCGIProcessGroup = KeptSocketGroup
    options.ProcessConfig.make_process = making(Ends(Path(os.environ["LENSBUS_SYSTEM_STATE"])))
    sys.exit(supervisord.main())
