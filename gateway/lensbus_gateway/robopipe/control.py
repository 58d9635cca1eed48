"""How sensors are controlled."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.robopipe.answers import part, value
from lensbus_gateway.robopipe.bus import ask
from lensbus_gateway.robopipe.models import CONTROL_UPDATE, SensorControlUpdate
from lensbus_gateway.robopipe.validation import check_body, check_path


async def get_control(request: Request) -> Response:
    """Show a stream's control."""
    check_path(request)
    return value(part(await ask(request, "control.get"), "control"))


async def set_control(request: Request) -> Response:
    """Change some of a stream's control; nothing to change leaves it as it is."""
    changes = changes_of(await check_body(request, CONTROL_UPDATE))
    if not changes:
        return value(part(await ask(request, "control.get"), "control"))
    return value(part(await ask(request, "control.set", {"changes": changes}), "control"))


async def get_capabilities(request: Request) -> Response:
    """Show what can be controlled, and between which limits."""
    check_path(request)
    return value(part(await ask(request, "control.capabilities"), "capabilities"))


async def reset_control(request: Request) -> Response:
    """Forget everything that was ever controlled."""
    check_path(request)
    return value(part(await ask(request, "control.reset"), "control"))


def changes_of(update: SensorControlUpdate) -> dict[str, Any]:
    """Return the fields that were sent; the focus always whole, and null never clears it."""
    changes = update.model_dump(mode="json", exclude_unset=True, exclude={"focus"})
    if update.focus is not None:
        changes["focus"] = update.focus.model_dump(mode="json")
    return changes
