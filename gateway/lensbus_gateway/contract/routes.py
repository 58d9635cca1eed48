"""The contracts themselves: `/openapi.json`, `/asyncapi.json`, and a page at `/docs` to read them.

Each document is made once, by the first who asks, in a thread: event streams do not wait for it.
"""

import asyncio
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lensbus_gateway.access.keeper import Keeper
from lensbus_gateway.console.page import asset_response
from lensbus_gateway.contract import documents

PAGE: Final = "docs.html"


async def get_openapi(request: Request) -> Response:
    """Tell what is answered over HTTP, as OpenAPI."""
    keeper: Keeper = request.app.state.keeper
    return await _told(_openapi, request.app, keeper.cookie_name if keeper.demands else None)


async def get_asyncapi(request: Request) -> Response:
    """Tell which events and messages there are, as AsyncAPI."""
    return await _told(_asyncapi)


async def get_docs(request: Request) -> Response:
    """Show both documents to a reader."""
    page = asset_response(request, PAGE)
    assert page is not None, "it is a file of the package"
    return page


async def _told(make: Callable[..., bytes], *arguments: Any) -> Response:
    return Response(await asyncio.to_thread(make, *arguments), media_type="application/json")


@lru_cache(maxsize=1)
def _openapi(app: Starlette, cookie: str | None) -> bytes:
    return json.dumps(documents.http(app.routes, cookie), ensure_ascii=False).encode()


@lru_cache(maxsize=1)
def _asyncapi() -> bytes:
    return json.dumps(documents.messages(), ensure_ascii=False).encode()


routes: Final[list[BaseRoute]] = [
    Route("/openapi.json", get_openapi),
    Route("/asyncapi.json", get_asyncapi),
    Route("/docs", get_docs),
]
