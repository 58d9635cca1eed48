"""What a hand does on a camera besides pressing the shutter: zoom, focus, buttons, touch.

Whether the camera lets itself be operated is asked first: a gate that it does not report is closed.
"""

from collections.abc import Callable, Mapping
from typing import Final

from lensbus_proto.errors import BadArguments, CameraBusy, CameraError, CommandError, Unsupported
from lensbus_services.sony.capture import Pause
from lensbus_services.sony.codes import (
    BUTTON_DOWN,
    BUTTON_UP,
    CANCEL_REMOTE_TOUCH,
    DOWN,
    ENABLED,
    IDLE,
    MOVIE_RECORD,
    RECORDING,
    UP,
    DataType,
    Property,
)
from lensbus_services.sony.link import Link
from lensbus_services.sony.properties import values_and_range
from lensbus_services.sony.reading import find, value_of

BUTTON_S: Final = 0.1
X_MOST: Final = 639
Y_MOST: Final = 479

BUTTONS: Final[Mapping[str, int]] = {
    name: code
    for code, name in enumerate(
        (
            *("up", "down", "left", "right", "enter", "menu"),
            *("multi-selector-up", "multi-selector-down", "multi-selector-left"),
            *("multi-selector-right", "multi-selector-enter", "multi-selector-right-up"),
            *("multi-selector-right-down", "multi-selector-left-up", "multi-selector-left-down"),
            *("fn", "playback", "delete", "mode", "c1", "c2", "c3", "c4", "c5", "c6"),
            *("movie", "ael", "af-on", "home", "clips", "slot-select", "display", "c7"),
            *("cancel-back", "thumbnail"),
        ),
        start=1,
    )
}
_NAMES: Final = {code: name for name, code in BUTTONS.items()}


def zoom(link: Link, speed: int) -> None:
    """Zoom at a speed, negative towards wide; 0 stops."""
    if value_of(link, Property.ZOOM_OPERATION_STATUS) != ENABLED:
        raise Unsupported("Zoom operation not supported for this camera/lens")
    link.set_value(Property.ZOOM_OPERATION, DataType.UINT16_ARRAY, speed & 0xFFFF)


def focus_step(link: Link, step: int) -> None:
    """Move the focus by a step, negative is near. Whether it may be moved the camera decides."""
    link.set_value(Property.NEAR_FAR, DataType.INT16_RANGE, step & 0xFFFF)


def movie_rec(link: Link) -> bool:
    """Begin to record, or end it. Return whether it was asked to begin."""
    begin = value_of(link, Property.RECORDING_STATE) != RECORDING
    link.command(MOVIE_RECORD, DOWN if begin else UP)
    return begin


def button(link: Link, name: str, action: str, pause: Pause) -> str:
    """Press a button of the body, hold it down, or let it go. Return how it was done."""
    offered = supported_buttons(link)
    detail = {"field": "button", "supported_buttons": offered}
    if name not in BUTTONS:
        raise BadArguments(
            f"Unknown button: {name}; this camera has {', '.join(offered) or 'none'}", detail=detail
        )
    if name not in offered:
        raise Unsupported(f"this camera has no button {name}", detail=detail)
    if action != "up" and value_of(link, Property.CAMERA_BUTTON_STATUS) != IDLE:
        raise CameraBusy("another button is held down", detail=detail)

    def move(direction: int) -> None:
        value = BUTTONS[name] << 16 | direction
        try:
            link.set_value(Property.CAMERA_BUTTON, DataType.UINT32, value)
        except CommandError as error:
            error.detail |= detail
            raise

    if action == "press":
        _press(move, pause)
    else:
        move(BUTTON_DOWN if action == "down" else BUTTON_UP)
    return f"button_{action}"


def supported_buttons(link: Link) -> list[str]:
    """Return the names of the buttons that this camera lets be pressed."""
    raw = find(link, Property.CAMERA_BUTTON)
    values = values_and_range(raw)[0] if raw else []
    codes = dict.fromkeys(value >> 16 for value in values)
    return [_NAMES[code] for code in codes if code in _NAMES]


def touch(link: Link, x: int, y: int) -> None:
    """Touch a point of the picture."""
    if value_of(link, Property.TOUCH_ENABLE) != ENABLED:
        raise CameraError("the camera does not let its picture be touched now")
    link.set_value(Property.REMOTE_TOUCH, DataType.UINT32, x << 16 | y)


def touch_cancel(link: Link) -> None:
    """Undo the last touch."""
    if value_of(link, Property.TOUCH_CANCEL_ENABLE) != ENABLED:
        raise CameraError("there is no touch to be cancelled")
    link.command(CANCEL_REMOTE_TOUCH, DOWN)
    link.command(CANCEL_REMOTE_TOUCH, UP)


def place_af_area(link: Link, x: int, y: int) -> None:
    """Put the focus area to a point of the picture; the camera moves it to where its sensor is."""
    link.set_value(Property.AF_AREA_POSITION, DataType.UINT32_RANGE, x << 16 | y)


def _press(move: Callable[[int], None], pause: Pause) -> None:
    move(BUTTON_DOWN)
    try:
        pause(BUTTON_S)
    except CommandError as error:
        error.began = True
        raise
    finally:
        move(BUTTON_UP)
