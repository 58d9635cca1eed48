"""The files that a camera has saved on its worker's host, for clients on any host."""

import base64
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_gateway.alpha.bus import ask, camera_of
from lensbus_gateway.alpha.envelope import ABSENT, LOST, Refusal, absent, explain
from lensbus_gateway.bus import Commander
from lensbus_gateway.pieces import Broken, Downloads, PiecesResponse
from lensbus_gateway.ranges import Version, wanted
from lensbus_proto.errors import BadArguments, CommandError, DeadlinePassed, NotFound

DEADLINE_S: Final = 10.0
PAGE: Final = 100
PAGE_LIMIT: Final = 1000

TYPES: Final[Mapping[str, str]] = {
    ".arw": "image/x-sony-arw",
    ".heif": "image/heif",
    ".hif": "image/heif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".tar": "application/x-tar",
    ".wav": "audio/wav",
    ".xml": "application/xml",
}
SHOWN: Final = frozenset({"image/jpeg"})  # by browsers as they are; the rest is to be kept

# Whatever is in a file, a browser must not run it as a page of this gateway.
SAFE: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


async def list_saved(request: Request) -> Response:
    """List what a camera has saved, the newest first."""
    page = {
        "offset": _count(request, "offset", 0, 10**9),
        "limit": _count(request, "limit", PAGE, PAGE_LIMIT),
    }
    try:
        result = await ask(request, "saved.list", page, deadline_s=DEADLINE_S)
    except CommandError as error:
        raise _refused(error) from error
    camera = camera_of(request)
    return JSONResponse(
        {
            "success": True,
            "total": result["total"],
            "next": result["next"],
            "files": [_entry(camera, file) for file in result["files"]],
        }
    )


async def get_saved(request: Request) -> Response:
    """Give a saved file, or the part of it that is asked for; with `?save=1` to be kept."""
    downloads: Downloads = request.app.state.downloads
    camera, name = camera_of(request), request.path_params["name"]
    try:
        file = await ask(request, "saved.read", {"name": name, "limit": 0}, deadline_s=DEADLINE_S)
    except CommandError as error:
        raise _refused(error) from error
    version = Version.of(file["tag"], file["size"], file["time_us"])
    answer = wanted(version, request.headers)
    headers = {
        **SAFE,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "ETag": version.tag,
        "Last-Modified": version.last_modified,
    }
    if answer.status == 304:
        return Response(status_code=304, headers=headers)
    if answer.status == 416:
        refusal = Refusal("No such part of this file", status=416, block=False).response()
        refusal.headers["Content-Range"] = f"bytes */{version.size}"
        return refusal
    if answer.status == 206:
        headers["Content-Range"] = f"bytes {answer.first}-{answer.end - 1}/{version.size}"
    if not downloads.has_room():
        busy = Refusal("Too many downloads already", status=503, block=False).response()
        busy.headers["Retry-After"] = "1"
        return busy
    commander: Commander = request.app.state.commander

    async def read(offset: int, limit: int) -> bytes:
        place = {"name": file["path"], "offset": offset, "limit": limit}
        reply = await commander.send(camera, "saved.read", place, deadline_s=DEADLINE_S)
        if (reply.result or {})["tag"] != file["tag"] or len(reply.parts[0]) != limit:
            raise Broken(f"{file['path']} has changed")
        return reply.parts[0]

    return PiecesResponse(
        downloads,
        read,
        answer.first,
        answer.end,
        status=answer.status,
        headers={**headers, **_described(file, keeps=request.query_params.get("save") == "1")},
    )


def _described(file: Mapping[str, Any], *, keeps: bool) -> dict[str, str]:
    """Return what the headers say of a file besides its version."""
    name = PurePosixPath(file["path"]).name
    type_ = TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")
    way = "attachment" if keeps or type_ not in SHOWN else "inline"
    headers = {"Content-Type": type_, "Content-Disposition": f"{way}; {_filename(name)}"}
    if re.fullmatch("[0-9a-f]{64}", file["sha256"]):
        digest = base64.b64encode(bytes.fromhex(file["sha256"])).decode()
        headers["Repr-Digest"] = f"sha-256=:{digest}:"
    return headers


def _filename(name: str) -> str:
    if re.fullmatch(r"[\w .()+,=@~-]+", name, re.ASCII):
        return f'filename="{name}"'
    return f"filename*=UTF-8''{quote(name, safe='')}"


def _entry(camera: str, file: Mapping[str, Any]) -> Mapping[str, Any]:
    path = file["path"]
    return {
        "name": file["name"],
        "path": path,
        "url": f"/api/cameras/{quote(camera)}/saved{quote(path)}",
        "size": file["size"],
        "timeUs": file["time_us"],
        "sha256": file["sha256"] or None,
    }


def _refused(error: CommandError) -> Refusal:
    """Return the refusal to read; a repetition does no harm, so 503 invites it."""
    if isinstance(error, (NotFound, BadArguments)):
        return Refusal("No such file was saved by this camera", status=404, block=False)
    if isinstance(error, ABSENT):
        return absent(error)
    if isinstance(error, (*LOST, DeadlinePassed)):
        return Refusal(explain(error), status=503, block=False)
    return Refusal(explain(error), block=False)


def _count(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) > most:
        raise Refusal(f"'{name}' must be an integer from 0 to {most}", block=False)
    return int(text)
