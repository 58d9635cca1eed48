"""The paths of this surface. An unknown one below `/api/` gets JSON, as every other answer."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lensbus_gateway.alpha import (
    actions,
    camera_settings,
    card,
    connection,
    frames,
    live_view,
)
from lensbus_gateway.alpha.card import no_such_path
from lensbus_gateway.alpha.card_list import list_files
from lensbus_gateway.alpha.logs import get_logs
from lensbus_gateway.alpha.priority_key import get_priority_key, put_priority_key
from lensbus_gateway.alpha.properties import get_all, get_one, put_one
from lensbus_gateway.alpha.resource import Resource, refuse_placeholder
from lensbus_gateway.alpha.save_info import get_save_info, put_save_info
from lensbus_gateway.alpha.saved import get_saved, list_saved
from lensbus_gateway.alpha.server import get_cameras, get_status
from lensbus_gateway.alpha.shutdown import shutdown
from lensbus_gateway.stream import stream_response

CAMERA: Final = "/api/cameras/{camera}"
FILE: Final = CAMERA + "/sd-card/slot/{slot}/files/{content}/{file}/{kind}"


async def _all_events(request: Request) -> Response:
    return stream_response(request, None)


async def _events(request: Request) -> Response:
    return stream_response(request, request.path_params["camera"])


async def _nowhere(request: Request) -> Response:
    """Refuse an unknown path; one whose camera id is empty lands here too."""
    area, slash, rest = request.path_params["rest"].partition("/")
    if area == "cameras" and slash and rest.startswith("/"):
        refuse_placeholder("")
    raise no_such_path(request)


routes: Final[list[BaseRoute]] = [
    Route("/api/server/status", Resource(get=get_status)),
    Route("/api/status", Resource(get=get_status)),  # as the first releases called it
    Route("/api/server/logs", Resource(get=get_logs)),
    Route("/api/server/shutdown", Resource(post=shutdown)),
    Route("/api/events", Resource(get=_all_events)),
    Route("/api/cameras", Resource(get=get_cameras, otherwise=get_cameras)),
    Route(CAMERA + "/events", Resource(get=_events, placeholders=True)),
    Route(
        CAMERA + "/connection",
        Resource(
            get=connection.get_connection,
            post=connection.connect,
            delete=connection.disconnect,
        ),
    ),
    Route(CAMERA + "/properties/all", Resource(get=get_all)),
    Route(CAMERA + "/properties/{name}", Resource(get=get_one, put=put_one)),
    Route(CAMERA + "/priority-key", Resource(get=get_priority_key, put=put_priority_key)),
    Route(CAMERA + "/actions/shutter", Resource(post=actions.shutter)),
    Route(CAMERA + "/actions/half-press", Resource(post=actions.half_press)),
    Route(CAMERA + "/actions/af-shutter", Resource(post=actions.af_shutter)),
    Route(CAMERA + "/actions/zoom", Resource(post=actions.zoom)),
    Route(CAMERA + "/actions/focus-near-far", Resource(post=actions.focus_near_far)),
    Route(CAMERA + "/actions/movie-rec", Resource(post=actions.movie_rec)),
    Route(CAMERA + "/actions/button", Resource(post=actions.button)),
    Route(CAMERA + "/actions/touch", Resource(post=actions.touch)),
    Route(CAMERA + "/actions/touch-cancel", Resource(post=actions.touch_cancel)),
    Route(CAMERA + "/actions/{action}", Resource(post=actions.unknown)),
    Route(
        CAMERA + "/live-view/{action}",
        Resource(
            get=live_view.get_live_view,
            post=live_view.post_live_view,
            otherwise=live_view.unknown,
        ),
    ),
    Route(CAMERA + "/sd-card/slot/{slot}/files", Resource(get=list_files)),
    Route(FILE, Resource(post=card.pull)),
    Route(CAMERA + "/saved", Resource(get=list_saved)),
    Route(CAMERA + "/saved/{name:path}", Resource(get=get_saved)),
    Route(CAMERA + "/settings/save-info", Resource(get=get_save_info, put=put_save_info)),
    Route(CAMERA + "/settings/save-destination", Resource(get=get_save_info, put=put_save_info)),
    Route(CAMERA + "/settings/download", Resource(post=camera_settings.download)),
    Route(CAMERA + "/settings/upload", Resource(post=camera_settings.upload)),
    Route(CAMERA + "/settings/files", Resource(get=camera_settings.files, placeholders=True)),
    Route(CAMERA + "/lut/import", Resource(post=camera_settings.import_lut)),
    Route(
        CAMERA + "/af-area-position",
        Resource(get=frames.get_af_area, put=frames.put_af_area),
    ),
    Route(CAMERA + "/tracking-frame", Resource(get=frames.get_tracking)),
    Route(CAMERA + "/fingerprint", Resource(get=connection.get_fingerprint)),
    Route("/api/{rest:path}", Resource(otherwise=_nowhere)),
]
