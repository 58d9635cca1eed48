"""Streams: which there are, switching them, how they are read out and controlled."""

from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.robopipe.answers import value
from lensbus_gateway.robopipe.bus import REOPEN_DEADLINE_S, ask
from lensbus_gateway.robopipe.models import (
    ANY_CONFIG,
    CONTROL_UPDATE,
    SEED_CONFIG,
    STILL_CONFIG,
    SensorControlUpdate,
)
from lensbus_gateway.robopipe.validation import (
    Invalid,
    check,
    check_body,
    check_path,
    fault,
    path_faults,
    read_body,
)
from lensbus_proto.messages import Reply

SHAPES: Final = ("list", "map")


def _part(reply: Reply, key: str) -> Any:
    return (reply.result or {})[key]


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
    streams = _part(await ask(request, "streams.list"), "streams")
    if shape == "map":
        return value({stream["name"]: {"active": stream["active"]} for stream in streams})
    return value(
        [
            {"name": stream["name"], "active": stream["active"], "replay": False}
            for stream in streams
        ]
    )


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


async def get_config(request: Request) -> Response:
    """Show how a stream is read out: the published form of its sensor and the newer form in one."""
    check_path(request)
    return value(_part(await ask(request, "config.get"), "config"))


async def set_config(request: Request) -> Response:
    """Change how a stream is read out."""
    await check_body(request, ANY_CONFIG)
    config = config_of(await read_body(request))
    reply = await ask(request, "config.set", {"config": config}, deadline_s=REOPEN_DEADLINE_S)
    return value(_part(reply, "config"))


async def get_control(request: Request) -> Response:
    """Show a stream's control."""
    check_path(request)
    return value(_part(await ask(request, "control.get"), "control"))


async def set_control(request: Request) -> Response:
    """Change some of a stream's control; nothing to change leaves it as it is."""
    changes = changes_of(await check_body(request, CONTROL_UPDATE))
    if not changes:
        return value(_part(await ask(request, "control.get"), "control"))
    return value(_part(await ask(request, "control.set", {"changes": changes}), "control"))


def changes_of(update: SensorControlUpdate) -> dict[str, Any]:
    """Return the fields that were sent; the focus always whole, and null never clears it."""
    changes = update.model_dump(mode="json", exclude_unset=True, exclude={"focus"})
    if update.focus is not None:
        changes["focus"] = update.focus.model_dump(mode="json")
    return changes


def config_of(body: object) -> dict[str, Any]:
    """Return the configuration to send, in whichever of the forms the body has.

    What this surface answers holds two forms in one, and clients send it back with one change: if
    both forms are there both are sent, for the worker knows which of them has changed.
    """
    return _form(STILL_CONFIG, body) | _form(SEED_CONFIG, body)


def _form(adapter: TypeAdapter[Any], body: object) -> dict[str, Any]:
    """Return what a body holds of one form, nothing if it is not of that form."""
    try:
        form: BaseModel = check(adapter, body)
    except Invalid:
        return {}
    return form.model_dump(mode="json", exclude_unset=True)
