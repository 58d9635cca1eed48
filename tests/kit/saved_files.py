"""A worker's saved files as a gateway asks for them: real files, and what goes wrong on the way."""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lensbus_proto.errors import CameraUnknown, CommandError
from lensbus_proto.messages import Reply
from lensbus_services.driver import Observation
from lensbus_services.record import Record
from lensbus_services.saved import Folders, SavedFiles

CAMERA = "D10F60149B0C"


def write_anew(path: Path) -> None:
    """Give a file other content."""
    path.write_bytes(path.read_bytes()[::-1] + b"more")


class FilesCommander:
    """Stands in for the gateway's commander: one camera that answers `saved.*`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pictures" / CAMERA
        self.folder.mkdir(parents=True)
        folders = Folders(self.folder, (self.folder,), (folder / "pictures",))
        self.files = SavedFiles(folders, Record(folder / "record.jsonl"))
        self.error: CommandError | None = None
        self.fails_from: int | None = None  # pieces that begin here or later fail
        self.changes_at: int | None = None  # the file is written to once this is asked for
        self.asked: list[dict[str, Any]] = []

    def save(self, name: str, content: bytes) -> Path:
        """Save a file as a camera does."""
        path = self.folder / name
        path.write_bytes(content)
        data = {"savedPath": str(path), "sha256": hashlib.sha256(content).hexdigest()}
        self.files.note([Observation("downloadComplete", 5, data)])
        return path

    async def send(
        self,
        camera: str,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        deadline_s: float = 5.0,
        key: str | None = None,
    ) -> Reply:
        """Answer one command."""
        given = dict(arguments or {})
        self.asked.append(given)
        await asyncio.sleep(0)
        if camera != CAMERA:
            raise CameraUnknown(f"no camera {camera}")
        is_piece = name == "saved.read" and given["limit"] > 0
        fails = self.fails_from is None or (is_piece and given["offset"] >= self.fails_from)
        if self.error is not None and fails:
            raise self.error
        if is_piece and self.changes_at is not None and given["offset"] >= self.changes_at:
            self.changes_at = None
            write_anew(Path(given["name"]))
        result = self.files.execute(name, given)
        return Reply("1", result.data, parts=result.parts)

    def pieces(self) -> list[int]:
        """Return where the pieces began that were asked for."""
        return [one["offset"] for one in self.asked if one.get("limit") and "offset" in one]

    def close(self) -> None:
        """Do nothing, as the gateway ends."""
