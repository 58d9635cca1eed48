"""What a hand does on a camera: pressing, zooming, focusing, recording, touching.

The worker keeps the times between down and up. An action that was handed to it fails with 400,
never with a status on which the published client repeats a POST.
"""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.alpha.body import optional_body
from lensbus_gateway.alpha.bus import act
from lensbus_gateway.alpha.envelope import ABSENT, Refusal, done, explain
from lensbus_gateway.alpha.point import Misplaced, Missing, point_in
from lensbus_proto.errors import CommandError

DEADLINE_S: Final = 10.0
PRESSES: Final = ("press", "down", "up")

ZOOM_MOST: Final = 10
FOCUS_MOST: Final = 7
_ZOOM_SPEEDS: Final = {"normal": 4, "fast": 8}
_ZOOM_SIGNS: Final = {"in": 1, "out": -1}


async def shutter(request: Request) -> Response:
    """Press the button fully, or press it down or let it up for a burst."""
    wanted = (await optional_body(request)).get("action")
    action = wanted if wanted in ("down", "up") else "press"
    return await _method(request, "shutter", "shutter", {"action": action})


async def half_press(request: Request) -> Response:
    """Focus."""
    return await _method(request, "half-press", "half_press")


async def af_shutter(request: Request) -> Response:
    """Focus and take a picture."""
    return await _method(request, "af-shutter", "af_shutter")


async def zoom(request: Request) -> Response:
    """Zoom at a speed until told otherwise; 0, or no body at all, stops."""
    speed = _zoom_speed(await optional_body(request))
    await _act(request, "zoom", {"speed": speed})
    message = "Zoom stopped" if speed == 0 else f"Zooming at speed {speed}"
    return await done(request, message, {"speed": speed})


def _zoom_speed(body: Mapping[str, Any]) -> int:
    direction, speed = body.get("direction"), body.get("speed")
    if direction is not None:
        sign = _ZOOM_SIGNS.get(direction) if isinstance(direction, str) else None
        if sign is None:
            raise Refusal("Invalid direction. Use: 'in' or 'out'")
        word = "normal" if speed is None else speed
        if not isinstance(word, str) or word not in _ZOOM_SPEEDS:
            raise Refusal("Invalid speed. Use: 'normal' or 'fast'")
        return sign * _ZOOM_SPEEDS[word]
    if speed is None:
        return 0
    return _whole(speed, "speed", ZOOM_MOST)


async def focus_near_far(request: Request) -> Response:
    """Move the focus by a step: negative is near, positive is far."""
    body = await optional_body(request)
    if body.get("step") is None:
        raise Refusal("Missing 'step' in request body")
    step = _whole(body["step"], "step", FOCUS_MOST)
    if step == 0:
        raise Refusal(f"'step' must not be 0. Use: -{FOCUS_MOST} to {FOCUS_MOST}")
    await _act(request, "focus_step", {"step": step})
    direction = "near" if step < 0 else "far"
    return await done(
        request, f"Focus moved {direction} by {abs(step)}", {"step": step, "direction": direction}
    )


def _whole(value: object, field: str, most: int) -> int:
    if type(value) is not int or abs(value) > most:
        raise Refusal(f"'{field}' must be an integer from -{most} to {most}")
    return value


async def movie_rec(request: Request) -> Response:
    """Begin to record, or end it."""
    result = await _act(request, "movie_rec")
    data = {
        "action": "movie-rec",
        "method": result["method"],
        "recording": result["recording"],
    }
    how = "started" if result["recording"] else "stopped"
    return await done(request, f"Movie recording {how}", data)


async def button(request: Request) -> Response:
    """Press a button of the body, hold it down or let it go."""
    body = await optional_body(request)
    name, action = body.get("button"), body.get("action")
    if not isinstance(name, str) or not name:
        raise Refusal("Missing 'button' in request body", data={"error": "missing_button"})
    if action is None:
        action = "press"
    if action not in PRESSES:
        message = "Invalid action. Use: 'press', 'down' or 'up'"
        raise Refusal(message, data={"error": "invalid_action"})
    result = await _act(request, "button", {"button": name, "action": action})
    data = {"action": "button", "button": result["button"], "method": result["method"]}
    return await done(request, f"Button {name}: {action}", data)


async def touch(request: Request) -> Response:
    """Touch a point of the picture; what that does, the camera is set to."""
    try:
        point = point_in(await optional_body(request))
    except Missing as error:
        raise Refusal(str(error), data={"error": "missing_coordinates"}) from error
    except Misplaced as error:
        raise Refusal(str(error), data={"error": "invalid_coordinates"}) from error
    result = await _act(request, "touch", {"x": point.x, "y": point.y})
    data = {
        "action": "touch",
        "method": "touch",
        "x": str(result["x"]),
        "y": str(result["y"]),
        "verify": "Accepted is not done: GET tracking-frame or af-area-position tells",
    }
    return await done(request, f"Touched at {point.x}, {point.y}", data)


async def touch_cancel(request: Request) -> Response:
    """Undo the last touch."""
    return await _method(request, "touch-cancel", "touch_cancel")


async def unknown(request: Request) -> Response:
    """Refuse an action that nobody knows."""
    raise Refusal(f"Unknown action: {request.path_params['action']}")


async def _method(
    request: Request, action: str, command: str, arguments: Mapping[str, Any] | None = None
) -> Response:
    """Act and answer with how it was done, and the number of the capture that it began."""
    result = await _act(request, command, arguments)
    data = {"action": action, "method": result["method"]}
    if result.get("capture") is not None:
        data["capture"] = result["capture"]
    return await done(request, f"Action {action} completed", data)


async def _act(
    request: Request, command: str, arguments: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    try:
        return await act(request, command, arguments, deadline_s=DEADLINE_S)
    except ABSENT:
        raise
    except CommandError as error:
        raise Refusal(explain(error), data=_detail(error)) from error


def _detail(error: CommandError) -> Mapping[str, str]:
    """Return what a program can read of a refusal."""
    shown: dict[str, str] = {}
    if (reason := error.detail.get("error")) is not None:
        shown["error"] = str(reason)
    if (buttons := error.detail.get("supported_buttons")) is not None:
        shown["supported_buttons"] = ", ".join(map(str, buttons))
    return shown
