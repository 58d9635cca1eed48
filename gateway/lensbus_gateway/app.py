"""The application: both surfaces, and what holds for every answer.

What the surfaces share is in `app.state`: `settings`, `hub`, `viewers`, `downloads`, `calls`,
`commander`, `finder` (asks discovery for a search), `pictures`, `readiness`, `answered`, `counted`,
`keeper` (of tokens).
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final

import zmq
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lensbus_gateway import health, metrics
from lensbus_gateway.access import routes as access
from lensbus_gateway.access.guard import OriginGuard, guarded
from lensbus_gateway.access.keeper import Keeper
from lensbus_gateway.access.screen import screen_of
from lensbus_gateway.alpha import routes as alpha
from lensbus_gateway.answered import Answered, Counted
from lensbus_gateway.bus import Commander, Context, EventFeed
from lensbus_gateway.console import routes as console
from lensbus_gateway.contract import routes as contract
from lensbus_gateway.follower import Follower
from lensbus_gateway.history import History
from lensbus_gateway.hub import Hub
from lensbus_gateway.pictures import PictureWatcher
from lensbus_gateway.pieces import Downloads
from lensbus_gateway.readiness import Readiness
from lensbus_gateway.refusal import is_alpha, refusal
from lensbus_gateway.robopipe import routes as robopipe
from lensbus_gateway.robopipe.webrtc import Calls
from lensbus_gateway.siblings import telling
from lensbus_gateway.viewers import Viewers
from lensbus_proto.runtime.settings import Settings

logger = logging.getLogger(__name__)

FINDER_ABSENT_S: Final = 0.2  # it searches by itself as soon as it is back
SURFACES: Final[Sequence[BaseRoute]] = (*alpha.routes, *robopipe.routes)


def create_app(settings: Settings, routes: Sequence[BaseRoute] | None = None) -> Starlette:
    """Return the gateway's application; without routes it has both surfaces."""
    answered = Answered()
    keeper = Keeper(settings)
    screen = screen_of(settings)
    own: list[BaseRoute] = [
        *access.routes,
        *console.routes,
        *contract.routes,
        Route("/livez", health.livez),
        Route("/readyz", health.readyz),
        Route("/metrics", metrics.answer),
    ]
    app = Starlette(
        routes=[
            guarded(route, keeper) for route in (*own, *(SURFACES if routes is None else routes))
        ],
        middleware=[
            Middleware(Counted, answered=answered),
            Middleware(OriginGuard, screen=screen),
            Middleware(LastResort),
        ],
        exception_handlers={HTTPException: _refused},
        lifespan=_on_the_bus,
    )
    # Clients call both spellings of a path; a redirect would name the wrong scheme behind TLS.
    app.router.redirect_slashes = False
    app.state.settings = settings
    app.state.answered = answered
    app.state.keeper = keeper
    app.state.hub = Hub(settings.hub, screen.everyone)
    app.state.viewers = Viewers(settings.gateway.viewers, screen.everyone)
    app.state.downloads = Downloads(settings.gateway.downloads)
    app.state.calls = Calls(app.state.viewers)
    return app


@contextlib.asynccontextmanager
async def _on_the_bus(app: Starlette) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    with contextlib.ExitStack() as stack:
        context: Context = stack.enter_context(zmq.Context())
        app.state.commander = Commander(context, settings.endpoint("commands"))
        stack.callback(app.state.commander.close)
        app.state.finder = Commander(
            context, settings.endpoint("discovery", "oak"), absent_s=FINDER_ABSENT_S
        )
        stack.callback(app.state.finder.close)
        history = History(app.state.commander)
        app.state.hub.history = history
        follower = Follower(history, app.state.hub, backfill=settings.hub.ring_events // 2)
        # The socket first: what is published while the past is fetched waits in the follower.
        feed = EventFeed(context, settings.endpoint("events"), follower.take)
        stack.callback(feed.close)
        app.state.pictures = PictureWatcher(context, settings.endpoint("pictures"))
        stack.callback(app.state.pictures.close)
        app.state.viewers.pictures = app.state.pictures
        sources = (feed, history, app.state.commander, app.state.finder, app.state.pictures)
        app.state.counted = metrics.Counted(
            app.state.hub,
            app.state.viewers,
            app.state.downloads,
            app.state.pictures,
            app.state.commander,
            app.state.answered,
            [source.junk for source in sources],
        )
        app.state.readiness = Readiness(
            app.state.commander, app.state.pictures, settings.health.cameras
        )
        await follower.start()
        async with (
            app.state.keeper.at_work(),
            telling(settings.state / "run", app.state.counted.metrics),
        ):
            yield
        await app.state.readiness.close()
        await app.state.calls.close()
        await follower.close()


async def _refused(request: Request, error: Exception) -> Response:
    """Answer an unknown path or a wrong method in the shape of the surface."""
    assert isinstance(error, HTTPException)
    # Not request.url: it is made from the Host header, and there are hosts that it cannot parse.
    return refusal(request.scope["path"], error.status_code, error.detail, error.headers)


class LastResort:
    """Answers for a handler that failed in a way nobody thought of, and logs the traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, note_start)
        except ClientDisconnect:
            pass  # it left before its request was complete
        except asyncio.CancelledError:
            # The server's own end: nobody waits for this task, but the client waits for an answer.
            if scope["type"] != "http" or started:
                raise
            message = "The gateway is stopping; a command under way may still act"
            await refusal(scope["path"], self._status(scope, 503), message)(scope, receive, send)
        except Exception:
            if scope["type"] != "http" or started:
                raise
            logger.exception("handler failed", extra={"path": scope["path"]})
            status = self._status(scope, 500)
            await refusal(scope["path"], status, "Internal Server Error")(scope, receive, send)

    def _status(self, scope: Scope, status: int) -> int:
        # The published Alpha client repeats a POST on any 5xx: one press could expose three times.
        acts = scope["method"] not in ("GET", "HEAD")
        return 400 if acts and is_alpha(scope["path"]) else status
