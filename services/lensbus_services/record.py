"""Which files a camera has saved, kept over the lives of its worker.

`<state>/cameras/<camera>.saved.jsonl`: a line for each file, the newest last; the newest many.
"""

import json
import logging
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

logger = logging.getLogger(__name__)

KEPT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One file as it was when it was saved; `tag` changes with its content."""

    path: str
    time_us: int
    tag: str = ""
    sha256: str = ""


def record_path(state: Path, camera: str) -> Path:
    """Return the file in which the record of a camera is kept."""
    return state / "cameras" / f"{camera}.saved.jsonl"


class Record:
    """The newest files that one camera has saved. Any thread may use it."""

    def __init__(self, path: Path, kept: int = KEPT) -> None:
        self._path = path
        self._kept = kept
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        lines = self._load()
        self._room = 2 * kept - lines  # lines that may be added before the file is written anew

    def add(self, entry: Entry) -> None:
        """Note a file that was saved just now, or saved anew."""
        with self._lock:
            self._take(entry)
            self._room -= 1
            try:
                if self._room < 0:
                    self._write_anew()
                else:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    with self._path.open("ab") as file:
                        file.write(_line(entry))
            except OSError as error:
                # The file is there all the same; only the next life will not know it by this.
                extra = {"path": str(self._path), "reason": error.strerror}
                logger.warning("saved file not recorded", extra=extra)

    def find(self, path: str) -> Entry | None:
        """Return what is known of a file."""
        with self._lock:
            return self._entries.get(path)

    def newest(self, offset: int, limit: int) -> Sequence[Entry]:
        """Return some of the files, the newest first."""
        with self._lock:
            return list(islice(reversed(self._entries.values()), offset, offset + limit))

    def __len__(self) -> int:
        """Return the number of files that are known."""
        with self._lock:
            return len(self._entries)

    def _take(self, entry: Entry) -> None:
        self._entries.pop(entry.path, None)
        self._entries[entry.path] = entry
        if len(self._entries) > self._kept:
            del self._entries[next(iter(self._entries))]

    def _load(self) -> int:
        try:
            lines = self._path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return 0
        except OSError as error:
            extra = {"path": str(self._path), "reason": error.strerror}
            logger.warning("record not read", extra=extra)
            return 0
        for entry in _entries(lines):
            self._take(entry)
        if lines and not lines[-1].endswith(b"\n"):
            return 2 * self._kept  # torn: the next line must not be glued to it
        return len(lines)

    def _write_anew(self) -> None:
        """Write the file without what is no longer kept; one half written is never seen."""
        draft = self._path.with_suffix(".new")
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(b"".join(_line(entry) for entry in self._entries.values()))
        os.replace(draft, self._path)
        self._room = 2 * self._kept - len(self._entries)


def _line(entry: Entry) -> bytes:
    return json.dumps(asdict(entry)).encode() + b"\n"


def _entries(lines: Iterable[bytes]) -> Iterable[Entry]:
    for line in lines:
        match _read(line):
            case {
                "path": str(path),
                "time_us": int(time_us),
                "tag": str(tag),
                "sha256": str(sha256),
            }:
                yield Entry(path, time_us, tag, sha256)


def _read(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
