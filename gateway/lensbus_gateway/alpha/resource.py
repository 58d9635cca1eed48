"""One path of this surface and its methods."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lensbus_gateway.alpha.envelope import Refusal, explain
from lensbus_proto.errors import CommandError

Handler = Callable[[Request], Awaitable[Response]]

PLACEHOLDERS: Final = ("", "{cameraid}", "%7bcameraid%7d")

logger = logging.getLogger(__name__)


class Resource:
    """An ASGI application that gives each method to its handler.

    Whatever a handler raises on purpose becomes an answer of this surface. With `placeholders` the
    id may be one that a client has forgotten to fill in.
    """

    def __init__(
        self,
        *,
        get: Handler | None = None,
        post: Handler | None = None,
        put: Handler | None = None,
        delete: Handler | None = None,
        otherwise: Handler | None = None,
        placeholders: bool = False,
    ) -> None:
        given = {"GET": get, "HEAD": get, "POST": post, "PUT": put, "DELETE": delete}
        self._handlers = {method: handler for method, handler in given.items() if handler}
        self._otherwise = otherwise
        self._placeholders = placeholders

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Who answers each method."""
        return self._handlers

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that there are."""
        return tuple(self._handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive, send)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, media_type="text/plain")
        try:
            if not self._placeholders:
                refuse_placeholder(request.path_params.get("camera"))
            handler = self._handlers.get(request.method, self._otherwise)
            if handler is None:
                return self._not_allowed(request)
            return await handler(request)
        except Refusal as refusal:
            return refusal.response()
        except CommandError as error:
            logger.info("refused", extra={"path": request.scope["path"], "code": error.code})
            return Refusal(explain(error)).response()

    def _not_allowed(self, request: Request) -> Response:
        response = Refusal(
            f"Method {request.method} not allowed", status=405, block=False
        ).response()
        response.headers["Allow"] = ", ".join(self._handlers)
        return response


def refuse_placeholder(camera: str | None) -> None:
    """Refuse an id that a client has forgotten to fill in."""
    if camera is not None and camera.lower() in PLACEHOLDERS:
        raise Refusal("Camera ID is required: put the id of a camera into the path", block=False)
