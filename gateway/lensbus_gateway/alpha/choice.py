"""Which of the values that a camera offers now a client means."""

from collections.abc import Iterator
from fractions import Fraction

from lensbus_gateway.alpha import formats
from lensbus_gateway.alpha.catalogue import Property, Shape
from lensbus_gateway.alpha.reading import Reading, text_of

SHOWN = 12  # values named in a refusal; a body lists hundreds of shutter speeds


def understand(entry: Property, reading: Reading | None, text: str) -> int | None:
    """Return the number that a text stands for, None when it stands for none.

    What the camera offers is asked first, by the texts that the client was shown: the same word
    can mean something else in the general notation.
    """
    text = text.strip()
    for value, shown in _offers(entry, reading):
        if shown.casefold() == text.casefold():
            return value
    return entry.parse(text)


def _offers(entry: Property, reading: Reading | None) -> Iterator[tuple[int, str]]:
    """Yield what the camera offers, as the client was shown it."""
    if reading is not None:
        for value in reading.values:
            yield value, text_of(entry, reading, value)


def offered(entry: Property, reading: Reading, value: int) -> int | None:
    """Return the camera's own spelling of a number, None when it does not offer it.

    A camera that lists nothing leaves the judgement to its SDK.
    """
    if value >> reading.bits not in (0, -1):
        # Too wide for the camera's type, but it may be a pair that was read as one.
        return _low_byte(entry, reading, value)
    unsigned = value & ((1 << reading.bits) - 1)
    if reading.range is not None:
        low, high = (reading.to_wire(limit) for limit in reading.range[:2])
        return unsigned if low <= reading.to_wire(unsigned) <= high else None
    if not reading.values or unsigned in reading.values:
        return unsigned
    if entry.shape is Shape.RATIO:
        wanted = _ratio(unsigned)
        return next((near for near in reading.values if wanted and _ratio(near) == wanted), None)
    return _low_byte(entry, reading, unsigned)


def _low_byte(entry: Property, reading: Reading, value: int) -> int | None:
    low = value & 0xFF
    return low if entry.glued and 0 <= value <= 0xFFFF and low in reading.values else None


def _ratio(value: int) -> Fraction | None:
    numerator, denominator = value >> 16, value & 0xFFFF
    if not numerator or not denominator or value == formats.NOTHING_32:
        return None
    return Fraction(numerator, denominator)


def expected(entry: Property, reading: Reading | None) -> str:
    """Return in words what would have been understood."""
    texts = [text for _, text in _offers(entry, reading)][:SHOWN]
    named = [*dict.fromkeys([*filter(None, texts), *entry.words])]
    return ", ".join([*named, *_notations(entry)])


def _notations(entry: Property) -> tuple[str, ...]:
    if entry.shape is Shape.COUNTER:
        return ("a decimal number",)
    closed = entry.words and entry.parse("0x1") is None
    return () if closed else ("a decimal number", "a hexadecimal number 0x...")


def choices(entry: Property, reading: Reading) -> str:
    """Return in words what the camera offers now."""
    if reading.range is not None:
        low, high, step = map(entry.text, reading.range)
        return f"{low} to {high}, step {step}"
    texts = [text or formats.hexadecimal(value) for value, text in _offers(entry, reading)]
    more = len(texts) - SHOWN
    return ", ".join(texts[:SHOWN]) + (f" and {more} more" if more > 0 else "")
