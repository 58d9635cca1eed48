"""The response that hands its connection to the hub."""

import random
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lensbus_gateway import sse
from lensbus_gateway.hub import Hub
from lensbus_gateway.server import HAND_OVER
from lensbus_gateway.wish import read_wish

BUSY_MS: Final = (3000, 9000)


def stream_response(request: Request, camera: str | None) -> Response:
    """Return the response that streams the events of one camera, or with None of all.

    A HEAD request gets the head and nothing else. Needs the gateway's own server, which can hand
    a connection over.
    """
    return _StreamResponse(request, camera)


class _StreamResponse(Response):
    def __init__(self, request: Request, camera: str | None) -> None:
        super().__init__()
        self._state = request.app.state
        self._address = request.client.host if request.client else ""
        self._wish = read_wish(camera, request.query_params.multi_items(), request.headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        chunked = scope["http_version"] != "1.0"
        if scope["method"] == "HEAD":
            await self._send(send, b"", chunked=chunked)
            return
        hub: Hub = self._state.hub
        if hub.has_room(self._address):
            take = scope["extensions"][HAND_OVER]["take"]
            hub.join(take, self._wish, chunked=chunked, address=self._address)
        else:
            # Any other status would end a browser's stream for good.
            await self._send(send, sse.busy(random.randint(*BUSY_MS)), chunked=chunked)

    async def _send(self, send: Send, body: bytes, *, chunked: bool) -> None:
        pairs = sse.headers(self._state.settings.gateway.cors_origin, keep=chunked)
        lower = [(name.lower(), value) for name, value in pairs]
        if body:
            lower.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": 200, "headers": lower})
        await send({"type": "http.response.body", "body": body})
