"""Pictures as bytes of one endless answer, `multipart/x-mixed-replace`: browsers show them moving.

A picture is encoded once and the same bytes go to all who watch. The boundary follows it at once:
browsers show a part when they have seen its end, and would be late by one picture otherwise.
"""

from typing import Final

from lensbus_gateway.sse import cors
from lensbus_proto.messages import Picture

BOUNDARY: Final = b"lensbus-picture"
OPENING: Final = b"--" + BOUNDARY + b"\r\n"
# Behind a boundary: one empty part, so that the end is well-formed wherever it comes.
ENDING: Final = b"\r\n--" + BOUNDARY + b"--\r\n"


def part(picture: Picture) -> bytes:
    """Return one picture with its fields, and the boundary behind it.

    `X-Timestamp` is the time at which the driver saw it, in Unix seconds.
    """
    fields = (
        f"Content-Type: image/{picture.info['format']}\r\n"
        f"Content-Length: {len(picture.image)}\r\n"
        f"X-Timestamp: {picture.header.time_us / 1e6:.6f}\r\n\r\n"
    )
    return b"".join((fields.encode("latin-1"), picture.image, b"\r\n", OPENING))


def head(readable_by: str, *, chunked: bool) -> bytes:
    """Return the response head; a reader that knows no chunks gets its body ended by the close."""
    pairs = headers(readable_by)
    if chunked:
        pairs.append((b"Transfer-Encoding", b"chunked"))
    lines = [b"HTTP/1.1 200 OK", *(b"%b: %b" % pair for pair in pairs)]
    return b"\r\n".join((*lines, b"", b""))


def headers(readable_by: str) -> list[tuple[bytes, bytes]]:
    """Return the header fields of every such answer."""
    return [
        (b"Content-Type", b"multipart/x-mixed-replace; boundary=" + BOUNDARY),
        (b"Cache-Control", b"no-store"),
        (b"Connection", b"close"),
        *cors(readable_by),
        (b"X-Accel-Buffering", b"no"),  # nginx would hold pictures back
    ]
