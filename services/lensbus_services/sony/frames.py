"""What a camera draws into its live view: focus and tracking frames as plain maps."""

import struct
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lensbus_services.sony.values import RawFrames

FOCUS_FRAMES: Final = 1  # CrFrameInfoType
TRACKING_FRAMES: Final = 5

_FRAME: Final = struct.Struct("<HHBIIIIII")  # packed: no room between the members

_FOCUS_TYPES: Final[Mapping[int, str]] = {
    1: "phase-detection-af-sensor",
    2: "phase-detection-image-sensor",
    3: "wide",
    4: "zone",
    5: "central-emphasis",
    6: "contrast-flexible-main",
    7: "contrast-flexible-assist",
    8: "contrast",
    15: "frame-somewhere",
}
_TRACKING_TYPES: Final[Mapping[int, str]] = {1: "non-target-af", 2: "target-af"}
_TYPES: Final = {FOCUS_FRAMES: _FOCUS_TYPES, TRACKING_FRAMES: _TRACKING_TYPES}
_STATES: Final[Mapping[int, str]] = {
    1: "not-focused",
    2: "focused",
    3: "selection",
    4: "moving",
    6: "registration-af",
    7: "island",
}


def frame_maps(found: Iterable[RawFrames], kind: int) -> list[dict[str, Any]]:
    """Return all frames of one kind as they travel.

    A broken rest at the end is no frame, nor is one that is a fraction of nothing.
    """
    types = _TYPES[kind]
    frames = [
        _frame_map(types, *_FRAME.unpack_from(one.data, at))
        for one in found
        if one.kind == kind
        for at in range(0, len(one.data) - _FRAME.size + 1, _FRAME.size)
    ]
    return [frame for frame in frames if frame["x_of"] and frame["y_of"]]


def _frame_map(
    types: Mapping[int, str],
    type_: int,
    state: int,
    priority: int,
    x: int,
    x_of: int,
    y: int,
    y_of: int,
    width: int,
    height: int,
) -> dict[str, Any]:
    return {
        "type": types.get(type_, "unknown"),
        "state": _STATES.get(state, "unknown"),
        "priority": priority,
        "x": x,
        "x_of": x_of,
        "y": y,
        "y_of": y_of,
        "width": width,
        "height": height,
    }
