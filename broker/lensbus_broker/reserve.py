"""The reserve of the journal: the newest events that the disk has not taken, for the next broker.

It is a ring in a mapped file whose room on the disk was taken beforehand: putting a record in is
a copy in memory, needs no space and outlives `kill -9`. Records carry their own checksums and
positions, so that nothing else has to be right: whoever opens the file looks what is there.
"""

import mmap
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from lensbus_broker.records import scan, unpack_record
from lensbus_proto.codec import unpack_header
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.messages import HeaderType

# The largest of these that the disk has room for; the least holds a few records of any size.
SIZES: Final = (4 * 1024 * 1024, 1024 * 1024, 256 * 1024)


def read_reserve(path: Path, journal: int) -> tuple[int, list[bytes]]:
    """Return the last records of a journal without a hole before them, and the last position.

    The position is 0 if there are none.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return 0, []
    there = {}
    for found in scan(data):
        record = data[found.start : found.end]
        with suppress(RemoteProtocolError):
            if unpack_header(unpack_record(record)[1], HeaderType.EVENT).journal == journal:
                there[found.position] = record
    newest = position = max(there, default=0)
    run = []
    while (record := there.get(position, b"")) != b"":
        run.append(record)
        position -= 1
    return newest, run[::-1]


class Reserve:
    """Keeps records. Raises OSError when the file cannot have its room."""

    def __init__(self, path: Path, journal: int) -> None:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._size = _take_room(file)
            self._page = mmap.mmap(file, self._size)
        finally:
            os.close(file)
        self._at = self._end_of(read_reserve(path, journal)[1])

    def _end_of(self, records: Sequence[bytes]) -> int:
        """Return where to go on, so that the newest records are overwritten last."""
        return self._page.find(records[-1]) + len(records[-1]) if records else 0

    def put(self, records: Iterable[bytes]) -> None:
        """Keep records of rising positions; the oldest give way."""
        for record in records:
            end = self._at + len(record)
            if end > self._size:
                self._at, end = 0, len(record)
            self._page[self._at : end] = record
            self._at = end

    def close(self) -> None:
        """Let go of the file; what is in it stays."""
        self._page.close()


def _take_room(file: int) -> int:
    """Have the file own its room on the disk, as much as there is; return how much.

    Without its blocks a store into the mapping would kill the process on a full disk.
    """
    before = os.fstat(file).st_size
    for size in SIZES[:-1]:
        if size <= before:
            break
        try:
            os.posix_fallocate(file, 0, size)
        except OSError:
            os.ftruncate(file, before)
        else:
            return size
    size = max(before, SIZES[-1])
    os.posix_fallocate(file, 0, size)
    return size
