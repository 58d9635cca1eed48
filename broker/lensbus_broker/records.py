"""One event as the journal keeps it: a checksum, lengths, and the three parts of the wire.

| offset | size | field |
| --- | --- | --- |
| 0 | 4 | crc32 of everything behind it |
| 4 | 2 | length of the topic |
| 6 | 4 | length of the body |
| 10 | | topic, header (40 bytes, stamped), body |

A record is complete and right, or it is not there. Reading passes over what is broken and goes on
with the next right record: one flipped bit costs one event.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from lensbus_proto.codec import EVENT_LIMIT, HEADER_BYTES
from lensbus_proto.topics import TOPIC_LIMIT

_CRC: Final = struct.Struct(">I")
_LENGTHS: Final = struct.Struct(">HI")
_PREFIX: Final = struct.Struct(">IHI")
PREFIX_BYTES: Final = _PREFIX.size
_POSITION: Final = struct.Struct(">Q")
_POSITION_AT: Final = 24
_HEADER_MAGIC: Final = b"\x4c\x01\x01"
MAX_RECORD_BYTES: Final = PREFIX_BYTES + TOPIC_LIMIT + HEADER_BYTES + EVENT_LIMIT

Parts = tuple[bytes, bytes, bytes]


def pack_record(topic: bytes, header: bytes, body: bytes) -> bytes:
    """Return the record of an event."""
    rest = b"".join((_LENGTHS.pack(len(topic), len(body)), topic, header, body))
    return _CRC.pack(crc32(rest)) + rest


def unpack_record(record: bytes) -> Parts:
    """Return the parts in a record that is known to be right."""
    _, topic, _ = _PREFIX.unpack_from(record)
    start = PREFIX_BYTES + topic
    end = start + HEADER_BYTES
    return record[PREFIX_BYTES:start], record[start:end], record[end:]


def position_of(record: bytes) -> int:
    """Return the position in a record that is known to be right."""
    _, topic, _ = _PREFIX.unpack_from(record)
    position: int = _POSITION.unpack_from(record, PREFIX_BYTES + topic + _POSITION_AT)[0]
    return position


@dataclass(frozen=True, slots=True)
class Found:
    """One right record in a run of bytes, and where it lies."""

    position: int
    start: int
    end: int


def scan(data: bytes, start: int = 0) -> Iterator[Found]:
    """Yield the right records from `start` on; what is torn or wrong is passed over."""
    view = memoryview(data)
    while (found := _right(view, start) or _next(data, view, start + 1)) is not None:
        yield found
        start = found.end


def _right(view: memoryview, start: int) -> Found | None:
    """Return the record that begins at `start`, if there is one and it is right."""
    if start < 0 or start + PREFIX_BYTES > len(view):
        return None
    crc, topic, body = _PREFIX.unpack_from(view, start)
    end = start + PREFIX_BYTES + topic + HEADER_BYTES + body
    if topic > TOPIC_LIMIT or body > EVENT_LIMIT or end > len(view):
        return None
    if crc32(view[start + 4 : end]) != crc:
        return None
    at = start + PREFIX_BYTES + topic + _POSITION_AT
    return Found(_POSITION.unpack_from(view, at)[0], start, end)


def _next(data: bytes, view: memoryview, start: int) -> Found | None:
    """Return the first right record behind a broken one, found by the magic of its header."""
    header = data.find(_HEADER_MAGIC, start)
    while header >= 0:
        for topic in range(min(TOPIC_LIMIT, header - PREFIX_BYTES - start) + 1):
            begin = header - topic - PREFIX_BYTES
            if _PREFIX.unpack_from(view, begin)[1] == topic and (found := _right(view, begin)):
                return found
        header = data.find(_HEADER_MAGIC, header + 1)
    return None
