"""The paths of this surface, each with and without a slash at its end.

Clients use both spellings, and a redirect would name a wrong scheme behind a proxy.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from lensbus_gateway.robopipe import cameras, stills, streams, video
from lensbus_gateway.robopipe.answers import detail
from lensbus_gateway.robopipe.resource import Resource

CAMERA: Final = "/cameras/{mxid}"
STREAM: Final = CAMERA + "/streams/{stream_name}"

RESOURCES: Final = {
    "/cameras": Resource(get=cameras.list_cameras),
    CAMERA: Resource(get=cameras.get_camera),
    CAMERA + "/streams": Resource(get=streams.list_streams),
    STREAM: Resource(post=streams.activate, delete=streams.deactivate),
    STREAM + "/config": Resource(get=streams.get_config, post=streams.set_config),
    STREAM + "/control": Resource(get=streams.get_control, post=streams.set_control),
    STREAM + "/still": Resource(get=stills.get_still),
}

SOCKETS: Final = {
    STREAM + "/video": video.show_video,
}


async def _nowhere(request: Request) -> Response:
    return detail("Not Found", 404)


routes: Final[list[BaseRoute]] = [
    *(Route(path + slash, resource) for path, resource in RESOURCES.items() for slash in ("", "/")),
    *(WebSocketRoute(path + slash, show) for path, show in SOCKETS.items() for slash in ("", "/")),
    Route(
        "/cameras/{rest:path}",
        _nowhere,
        methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    ),
]
