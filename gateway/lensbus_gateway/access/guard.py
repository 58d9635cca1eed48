"""The guards: one before everything, which looks at where a request comes from, one at each path.

What they let through carries in its scope what later parts need: whose pages may read the answer
(`ORIGIN`), who the visitor is (`VISITOR`), and how to be told that the visit is over (`HOLD`).
"""

import asyncio
import copy
import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lensbus_gateway.access.decide import SAFE, Refused, Stranger, Visitor, decide
from lensbus_gateway.access.keeper import Keeper, read_brought
from lensbus_gateway.access.screen import Screen, read_head
from lensbus_gateway.access.table import Rule, rule_of
from lensbus_gateway.bus import SENT, Sent
from lensbus_gateway.connection import HAND_OVER
from lensbus_gateway.refusal import refusal
from lensbus_proto.runtime.tokens import Scope as TokenScope

ORIGIN: Final = "lensbus.origin"
VISITOR: Final = "lensbus.visitor"
HOLD: Final = "lensbus.hold"

METHODS: Final = b"GET, POST, PUT, PATCH, DELETE, OPTIONS"
POLICY_VIOLATION: Final = 1008
VISIT_OVER: Final = "The token was revoked or has expired"


def sees(connection: HTTPConnection, camera: str) -> bool:
    """Tell whether a camera is there for who asks."""
    visitor: Visitor | None = connection.scope.get(VISITOR)
    return visitor is None or visitor.sees(camera)


def cameras_of(connection: HTTPConnection) -> frozenset[str] | None:
    """Return the cameras that are there for who asks; None is all of them."""
    visitor: Visitor | None = connection.scope.get(VISITOR)
    return None if visitor is None else visitor.cameras


class OriginGuard:
    """Turns away what pages of strangers send, and says who may read the answers to the rest."""

    def __init__(self, app: ASGIApp, screen: Screen) -> None:
        self._app = app
        self._screen = screen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        head = read_head(scope["headers"])
        method = scope.get("method", "GET")
        refused = self._screen.refuses(head, method)
        readable_by = self._screen.readable_by(head)
        if readable_by and scope["type"] == "http":
            scope[ORIGIN] = readable_by
            send = functools.partial(_send_readable, send, _cors(scope, readable_by))
        if refused is not None:
            await refuse(refused, scope, receive, send)
        elif method == "OPTIONS":
            response = Response(status_code=204, headers={"content-type": "text/plain"})
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def _send_readable(send: Send, headers: list[tuple[bytes, bytes]], message: Message) -> None:
    if message["type"] == "http.response.start":
        there = {name for name, _ in message["headers"]}
        more = (pair for pair in headers if pair[0] not in there)
        message["headers"] = [*message["headers"], *more]
    await send(message)


def _cors(scope: Scope, readable_by: str) -> list[tuple[bytes, bytes]]:
    wants = next((v for n, v in scope["headers"] if n == b"access-control-request-headers"), b"")
    # The star means every field but this one.
    allowed = b"*, Authorization" if b"authorization" in wants.lower() else b"*"
    headers = [
        (b"access-control-allow-origin", readable_by.encode("latin-1")),
        (b"access-control-allow-methods", METHODS),
        (b"access-control-allow-headers", allowed),
        (b"access-control-expose-headers", b"*"),
    ]
    if readable_by != "*":
        headers.append((b"vary", b"Origin"))
    return headers


class PathGuard:
    """Lets those in whose token allows what they want at one path, and notes what they did."""

    def __init__(self, app: ASGIApp, path: str, rule: Rule, keeper: Keeper) -> None:
        self._app = app
        self._path = path
        self._rule = rule
        self._keeper = keeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        method = scope.get("method", "GET")
        reads = method in SAFE
        if not self._keeper.demands and (reads or not self._is_command):
            await self._app(scope, receive, send)
            return
        params = scope["path_params"]
        camera = params.get("camera") or params.get("mxid")
        brought = read_brought(scope["headers"], scope["query_string"])
        visitor = self._keeper.identify(brought, takes_tickets=reads and self._rule.stream)
        refused = decide(visitor, self._rule, method, camera)
        if isinstance(visitor, Visitor):
            scope[VISITOR] = visitor
        with self._noted(scope, visitor, camera, reads=reads) as note:
            if refused is not None:
                await refuse(refused, scope, receive, note(send))
            elif self._keeper.demands and self._rule.stream and isinstance(visitor, Visitor):
                await self._stream(visitor, scope, receive, note(send))
            else:
                await self._app(scope, receive, note(send))

    @property
    def _is_command(self) -> bool:
        return self._rule.act is not None and self._rule.act >= TokenScope.CONTROL

    # What goes on for long

    async def _stream(self, visitor: Visitor, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request whose answer may go on; it ends with the visit."""
        leases = self._keeper.leases
        scope[HOLD] = functools.partial(leases.hold_call, visitor.id)
        if scope["type"] == "http":
            _watch_take(scope, functools.partial(leases.hold_line, visitor.id))
            await self._app(scope, receive, send)
            return
        task = asyncio.current_task()
        assert task is not None, "every request is a task"
        is_over = False

        def end() -> None:
            nonlocal is_over
            is_over = True
            task.cancel()

        over = leases.hold_call(visitor.id, end)
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not is_over:
                raise
            task.uncancel()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": VISIT_OVER})
        finally:
            over()

    # The audit log

    @contextmanager
    def _noted(
        self, scope: Scope, visitor: Visitor | Stranger, camera: str | None, *, reads: bool
    ) -> Iterator[Callable[[Send], Send]]:
        """Note a command of somebody who is known: what was asked for, and what became of it."""
        if reads or not self._is_command or isinstance(visitor, Stranger):
            yield lambda send: send
            return
        status: int | None = None
        sent: list[Sent] = []

        def watched(send: Send) -> Send:
            async def send_noted(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            return send_noted

        mark = SENT.set(sent)
        try:
            yield watched
        finally:
            SENT.reset(mark)
            self._keeper.audit.write(
                {
                    "by": visitor.id,
                    "name": visitor.name,
                    **_addresses(scope),
                    "method": scope["method"],
                    "route": self._path,
                    "path": scope["path"],
                    "camera": camera,
                    "status": status,
                    "commands": [one._asdict() for one in sent if one.camera],
                }
            )


def guarded(route: BaseRoute, keeper: Keeper) -> BaseRoute:
    """Return a route with its guard before it."""
    if not isinstance(route, Route | WebSocketRoute):
        raise TypeError(f"{route!r} cannot be guarded: name each path in a route of its own")
    own = copy.copy(route)  # the tables of the surfaces serve more than one application
    own.app = PathGuard(route.app, route.path, rule_of(route.path), keeper)
    return own


async def refuse(refused: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what is not allowed, a WebSocket with a refused handshake."""
    response = refusal(scope["path"], refused.status, refused.message, refused.headers)
    if scope["type"] == "websocket":
        await receive()  # the handshake
    await response(scope, receive, send)


def _watch_take(scope: Scope, hold: Callable[[asyncio.Transport], None]) -> None:
    """Have a connection that is handed over remembered."""
    extensions: Mapping[str, Any] = scope.get("extensions") or {}
    if HAND_OVER not in extensions:
        return
    take = extensions[HAND_OVER]["take"]

    def take_and_hold(successor: asyncio.Protocol) -> asyncio.Transport | None:
        transport: asyncio.Transport | None = take(successor)
        if transport is not None:
            hold(transport)
        return transport

    scope["extensions"] = {**extensions, HAND_OVER: {"take": take_and_hold}}


def _addresses(scope: Scope) -> dict[str, str]:
    """Return where a request came from; behind a proxy, what the proxy says of it too."""
    client = scope.get("client")
    told = {"address": client[0] if client else ""}
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    if forwarded:
        told["forwarded_for"] = forwarded[-1].decode("latin-1")[-100:]
    return told
