"""Pulling files from a memory card.

A pull is answered at once; its end arrives as an event.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_gateway.alpha.body import optional_body
from lensbus_gateway.alpha.bus import act
from lensbus_gateway.alpha.envelope import ABSENT, Refusal, absent, explain
from lensbus_proto.errors import CameraBusy, CommandError

ID_LIMIT: Final = 0xFFFFFFFF
TRANSFER_RUNNING: Final = 0x8D03

KINDS: Final[Mapping[str, str]] = {
    "download": "file",
    "thumbnail": "thumbnail",
    "screennail": "screennail",
}


async def pull(request: Request) -> Response:
    """Begin to fetch one file, its thumbnail or its screennail."""
    kind = request.path_params["kind"]
    slot = slot_of(request)
    content = _number(request, "content")
    file = _number(request, "file")
    if kind not in KINDS:
        raise no_such_path(request)
    shown = {} if kind == "download" else {"type": kind}
    if max(content, file) > ID_LIMIT:
        raise _failed(f"No content {content} with file {file} on the card", shown)
    arguments = {"slot": slot, "content_id": content, "file_id": file, "what": KINDS[kind]}
    try:
        await act(request, "card.pull", {**arguments, **await _folder(request, shown)})
    except ABSENT as error:
        raise absent(error) from error
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


def slot_of(request: Request) -> int:
    """Return the slot in the path, which does not exist with any other number."""
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
    # Not request.url: it is made from the Host header, and there are hosts that it cannot parse.
    return Refusal(f"Not found: {request.scope['path']}", status=404, block=False)
