"""supervisord as the manager of workers, through its XML-RPC on a unix socket.

Each worker is a program of its own: a file in `<state>/workers/` that supervisord includes.
"""

import http.client
import logging
import socket
import xmlrpc.client
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import LensbusError
from lensbus_proto.runtime.settings import Settings

logger = logging.getLogger(__name__)

TIMEOUT_S: Final = 20.0
ALREADY_ADDED: Final = 90
BAD_NAME: Final = 10
GIVEN_UP: Final = frozenset({"FATAL", "EXITED", "STOPPED", "UNKNOWN"})

# The variables are those of `deploy/supervisord.conf`.
PROGRAM: Final = """\
; Written by discovery: the worker of one camera.
[program:worker-{vendor}-{name}]
command=%(ENV_LENSBUS_{prefix}_PYTHON)s -m lensbus_services --vendor {vendor} --camera {camera}
autorestart=true
startsecs=1
startretries=10
stopwaitsecs=4
redirect_stderr=true
stdout_logfile=%(ENV_LENSBUS_SYSTEM_STATE)s/logs/worker-{vendor}-{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


class SupervisorError(LensbusError):
    """supervisord refused or cannot be reached."""

    code = "supervisor"


class Supervisor:
    """The workers of one vendor, as programs of supervisord."""

    def __init__(self, settings: Settings, vendor: str) -> None:
        self._vendor = vendor
        self._folder = settings.state / "workers"
        self._socket = settings.state / "run" / "supervisor.sock"

    def cameras(self) -> list[str]:
        """Return the cameras that have a worker, running or not."""
        prefix = f"worker-{self._vendor}-"
        return [
            _unquote(process["group"].removeprefix(prefix))
            for process in self._call("getAllProcessInfo")
            if process["group"].startswith(prefix)
        ]

    def start(self, camera: str) -> None:
        """Start a camera's worker, or start it again if it has been given up."""
        group = self._group(camera)
        info = self._call("getProcessInfo", group, forgiven=BAD_NAME)
        if info is None:
            self._write(group, camera)
            self._call("reloadConfig")
            self._call("addProcessGroup", group, forgiven=ALREADY_ADDED)
        elif info["statename"] in GIVEN_UP:
            logger.warning("worker started again", extra={"camera": camera})
            self._call("startProcess", group, False)

    def stop(self, camera: str) -> None:
        """Stop a camera's worker and forget it."""
        group = self._group(camera)
        self._call("stopProcessGroup", group)
        self._call("removeProcessGroup", group, forgiven=BAD_NAME)
        (self._folder / f"{group}.conf").unlink(missing_ok=True)
        self._call("reloadConfig")

    def _group(self, camera: str) -> str:
        return f"worker-{self._vendor}-{_quote(camera)}"

    def _write(self, group: str, camera: str) -> None:
        """Write the program's file; it appears whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        program = PROGRAM.format(
            vendor=self._vendor, prefix=self._vendor.upper(), name=_quote(camera), camera=camera
        )
        partial = self._folder / f"{group}.partial"
        partial.write_text(program, encoding="utf-8")
        partial.replace(self._folder / f"{group}.conf")

    def _call(self, name: str, *arguments: Any, forgiven: int | None = None) -> Any:
        """Call supervisord; None instead of an error for the fault that is forgiven."""
        with xmlrpc.client.ServerProxy("http://lensbus", _UnixTransport(self._socket)) as proxy:
            try:
                return getattr(proxy.supervisor, name)(*arguments)
            except xmlrpc.client.Fault as fault:
                if fault.faultCode == forgiven:
                    return None
                raise SupervisorError(f"{name}: {fault.faultString}") from fault
            except (xmlrpc.client.ProtocolError, http.client.HTTPException) as error:
                raise SupervisorError(f"{name}: {error}") from error


def camera_of(group: str) -> str | None:
    """Return the camera whose worker a group of supervisord is; None if it is another process."""
    match group.split("-", 2):
        case ["worker", _, name]:
            return _unquote(name)
    return None


def _quote(camera: str) -> str:
    """Return a name for supervisord, which takes no colon: `:` becomes `..`."""
    return camera.replace(":", "..")


def _unquote(name: str) -> str:
    return name.replace("..", ":")


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _UnixConnection(self._path)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("lensbus", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
