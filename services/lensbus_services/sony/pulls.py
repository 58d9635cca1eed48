"""The one file that is on its way from the card; known to the next life of the worker, too.

`<state>/cameras/<camera>.pull.json`, there as long as the pull lasts.
"""

import contextlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pull:
    """A file on its way from the card."""

    content_id: int
    file_id: int
    what: str = "file"
    slot: int = 1
    size: int = 0  # 0 where nobody knows it beforehand


def pull_path(state: Path, camera: str) -> Path:
    """Return the file in which the pull of a camera is noted."""
    return state / "cameras" / f"{camera}.pull.json"


def note_pull(path: Path, pull: Pull) -> None:
    """Note a pull that begins; a note half written is never seen."""
    draft = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(asdict(pull)), encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        # The file comes all the same; only a crash in the middle would not be told.
        logger.warning("pull not noted", extra={"path": str(path), "reason": str(error)})


def forget_pull(path: Path) -> None:
    """Drop the note, if there is one."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def take_pull(path: Path) -> Pull | None:
    """Return the pull that an earlier life did not see the end of, once."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        data = None
    forget_pull(path)
    match data:
        case {
            "content_id": int(content_id),
            "file_id": int(file_id),
            "what": str(what),
            "slot": int(slot),
            "size": int(size),
        }:
            return Pull(content_id, file_id, what, slot, size)
    return None
