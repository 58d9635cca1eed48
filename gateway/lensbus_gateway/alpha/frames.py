"""Where the camera focuses and what it tracks, as it draws both into its live view."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_gateway.alpha.body import required_body
from lensbus_gateway.alpha.bus import act, ask
from lensbus_gateway.alpha.envelope import ABSENT, Refusal, absent, explain
from lensbus_gateway.alpha.point import Misplaced, Missing, on_grid, point_in
from lensbus_proto.errors import CommandError

VERIFY: Final = "Accepted is not done: GET af-area-position tells where the frame is"
NOTHING: Final[Mapping[str, Any]] = {"available": False, "frame_count": 0, "frames": []}


async def get_af_area(request: Request) -> Response:
    """Show the focus frames; without one there is no position to speak of."""
    result = await _frames(request, "af_area.get")
    if not result["available"]:
        raise _refused("No AF frame available", NOTHING)
    return _answer("AF area position retrieved", result)


async def get_tracking(request: Request) -> Response:
    """Show the frames of what the camera tracks; tracking nothing is an answer too."""
    result = await _frames(request, "tracking.get")
    if not result["available"]:
        raise _refused("No tracking frame available", NOTHING)
    return _answer("Tracking frame retrieved", result)


async def put_af_area(request: Request) -> Response:
    """Move the focus frame; where it really went, the camera decides and `GET` tells."""
    body = await required_body(request)
    try:
        point = point_in(body)
    except (Missing, Misplaced) as error:
        raise Refusal(str(error), block=False) from error
    place = {"x": point.x, "y": point.y}
    try:
        result = await act(request, "af_area.set", place)
    except ABSENT as error:
        raise absent(error) from error
    except CommandError as error:
        raise _refused(explain(error), {**place, "verify": VERIFY}) from error
    data = {"x": result["x"], "y": result["y"], "verify": VERIFY}
    return JSONResponse({"success": True, "message": "AF area position set", "data": data})


async def _frames(request: Request, command: str) -> Mapping[str, Any]:
    try:
        return await ask(request, command)
    except ABSENT as error:
        raise absent(error) from error
    except CommandError as error:
        raise _refused(explain(error), NOTHING) from error


def _answer(message: str, result: Mapping[str, Any]) -> Response:
    frames = [_frame(frame) for frame in result["frames"]]
    data = {"available": True, "frame_count": len(frames), "frames": frames}
    return JSONResponse({"success": True, "message": message, "data": data})


def _frame(frame: Mapping[str, Any]) -> Mapping[str, Any]:
    x, y = _fraction(frame["x"], frame["x_of"]), _fraction(frame["y"], frame["y_of"])
    point = on_grid(x, y)
    return {
        "type": frame["type"],
        "state": frame["state"],
        "priority": frame["priority"],
        "normalized": {"x": x, "y": y},
        "position": {"x": point.x, "y": point.y},
        "size": {
            "width": frame["width"],
            "height": frame["height"],
            "normalized_width": _fraction(frame["width"], frame["x_of"]),
            "normalized_height": _fraction(frame["height"], frame["y_of"]),
        },
        "raw": {
            "xNumerator": frame["x"],
            "xDenominator": frame["x_of"],
            "yNumerator": frame["y"],
            "yDenominator": frame["y_of"],
        },
    }


def _fraction(part: int, whole: int) -> float:
    # A body that has not measured yet reports a whole of 0.
    return part / whole if whole else 0.0


def _refused(message: str, data: Mapping[str, Any]) -> Refusal:
    return Refusal(message, block=False, data=data)
