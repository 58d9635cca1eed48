"""What a camera has seen in the last seconds, as a film."""

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.robopipe.bus import ask
from lensbus_gateway.robopipe.validation import check_path


async def get_recording(request: Request) -> Response:
    """Give the film that ends now; a camera that is shut down still has what it saw before."""
    check_path(request)
    reply = await ask(request, "recording")
    name = f"recording-{request.path_params['mxid']}.webm"
    headers = {
        "Content-Type": "video/webm",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(reply.parts[0], headers=headers)
