"""How a stream is read out: resolution, sizes and rate, in the four forms that clients send.

A camera form has `resolution` as [width, height], a colour form has it as a name beside the
sizes, a mono form has only the name and `fps`; a still form has `width` and `height` instead.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from lensbus_proto.errors import BadArguments
from lensbus_services.oak.arguments import choice, integer, member, number, pair
from lensbus_services.oak.features import Mode, Sensor, Size

RESIZE_MODES: Final = ("CROP", "STRETCH", "LETTERBOX")
PREVIEW: Final = (300, 300)
PREFERRED: Final = ("THE_1080_P", "THE_400_P")
VIDEO_LIMIT: Final = (3840, 2160)
SIZES: Final = ("still_size", "preview_size", "video_size")
LARGEST_PX: Final = 20_000_000  # of a picture in the still form, as in the published API


@dataclass(frozen=True, slots=True)
class Config:
    """How one stream is read out; of mono and depth only a part is shown."""

    resolution: str
    fps: float
    still_size: Size
    preview_size: Size
    video_size: Size
    sensor_crop: tuple[float, float] = (0.0, 0.0)
    resize_mode: str = "CROP"


def default(sensor: Sensor, fps: float) -> Config:
    """Return how a stream runs until somebody changes it."""
    offered = sensor.resolutions()
    name = next((name for name in PREFERRED if name in offered), next(iter(offered)))
    mode = offered[name]
    return _whole_mode(name, mode, min(max(fps, mode.min_fps), mode.max_fps))


def to_map(config: Config, sensor: Sensor) -> dict[str, Any]:
    """Return the config as clients see it: the form of the sensor and the still form in one."""
    width, height = config.still_size
    shown: dict[str, Any] = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(config).items()
        if sensor.has_color or key in ("resolution", "fps", "resize_mode")
    }
    return shown | {"width": width, "height": height}


def available(sensor: Sensor) -> list[dict[str, int]]:
    """Return what the still form offers, largest first: one size for each mode."""
    options = [
        {
            "width": width,
            "height": height,
            "min_fps": math.ceil(mode.min_fps),
            "max_fps": math.floor(mode.max_fps),
        }
        for mode in reversed(sensor.resolutions().values())
        for width, height in (_blocks(mode.size),)
    ]
    return [option for option in options if option["width"] * option["height"] <= LARGEST_PX]


def change(config: Config, body: Mapping[str, Any], sensor: Sensor) -> Config:
    """Return the config that a client asks for; unknown keys are ignored."""
    if "resize_mode" in body:
        mode = choice("resize_mode", body["resize_mode"], RESIZE_MODES)
        config = replace(config, resize_mode=mode)
    if _is_still_form(config, body):
        return _from_still_form(config, body, sensor)
    return _from_resolution(config, body, sensor)


def _is_still_form(config: Config, body: Mapping[str, Any]) -> bool:
    if "width" not in body or "height" not in body:
        return False
    if "resolution" not in body:
        return True
    # A whole object that came from here and goes back holds both forms: what differs is meant.
    if (body["width"], body["height"]) == config.still_size or body[
        "resolution"
    ] != config.resolution:
        return False
    return all(tuple(body[key]) == getattr(config, key) for key in SIZES if _is_list(body, key))


def _is_list(body: Mapping[str, Any], key: str) -> bool:
    return isinstance(body.get(key), list | tuple)


def _from_still_form(config: Config, body: Mapping[str, Any], sensor: Sensor) -> Config:
    offered = sensor.resolutions()
    largest = list(offered.values())[-1]
    width = integer("width", body["width"], 1, max(mode.width for mode in offered.values()))
    height = integer("height", body["height"], 1, max(mode.height for mode in offered.values()))
    fits = [name for name, mode in offered.items() if mode.width >= width and mode.height >= height]
    if not fits:
        limit = f"at most {largest.width} x {largest.height}"
        raise BadArguments.of("width", [width, height], limit)
    name = _fast_enough(config.resolution, fits, offered, member(body, "fps"))
    video = (min(width, VIDEO_LIMIT[0]), min(height, VIDEO_LIMIT[1]))
    return replace(
        config,
        resolution=name,
        fps=_fps(body, offered[name]),
        still_size=(width, height),
        video_size=video,
    )


def _fast_enough(
    current: str, fits: Sequence[str], offered: Mapping[str, Mode], fps: object
) -> str:
    """Return the mode to stay in or to change to, of those that are large enough."""
    first = current if current in fits else fits[0]
    if not isinstance(fps, int | float):
        return first
    fast = [name for name in fits if offered[name].min_fps <= fps <= offered[name].max_fps]
    return first if first in fast or not fast else fast[0]


def _from_resolution(config: Config, body: Mapping[str, Any], sensor: Sensor) -> Config:
    name, mode = _resolution(member(body, "resolution"), sensor)
    whole = replace(_whole_mode(name, mode, _fps(body, mode)), resize_mode=config.resize_mode)
    if "still_size" not in body and isinstance(body["resolution"], str):
        return replace(whole, preview_size=config.preview_size, sensor_crop=config.sensor_crop)
    still, preview, video = (_size(field, member(body, field), mode) for field in SIZES)
    crop = config.sensor_crop
    if isinstance(body["resolution"], str):
        x, y = pair("sensor_crop", member(body, "sensor_crop"))
        crop = (number("sensor_crop", x, 0.0, 1.0), number("sensor_crop", y, 0.0, 1.0))
    return replace(
        whole,
        # The still output works in blocks of 32 pixels: 4056 becomes 4032.
        still_size=_smaller(still, _blocks(mode.size)),
        preview_size=preview,
        video_size=_smaller(video, VIDEO_LIMIT),
        sensor_crop=crop,
    )


def _resolution(value: object, sensor: Sensor) -> tuple[str, Mode]:
    offered = sensor.resolutions()
    if isinstance(value, str) and value in offered:
        return value, offered[value]
    if not isinstance(value, str):
        width, height = pair("resolution", value)
        for name, mode in offered.items():
            if mode.size == (width, height):
                return name, mode
    sizes = ", ".join(f"{name} ({mode.width} x {mode.height})" for name, mode in offered.items())
    raise BadArguments.of("resolution", value, f"one of {sizes}")


def _whole_mode(name: str, mode: Mode, fps: float) -> Config:
    return Config(
        resolution=name,
        fps=fps,
        still_size=_blocks(mode.size),
        preview_size=_smaller(PREVIEW, mode.size),
        video_size=_smaller(mode.size, VIDEO_LIMIT),
    )


def _fps(body: Mapping[str, Any], mode: Mode) -> float:
    return number("fps", member(body, "fps"), mode.min_fps, mode.max_fps)


def _size(field: str, value: object, mode: Mode) -> Size:
    width, height = pair(field, value)
    return (integer(field, width, 1, mode.width), integer(field, height, 1, mode.height))


def _smaller(size: Size, limit: Size) -> Size:
    return (min(size[0], limit[0]), min(size[1], limit[1]))


def _blocks(size: Size) -> Size:
    return (size[0] // 32 * 32, size[1])
