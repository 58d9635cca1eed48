"""Signing in and out, and tickets: what a browser needs, which cannot send a token everywhere."""

import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from lensbus_gateway.access.decide import ANYBODY, Stranger, Visitor
from lensbus_gateway.access.guard import VISITOR
from lensbus_gateway.access.keeper import Keeper, read_brought

NO_STORE: Final = {"Cache-Control": "no-store"}
COOKIE_PATH: Final = "/"


async def session(request: Request) -> Response:
    """Tell who is signed in; sign in with `{"token": ...}`; sign out."""
    keeper: Keeper = request.app.state.keeper
    match request.method:
        case "POST":
            return await _sign_in(request, keeper)
        case "DELETE":
            answer = Response(status_code=204, headers=NO_STORE)
            if keeper.demands:
                answer.delete_cookie(keeper.cookie_name, COOKIE_PATH, httponly=True)
            return answer
        case _:
            return JSONResponse(_told(keeper, _who(request, keeper)), headers=NO_STORE)


async def _sign_in(request: Request, keeper: Keeper) -> Response:
    if not keeper.demands:
        return JSONResponse(_told(keeper, ANYBODY), headers=NO_STORE)
    token = await _token_in(request)
    if token is None:
        return _detail('Expected JSON: {"token": "lensbus_..."}', 422)
    made = keeper.sign_in(token)
    if isinstance(made, Stranger):
        return _detail(f"Not let in: {made.reason}", 401)
    answer = JSONResponse(_told(keeper, made.visitor), headers=NO_STORE)
    answer.set_cookie(
        keeper.cookie_name,
        made.value,
        max_age=made.lasts_s,
        path=COOKIE_PATH,
        secure=request.headers.get("x-forwarded-proto", "").lower() == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


async def _token_in(request: Request) -> str | None:
    try:
        body = json.loads(await request.body())
    except ValueError:
        return None
    token = body.get("token") if isinstance(body, dict) else None
    return token.strip() if isinstance(token, str) and token.isascii() else None


def _who(request: Request, keeper: Keeper) -> Visitor | Stranger:
    brought = read_brought(request.scope["headers"], b"")
    return keeper.identify(brought, takes_tickets=False)


def _told(keeper: Keeper, who: Visitor | Stranger) -> dict[str, Any]:
    if isinstance(who, Stranger):
        return {"demanded": True, "signed_in": False, "reason": who.reason}
    return {
        "demanded": keeper.demands,
        "signed_in": keeper.demands,
        "name": who.name,
        "scope": who.scope.word,
        "cameras": None if who.cameras is None else sorted(who.cameras),
        "ends": who.ends,
    }


async def tickets(request: Request) -> Response:
    """Give a ticket that opens one stream once."""
    keeper: Keeper = request.app.state.keeper
    ticket, seconds = keeper.ticket(request.scope.get(VISITOR, ANYBODY))
    return JSONResponse({"ticket": ticket, "expires_in_s": seconds}, 201, headers=NO_STORE)


def _detail(message: str, status: int) -> Response:
    return JSONResponse({"detail": message}, status, headers=NO_STORE)


routes: Final[list[BaseRoute]] = [
    Route("/console/session", session, methods=["GET", "POST", "DELETE"]),
    Route("/access/tickets", tickets, methods=["POST"]),
]
