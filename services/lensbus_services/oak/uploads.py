"""Files that come to a camera in pieces, over the bus: films and models.

A file waits here until the command that it is for takes it. What nobody takes, what is too large
and what was left by an earlier life goes.
"""

import re
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import BadArguments, CameraBusy
from lensbus_services.oak.arguments import integer, member, text

IDLE_S: Final = 60.0  # a file that does not grow for so long will never be whole
AT_ONCE: Final = 4

_NAME: Final = re.compile(r"[A-Za-z0-9]{1,64}")


@dataclass(slots=True)
class _Upload:
    path: Path
    touched_s: float
    size_bytes: int = 0


class Uploads:
    """The files that are on their way to one camera. For many threads."""

    def __init__(
        self, folder: Path, limit_bytes: int, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._now_s = now_s
        self._lock = threading.Lock()
        self._uploads: dict[str, _Upload] = {}

    def clear(self) -> None:
        """Drop everything, and what an earlier life has left."""
        with self._lock:
            self._uploads.clear()
            shutil.rmtree(self._folder, ignore_errors=True)

    def put(self, arguments: Mapping[str, Any]) -> int:
        """Take one piece; return how many bytes there are now. The first begins a file anew."""
        name = _name(arguments)
        offset = integer("offset", member(arguments, "offset"), 0, self._limit_bytes)
        data = member(arguments, "data")
        if not isinstance(data, bytes):
            raise BadArguments.of("data", data, "bytes")
        with self._lock:
            upload = self._begin(name) if offset == 0 else self._known(name)
            if offset != upload.size_bytes:
                raise BadArguments.of("offset", offset, str(upload.size_bytes))
            if offset + len(data) > self._limit_bytes:
                self._forget(name)
                raise BadArguments(
                    f"the file has more than {self._limit_bytes} bytes", detail={"field": "data"}
                )
            with upload.path.open("ab") as file:
                file.write(data)
            upload.size_bytes += len(data)
            upload.touched_s = self._now_s()
            return upload.size_bytes

    def drop(self, arguments: Mapping[str, Any]) -> None:
        """Forget a file; one that is not there is no fault."""
        with self._lock:
            self._forget(_name(arguments))

    def take(self, arguments: Mapping[str, Any]) -> Path:
        """Return the whole file, which is the caller's from now on: to move, or to remove."""
        name = _name(arguments)
        size = integer("size", member(arguments, "size"), 1, self._limit_bytes)
        with self._lock:
            upload = self._known(name)
            if upload.size_bytes != size:
                self._forget(name)
                raise BadArguments.of("size", size, f"{upload.size_bytes}, what has come")
            del self._uploads[name]
            return upload.path

    def _begin(self, name: str) -> _Upload:
        self._forget(name)
        for each, upload in list(self._uploads.items()):
            if self._now_s() - upload.touched_s > IDLE_S:
                self._forget(each)
        if len(self._uploads) >= AT_ONCE:
            raise CameraBusy(f"{AT_ONCE} files are on their way to this camera already")
        self._folder.mkdir(parents=True, exist_ok=True)
        upload = self._uploads[name] = _Upload(self._folder / name, self._now_s())
        upload.path.write_bytes(b"")
        return upload

    def _known(self, name: str) -> _Upload:
        upload = self._uploads.get(name)
        if upload is None:
            raise BadArguments.of("upload", name, "one that has begun")
        return upload

    def _forget(self, name: str) -> None:
        upload = self._uploads.pop(name, None)
        if upload is not None:
            upload.path.unlink(missing_ok=True)


def _name(arguments: Mapping[str, Any]) -> str:
    name = text(arguments, "upload")
    if not _NAME.fullmatch(name):
        raise BadArguments.of("upload", name, "1 to 64 letters and digits")
    return name
