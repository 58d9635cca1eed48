"""The files that a camera has saved on this host, given over the bus piece by piece.

Only regular files are given, and of those only what this camera has saved: what its events told,
or what lies in a folder of its own. They are opened relative to a root, and no link is followed.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import BadArguments, CameraError, NotFound
from lensbus_services.driver import Observation, Result
from lensbus_services.folders import open_file, open_folder
from lensbus_services.record import Entry, Record

LIST: Final = "saved.list"
READ: Final = "saved.read"
COMMANDS: Final = frozenset({LIST, READ})

PIECE_LIMIT: Final = 4 * 1024 * 1024  # what travels at once delays what travels behind it
NAME_LIMIT: Final = 4096
PAGE_LIMIT: Final = 1000
PAGE_BYTES: Final = 512 * 1024  # a reply is at most 1 MiB
FILE_BYTES: Final = 200  # of a file on the wire besides its path and name
_NUMBER_LIMIT: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the files of one camera may lie."""

    base: Path  # what a relative name is relative to
    own: tuple[Path, ...]  # all that is in here is this camera's
    roots: tuple[Path, ...]  # elsewhere below these, what it told


class SavedFiles:
    """The files of one camera. Any thread may use it."""

    def __init__(self, folders: Folders, record: Record) -> None:
        self._folders = folders
        self._record = record

    def note(self, seen: Sequence[Observation]) -> None:
        """Remember the files that a camera tells it has saved."""
        for one in seen:
            path = _told_path(one)
            if path:
                # Whoever writes into it later leaves the tag behind, and the hash says no more.
                tag = ""
                with contextlib.suppress(NotFound, CameraError), self._opened(path) as file:
                    tag = tag_of(os.fstat(file))
                self._record.add(Entry(path, one.time_us, tag, str(one.data.get("sha256", ""))))

    def execute(self, name: str, arguments: Mapping[str, Any]) -> Result:
        """Carry out `saved.list` or `saved.read`."""
        if name == LIST:
            offset = _number(arguments, "offset", 0, _NUMBER_LIMIT)
            return Result(self.page(offset, _number(arguments, "limit", PAGE_LIMIT, PAGE_LIMIT)))
        offset = _number(arguments, "offset", 0, _NUMBER_LIMIT)
        limit = _number(arguments, "limit", PIECE_LIMIT, PIECE_LIMIT)
        data, piece = self.read(_name(arguments), offset, limit)
        return Result(data, (piece,))

    def page(self, offset: int, limit: int) -> dict[str, Any]:
        """Return the newest files first; what is gone or was exchanged for no file is left out."""
        files: list[dict[str, Any]] = []
        room = PAGE_BYTES
        entries = self._record.newest(offset, limit)
        for entry in entries:
            room -= FILE_BYTES + 2 * len(entry.path.encode(errors="replace"))
            if room < 0 and files:
                break
            offset += 1
            with contextlib.suppress(NotFound, CameraError), self._opened(entry.path) as file:
                files.append(self._describe(entry.path, os.fstat(file)))
        total = len(self._record)
        return {"files": files, "total": total, "next": offset if offset < total else None}

    def read(self, name: str, offset: int, limit: int) -> tuple[dict[str, Any], bytes]:
        """Return what a file is and a piece of it, empty beyond its end."""
        path = self._find(name)
        with self._opened(path) as file:
            try:
                piece = os.pread(file, limit, offset)
            except OSError as error:
                raise CameraError(f"{path} cannot be read: {error.strerror}") from error
            # Asked last: a change while it was read shows in this piece already.
            return self._describe(path, os.fstat(file)), piece

    def _describe(self, path: str, status: os.stat_result) -> dict[str, Any]:
        tag = tag_of(status)
        entry = self._record.find(path)
        return {
            "name": self._name_of(path),
            "path": path,
            "size": status.st_size,
            "time_us": status.st_mtime_ns // 1000,
            "tag": tag,
            "sha256": entry.sha256 if entry is not None and entry.tag == tag else "",
        }

    def _name_of(self, path: str) -> str:
        base = self._folders.base
        below = Path(path).is_relative_to(base)
        return str(Path(path).relative_to(base)) if below else path

    def _find(self, name: str) -> str:
        """Return the path that is meant: a full one, its first slash perhaps left out, or below.

        NotFound when it is no file of this camera.
        """
        full = name if name.startswith("/") else f"/{name}"
        below = f"{self._folders.base}/{name}"
        for path in (full, below):
            if os.path.normpath(path) == path and self._is_ours(path):
                return path
        raise _no_such_file(name)

    def _is_ours(self, path: str) -> bool:
        if self._record.find(path) is not None:
            return True
        for folder in self._folders.own:
            if Path(path).is_relative_to(folder):
                # What is on its way is in a hidden folder, and no file of ours is hidden.
                parts = Path(path).relative_to(folder).parts
                return not any(part.startswith(".") for part in parts)
        return False

    @contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        """Open a file below a root; NotFound when there is none, whatever stands in its place."""
        whole = Path(path)
        root = next((root for root in self._roots() if whole.is_relative_to(root)), None)
        if root is None or whole == root:
            raise _no_such_file(path)
        try:
            with (
                open_folder(root, whole.parent, make=False) as folder,
                open_file(whole.name, folder) as file,
            ):
                yield file
        except (OSError, ValueError) as error:
            raise _no_such_file(path) from error

    def _roots(self) -> Iterator[Path]:
        """Yield the roots as the settings name them, and as they are once links are resolved."""
        for root in (*self._folders.own, *self._folders.roots):
            yield root
            with contextlib.suppress(OSError, RuntimeError):
                yield root.resolve()


def tag_of(status: os.stat_result) -> str:
    """Return a text that is another one when a file is exchanged or written to."""
    return f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"


def _told_path(seen: Observation) -> str:
    """Return the path of the file that an observation announces, empty if it announces none."""
    path = seen.data.get("path" if seen.kind == "crashDump" else "savedPath")
    return path if isinstance(path, str) else ""


def _no_such_file(name: str) -> NotFound:
    return NotFound(f"this camera has saved no file {name[:200]}")


def _name(arguments: Mapping[str, Any]) -> str:
    name = arguments.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= NAME_LIMIT or "\0" in name:
        raise BadArguments.of("name", name, f"text of 1 to {NAME_LIMIT} characters")
    return name


def _number(arguments: Mapping[str, Any], field: str, otherwise: int, most: int) -> int:
    value = arguments.get(field, otherwise)
    if type(value) is not int or not 0 <= value <= most:
        raise BadArguments.of(field, value, f"an integer from 0 to {most}")
    return value
