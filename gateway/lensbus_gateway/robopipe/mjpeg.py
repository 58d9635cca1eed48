"""Live pictures as one endless answer that every browser shows, `multipart/x-mixed-replace`."""

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.robopipe.shown import check_shown, full, is_shown
from lensbus_gateway.robopipe.validation import check_path
from lensbus_gateway.stream import picture_response


async def get_mjpeg(request: Request) -> Response:
    """Show one stream until it ends or the client leaves; each part says when it was taken."""
    check_path(request)
    await check_shown(request)
    camera, stream = request.path_params["mxid"], request.path_params["stream_name"]
    return full(request) or picture_response(request, camera, stream, lambda: is_shown(request))
