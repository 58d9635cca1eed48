"""The responses that hand their connection over: events to the hub, pictures to the viewers.

Both need the gateway's own server, which can hand a connection over. A HEAD request gets the head
and nothing else.
"""

import random
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lensbus_gateway import multipart, sse
from lensbus_gateway.access.guard import ORIGIN, cameras_of
from lensbus_gateway.connection import HAND_OVER
from lensbus_gateway.hub import Hub
from lensbus_gateway.viewers import GoesOn, Viewers
from lensbus_gateway.wish import read_wish

BUSY_MS: Final = (3000, 9000)


def stream_response(request: Request, camera: str | None) -> Response:
    """Return the response that streams the events of one camera, or with None of all."""
    return _StreamResponse(request, camera)


def picture_response(request: Request, camera: str, stream: str, goes_on: GoesOn) -> Response:
    """Return the response that shows a stream of pictures until it ends or the client leaves.

    `goes_on` is asked when no picture has come for a while; False ends the answer. Ask
    `app.state.viewers.has_room()` first: a refusal has the shape of its surface.
    """
    return _PictureResponse(request, camera, stream, goes_on)


class _StreamResponse(Response):
    def __init__(self, request: Request, camera: str | None) -> None:
        super().__init__()
        self._state = request.app.state
        self._address = request.client.host if request.client else ""
        wish = read_wish(camera, request.query_params.multi_items(), request.headers)
        readable_by = request.scope.get(ORIGIN, "")
        self._wish = replace(wish.within(cameras_of(request)), readable_by=readable_by)

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
            hub.refused += 1
            # Any other status would end a browser's stream for good.
            await self._send(send, sse.busy(random.randint(*BUSY_MS)), chunked=chunked)

    async def _send(self, send: Send, body: bytes, *, chunked: bool) -> None:
        pairs = sse.headers(self._wish.readable_by, keep=chunked)
        await _answer(send, pairs, body)


class _PictureResponse(Response):
    def __init__(self, request: Request, camera: str, stream: str, goes_on: GoesOn) -> None:
        super().__init__()
        self._state = request.app.state
        self._camera = camera
        self._stream = stream
        self._goes_on = goes_on
        self._readable_by = request.scope.get(ORIGIN, "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await _answer(send, multipart.headers(self._readable_by), b"")
            return
        viewers: Viewers = self._state.viewers
        take = scope["extensions"][HAND_OVER]["take"]
        chunked = scope["http_version"] != "1.0"
        viewers.join(
            take,
            self._camera,
            self._stream,
            self._goes_on,
            chunked=chunked,
            readable_by=self._readable_by,
        )


async def _answer(send: Send, pairs: list[tuple[bytes, bytes]], body: bytes) -> None:
    lower = [(name.lower(), value) for name, value in pairs]
    if body:
        lower.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": 200, "headers": lower})
    await send({"type": "http.response.body", "body": body})
