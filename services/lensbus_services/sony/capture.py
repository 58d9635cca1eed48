"""Pressing the shutter: short sequences of calls with pauses between them.

A sequence that is cut short still lets go of the button. What went wrong after the first call
says so with `began`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from lensbus_proto.errors import CameraError, CommandError
from lensbus_services.sony.codes import (
    DOWN,
    LOCKED,
    MANUAL_FOCUS,
    RELEASE,
    TIMER_S,
    TIMERS,
    UNLOCKED,
    UP,
    DataType,
    Property,
)
from lensbus_services.sony.link import Link
from lensbus_services.sony.properties import number

Pause = Callable[[float], None]

PRESS_S: Final = 0.5
HALF_PRESS_S: Final = 1.0
FOCUS_S: Final = 0.5
TAP_S: Final = 0.1
SETTLE_S: Final = 1.0
EXTRA_MOST_S: Final = 120.0


def press(link: Link, pause: Pause) -> str:
    """Press the shutter fully and let go; in continuous drive this shoots all the while."""
    with _shutter_down(link):
        pause(PRESS_S)
    return "full_press"


def shutter_down(link: Link) -> str:
    """Press the shutter and hold it."""
    link.command(RELEASE, DOWN)
    return "shutter_down"


def shutter_up(link: Link) -> str:
    """Let go of the shutter."""
    link.command(RELEASE, UP)
    return "shutter_up"


def half_press(link: Link, pause: Pause) -> str:
    """Press halfway, as for focusing, and let go."""
    with _half_pressed(link):
        pause(HALF_PRESS_S)
    return "half_press"


def af_shutter(link: Link, pause: Pause) -> str:
    """Focus, expose, let go. The result of focusing is not waited for."""
    if focus_mode(link) == MANUAL_FOCUS:
        raise CameraError(
            "the camera is set to Manual Focus", detail={"error": "focus_mode_not_af"}
        )
    with _half_pressed(link):
        pause(FOCUS_S)
        with _shutter_down(link):
            pause(TAP_S)
        pause(SETTLE_S)
    return "af_shutter"


def extra_s(shutter_speed: int | None, drive_mode: int | None) -> float:
    """Return by how much later than usual an exposure may be told with these settings.

    The shutter speed is a fraction, seconds above, divisor below; the drive mode may be a timer.
    """
    seconds = 0.0
    if shutter_speed and shutter_speed & 0xFFFF:
        seconds = (shutter_speed >> 16) / (shutter_speed & 0xFFFF)
    if drive_mode is not None and drive_mode >> 16 in TIMERS:
        seconds += TIMER_S
    return min(seconds, EXTRA_MOST_S)


def focus_mode(link: Link) -> int | None:
    """Return the focus mode, if this camera tells one."""
    try:
        found = link.properties([Property.FOCUS_MODE])
    except CameraError:
        return None
    return number(found[0].value, found[0].type) if found else None


@contextmanager
def _half_pressed(link: Link) -> Iterator[None]:
    link.set_value(Property.S1, DataType.UINT16, LOCKED)
    with _begun():
        try:
            yield
        finally:
            link.set_value(Property.S1, DataType.UINT16, UNLOCKED)


@contextmanager
def _shutter_down(link: Link) -> Iterator[None]:
    link.command(RELEASE, DOWN)
    with _begun():
        try:
            yield
        finally:
            link.command(RELEASE, UP)


@contextmanager
def _begun() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        error.began = True
        raise
