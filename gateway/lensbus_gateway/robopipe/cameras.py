"""The OAK cameras themselves."""

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.robopipe.answers import detail, value
from lensbus_gateway.robopipe.bus import ask, oak_cameras
from lensbus_gateway.robopipe.validation import check_path
from lensbus_proto.errors import CommandError


async def list_cameras(request: Request) -> Response:
    """List what the cameras say of themselves, from the broker's registry."""
    try:
        cameras = await oak_cameras(request)
    except CommandError as error:
        return detail(f"The broker does not answer: {error.message}", 503)
    return value([entry["description"]["device"] for entry in cameras])


async def get_camera(request: Request) -> Response:
    """Ask one camera."""
    check_path(request)
    return value((await ask(request, "device")).result)
