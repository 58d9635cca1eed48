"""The films that were uploaded to be shown in place of what a sensor sees, one for a stream."""

import os
from pathlib import Path
from typing import Final

from lensbus_proto.errors import BadArguments

_NAME_BYTES: Final = 200
_HEAD: Final = 12
_BOXES: Final = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")  # of MP4 and QuickTime
_MATROSKA: Final = b"\x1a\x45\xdf\xa3"  # WebM too


class Replays:
    """A folder for each stream of one camera with its film; they outlive the worker."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def film(self, stream: str) -> Path | None:
        """Return the film of a stream, if there is one."""
        return next(iter(self._files(stream)), None)

    def keep(self, stream: str, uploaded: Path, name: str) -> str:
        """Move a film here, in place of the one before; return the name that it has now."""
        before = self._files(stream)
        path = self._folder / stream / (_plain(name) or f"{stream}.mp4")
        path.parent.mkdir(parents=True, exist_ok=True)
        os.utime(uploaded)
        os.replace(uploaded, path)
        for other in before:
            if other != path:
                other.unlink(missing_ok=True)
        return path.name

    def drop(self, stream: str) -> None:
        """Remove the film of a stream."""
        for path in self._files(stream):
            path.unlink(missing_ok=True)

    def _files(self, stream: str) -> list[Path]:
        """Return what there is, newest first: more than one after a death at the wrong moment."""
        paths = (self._folder / stream).glob("*")
        return sorted(paths, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def _plain(name: str) -> str:
    """Return the name of a file without the folders that a browser may tell."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if letter.isprintable()).strip(". ")
    return shown.encode(errors="ignore")[-_NAME_BYTES:].decode(errors="ignore")


def check_film(path: Path) -> None:
    """Refuse what does not begin as a film does.

    FFmpeg also opens lists that name other files, and would read those of this machine.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    is_avi = head.startswith(b"RIFF") and head[8:12] == b"AVI "
    if head[4:8] not in _BOXES and not head.startswith(_MATROSKA) and not is_avi:
        raise BadArguments(
            "this is not a film (MP4, QuickTime, WebM, Matroska or AVI)", detail={"field": "video"}
        )
