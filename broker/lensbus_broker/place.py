"""The place of the journal: a little memory that outlives the process, whatever the disk does.

It is a shared mapping of a small file: a store into it costs nothing, cannot fail for want of
space and is kept by the kernel when the process is killed. It holds the newest position that was
published, so that a position is never used twice, and, while the disk does not take the events
that tell it, how every camera stands.

| offset | size | field |
| --- | --- | --- |
| 0 | 8 | magic `LBPLACE2` |
| 8 | 8 | newest position published, in the order of this machine |
| 16 | 4 | crc32 of the two fields behind it |
| 20 | 4 | journal |
| 24 | 36 | boot of the machine under which it was written |
| 4096, 69632 | 65536 | a note each: crc32 of everything behind it, length, position, msgpack map |

The notes are written in turn, so that one of them is always whole.
"""

import mmap
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zlib import crc32

from lensbus_broker.standing import Lives, lives_from_map, lives_to_map
from lensbus_proto.codec import pack_map, unpack_map
from lensbus_proto.errors import LocalProtocolError, RemoteProtocolError

_NOTE: Final = struct.Struct(">IIQ")
_NOTE_BYTES: Final = 64 * 1024
_NOTES: Final = (4096, 4096 + _NOTE_BYTES)
_BYTES: Final = 4096 + 2 * _NOTE_BYTES
_MAP_LIMIT: Final = _NOTE_BYTES - _NOTE.size
_FIXED: Final = struct.Struct(">I36s")
_HEAD: Final = struct.Struct("=8sQI")
_MAGIC: Final = b"LBPLACE2"
# A native 8-byte store is one instruction: it is there or it is not.
_POSITION: Final = struct.Struct("@Q")
_CLEAN: Final = b"-" * 36  # instead of a boot: ended in order, everything is on the disk


@dataclass(frozen=True, slots=True)
class Place:
    """What a broker left behind; `certain` is false if a power cut may have eaten its end."""

    journal: int
    published: int
    certain: bool
    noted: int = 0  # the position up to which `lives` is right; 0: nothing was noted
    lives: Lives = field(default_factory=dict)


def boot_id() -> str:
    """Return the id of this run of the machine; empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def read_place(path: Path, boot: str) -> Place | None:
    """Return what the last broker left; None if it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if len(data) != _BYTES:
        return None
    magic, published, crc = _HEAD.unpack_from(data)
    fixed = data[_HEAD.size : _HEAD.size + _FIXED.size]
    if magic != _MAGIC or crc32(fixed) != crc:
        return None
    journal, written_in = _FIXED.unpack(fixed)
    certain = written_in in (_CLEAN, _boot(boot)) and bool(boot or written_in == _CLEAN)
    noted, lives = max(_read_note(data, start) for start in _NOTES) if certain else (0, {})
    return Place(journal, published, certain, noted, lives)


def _read_note(data: bytes, start: int) -> tuple[int, Lives]:
    """Return a note and its position, which is 0 if it is torn or was never written."""
    crc, length, position = _NOTE.unpack_from(data, start)
    end = start + _NOTE.size + length
    if length > _MAP_LIMIT or crc32(data[start + 4 : end]) != crc:
        return 0, {}
    try:
        return position, lives_from_map(unpack_map(data[start + _NOTE.size : end], _MAP_LIMIT))
    except RemoteProtocolError:
        return 0, {}


def _boot(boot: str) -> bytes:
    return boot.encode("ascii", "replace")[:36].ljust(36, b"\0")


class PlaceKeeper:
    """Keeps the place up to date. Raises OSError when the page cannot be made."""

    def __init__(self, path: Path, journal: int, published: int, boot: str) -> None:
        self._journal = journal
        before = read_place(path, boot)
        goes_on = before is not None and before.journal == journal and before.certain
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(file, _BYTES)
            # Without its block on the disk, the first store could kill the process.
            os.posix_fallocate(file, 0, _BYTES)
            self._page = mmap.mmap(file, _BYTES)
        finally:
            os.close(file)
        if not goes_on:
            self._page[:] = bytes(_BYTES)
        self._page[: _HEAD.size + _FIXED.size] = self._head(published, _boot(boot))
        self._page.flush()
        positions = [_read_note(self._page[:], start)[0] for start in _NOTES]
        self._older = positions.index(min(positions))

    def _head(self, published: int, boot: bytes) -> bytes:
        fixed = _FIXED.pack(self._journal, boot)
        return _HEAD.pack(_MAGIC, published, crc32(fixed)) + fixed

    def publish(self, position: int) -> None:
        """Note that everything up to a position may be known to somebody."""
        _POSITION.pack_into(self._page, 8, position)

    def note(self, position: int, lives: Lives) -> None:
        """Note how all cameras stand at a position, as far as there is room for them."""
        try:
            packed = pack_map(lives_to_map(lives), _MAP_LIMIT)
        except LocalProtocolError:
            return
        start = _NOTES[self._older]
        note = _NOTE.pack(0, len(packed), position) + packed
        self._page[start : start + len(note)] = crc32(note[4:]).to_bytes(4) + note[4:]
        self._older = 1 - self._older

    def close(self, published: int, *, clean: bool) -> None:
        """Let go of the page; `clean` if everything published is safe on the disk."""
        if clean:
            self._page[: _HEAD.size + _FIXED.size] = self._head(published, _CLEAN)
            self._page.flush()
        self._page.close()
