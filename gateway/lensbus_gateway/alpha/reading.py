"""A property as its camera reports it, and the two shapes in which clients see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lensbus_gateway.alpha import formats
from lensbus_gateway.alpha.catalogue import Property, Shape

_BITS: Final[Mapping[int, int]] = {1: 8, 2: 16, 3: 32, 4: 64, 5: 128}
_SIGNED: Final = 0x1000
_UNSUPPORTED: Final = -1
_WRITABLE: Final = (1, 3)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a camera says of one property now; its numbers are unsigned, as wide as its type."""

    code: int
    bits: int
    signed: bool
    writable: bool
    value: int
    text: str | None
    values: tuple[int, ...]
    range: tuple[int, int, int] | None
    texts: Mapping[int, str] = field(default_factory=dict)  # the camera's own, for some values

    def to_wire(self, value: int) -> int:
        """Return a number as the worker counts it: with its sign if the type has one."""
        value &= (1 << self.bits) - 1
        return value - (1 << self.bits) if self.signed and value >> (self.bits - 1) else value


def read(wire: Mapping[str, Any]) -> Reading | None:
    """Return a property of a worker's answer, None if the camera does not support it."""
    if wire["enable"] == _UNSUPPORTED:
        return None
    width = wire["type"] & 0xF
    bits = _BITS.get(width, 64)
    mask = (1 << bits) - 1
    limits = wire.get("range")
    return Reading(
        code=wire["code"],
        bits=bits,
        signed=width in _BITS and bool(wire["type"] & _SIGNED),
        writable=wire["enable"] in _WRITABLE,
        value=(wire["value"] or 0) & mask,
        text=wire.get("text"),
        values=tuple(value & mask for value in wire["values"]),
        range=(limits[0] & mask, limits[1] & mask, limits[2] & mask) if limits else None,
        texts={value & mask: text for value, text in wire.get("texts", ())},
    )


def read_all(wires: Iterable[Mapping[str, Any]]) -> dict[int, Reading]:
    """Return the supported properties of a worker's answer by their code."""
    readings = (read(wire) for wire in wires)
    return {reading.code: reading for reading in readings if reading is not None}


def pick(entry: Property, readings: Mapping[int, Reading]) -> Reading | None:
    """Return the reading that speaks for a name: of several, the one that can be used."""
    there = [readings[code] for code in entry.codes if code in readings]
    useful = (reading for reading in there if reading.writable or reading.values)
    return next(useful, there[0] if there else None)


def text_of(entry: Property, reading: Reading, value: int) -> str:
    """Return the text of a value: the camera's own where that counts and there is one."""
    own = reading.texts.get(value) if entry.own(value) else None
    return entry.text(value) if own is None else own


def one(entry: Property, reading: Reading | None) -> dict[str, Any]:
    """Return the answer to a question for one property."""
    shown: dict[str, Any] = {"property": entry.name}
    if reading is None:
        return shown | {"value": "", "formatted": "", "writable": False, "available_values": []}
    if entry.shape is Shape.TEXT:
        text = reading.text or ""
        return shown | {"value": text, "formatted": _shown(text), "writable": reading.writable}
    if entry.shape is Shape.COUNTER:
        names = ("min", "max", "step")
        limits = zip(names, reading.range or (), strict=False)
        return (
            shown
            | {"value": str(reading.value), "formatted": str(reading.value)}
            | {"writable": reading.writable}
            | {name: str(limit) for name, limit in limits}
        )
    return shown | {
        "value": formats.hexadecimal(reading.value),
        "formatted": text_of(entry, reading, reading.value),
        "writable": reading.writable,
        "available_values": [
            {"value": formats.hexadecimal(value), "formatted": text}
            for value, text in _available(entry, reading)
        ],
    }


def in_bulk(entry: Property, reading: Reading) -> dict[str, Any]:
    """Return the same property inside the answer for all of them."""
    text = (
        _shown(reading.text or "")
        if entry.shape is Shape.TEXT
        else text_of(entry, reading, reading.value)
    )
    return {
        "current_value": reading.value,
        "current_hex_value": formats.hexadecimal(reading.value),
        "current_formatted": text,
        "writable": reading.writable,
        "available_values": [
            {"value": value, "hex_value": formats.hexadecimal(value), "formatted": text}
            for value, text in _available(entry, reading)
        ],
    }


def _shown(text: str) -> str:
    return text or "(empty)"


def _available(entry: Property, reading: Reading) -> Iterable[tuple[int, str]]:
    """Yield what can be set; of a range its smallest and largest value and its step."""
    if reading.range is None:
        return ((value, text_of(entry, reading, value)) for value in reading.values)
    if entry.shape in (Shape.LEVEL, Shape.COUNTER):
        names = ("min", "max", "step")
        return (
            (limit, f"{name}: {limit}") for name, limit in zip(names, reading.range, strict=True)
        )
    return ((limit, text_of(entry, reading, limit)) for limit in reading.range)
