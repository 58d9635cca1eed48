"""The two shapes of every JSON answer, and how a failed command becomes one.

Envelope A has a `camera` block, envelope B has none. Whatever was handed to a worker fails with
400 and never with 408, 409, 429 or 5xx: the published client repeats a POST on those, so that one
call could expose three pictures. Card transfers are the exception that the contract makes.
"""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_gateway.alpha.bus import camera_of, model_of
from lensbus_proto.errors import (
    CameraUnknown,
    CommandError,
    CommandUnknown,
    DeadlinePassed,
    NotConnected,
    WorkerAbsent,
    WorkerSilent,
)

Block = Mapping[str, Any]

BLANK: Final[Block] = {"connected": False, "model": "", "id": ""}
NOT_CONNECTED: Final = "Camera not connected"

# A camera of another vendor does not know the commands of this surface: here it does not exist.
ABSENT: Final = (CameraUnknown, CommandUnknown, NotConnected)
UNKNOWN: Final = (CameraUnknown, CommandUnknown)
LOST: Final = (WorkerAbsent, WorkerSilent)


class Refusal(Exception):
    """A request that is answered with an error; `block` False makes it envelope B."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        data: Mapping[str, Any] | None = None,
        block: bool = True,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"success": False, "message": message}
        if block:
            self.body["camera"] = BLANK
        if data:
            self.body["data"] = data
        self.body |= more or {}

    def response(self) -> Response:
        """Return the answer."""
        return JSONResponse(self.body, self.status)


def answer(message: str, block: Block = BLANK, data: Mapping[str, Any] | None = None) -> Response:
    """Return success in envelope A."""
    body: dict[str, Any] = {"success": True, "message": message, "camera": block}
    if data:
        body["data"] = data
    return JSONResponse(body)


async def done(request: Request, message: str, data: Mapping[str, Any] | None = None) -> Response:
    """Return success in envelope A for the camera in the path, which has just answered."""
    camera = camera_of(request)
    model = await model_of(request, camera)
    return answer(message, {"connected": True, "model": model, "id": camera}, data)


def explain(error: CommandError) -> str:
    """Return the message of a failed command, with the SDK's number if there is one."""
    if isinstance(error, ABSENT):
        return NOT_CONNECTED
    if isinstance(error, LOST):
        return f"Camera not available: {error.message}"
    if isinstance(error, DeadlinePassed):
        return f"The camera did not answer in time: {error.message}"
    if error.vendor_code is None:
        return error.message
    shown = f"0x{error.vendor_code:X}"
    return error.message if shown in error.message else f"{error.message} ({shown})"


def absent(error: CommandError) -> Refusal:
    """Return the answer of those paths that do not exist while the camera is not connected."""
    return Refusal(explain(error), status=404, block=False)


def sdk_code(error: CommandError) -> Mapping[str, str]:
    """Return the SDK's number as machine-readable detail, if there is one."""
    return {} if error.vendor_code is None else {"error_code": f"0x{error.vendor_code:08X}"}
