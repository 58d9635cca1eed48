"""Segment files: a head, then records of rising positions. Whatever the bytes, reading goes on.

A segment is named after its first position. Its head tells the journal, that position, and how far
every camera had come before it, so that a start has to read one segment only:

| offset | size | field |
| --- | --- | --- |
| 0 | 8 | magic `LBJOUR2\n` |
| 8 | 4 | crc32 of everything behind it in the head |
| 12 | 4 | journal |
| 16 | 8 | first position |
| 24 | 4 | flags, bit 0: how much is missing before it is not known |
| 28 | 4 | length of the map |
| 32 | | msgpack map: camera to [epoch, seq, present, connected] |
"""

import os
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zlib import crc32

from lensbus_broker.records import MAX_RECORD_BYTES, Found, scan
from lensbus_broker.standing import Lives, lives_from_map, lives_to_map
from lensbus_proto.codec import pack_map, unpack_map
from lensbus_proto.errors import RemoteProtocolError

_HEAD: Final = struct.Struct(">8sIIQII")
_MAGIC: Final = b"LBJOUR2\n"
_JUMPED: Final = 1
_MAP_LIMIT: Final = 4 * 1024 * 1024
_BLOCK: Final = 256 * 1024
SUFFIX: Final = ".segment"


@dataclass(slots=True)
class Segment:
    """One file; `last` is its newest position, one less than `first` while it is empty."""

    path: Path
    journal: int
    first: int
    jumped: bool
    lives: Lives
    start: int
    size: int
    last: int
    closed: float = 0.0  # on the monotonic clock: when its newest record was written
    # Positions and where they begin, noted while reading; only the reading thread touches it.
    index: list[tuple[int, int]] = field(default_factory=list)

    @property
    def events(self) -> int:
        """How many events it has, at most."""
        return max(0, self.last - self.first + 1)


def pack_head(journal: int, first: int, lives: Lives, *, jumped: bool) -> bytes:
    """Return the head of a segment."""
    known = pack_map(lives_to_map(lives), _MAP_LIMIT)
    flags = _JUMPED if jumped else 0
    head = _HEAD.pack(_MAGIC, 0, journal, first, flags, len(known)) + known
    return head[:8] + crc32(head[12:]).to_bytes(4) + head[12:]


def read_head(path: Path) -> Segment | None:
    """Return the segment in a file, not scanned yet; None if its head is broken."""
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        magic, crc, journal, first, flags, length = _HEAD.unpack(head)
        if magic != _MAGIC or length > _MAP_LIMIT:
            return None
        packed = file.read(length)
        if crc32(head[12:] + packed) != crc:
            return None
        size = os.fstat(file.fileno()).st_size
    try:
        lives = lives_from_map(unpack_map(packed, _MAP_LIMIT))
    except RemoteProtocolError:
        return None
    start = _HEAD.size + length
    return Segment(path, journal, first, bool(flags & _JUMPED), lives, start, size, first - 1)


def read_records(segment: Segment, after: int) -> Iterator[bytes]:
    """Yield the right records behind a position. What is broken between them is passed over."""
    end = segment.size
    index = segment.index
    known = bisect_right(index, (after + 1, end))
    offset = index[known - 1][1] if known else segment.start
    with segment.path.open("rb", buffering=0) as file:
        while offset < end:
            block = os.pread(file.fileno(), min(_BLOCK + MAX_RECORD_BYTES, end - offset), offset)
            done = 0
            for found in scan(block):
                if found.start >= _BLOCK:
                    break
                if done == 0 and (not index or index[-1][1] < offset + found.start):
                    index.append((found.position, offset + found.start))
                done = found.end
                if found.position > after:
                    yield block[found.start : found.end]
            if not block:
                return
            # A block without one right record is broken all through: go on behind it, with an
            # overlap for a record that begins in it.
            offset += done or min(_BLOCK, len(block))


def scan_file(segment: Segment) -> Iterator[tuple[Found, bytes]]:
    """Yield all right records of a segment with the places where they lie in the file."""
    data = segment.path.read_bytes()
    for found in scan(data, segment.start):
        yield found, data[found.start : found.end]
