"""The films that were uploaded to be shown in place of what a sensor sees, one for a stream."""

import os
from pathlib import Path
from typing import Final

from lensbus_proto.errors import BadArguments

_HEAD: Final = 12
_BOXES: Final = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")  # of MP4 and QuickTime
_MATROSKA: Final = b"\x1a\x45\xdf\xa3"  # WebM too


class Replays:
    """A folder with the film of each stream of one camera; they outlive its worker."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def film(self, stream: str) -> Path | None:
        """Return the film of a stream, if there is one."""
        path = self._folder / stream
        return path if path.exists() else None

    def keep(self, stream: str, uploaded: Path) -> None:
        """Move a film here, in place of the one before."""
        self._folder.mkdir(parents=True, exist_ok=True)
        os.replace(uploaded, self._folder / stream)

    def drop(self, stream: str) -> None:
        """Remove the film of a stream."""
        (self._folder / stream).unlink(missing_ok=True)


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
