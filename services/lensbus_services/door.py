"""The door of discovery on the bus: whoever cannot wait for the next search asks for one."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import zmq

from lensbus_proto.codec import pack_reply, unpack_command
from lensbus_proto.errors import CommandError, CommandUnknown, LensbusError, RemoteProtocolError
from lensbus_proto.messages import Reply

SCAN: Final = "scan"


def answer(door: "zmq.Socket[bytes]", scan: Callable[[], Sequence[str]]) -> None:
    """Answer all who wait, with one search for all of them."""
    waiting: list[tuple[bytes, str]] = []
    while door.poll(0):
        address, *parts = door.recv_multipart()
        command_id, refusal = _read(parts)
        if refusal is None:
            waiting.append((address, command_id))
        else:
            _send(door, address, Reply(command_id, error=refusal))
    if not waiting:
        return
    result, error = None, None
    try:
        result = {"cameras": list(scan())}
    except (LensbusError, OSError) as failure:
        error = _error(CommandError.code, str(failure))
    for address, command_id in waiting:
        _send(door, address, Reply(command_id, result, error))


def _read(parts: list[bytes]) -> tuple[str, dict[str, Any] | None]:
    """Return the id of a command, and why it is refused."""
    try:
        match parts:
            case [b"", _, request]:
                command = unpack_command(request)
            case _:
                raise RemoteProtocolError("a request has two parts: camera, request")
    except RemoteProtocolError as error:
        return "-", _error(error.code, str(error))
    if command.name == SCAN:
        return command.id, None
    return command.id, _error(CommandUnknown.code, f"discovery has no command {command.name}")


def _error(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "began": False}


def _send(door: "zmq.Socket[bytes]", address: bytes, reply: Reply) -> None:
    # Who has left meanwhile is dropped by the socket.
    door.send_multipart([address, b"", *pack_reply(reply)])
