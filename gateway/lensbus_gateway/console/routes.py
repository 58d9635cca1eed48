"""The paths of the console: the page at `/`, its files and what only a page needs below it."""

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from lensbus_gateway.console.page import INDEX, asset_response, wants_page
from lensbus_gateway.console.watch import watch
from lensbus_gateway.refusal import refusal

GREETING: Final = "lensbus: Sony cameras under /api, OAK cameras under /cameras\n"


async def _root(request: Request) -> Response:
    """Show the console to browsers and a line of text to programs, which compare it."""
    page = asset_response(request, INDEX)
    if page is not None and wants_page(request.headers.get("accept", "")):
        return page
    return PlainTextResponse(GREETING, headers={"Vary": "Accept"})


async def _asset(request: Request) -> Response:
    found = asset_response(request, request.path_params["name"])
    return refusal(request.scope["path"], 404, "Not Found") if found is None else found


routes: Final[list[BaseRoute]] = [
    Route("/", _root),
    WebSocketRoute("/console/pictures", watch),
    Route("/console/{name:path}", _asset),
]
