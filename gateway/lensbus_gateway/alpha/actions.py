"""Pressing the shutter button. The worker keeps the times between down and up."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.alpha.body import optional_body
from lensbus_gateway.alpha.bus import ask
from lensbus_gateway.alpha.envelope import ABSENT, Refusal, done, explain
from lensbus_proto.errors import CameraError

DEADLINE_S: Final = 10.0


async def shutter(request: Request) -> Response:
    """Press the button fully, or press it down or let it up for a burst."""
    wanted = (await optional_body(request)).get("action")
    action = wanted if wanted in ("down", "up") else "press"
    return await _act(request, "shutter", "shutter", {"action": action})


async def half_press(request: Request) -> Response:
    """Focus."""
    return await _act(request, "half-press", "half_press", {})


async def af_shutter(request: Request) -> Response:
    """Focus and take a picture."""
    return await _act(request, "af-shutter", "af_shutter", {})


async def unknown(request: Request) -> Response:
    """Refuse an action that nobody knows."""
    raise Refusal(f"Unknown action: {request.path_params['action']}")


async def _act(
    request: Request, action: str, command: str, arguments: Mapping[str, Any]
) -> Response:
    try:
        result = await ask(request, command, arguments, deadline_s=DEADLINE_S)
    except ABSENT:
        raise
    except CameraError as error:
        reason = error.detail.get("error")
        raise Refusal(explain(error), data={"error": reason} if reason else None) from error
    data = {"action": action, "method": result["method"]}
    return await done(request, f"Action {action} completed", data)
