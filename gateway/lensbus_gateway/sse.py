"""Server-Sent Events as bytes, and the response that hands its connection to the hub.

Rules: LF only; one `data:` line of ASCII JSON (some readers cut lines at U+2028 and its like);
one space behind the colon; a comment is a block of its own. An event is encoded once, as one HTTP
chunk, and the same bytes go to every client.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lensbus_gateway.server import HAND_OVER
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.messages import Event

LAST_CHUNK: Final = b"0\r\n\r\n"

_encode: Final[Callable[[Any], str]] = json.JSONEncoder(
    allow_nan=False, separators=(",", ":")
).encode


@dataclass(frozen=True, slots=True)
class Block:
    """One event of one camera, ready to be sent: its text inside one HTTP chunk."""

    camera: str
    chunk: bytes


def block(event: Event) -> Block:
    """Return the event as every client gets it.

    Raises RemoteProtocolError when its data is nested too deep to be written as JSON.
    """
    header = event.header
    data = {"cameraId": event.camera, **event.data}
    # Set again: whatever the body says, these speak of the header.
    data["cameraId"] = event.camera
    data["epoch"] = header.epoch
    data["seq"] = header.seq
    data["timeUs"] = header.time_us
    return Block(event.camera, chunk(text(event.kind, data)))


def text(kind: str, data: Mapping[str, Any]) -> bytes:
    """Return one event of the stream."""
    try:
        try:
            line = _encode(data)
        except (TypeError, ValueError):
            line = _encode(_plain(data))
    except RecursionError as error:
        raise RemoteProtocolError(f"{kind} is nested too deep for JSON") from error
    return f"event: {kind}\ndata: {line}\n\n".encode("ascii")


def _plain(value: Any) -> Any:
    """Return what msgpack can carry and JSON cannot as what a JSON reader can take."""
    match value:
        case Mapping():
            return {_key(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float():
            return value if math.isfinite(value) else None
        case bytes():
            return value.hex()
        case None | bool() | int() | str():
            return value
        case _:
            return str(value)


def _key(key: Any) -> str:
    return key.hex() if isinstance(key, bytes) else str(key)


def handshake(camera: str | None) -> bytes:
    """Return the event that opens every stream; it says nothing about a camera."""
    return text("connected", {"cameraId": "*" if camera is None else camera})


def chunk(body: bytes) -> bytes:
    """Return the bytes as one HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(body), body)


def unchunk(data: bytes) -> bytes:
    """Return what is inside one HTTP chunk."""
    return data[data.index(b"\r\n") + 2 : -2]


KEEPALIVE: Final = chunk(b": keepalive\n\n")


def head(cors_origin: str, *, chunked: bool) -> bytes:
    """Return the response head; a reader that knows no chunks gets its body ended by the close."""
    lines = [b"HTTP/1.1 200 OK", *(b"%b: %b" % pair for pair in _headers(cors_origin, chunked))]
    if chunked:
        lines.append(b"Transfer-Encoding: chunked")
    return b"\r\n".join((*lines, b"", b""))


def _headers(cors_origin: str, keep: bool) -> list[tuple[bytes, bytes]]:
    return [
        (b"Content-Type", b"text/event-stream"),
        (b"Cache-Control", b"no-cache"),
        (b"Connection", b"keep-alive" if keep else b"close"),
        (b"Access-Control-Allow-Origin", cors_origin.encode("latin-1")),
        (b"X-Accel-Buffering", b"no"),  # nginx would hold events back
    ]


def stream_response(request: Request, camera: str | None) -> Response:
    """Return the response that streams the events of one camera, or with None of all.

    A HEAD request gets the head and nothing else. Needs the gateway's own server, which can hand
    a connection over.
    """
    return _StreamResponse(request, camera)


class _StreamResponse(Response):
    def __init__(self, request: Request, camera: str | None) -> None:
        super().__init__()
        self._state = request.app.state
        self._camera = camera

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        chunked = scope["http_version"] != "1.0"
        if scope["method"] == "HEAD":
            headers = _headers(self._state.settings.gateway.cors_origin, chunked)
            lower = [(name.lower(), value) for name, value in headers]
            await send({"type": "http.response.start", "status": 200, "headers": lower})
            await send({"type": "http.response.body"})
            return
        take = scope["extensions"][HAND_OVER]["take"]
        self._state.hub.join(take, self._camera, chunked=chunked)
