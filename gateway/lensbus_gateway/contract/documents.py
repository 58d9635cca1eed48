"""The two documents of this gateway, from the tables of all its parts."""

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any, Final, Literal

from starlette.routing import BaseRoute
from typing_extensions import TypedDict

from lensbus_gateway.alpha import operations as alpha
from lensbus_gateway.console import operations as console
from lensbus_gateway.contract import asyncapi, itself, openapi
from lensbus_gateway.contract.operation import Answer, Chapter, json_answer
from lensbus_gateway.robopipe import operations as robopipe

CHAPTERS: Final[Sequence[Chapter]] = (
    *alpha.CHAPTERS,
    *robopipe.CHAPTERS,
    *console.CHAPTERS,
    *itself.CHAPTERS,
)

# What catches every other path below a surface answers nothing but 404.
CATCH_ALL: Final = frozenset({"/api/{rest:path}", "/cameras/{rest:path}"})

ABOUT: Final = """\
Sony cameras answer under `/api`, OAK cameras under `/cameras`.

HEAD is GET without a body, but 405 below `/cameras`. OPTIONS is 204. Any other method is 405, \
with `Allow`. Paths below `/cameras` are answered with and without a slash at their end. Keys may \
be added to any answer: pass over those that you do not know.
"""


class Turned(TypedDict):
    """A request that no surface was asked about; both find the key that they look for."""

    success: Literal[False]
    message: str
    detail: str


# To any request with a body.
WITH_BODY: Final[Mapping[int, Answer]] = {413: json_answer("The body is too large", Turned)}


def http(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """Return the OpenAPI document of everything that is answered over HTTP."""
    info = {
        "title": "lensbus",
        "version": metadata.version("lensbus"),
        "description": ABOUT,
        "license": {"name": "MIT", "identifier": "MIT"},
    }
    return openapi.document(info, CHAPTERS, routes, with_body=WITH_BODY)


def messages() -> dict[str, Any]:
    """Return the AsyncAPI document of the bus, of event streams and of WebSockets."""
    return asyncapi.document(metadata.version("lensbus"))
