"""Server-Sent Events as bytes.

Rules: LF only; one `data:` line of ASCII JSON (some readers cut lines at U+2028 and its like);
one space behind the colon; a comment is a block of its own; never an event without data. An event
is encoded once, as one HTTP chunk, and the same bytes go to every client. `id:` comes first, so
that a stream without cursors is the same text without its first line.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from lensbus_proto.cursor import Cursor
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.messages import Event

LAST_CHUNK: Final = b"0\r\n\r\n"

_encode: Final[Callable[[Any], str]] = json.JSONEncoder(
    allow_nan=False, separators=(",", ":")
).encode


GAP: Final = "gap"


class Block(NamedTuple):
    """One event, ready to be sent: its text inside one HTTP chunk, and its place in the journal.

    The camera is empty if the event speaks of the stream itself. Without a chunk it only holds its
    place: nobody can be told of it. `time_us` is when it happened, 0 if that is not known.
    """

    camera: str
    kind: str
    cursor: Cursor
    chunk: bytes
    time_us: int = 0


def block(event: Event) -> Block:
    """Return the event as every client gets it.

    Raises RemoteProtocolError when its data is nested too deep to be written as JSON.
    """
    header = event.header
    cursor = Cursor(header.journal, header.position)
    data = {"cameraId": event.camera, **event.data}
    # Set again: whatever the body says, these speak of the header.
    data["cameraId"] = event.camera
    data["epoch"] = header.epoch
    data["seq"] = header.seq
    data["timeUs"] = header.time_us
    told = chunk(text(event.kind, data, cursor))
    return Block(event.camera, event.kind, cursor, told, header.time_us)


def placeholder(event: Event) -> Block:
    """Return what holds the place of an event that cannot be written."""
    cursor = Cursor(event.header.journal, event.header.position)
    return Block(event.camera, event.kind, cursor, b"")


def gap_block(begin: Cursor | None, end: Cursor, count: int | None, reason: str) -> Block:
    """Return the declaration that what happened from `begin` to `end` cannot be delivered."""
    data = {
        "cameraId": "*",
        "count": count,
        "from": None if begin is None else str(begin),
        "to": str(end),
        "reason": reason,
    }
    return Block("", GAP, end, chunk(text(GAP, data, end)))


def text(kind: str, data: Mapping[str, Any], cursor: Cursor | None = None) -> bytes:
    """Return one event of the stream."""
    try:
        try:
            line = _encode(data)
        except (TypeError, ValueError):
            line = _encode(_plain(data))
    except RecursionError as error:
        raise RemoteProtocolError(f"{kind} is nested too deep for JSON") from error
    place = "" if cursor is None else f"id: {cursor}\n"
    return f"{place}event: {kind}\ndata: {line}\n\n".encode("ascii")


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


def handshake(camera: str | None, retry_ms: int, cursor: Cursor | None = None) -> bytes:
    """Return the event that opens every stream; it says nothing about a camera.

    `retry:` comes last, where readers that know only `event:` and `data:` pass over it.
    """
    return _connected(camera, cursor) + b"retry: %d\n\n" % retry_ms


@lru_cache(64)  # after a restart thousands begin at the same place
def _connected(camera: str | None, cursor: Cursor | None) -> bytes:
    return text("connected", {"cameraId": "*" if camera is None else camera}, cursor)[:-1]


def resumed(begin: Cursor, *, complete: bool) -> bytes:
    """Return the event that says after which place the replay begins.

    It carries no id: who breaks off here comes back with the cursor that it came with.
    """
    return text("resumed", {"cameraId": "*", "from": str(begin), "complete": complete})


def heartbeat(cursor: Cursor | None, time_us: int) -> bytes:
    """Return a sign of life that is a bookmark too."""
    return text("heartbeat", {"cameraId": "*", "timeUs": time_us}, cursor)


def snapshot(cursor: Cursor, cameras: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the state of every camera at a place."""
    return text("snapshot", {"cameraId": "*", "cameras": cameras}, cursor)


def unknown(retry_ms: int) -> bytes:
    """Return the whole body for a client whose cursor cannot even be read."""
    nowhere = Cursor(0, 0)
    data = {"cameraId": "*", "count": None, "from": None, "to": str(nowhere), "reason": "unknown"}
    return text(GAP, data, nowhere)[:-1] + b"retry: %d\n\n" % retry_ms


def busy(retry_ms: int) -> bytes:
    """Return the whole body for a client that has to come back later."""
    return text("busy", {"cameraId": "*"})[:-1] + b"retry: %d\n\n" % retry_ms


def without_id(event: bytes) -> bytes:
    """Return the event as it is for a client that cannot bear cursors."""
    return event[event.index(b"\n") + 1 :] if event.startswith(b"id: ") else event


def chunk(body: bytes) -> bytes:
    """Return the bytes as one HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(body), body)


def unchunk(data: bytes) -> bytes:
    """Return what is inside one HTTP chunk."""
    return data[data.index(b"\r\n") + 2 : -2]


KEEPALIVE: Final = chunk(b": keepalive\n\n")


def head(readable_by: str, *, chunked: bool, resumed_from: Cursor | None = None) -> bytes:
    """Return the response head; a reader that knows no chunks gets its body ended by the close."""
    pairs = headers(readable_by, keep=chunked)
    if resumed_from is not None:
        pairs.append((b"X-Resumed-From", str(resumed_from).encode("ascii")))
        pairs.append((b"Access-Control-Expose-Headers", b"X-Resumed-From"))
    lines = [b"HTTP/1.1 200 OK", *(b"%b: %b" % pair for pair in pairs)]
    if chunked:
        lines.append(b"Transfer-Encoding: chunked")
    return b"\r\n".join((*lines, b"", b""))


def headers(readable_by: str, *, keep: bool) -> list[tuple[bytes, bytes]]:
    """Return the header fields of every stream; pages of which other origin may read it, if any."""
    return [
        (b"Content-Type", b"text/event-stream"),
        (b"Cache-Control", b"no-cache"),
        (b"Connection", b"keep-alive" if keep else b"close"),
        *cors(readable_by),
        (b"X-Accel-Buffering", b"no"),  # nginx would hold events back
    ]


def cors(readable_by: str) -> list[tuple[bytes, bytes]]:
    """Return the fields that let pages of another origin, or with `*` of all, read an answer."""
    if not readable_by:
        return []
    allowed = (b"Access-Control-Allow-Origin", readable_by.encode("latin-1"))
    return [allowed] if readable_by == "*" else [allowed, (b"Vary", b"Origin")]
