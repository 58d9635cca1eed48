"""The memory card: what is on it, and pulling files from it.

A pull is answered at once; its end arrives as an event.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_gateway.alpha.body import optional_body
from lensbus_gateway.alpha.bus import ask
from lensbus_gateway.alpha.envelope import ABSENT, Refusal, explain
from lensbus_proto.errors import CameraBusy, CameraError, CommandError

LIST_DEADLINE_S: Final = 15.0
ID_LIMIT: Final = 0xFFFFFFFF
TRANSFER_RUNNING: Final = 0x8D03

KINDS: Final[Mapping[str, str]] = {
    "download": "file",
    "thumbnail": "thumbnail",
    "screennail": "screennail",
}
_DATES: Final = ("year", "month", "day", "hour", "minute", "second")


async def list_files(request: Request) -> Response:
    """List one slot, in the order of the camera."""
    slot = _slot(request)
    try:
        result = await ask(request, "card.list", {"slot": slot}, deadline_s=LIST_DEADLINE_S)
    except ABSENT as error:
        raise _absent(error) from error
    except CameraError as error:
        if error.vendor_code is None:
            raise Refusal(explain(error), block=False) from error
        message = "Failed to get contents list from SD card"
        raise Refusal(message, block=False) from error
    except CommandError as error:
        raise Refusal(explain(error), block=False) from error
    files = [_file(entry) for entry in result["files"]]
    return JSONResponse({"success": True, "slot": slot, "file_count": len(files), "files": files})


def _file(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "content_id": entry["content_id"],
        "file_id": entry["file_id"],
        "file_path": entry["path"],
        "file_size": entry["size"],
        **{
            f"creation_{part}": number
            for part, number in zip(_DATES, entry["created"], strict=True)
        },
        **{key: entry[key] for key in ("width", "height") if key in entry},
    }


async def pull(request: Request) -> Response:
    """Begin to fetch one file, its thumbnail or its screennail."""
    kind = request.path_params["kind"]
    slot = _slot(request)
    content = _number(request, "content")
    file = _number(request, "file")
    if kind not in KINDS:
        raise no_such_path(request)
    shown = {} if kind == "download" else {"type": kind}
    if max(content, file) > ID_LIMIT:
        raise _failed(f"No content {content} with file {file} on the card", shown)
    arguments = {"slot": slot, "content_id": content, "file_id": file, "what": KINDS[kind]}
    try:
        await ask(request, "card.pull", {**arguments, **await _folder(request, shown)})
    except ABSENT as error:
        raise _absent(error) from error
    except CommandError as error:
        running = isinstance(error, CameraBusy) or error.vendor_code == TRANSFER_RUNNING
        raise _failed(explain(error), shown, running=running) from error
    message = f"{kind.capitalize()} started; its end is announced by the event transferProgress"
    return JSONResponse({"success": True, "message": message, **shown}, 202)


async def _folder(request: Request, shown: Mapping[str, Any]) -> Mapping[str, str]:
    folder = (await optional_body(request)).get("save_path")
    if folder is None:
        return {}
    if not isinstance(folder, str):
        raise _failed("'save_path' must be a text", shown)
    return {"save_path": folder} if folder else {}


def _failed(message: str, shown: Mapping[str, Any], *, running: bool = False) -> Refusal:
    # A refused pull has moved nothing: this is the one answer that a client may repeat.
    more = {"retryable": running, **shown}
    return Refusal(message, status=409 if running else 400, block=False, more=more)


def _absent(error: CommandError) -> Refusal:
    return Refusal(explain(error), status=404, block=False)


def _slot(request: Request) -> int:
    if request.path_params["slot"] not in ("1", "2"):
        raise no_such_path(request)
    return int(request.path_params["slot"])


def _number(request: Request, part: str) -> int:
    text = request.path_params[part]
    if not re.fullmatch("[0-9]{1,20}", text):
        raise no_such_path(request)
    return int(text)


def no_such_path(request: Request) -> Refusal:
    """Return the answer to a path that does not exist."""
    return Refusal(f"Not found: {request.url.path}", status=404, block=False)
