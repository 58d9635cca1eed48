"""One path of this surface and its methods."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lensbus_gateway.robopipe.answers import detail, failed, invalid
from lensbus_gateway.robopipe.validation import Invalid
from lensbus_proto.errors import CommandError

Handler = Callable[[Request], Awaitable[Response]]

logger = logging.getLogger(__name__)


class Resource:
    """An ASGI application that gives each method to its handler; HEAD is not one of them."""

    def __init__(
        self,
        *,
        get: Handler | None = None,
        post: Handler | None = None,
        patch: Handler | None = None,
        delete: Handler | None = None,
    ) -> None:
        given = {"GET": get, "POST": post, "PATCH": patch, "DELETE": delete}
        self._handlers = {method: handler for method, handler in given.items() if handler}

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
        handler = self._handlers.get(request.method)
        if handler is None:
            return detail("Method Not Allowed", 405, {"Allow": ", ".join(self._handlers)})
        try:
            return await handler(request)
        except Invalid as error:
            return invalid(error)
        except CommandError as error:
            logger.info("refused", extra={"path": request.url.path, "code": error.code})
            return failed(request, error)
