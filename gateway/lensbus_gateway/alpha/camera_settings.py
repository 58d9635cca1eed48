"""The camera's own settings as files on this computer, and look-up tables for it.

A file of settings is known by its bare name: whatever could lead out of its folder is refused here
and once more by the worker.
"""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_gateway.alpha.body import optional_body
from lensbus_gateway.alpha.bus import act, ask
from lensbus_gateway.alpha.envelope import UNKNOWN, Refusal, explain, sdk_code
from lensbus_proto.errors import CommandError

DEFAULT_NAME: Final = "CUMSET.DAT"
NAME_LIMIT: Final = 255
TRANSFER_DEADLINE_S: Final = 30.0
SLOT_MOST: Final = 16


async def download(request: Request) -> Response:
    """Save the camera's settings into a file."""
    name = _name(await optional_body(request), DEFAULT_NAME)
    result = await _act(request, "settings.download", {"filename": name})
    data = {key: result[key] for key in ("filename", "path")}
    return _answer("Camera settings are saved; downloadComplete announces the file", data)


async def upload(request: Request) -> Response:
    """Load settings from a file into the camera, which starts anew with them."""
    name = _name(await optional_body(request), None)
    result = await _act(request, "settings.upload", {"filename": name})
    data = {key: result[key] for key in ("filename", "warning")}
    return _answer("Camera settings are loaded; settingsResult announces the end", data)


async def files(request: Request) -> Response:
    """List the files of a camera; one that nobody knows has none."""
    try:
        names = (await ask(request, "settings.files"))["files"]
    except UNKNOWN:
        names = []
    except CommandError as error:
        raise Refusal(explain(error), block=False) from error
    body = {"success": True, "message": "Settings files listed", "files": names}
    return JSONResponse({**body, "count": len(names)})


async def import_lut(request: Request) -> Response:
    """Begin to copy a look-up table into the camera; its end is announced by an event."""
    body = await optional_body(request)
    path, slot = body.get("filePath"), body.get("slot")
    if not isinstance(path, str) or not path:
        raise Refusal("Missing 'filePath' in request body", block=False)
    if slot is None:
        slot = 1
    if type(slot) is not int or not 1 <= slot <= SLOT_MOST:
        raise Refusal(f"'slot' must be an integer from 1 to {SLOT_MOST}", block=False)
    result = await _act(request, "lut.import", {"file_path": path, "slot": slot})
    data = {key: result[key] for key in ("slot", "file")}
    return _answer("LUT import started; lutImportResult announces its end", data, 202)


def _name(body: Mapping[str, Any], default: str | None) -> str:
    name = body.get("filename", default)
    if name is None or name == "":
        name = default
    if name is None:
        raise Refusal("Missing 'filename' in request body", block=False)
    if not isinstance(name, str) or not _is_bare(name):
        raise Refusal("'filename' must be the bare name of a file", block=False)
    return name


def _is_bare(name: str) -> bool:
    return (
        len(name.encode()) <= NAME_LIMIT
        and name.isprintable()
        and not name.startswith(".")
        and not any(letter in name for letter in "/\\:%")
    )


async def _act(request: Request, command: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return await act(request, command, arguments, deadline_s=TRANSFER_DEADLINE_S)
    except CommandError as error:
        raise Refusal(explain(error), block=False, data=sdk_code(error)) from error


def _answer(message: str, data: Mapping[str, Any], status: int = 200) -> Response:
    return JSONResponse({"success": True, "message": message, "data": data}, status)
