"""Connecting a camera, asking whether it is connected, disconnecting it, its fingerprint."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_gateway.alpha.body import optional_body
from lensbus_gateway.alpha.bus import act, ask, camera_of, sony_cameras
from lensbus_gateway.alpha.envelope import (
    ABSENT,
    UNKNOWN,
    Block,
    Refusal,
    answer,
    done,
    explain,
    sdk_code,
)
from lensbus_proto.errors import CameraTimeout, CommandError, DeadlinePassed

MODES: Final = ("remote", "contents", "remote-transfer")
DEFAULT_MODE: Final = "remote-transfer"

CONNECT_DEADLINE_S: Final = 20.0
FINGERPRINT_DEADLINE_S: Final = 10.0
DISCONNECT_DEADLINE_S: Final = 8.0  # the worker itself gives up after 5 s

_REASONS: Final[Mapping[int, str]] = {
    0x8208: "Connection timed out: another process may hold the camera",
    0x820B: "Camera is busy",
    0x8210: "Camera is open in another session",
    0x8211: "Camera does not support the contents mode",
    0x8212: "Camera has no access authentication",
    0x8215: "The fingerprint of the camera does not match",
    0x8216: "Camera refused the user name or the password",
    0x8219: "Remote transfer is not possible now",
}


async def connect(request: Request) -> Response:
    """Connect in the mode of the body; an existing connection stays as it is."""
    arguments = _arguments(await optional_body(request))
    try:
        result = await act(request, "connect", arguments, deadline_s=CONNECT_DEADLINE_S)
    except CommandError as error:
        message = await _failure(request, error)
        raise Refusal(message, data=sdk_code(error)) from error
    if result["already"]:
        return await done(request, "Camera already connected")
    return await done(request, f"Camera connected successfully in {result['mode']} mode")


def _arguments(body: Mapping[str, Any]) -> Mapping[str, Any]:
    mode = body.get("mode")
    if mode is None:
        mode = DEFAULT_MODE
    if mode not in MODES:
        raise Refusal("Invalid connection mode. Use: 'remote', 'contents', or 'remote-transfer'")
    nested = body.get("auth")
    older = {key: body.get(key) for key in ("username", "password")}
    login = {**older, **nested} if isinstance(nested, dict) else older
    known = {key: login.get(key) for key in ("username", "password", "fingerprint")}
    return {
        "mode": mode,
        "reconnecting": body.get("reconnecting") == "on",
        **{key: value for key, value in known.items() if isinstance(value, str)},
    }


async def _failure(request: Request, error: CommandError) -> str:
    if isinstance(error, UNKNOWN):
        try:
            found = await sony_cameras(request)
        except CommandError:
            found = []
        if not found:
            return "No cameras found. Check the cable, the power and the USB mode of the camera"
        return f"Camera with ID '{camera_of(request)}' not found"
    if error.vendor_code is not None:
        refused = f"Camera refused the connection (0x{error.vendor_code:X})"
        return _REASONS.get(error.vendor_code, refused)
    if isinstance(error, CameraTimeout | DeadlinePassed):
        return "Connection did not complete within 15s. Is the camera in use or asleep?"
    return explain(error)


async def get_connection(request: Request) -> Response:
    """Tell whether the camera is connected; a camera that nobody knows is not."""
    try:
        result = await ask(request, "connection")
    except CommandError:
        return answer("No camera connected", _disconnected(request))
    if not result["connected"]:
        return answer("No camera connected", _disconnected(request))
    block = {"connected": True, "model": result["model"], "id": camera_of(request)}
    return answer("Camera connected", block, {"mode": result["mode"]})


async def disconnect(request: Request) -> Response:
    """Disconnect; without a connection there is nothing to do."""
    try:
        result = await act(request, "disconnect", deadline_s=DISCONNECT_DEADLINE_S)
    except ABSENT:
        return answer("Camera not connected", _disconnected(request))
    except (CameraTimeout, DeadlinePassed) as error:
        raise Refusal("Disconnect timed out") from error
    message = "Camera not connected" if result["already"] else "Camera disconnected successfully"
    return answer(message, _disconnected(request))


async def get_fingerprint(request: Request) -> Response:
    """Show the fingerprint that a connection with a password asks for; it needs none itself."""
    try:
        result = await ask(request, "fingerprint", deadline_s=FINGERPRINT_DEADLINE_S)
    except UNKNOWN as error:
        message = f"Camera with ID '{camera_of(request)}' not found"
        raise Refusal(message, status=404, block=False) from error
    except CommandError as error:
        raise Refusal(explain(error), block=False, data=sdk_code(error)) from error
    data: dict[str, Any] = {"ssh_supported": result["ssh_supported"]}
    if result["fingerprint"]:
        data |= {"fingerprint": result["fingerprint"], "length": result["length"]}
    body = {"success": True, "message": "Fingerprint retrieved", "data": data}
    return JSONResponse(body)


def _disconnected(request: Request) -> Block:
    return {"connected": False, "model": "", "id": camera_of(request)}
