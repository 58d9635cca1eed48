"""The place of the journal: one page of memory that outlives the process, whatever the disk does.

It is a shared mapping of a small file: a store into it costs nothing, cannot fail for want of
space and is kept by the kernel when the process is killed. It holds the newest position that was
published, so that a position is never used twice, even if the journal itself could not be written.

| offset | size | field |
| --- | --- | --- |
| 0 | 8 | magic `LBPLACE1` |
| 8 | 8 | newest position published, in the order of this machine |
| 16 | 4 | crc32 of everything behind it |
| 20 | 4 | journal |
| 24 | 36 | boot of the machine under which it was written |
"""

import mmap
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

_BYTES: Final = 4096
_FIXED: Final = struct.Struct(">I36s")
_HEAD: Final = struct.Struct("=8sQI")
_MAGIC: Final = b"LBPLACE1"
# A native 8-byte store is one instruction: it is there or it is not.
_POSITION: Final = struct.Struct("@Q")
_CLEAN: Final = b"-" * 36  # instead of a boot: ended in order, everything is on the disk


@dataclass(frozen=True, slots=True)
class Place:
    """What a broker left behind; `certain` is false if a power cut may have eaten its end."""

    journal: int
    published: int
    certain: bool


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
    return Place(journal, published, certain)


def _boot(boot: str) -> bytes:
    return boot.encode("ascii", "replace")[:36].ljust(36, b"\0")


class PlaceKeeper:
    """Keeps the place up to date. Raises OSError when the page cannot be made."""

    def __init__(self, path: Path, journal: int, published: int, boot: str) -> None:
        self._journal = journal
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(file, _BYTES)
            # Without its block on the disk, the first store could kill the process.
            os.posix_fallocate(file, 0, _BYTES)
            self._page = mmap.mmap(file, _BYTES)
        finally:
            os.close(file)
        self._page[: _HEAD.size + _FIXED.size] = self._head(published, _boot(boot))
        self._page.flush()

    def _head(self, published: int, boot: bytes) -> bytes:
        fixed = _FIXED.pack(self._journal, boot)
        return _HEAD.pack(_MAGIC, published, crc32(fixed)) + fixed

    def publish(self, position: int) -> None:
        """Note that everything up to a position may be known to somebody."""
        _POSITION.pack_into(self._page, 8, position)

    def close(self, published: int, *, clean: bool) -> None:
        """Let go of the page; `clean` if everything published is safe on the disk."""
        if clean:
            self._page[: _HEAD.size + _FIXED.size] = self._head(published, _CLEAN)
            self._page.flush()
        self._page.close()
