"""Properties as plain values: lists by the width of their type, signs, ranges, text, checks."""

from collections.abc import Mapping
from typing import Any, Final

from lensbus_proto.errors import BadArguments, BadValue, NotWritable
from lensbus_services.sony.codes import DataType
from lensbus_services.sony.values import RawProperty

# CrDataType without flags: bytes. The 128-bit type (5) does not fit into a map of the wire.
_WIDTHS: Final = {1: 1, 2: 2, 3: 4, 4: 8}
_SIGNED: Final = 0x1000
_RANGE: Final = 0x4000
_WRITABLE: Final = (1, 3)
_NOT_SUPPORTED: Final = -1


def width_bytes(type_: int) -> int:
    """Return the width of one element, 0 for text and for types that are not known here."""
    return 0 if is_text(type_) else _WIDTHS.get(type_ & 0xF, 0)


def is_text(type_: int) -> bool:
    """Tell whether a property of this type holds text."""
    return type_ == DataType.TEXT


def is_signed(type_: int) -> bool:
    """Tell whether values of this type can be negative."""
    return not is_text(type_) and bool(type_ & _SIGNED)


def number(raw: int, type_: int) -> int:
    """Return a raw value as the number that it means: cut to its width, and signed."""
    width = width_bytes(type_)
    if not width:
        return raw
    raw &= (1 << 8 * width) - 1
    if is_signed(type_) and raw >> 8 * width - 1:
        raw -= 1 << 8 * width
    return raw


def slice_values(data: bytes, type_: int) -> list[int]:
    """Return the elements of a list; what is left over at its end is no element."""
    width = width_bytes(type_)
    if not width:
        return []
    ends = range(width, len(data) + 1, width)
    signed = is_signed(type_)
    return [int.from_bytes(data[end - width : end], "little", signed=signed) for end in ends]


def decode_text(units: tuple[int, ...]) -> str:
    """Return the text of UTF-16 units in either byte order.

    Some bodies put ASCII into the high half of each unit. No unit of ordinary text looks like
    that, so it is told apart without asking for the body.
    """
    if units and all(unit & 0xFF == 0 and unit >> 8 < 0x80 for unit in units):
        units = tuple(unit >> 8 for unit in units)
    encoded = b"".join(unit.to_bytes(2, "little") for unit in units)
    return encoded.decode("utf-16-le", errors="replace")


def values_and_range(raw: RawProperty) -> tuple[list[int], list[int] | None]:
    """Return the values that may be set, or the range [min, max, step]; one of them is empty."""
    values = slice_values(raw.values, raw.type)
    if not is_text(raw.type) and raw.type & _RANGE:
        return [], values if len(values) == 3 else None
    return values, None


def property_map(raw: RawProperty, texts: Mapping[int, str] | None = None) -> dict[str, Any]:
    """Return a property as it travels; with the camera's own texts for its values, if any."""
    values, span = values_and_range(raw)
    value = number(raw.value, raw.type) if not is_text(raw.type) else 0
    shown = [[one, texts[one]] for one in sorted({value, *values}) if one in texts] if texts else []
    return {
        "code": raw.code,
        "type": raw.type,
        "enable": raw.enable,
        "value": value,
        "text": decode_text(raw.text) if is_text(raw.type) else None,
        "values": values,
        "range": span,
        **({"texts": shown} if shown else {}),
    }


def is_supported(raw: RawProperty) -> bool:
    """Tell whether the camera has this property at all, settable now or not."""
    return raw.enable != _NOT_SUPPORTED


def check_writable(raw: RawProperty) -> None:
    """Raise NotWritable unless the camera lets this property be set now."""
    if raw.enable not in _WRITABLE:
        raise NotWritable(
            f"property 0x{raw.code:x} cannot be set now (enable flag {raw.enable})",
            detail={"code": f"0x{raw.code:x}", "enable": raw.enable},
        )


def accepted_value(raw: RawProperty, wanted: int) -> int:
    """Return the raw value to send for a wanted number; BadValue if the camera offers it not.

    A number may be given signed or as its bits. Without a list or a range the camera decides.
    """
    width = width_bytes(raw.type)
    if is_text(raw.type):
        raise BadArguments.of("value", wanted, "text, for this property")
    bits = 8 * width
    values, span = values_and_range(raw)
    if width and not -(1 << bits - 1) <= wanted < 1 << bits:
        raise _bad_value(raw, wanted, values, span)
    meant = number(wanted, raw.type)
    if span is not None:
        least, most, step = span
        offered = least <= meant <= most and (not step or (meant - least) % step == 0)
    else:
        choices = values + slice_values(raw.set_values, raw.type)
        offered = not choices or meant in choices
    if not offered:
        raise _bad_value(raw, wanted, values, span)
    return wanted & ((1 << bits) - 1) if width else wanted


def _bad_value(
    raw: RawProperty, wanted: int, values: list[int], span: list[int] | None
) -> BadValue:
    detail: Mapping[str, Any] = {"code": f"0x{raw.code:x}", "values": values, "range": span}
    return BadValue(f"property 0x{raw.code:x} does not offer {wanted} now", detail=detail)
