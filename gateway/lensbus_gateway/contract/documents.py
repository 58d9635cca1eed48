"""The two documents of this gateway, from the tables of all its parts."""

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any, Final, Literal

from starlette.routing import BaseRoute
from typing_extensions import TypedDict

from lensbus_gateway.access import operations as access
from lensbus_gateway.access.decide import SAFE
from lensbus_gateway.access.table import rule_of
from lensbus_gateway.alpha import operations as alpha
from lensbus_gateway.alpha.models import Refused
from lensbus_gateway.connection import EVENTS, HEALTH, PICTURES
from lensbus_gateway.console import operations as console
from lensbus_gateway.contract import asyncapi, itself, openapi
from lensbus_gateway.contract.openapi import Common
from lensbus_gateway.contract.operation import (
    Answer,
    Chapter,
    Content,
    Detail,
    Operation,
    json_answer,
)
from lensbus_gateway.refusal import is_alpha
from lensbus_gateway.robopipe import operations as robopipe

CHAPTERS: Final[Sequence[Chapter]] = (
    *alpha.CHAPTERS,
    *robopipe.CHAPTERS,
    *console.CHAPTERS,
    *access.CHAPTERS,
    *itself.CHAPTERS,
)

# Routes that answer nothing but refusals: every other path below a surface, and unknown actions.
NOWHERE: Final = frozenset(
    {"/api/{rest:path}", "/cameras/{rest:path}", "/api/cameras/{camera}/actions/{action}"}
)

ABOUT: Final = """\
Sony cameras answer under `/api`, OAK cameras under `/cameras`.

HEAD is GET without a body, but 405 below `/cameras`. OPTIONS is 204. Any other method is 405, \
with `Allow`. Paths below `/cameras` are answered with and without a slash at their end. Keys may \
be added to any answer: pass over those that you do not know.
"""


class TurnedAway(TypedDict):
    """A request that no surface was asked about; both find the key that they look for."""

    success: Literal[False]
    message: str
    detail: str


_CHALLENGE: Final = {"WWW-Authenticate": "`Bearer`, and what is wrong with the token"}
_LATER: Final = {"Retry-After": "After how many seconds"}


def _refusals_of(surface: str, shape: Any) -> Mapping[str, Answer]:
    """Return what may be answered before an operation is looked at, in the shape of a surface."""
    body = (Content(shape),)
    return {
        f"{surface}Unknown": Answer("No token, or one that is no good", body, _CHALLENGE),
        f"{surface}Forbidden": Answer(
            "Not with this token, or not from a page of another origin", body
        ),
        f"{surface}NotYours": Answer("Not a camera that this token may see", body),
        f"{surface}Misdirected": Answer("Asked for under a name that is not this server's", body),
        f"{surface}TooMany": Answer(
            "Too many requests from one address; nothing was done", body, _LATER
        ),
    }


REFUSALS: Final[Mapping[str, Answer]] = {
    **_refusals_of("alpha", Refused),
    **_refusals_of("plain", Detail),
    "TooLarge": json_answer("The body is too large", TurnedAway),
}


def http(routes: Sequence[BaseRoute], cookie: str | None = None) -> dict[str, Any]:
    """Return the OpenAPI document of everything that is answered over HTTP.

    `cookie` is the name of that of a browser that is signed in; None where nobody has to be.
    """
    info = {
        "title": "lensbus",
        "version": metadata.version("lensbus"),
        "description": ABOUT,
        "license": {"name": "MIT", "identifier": "MIT"},
    }
    common = Common(
        {
            "bearer": {"type": "http", "scheme": "bearer", "description": "a token"},
            "cookie": {
                "type": "apiKey",
                "in": "cookie",
                "name": cookie or "lensbus",
                "description": "of a browser that is signed in",
            },
            "ticket": {
                "type": "apiKey",
                "in": "query",
                "name": "ticket",
                "description": "opens one stream once",
            },
        },
        REFUSALS,
        lambda one: _security(one, demanded=cookie is not None),
        _refusals,
    )
    return openapi.document(info, CHAPTERS, routes, common)


def messages() -> dict[str, Any]:
    """Return the AsyncAPI document of the bus, of event streams and of WebSockets."""
    return asyncapi.document(metadata.version("lensbus"))


def _security(one: Operation, *, demanded: bool) -> list[Mapping[str, list[str]]]:
    """Return how somebody may show who they are, each way with the scope that it takes."""
    rule = rule_of(one.served_by)
    scope = rule.read if one.method in SAFE else rule.act
    if scope is None:
        return []
    ways = ("bearer", "cookie", *(("ticket",) if rule.stream and one.method in SAFE else ()))
    return [*([] if demanded else [{}]), *({way: [scope.word]} for way in ways)]


def _refusals(one: Operation) -> Mapping[int, str]:
    """Return which of the common refusals an operation may get."""
    rule = rule_of(one.served_by)
    scope = rule.read if one.method in SAFE else rule.act
    surface = "alpha" if is_alpha(one.path) else "plain"
    found = {403: f"{surface}Forbidden", 421: f"{surface}Misdirected"}
    if _is_limited(one.path.encode()):
        found[429] = f"{surface}TooMany"
    if scope is not None:
        found[401] = f"{surface}Unknown"
        if any(parameter.name in ("camera", "mxid") for parameter in one.parameters):
            found[404] = f"{surface}NotYours"
    if one.body:
        found[413] = "TooLarge"
    return found


def _is_limited(path: bytes) -> bool:
    """Tell whether an address may send too many of such requests."""
    return not (path in HEALTH or EVENTS.fullmatch(path) or PICTURES.fullmatch(path))
