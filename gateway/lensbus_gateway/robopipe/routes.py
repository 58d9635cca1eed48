"""The paths of this surface, each with and without a slash at its end.

Clients use both spellings, and a redirect would name a wrong scheme behind a proxy.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from lensbus_gateway.robopipe import (
    cameras,
    config,
    control,
    mjpeg,
    networks,
    recording,
    replay,
    stills,
    streams,
    video,
    webrtc,
)
from lensbus_gateway.robopipe.answers import detail
from lensbus_gateway.robopipe.resource import Resource

CAMERA: Final = "/cameras/{mxid}"
STREAM: Final = CAMERA + "/streams/{stream_name}"

RESOURCES: Final = {
    "/cameras": Resource(get=cameras.list_cameras),
    "/cameras/refresh": Resource(post=cameras.refresh),  # before any camera of that name
    CAMERA: Resource(
        get=cameras.get_camera, post=cameras.boot_camera, delete=cameras.shut_camera_down
    ),
    CAMERA + "/stats": Resource(get=cameras.get_stats),
    CAMERA + "/ir": Resource(get=cameras.get_lights, post=cameras.set_lights),
    CAMERA + "/recording": Resource(get=recording.get_recording),
    CAMERA + "/streams": Resource(get=streams.list_streams, patch=streams.change_streams),
    STREAM: Resource(post=streams.activate, delete=streams.deactivate),
    STREAM + "/config": Resource(get=config.get_config, post=config.set_config),
    STREAM + "/config/available": Resource(get=config.get_available),
    STREAM + "/control": Resource(get=control.get_control, post=control.set_control),
    STREAM + "/control/capabilities": Resource(get=control.get_capabilities),
    STREAM + "/control/reset": Resource(post=control.reset_control),
    STREAM + "/still": Resource(get=stills.get_still),
    STREAM + "/depth": Resource(get=stills.get_depth),
    STREAM + "/points": Resource(get=stills.get_points),
    STREAM + "/mjpeg": Resource(get=mjpeg.get_mjpeg),
    STREAM + "/nn": Resource(
        get=networks.get_network, post=networks.deploy_network, delete=networks.remove_network
    ),
    STREAM + "/replay": Resource(
        get=replay.get_film, post=replay.show_film, delete=replay.end_film
    ),
    STREAM + "/video": Resource(post=webrtc.answer_offer),
}

SOCKETS: Final = {
    STREAM + "/video": video.show_video,
    STREAM + "/nn": networks.show_findings,
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
