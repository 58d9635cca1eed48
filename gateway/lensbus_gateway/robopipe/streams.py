"""Streams: which there are, and switching them."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.robopipe.answers import part, value
from lensbus_gateway.robopipe.bus import REOPEN_DEADLINE_S, ask
from lensbus_gateway.robopipe.models import STREAMS_CHANGE
from lensbus_gateway.robopipe.validation import (
    Invalid,
    check_body,
    check_path,
    fault,
    path_faults,
)

SHAPES: Final = ("list", "map")


async def list_streams(request: Request) -> Response:
    """List all streams, sockets first; `?shape=map` gives the object of the first servers."""
    faults = path_faults(request)
    shape = request.query_params.get("shape", "list")
    if shape not in SHAPES:
        expected = "'list' or 'map'"
        message = f"Input should be {expected}"
        faults.append(fault("enum", ("query", "shape"), message, shape, expected=expected))
    if faults:
        raise Invalid(*faults)
    streams = part(await ask(request, "streams.list"), "streams")
    if shape == "map":
        return value({stream["name"]: {"active": stream["active"]} for stream in streams})
    return value(streams)


async def change_streams(request: Request) -> Response:
    """Switch many streams in one go, all or none; list all streams."""
    change = await check_body(request, STREAMS_CHANGE)
    reply = await ask(request, "streams.change", change.model_dump(), deadline_s=REOPEN_DEADLINE_S)
    return value(part(reply, "streams"))


async def activate(request: Request) -> Response:
    """Switch a stream on; what cannot run beside it goes off."""
    check_path(request)
    await ask(request, "stream.activate", deadline_s=REOPEN_DEADLINE_S)
    return value(None, 201)


async def deactivate(request: Request) -> Response:
    """Switch a stream off."""
    check_path(request)
    await ask(request, "stream.deactivate", deadline_s=REOPEN_DEADLINE_S)
    return value(None, 202)
