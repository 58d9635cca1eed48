"""What a client controls on a sensor: values, limits, and what is reported while auto is on.

Names and limits are those of the Robopipe API's first version; `sharpness` and
`anti_banding_mode` came with a later one.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from lensbus_proto.errors import BadArguments
from lensbus_services.oak.arguments import choice, flag, integer, number
from lensbus_services.oak.features import Sensor

WHITEBALANCE_MODES: Final = (
    "OFF",
    "AUTO",
    "INCANDESCENT",
    "FLUORESCENT",
    "WARM_FLUORESCENT",
    "DAYLIGHT",
    "CLOUDY_DAYLIGHT",
    "TWILIGHT",
    "SHADE",
)
FOCUS_MODES: Final = ("OFF", "AUTO", "MACRO", "CONTINUOUS_VIDEO", "CONTINUOUS_PICTURE", "EDOF")
ANTI_BANDING_MODES: Final = ("OFF", "MAINS_50_HZ", "MAINS_60_HZ", "AUTO")
MODES: Final[Mapping[str, tuple[str, ...]]] = {
    "auto_whitebalance_mode": WHITEBALANCE_MODES,
    "anti_banding_mode": ANTI_BANDING_MODES,
}

# None: without an upper limit. 0 takes the limit of automatic exposure away.
LIMITS: Final[Mapping[str, tuple[int, int | None]]] = {
    "exposure_time": (1, 33_000),
    "sensitivity_iso": (100, 5000),
    "auto_exposure_compensation": (-9, 9),
    "auto_exposure_limit": (0, None),
    "contrast": (-10, 10),
    "brightness": (-10, 10),
    "saturation": (-10, 10),
    "sharpness": (0, 4),
    "chroma_denoise": (0, 4),
    "luma_denoise": (0, 4),
    "manual_whitebalance": (1000, 12_000),
}
LONGEST_EXPOSURE_US: Final = 33_000
COLOR_ONLY: Final = ("saturation", "chroma_denoise", "manual_whitebalance")
_LENS_STEP: Final = 0.01


@dataclass(frozen=True, slots=True)
class Focus:
    """`lens_position` counts while the mode is OFF: 0 far away, 1 close by."""

    auto_focus_mode: str = "CONTINUOUS_VIDEO"
    auto_focus_trigger: bool = False
    lens_position: float = 0.0


@dataclass(frozen=True, slots=True)
class Control:
    """SensorControl of the Robopipe API; `focus` is None without autofocus.

    Exposure and ISO begin with values that give a picture, for whoever only turns automatic
    exposure off.
    """

    exposure_time: int = 20_000
    sensitivity_iso: int = 800
    auto_exposure_enable: bool = True
    auto_exposure_compensation: int = 0
    auto_exposure_limit: int = 0
    auto_exposure_lock: bool = False
    contrast: int = 0
    brightness: int = 0
    saturation: int = 0
    sharpness: int = 1
    chroma_denoise: int = 0
    luma_denoise: int = 0
    auto_whitebalance_lock: bool = False
    auto_whitebalance_mode: str = "AUTO"
    manual_whitebalance: int = 6500
    focus: Focus | None = None
    anti_banding_mode: str = "MAINS_50_HZ"


@dataclass(frozen=True, slots=True)
class Reading:
    """With what a frame was taken; `kelvin` is 0 and `lens` None where a sensor has none."""

    exposure_us: int
    iso: int
    kelvin: int = 0
    lens: float | None = None


def default(has_autofocus: bool) -> Control:
    """Return how a sensor is controlled until somebody changes it."""
    return Control(focus=Focus() if has_autofocus else None)


def to_map(control: Control) -> dict[str, Any]:
    """Return the control as clients see it."""
    return asdict(control)


def capabilities(sensor: Sensor) -> dict[str, Any]:
    """Return what can be controlled on a sensor, for programs that draw controls for it.

    A control that the sensor does not have is None.
    """
    initial = default(sensor.has_autofocus)
    ranges: dict[str, Any] = {
        field: None
        if field in COLOR_ONLY and not sensor.has_color
        else _range(least, most, getattr(initial, field), 1)
        for field, (least, most) in LIMITS.items()
    }
    lens = _range(0.0, 1.0, Focus().lens_position, _LENS_STEP)
    return {
        "sensor_type": sensor.types[0],
        "has_autofocus": sensor.has_autofocus,
        "has_color_controls": sensor.has_color,
        **ranges,
        "lens_position": lens if sensor.has_autofocus else None,
        "auto_focus_modes": list(FOCUS_MODES) if sensor.has_autofocus else [],
        "auto_whitebalance_modes": list(WHITEBALANCE_MODES) if sensor.has_color else None,
        "anti_banding_modes": list(ANTI_BANDING_MODES),
    }


def change(control: Control, changes: Mapping[str, Any]) -> Control:
    """Return the control with some fields changed; unknown keys are ignored.

    `focus` is replaced as a whole and None leaves it as it is. A focus for a sensor without
    autofocus is checked and ignored.
    """
    known = {item.name for item in fields(Control)} - {"focus"}
    changed: dict[str, Any] = {
        field: _scalar(field, value) for field, value in changes.items() if field in known
    }
    if changes.get("focus") is not None:
        focus = _focus(changes["focus"])
        changed["focus"] = focus if control.focus is not None else None
    return replace(control, **changed)


def live(control: Control, reading: Reading) -> Control:
    """Return the control with what the camera has chosen itself, within the limits of clients."""
    found: dict[str, Any] = {}
    if control.auto_exposure_enable:
        found["exposure_time"] = _clamp("exposure_time", reading.exposure_us)
        found["sensitivity_iso"] = _clamp("sensitivity_iso", reading.iso)
    if control.auto_whitebalance_mode != "OFF" and reading.kelvin:
        found["manual_whitebalance"] = _clamp("manual_whitebalance", reading.kelvin)
    if control.focus and control.focus.auto_focus_mode != "OFF" and reading.lens is not None:
        lens = min(max(reading.lens, 0.0), 1.0)
        found["focus"] = replace(control.focus, lens_position=round(lens, 4))
    return replace(control, **found)


def is_live(control: Control) -> bool:
    """Tell whether the camera chooses any value by itself."""
    return (
        control.auto_exposure_enable
        or control.auto_whitebalance_mode != "OFF"
        or (control.focus is not None and control.focus.auto_focus_mode != "OFF")
    )


def _scalar(field: str, value: object) -> Any:
    if field in LIMITS:
        return integer(field, value, *LIMITS[field])
    if field in MODES:
        return choice(field, value, MODES[field])
    return flag(field, value)


def _focus(value: object) -> Focus:
    if not isinstance(value, Mapping):
        raise BadArguments.of("focus", value, "a map")
    focus = Focus()
    if "auto_focus_mode" in value:
        mode = choice("focus.auto_focus_mode", value["auto_focus_mode"], FOCUS_MODES)
        focus = replace(focus, auto_focus_mode=mode)
    if "auto_focus_trigger" in value:
        trigger = flag("focus.auto_focus_trigger", value["auto_focus_trigger"])
        focus = replace(focus, auto_focus_trigger=trigger)
    if "lens_position" in value:
        lens = number("focus.lens_position", value["lens_position"], 0.0, 1.0)
        focus = replace(focus, lens_position=lens)
    return focus


def _range(least: float, most: float | None, initial: float, step: float) -> dict[str, float]:
    limit = LONGEST_EXPOSURE_US if most is None else most
    return {"min": least, "max": limit, "default": initial, "step": step}


def _clamp(field: str, value: int) -> int:
    least, most = LIMITS[field]
    return max(least, value if most is None else min(value, most))
