"""The wish of a client that its camera be connected, kept over the death of a worker.

`<state>/cameras/<camera>.json`; never a password.
"""

import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from lensbus_services.sony.codes import MODES

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """How the camera shall be connected."""

    mode: str
    reconnecting: bool
    live_view: bool = False  # it streamed


def wish_path(state: Path, camera: str) -> Path:
    """Return the file in which the wish for a camera is kept."""
    return state / "cameras" / f"{camera}.json"


def load_wish(path: Path) -> Wish | None:
    """Return the wish, if there is one that makes sense."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        logger.warning("wish not read", extra={"path": str(path), "reason": str(error)})
        return None
    match data:
        case {"mode": str(mode), "reconnecting": bool(reconnecting), **rest} if mode in MODES:
            return Wish(mode, reconnecting, rest.get("live_view") is True)
    logger.warning("wish not understood", extra={"path": str(path)})
    return None


def save_wish(path: Path, wish: Wish) -> None:
    """Keep a wish; a file half written is never seen."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(wish)), encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        # The camera is connected all the same; only a crash would be noticed.
        logger.warning("wish not kept", extra={"path": str(path), "reason": str(error)})


def forget_wish(path: Path) -> None:
    """Drop the wish, if there is one."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("wish not dropped", extra={"path": str(path), "reason": str(error)})
