"""Files on their way from the SDK to where they end up.

The SDK writes into a folder of ours that nobody else uses. What is whole is measured there and
gets its final name in one step; what is not never gets one. Names come from the camera: they are
opened relative to the folder, and no link is followed.
"""

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lensbus_services.folders import open_file, open_folder
from lensbus_services.sony.values import printable

NAME_BYTES: Final = 255
TRIES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Saved:
    """A whole file under its final name."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """The folder that the SDK writes into, below the root that both it and the targets are in."""

    root: Path
    path: Path

    def prepare(self) -> Path:
        """Return the folder; it exists after that, and nobody else can look into it."""
        with open_folder(self.root, self.path, mode=0o700):
            return self.path

    def sweep(self) -> list[str]:
        """Remove what an earlier life left behind; return the names."""
        try:
            with open_folder(self.root, self.path, make=False) as folder:
                names = os.listdir(folder)
                for name in names:
                    # A camera makes no folders here; whoever did may keep them.
                    with contextlib.suppress(OSError):
                        os.unlink(name, dir_fd=folder)
        except OSError:
            return []
        return sorted(clean_name(name) for name in names)

    def discard(self, told: bytes) -> None:
        """Remove what there is of a file that did not become whole."""
        with (
            contextlib.suppress(OSError, ValueError),
            open_folder(self.root, self.path, make=False) as folder,
        ):
            os.unlink(_last(told), dir_fd=folder)

    def has(self, told: bytes) -> bool:
        """Tell whether a file of that name has arrived here."""
        try:
            with (
                open_folder(self.root, self.path, make=False) as folder,
                open_file(_last(told), folder),
            ):
                return True
        except (OSError, ValueError):
            return False

    def finish(self, told: bytes, target: Path, *, replace: bool = False) -> Saved:
        """Give a whole file its final name in a folder below the root.

        `told` is what the camera calls it, perhaps as a path. A file of that name with other
        content stays, unless it is to be replaced: the new one gets a number. Raises OSError or
        ValueError.
        """
        name = _last(told)
        with (
            open_folder(self.root, self.path, make=False) as source,
            open_file(name, source) as file,
            open_folder(self.root, target) as folder,
        ):
            size, digest = _measure(file)
            if replace:
                wanted = clean_name(name)
                os.rename(name, wanted, src_dir_fd=source, dst_dir_fd=folder)
                return Saved(target / wanted, size, digest)
            for wanted in _candidates(clean_name(name)):
                if _settle(source, name, folder, wanted, size, digest):
                    return Saved(target / wanted, size, digest)
        raise FileExistsError(errno.EEXIST, "no name is free", str(target))


def clean_name(name: str) -> str:
    """Return a name that can stand in a folder, in an event and in a log."""
    cleaned = printable(name).replace("/", "_").lstrip(".") or "_"
    while len(cleaned.encode()) > NAME_BYTES:
        cleaned = cleaned[:-1]
    return cleaned


def _last(told: bytes) -> str:
    """Return the name at the end of what the camera told; ValueError if that is none."""
    name = os.fsdecode(told).rsplit("/", 1)[-1]
    if name in ("", ".", ".."):
        raise ValueError("the camera told no file name")
    return name


def _measure(file: int) -> tuple[int, str]:
    with open(file, "rb", closefd=False) as whole:
        whole.seek(0)
        digest = hashlib.file_digest(whole, "sha256").hexdigest()
        return whole.tell(), digest


def _candidates(name: str) -> Iterator[str]:
    yield name
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    for number in range(1, TRIES):
        tail = f"-{number}{dot}{suffix}"
        room = NAME_BYTES - len(tail.encode())
        yield stem.encode()[:room].decode(errors="ignore") + tail


def _settle(source: int, name: str, folder: int, wanted: str, size: int, digest: str) -> bool:
    """Move a file to a name. False when that name is another file's."""
    try:
        os.link(name, wanted, src_dir_fd=source, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        if not _is_same(folder, wanted, size, digest):
            return False
    except PermissionError:
        # No file system for links, as on memory cards: hold the name, then take its place.
        if not _hold(folder, wanted):
            return False
        os.rename(name, wanted, src_dir_fd=source, dst_dir_fd=folder)
        return True
    os.unlink(name, dir_fd=source)
    return True


def _hold(folder: int, wanted: str) -> bool:
    try:
        os.close(
            os.open(wanted, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, dir_fd=folder)
        )
    except FileExistsError:
        return False
    return True


def _is_same(folder: int, wanted: str, size: int, digest: str) -> bool:
    try:
        with open_file(wanted, folder) as file:
            return os.fstat(file).st_size == size and _measure(file) == (size, digest)
    except OSError:
        return False


def is_full(folder: Path, needed_bytes: int) -> bool:
    """Tell whether the disk below a folder has no room for so much more."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < needed_bytes
