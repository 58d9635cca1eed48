"""From a property's number to the text that a person reads.

Numbers are unsigned, as the camera stores them. Where a table has no text for a number the text is
empty, as in the reference, unless the catalogue names another ending.
"""

from collections.abc import Callable

from lensbus_gateway.alpha.tables import (
    BASE_LOOKS,
    CREATIVE_LOOK,
    FILE_FORMAT,
    IMAGE_QUALITY,
    Texts,
)

Formatter = Callable[[int], str]

ISO_AUTO = 0xFFFFFF
NOTHING_32 = 0xFFFFFFFF


def listed(texts: Texts, otherwise: str = "") -> Formatter:
    """Return a formatter from a table; `otherwise` may hold `{}` for the number."""
    return lambda value: texts.get(value, otherwise.format(value))


def decimal(value: int) -> str:
    """Return the number itself."""
    return str(value)


def hexadecimal(value: int) -> str:
    """Return the number as this surface writes values: `0xf830`."""
    return f"{value:#x}"


def always(value: int) -> bool:
    """Tell that the camera's own text counts for every value."""
    return True


def never(value: int) -> bool:
    """Tell that it counts for none."""
    return False


def nothing(value: int) -> str:
    """Return an empty text: some properties have none."""
    return ""


def with_unit(unit: str) -> Formatter:
    """Return a formatter that writes the number and its unit."""
    return lambda value: f"{value}{unit}"


def iso(value: int) -> str:
    """Bits 0 to 23 hold the number, 24 to 27 the way of noise reduction."""
    number = value & 0xFFFFFF
    prefix = {1: "Multi Frame NR ", 2: "Multi Frame NR High "}.get(value >> 24 & 0xF, "")
    return f"{prefix}ISO {'AUTO' if number == ISO_AUTO else number}"


def aperture(value: int) -> str:
    """Return the f-number, stored times 100."""
    if value == 0xFFFF:
        return ""
    if value in (0, 0xFFFE):
        return "--"
    return f"F{value // 100}" if value % 100 == 0 else f"F{value / 100:.1f}"


def shutter_speed(value: int) -> str:
    """Return seconds: the numerator is stored in the high 16 bits, the denominator in the low."""
    numerator, denominator = value >> 16, value & 0xFFFF
    if value == 0:
        return "Bulb"
    if value == NOTHING_32:
        return "Nothing to display"
    if denominator == 0:
        return ""
    if numerator == 1:
        return f"1/{denominator}"
    if numerator % denominator == 0:
        return f'{numerator // denominator}"'
    return f'{numerator / denominator:.1f}"'


def compensation(value: int) -> str:
    """Return exposure values, stored times 1000 in 16 bits with a sign."""
    signed = (value & 0xFFFF ^ 0x8000) - 0x8000
    text = f"{signed / 1000:+.1f}"
    return "0.0 EV" if text in ("+0.0", "-0.0") else f"{text} EV"


def focus_distance(value: int) -> str:
    """Return metres, stored in millimetres."""
    if value == NOTHING_32:
        return "Infinity"
    return f"{value / 1000:.2f}m" if value < 1000 else f"{value / 1000:.1f}m"


def zoom_distance(value: int) -> str:
    """Return the focal length in whole millimetres, stored in micrometres."""
    return f"{value / 1000:.0f}mm"


def shutter_angle(value: int) -> str:
    """Return degrees, stored times 1000."""
    return f"{value / 1000:.1f}°" if value else "Off"


def image_quality(value: int) -> str:
    """Return the quality; some bodies put the file type into the high 16 bits."""
    if value < 256:
        return IMAGE_QUALITY.get(value, "")
    return f"{FILE_FORMAT.get(value >> 16, '')} {IMAGE_QUALITY.get(value & 0xFFFF, '')}".strip()


def creative_look(value: int) -> str:
    """Return the look in the low byte; any high byte makes it a custom one."""
    name = CREATIVE_LOOK.get(value & 0xFF, f"Look {value & 0xFF}")
    return f"Custom {name}" if value >> 8 else name


def is_unknown_look(value: int) -> bool:
    """Tell whether no table has the name of a look."""
    return value & 0xFF not in CREATIVE_LOOK


def base_look(value: int) -> str:
    """Return the kind in the high byte and the number in the low one."""
    return f"{BASE_LOOKS.get(value >> 8 & 0xFF, 'Look')} {value & 0xFF}"


def lut_base_look(value: int) -> str:
    """Return the number of the picture profile's look-up table."""
    return f"PPLUT {value & 0xFF}" if value & 0xFF else "None"


def battery(value: int) -> str:
    """Return percent; a body without a battery reports all ones."""
    return "" if value == 0xFFFF else f"{value}%"
