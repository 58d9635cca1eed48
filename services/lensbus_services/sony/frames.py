"""What a camera draws into its live view as plain maps: focus, tracking, faces, the level."""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from lensbus_services.sony.codes import FACE_FRAME, FRAMING_FRAME, LEVEL
from lensbus_services.sony.values import RawFrames

FOCUS_FRAMES: Final = 1  # CrFrameInfoType
TRACKING_FRAMES: Final = 5
MOST: Final = 1000  # of each, in one answer: no body draws a hundred

_FRAME: Final = struct.Struct("<HHBIIIIII")  # packed: no room between the members

_FACE: Final = struct.Struct("<HHBBIIIIII")
_FRAMING: Final = struct.Struct("<HBIIIIII")
_LEVEL: Final = struct.Struct("<IIiii")

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
_FACE_TYPES: Final[Mapping[int, str]] = {
    1: "detected",
    2: "af-target",
    3: "personal-recognition",
    4: "smile-detection",
    5: "selected",
    6: "af-target-selection",
    7: "smile-detection-selection",
}
_TYPES: Final = {FOCUS_FRAMES: _FOCUS_TYPES, TRACKING_FRAMES: _TRACKING_TYPES}
_STATES: Final[Mapping[int, str]] = {
    1: "not-focused",
    2: "focused",
    3: "selection",
    4: "moving",
    6: "registration-af",
    7: "island",
}


def all_frames(found: Sequence[RawFrames]) -> dict[str, Any]:
    """Return what a camera draws, by what it is; kinds that are not known are left out."""
    faces = [
        _frame_map(_FACE_TYPES, type_, state, priority, *place) | {"selected": bool(selected)}
        for type_, state, selected, priority, *place in _unpacked(found, FACE_FRAME, _FACE)
    ]
    framing = [
        _frame_map({}, type_, 0, priority, *place)
        for type_, priority, *place in _unpacked(found, FRAMING_FRAME, _FRAMING)
    ]
    level = [
        {"state": state, "x": x, "y": y, "z": z}
        for state, _, x, y, z in _unpacked(found, LEVEL, _LEVEL)
    ]
    return {
        "focus": frame_maps(found, FOCUS_FRAMES)[:MOST],
        "tracking": frame_maps(found, TRACKING_FRAMES)[:MOST],
        "faces": _possible(faces)[:MOST],
        "framing": _possible(framing)[:MOST],
        "level": level[0] if level else None,
    }


def _unpacked(
    found: Iterable[RawFrames], code: int, form: struct.Struct
) -> Iterator[tuple[int, ...]]:
    """Yield the frames under one code: the numbers of kinds are not the same in all SDKs."""
    for one in found:
        if one.code == code:
            for at in range(0, len(one.data) - form.size + 1, form.size):
                yield form.unpack_from(one.data, at)


def _possible(frames: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [frame for frame in frames if frame["x_of"] and frame["y_of"]]


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
    return _possible(frames)


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
