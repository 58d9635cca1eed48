"""How streams are read out."""

from typing import Any

from pydantic import BaseModel, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.robopipe.answers import part, value
from lensbus_gateway.robopipe.bus import REOPEN_DEADLINE_S, ask
from lensbus_gateway.robopipe.models import ANY_CONFIG, SEED_CONFIG, STILL_CONFIG
from lensbus_gateway.robopipe.validation import Invalid, check, check_body, check_path, read_body


async def get_config(request: Request) -> Response:
    """Show how a stream is read out: the published form of its sensor and the newer form in one."""
    check_path(request)
    return value(part(await ask(request, "config.get"), "config"))


async def set_config(request: Request) -> Response:
    """Change how a stream is read out."""
    await check_body(request, ANY_CONFIG)
    config = config_of(await read_body(request))
    reply = await ask(request, "config.set", {"config": config}, deadline_s=REOPEN_DEADLINE_S)
    return value(part(reply, "config"))


async def get_available(request: Request) -> Response:
    """List the sizes and rates of the newer form."""
    check_path(request)
    return value(part(await ask(request, "config.available"), "options"))


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
