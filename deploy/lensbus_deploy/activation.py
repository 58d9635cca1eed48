"""What systemd hands to the process that it starts, and what it likes to be told.

With socket activation systemd owns the listening socket: it outlives this system, so that clients
of one that is being restarted wait instead of being refused (sd_listen_fds(3), sd_notify(3)).
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.settings import Settings

FIRST: Final = 3  # descriptors that are handed over begin here
# Read here and by nobody that is started from here.
VARIABLES: Final = (
    "LISTEN_PID",
    "LISTEN_PIDFDID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "NOTIFY_SOCKET",
)
READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"


def inherited(environ: Mapping[str, str], pid: int) -> int | None:
    """Return the descriptor of the listening socket that was handed to this process, if one was.

    Raises SettingsError when it cannot be the gateway's.
    """
    if environ.get("LISTEN_PID") != str(pid):
        return None  # for somebody else, who forgot to take them away
    number = environ.get("LISTEN_FDS", "0")
    if number == "0":
        return None
    if number != "1":
        raise SettingsError(f"{number} sockets were handed over, expected one: the gateway's")
    listener = _socket(FIRST)
    try:
        address(listener)
    finally:
        listener.detach()
    return FIRST


def fitted(settings: Settings, descriptor: int) -> Settings:
    """Return the settings with the address of the socket in place of the configured one."""
    listener = _socket(descriptor)
    try:
        host, port = address(listener)
    finally:
        listener.detach()
    return replace(settings, gateway=replace(settings.gateway, host=host, port=port))


def address(listener: socket.socket) -> tuple[str, int]:
    """Return where a socket listens."""
    is_internet = listener.family in (socket.AF_INET, socket.AF_INET6)
    if not is_internet or listener.type != socket.SOCK_STREAM or not _listens(listener):
        raise SettingsError("the socket that was handed over does not listen on a TCP port")
    host, port = listener.getsockname()[:2]
    return str(host), int(port)


def tell(environ: Mapping[str, str], what: str) -> None:
    """Tell the service manager, if it wants to know; it may be gone."""
    path = environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line, suppress(OSError):
        line.sendto(what.encode(), path.replace("@", "\0", 1) if path[0] == "@" else path)


def without(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for those that are started from here."""
    return {name: value for name, value in environ.items() if name not in VARIABLES}


def _socket(descriptor: int) -> socket.socket:
    try:
        return socket.socket(fileno=descriptor)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise SettingsError(f"descriptor {descriptor} was handed over, and is {reason}") from error


def _listens(listener: socket.socket) -> bool:
    return bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
