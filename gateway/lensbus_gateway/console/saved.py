"""Pictures that were saved on the rack, for a browser that cannot see the rack's disk.

Only what lies below the folders in which pictures may be saved is shown, links resolved.
"""

import asyncio
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from lensbus_gateway.access.guard import cameras_of
from lensbus_proto.runtime.settings import Settings

INCOMING: Final = ".incoming"  # of pictures that are not whole yet
SHOWN: Final = {".jpg": "image/jpeg", ".jpeg": "image/jpeg"}  # the rest is saved, not shown


async def get_saved(request: Request) -> Response:
    """Give the saved file whose full path an event told; with `?save=1` to be kept."""
    settings: Settings = request.app.state.settings
    path = await asyncio.to_thread(find, settings, request.query_params.get("path", ""))
    if path is None or not _is_visible(path, settings, cameras_of(request)):
        return PlainTextResponse("No such picture was saved here\n", 404)
    type_ = SHOWN.get(path.suffix.lower(), "application/octet-stream")
    keeps = request.query_params.get("save") == "1" or type_ not in SHOWN.values()
    return FileResponse(
        path,
        media_type=type_,
        filename=path.name,
        content_disposition_type="attachment" if keeps else "inline",
        headers={
            "Cache-Control": "private, no-cache",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _is_visible(path: Path, settings: Settings, cameras: Collection[str] | None) -> bool:
    """Tell whether a picture is of one of these cameras; only its folder tells whose it is."""
    if cameras is None:
        return True
    below = (path.relative_to(root) for root in roots(settings) if path.is_relative_to(root))
    return any(place.parts[0] in cameras for place in below)


def find(settings: Settings, name: str) -> Path | None:
    """Return the file of a full path, None if it is none that may be shown."""
    try:
        path = Path(name).resolve(strict=True)
        whole = stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError, RuntimeError):  # a null byte, links in a circle
        return None
    allowed = any(path.is_relative_to(root) for root in roots(settings))
    return path if whole and allowed and INCOMING not in path.parts else None


def roots(settings: Settings) -> tuple[Path, ...]:
    """Return the folders in which pictures may be saved, links resolved."""
    state = str(settings.state)
    filled = (text.replace("{state}", state) for text in settings.sony.save_roots)
    return tuple(Path(text).expanduser().resolve() for text in filled)
