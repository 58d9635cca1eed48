"""From the text of a client to a property's number.

A parser returns None for a text that it does not understand. What the number is worth is for the
camera's present list to say, see `choice`.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from lensbus_gateway.alpha.formats import ISO_AUTO
from lensbus_gateway.alpha.tables import FILE_FORMAT, IMAGE_QUALITY

Parser = Callable[[str], int | None]
Words = Mapping[str, int]

_HEX: Final = re.compile(r"0[xX]([0-9a-fA-F]{1,16})")
_NUMBER: Final = re.compile(r"(?!0[xX])([0-9]{1,20})\s*[A-Za-z%°]*")
_EV: Final = re.compile(r"([+-]?[0-9]{1,4}(?:\.[0-9]{1,4})?)\s*(ev)?", re.IGNORECASE)
_ISO: Final = re.compile(r"(?:iso\s*)?([0-9]{1,10}|auto)", re.IGNORECASE)
_APERTURE: Final = re.compile(r"(?:f/?)?\s*([0-9]{1,5}(?:\.[0-9]{1,4})?)", re.IGNORECASE)
_FRACTION: Final = re.compile(r"([0-9]{1,5})\s*/\s*([0-9]{1,5})")
_SECONDS: Final = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,4})?)\s*(?:s|\")", re.IGNORECASE)


def first_of(*parsers: Parser) -> Parser:
    """Return a parser that takes the first answer of several."""

    def parse(text: str) -> int | None:
        return next((value for parser in parsers if (value := parser(text)) is not None), None)

    return parse


def hexadecimal(text: str) -> int | None:
    """Understand `0x1f4`, for every property."""
    match = _HEX.fullmatch(text)
    return int(match[1], 16) if match else None


def number(text: str) -> int | None:
    """Understand `5500` and, since clients send back what they read, `5500K`."""
    match = _NUMBER.fullmatch(text)
    return int(match[1]) if match else None


def digits(text: str) -> int | None:
    """Understand decimal digits and nothing else."""
    return int(text) if re.fullmatch("[0-9]{1,20}", text) else None


generic: Final[Parser] = first_of(hexadecimal, number)


def normal(word: str) -> str:
    """Return a word as the tables spell it."""
    return re.sub(r"[\s_+]", "-", word.lower())


def worded(words: Words) -> Parser:
    """Understand the words of a table."""
    return lambda text: words.get(normal(text))


def iso(text: str) -> int | None:
    """Understand `auto`, `400` and `ISO 400`."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    return ISO_AUTO if match[1].lower() == "auto" else int(match[1])


def aperture(text: str) -> int | None:
    """Understand `f/5.6`, `F5.6` and `5.6`; from 100 on it is the number that the camera stores."""
    match = _APERTURE.fullmatch(text)
    if match is None:
        return None
    # In binary 4.6 * 100 is less than 460.
    stated = Decimal(match[1])
    return int(stated * 100) if stated < 100 else int(stated)


def shutter_speed(text: str) -> int | None:
    """Understand `bulb`, `1/125`, `2s`, `1.3"` and a bare `125`, which is 1/125."""
    if text.lower() == "bulb":
        return 0
    if match := _FRACTION.fullmatch(text):
        return _ratio(int(match[1]), int(match[2]))
    if match := _SECONDS.fullmatch(text):
        seconds = Fraction(match[1])
        return _ratio(seconds.numerator, seconds.denominator)
    bare = digits(text)
    return None if bare is None else _ratio(1, bare)


def _ratio(numerator: int, denominator: int) -> int | None:
    fits = 0 < numerator < 0x10000 and 0 < denominator < 0x10000
    return numerator << 16 | denominator if fits else None


def compensation(text: str) -> int | None:
    """Understand `+0.7 EV` and `-1.0`; a bare integer is the stored number, EV times 1000."""
    match = _EV.fullmatch(text)
    if match is None:
        return None
    if match[2] or "." in match[1]:
        return int(Decimal(match[1]) * 1000)
    return int(match[1])


def _spellings(table: Mapping[int, str]) -> dict[str, int]:
    """Return each of the numbers under its words, separated and written as one."""
    return {word: value for value, words in table.items() for word in words.split()}


WHITE_BALANCE: Final[Words] = _spellings(
    {
        0: "awb auto",
        0x01: "underwater-auto",
        0x11: "daylight",
        0x12: "shadow",
        0x13: "cloudy",
        0x14: "tungsten",
        0x20: "fluorescent",
        0x21: "fluorescent-warmwhite fluorescent-warm-white",
        0x22: "fluorescent-coolwhite fluorescent-cool-white",
        0x23: "fluorescent-daywhite fluorescent-day-white",
        0x24: "fluorescent-daylight",
        0x30: "flush flash",
        0x100: "colortemp color-temp",
        0x101: "custom-1 custom1",
        0x102: "custom-2 custom2",
        0x103: "custom-3 custom3",
        0x104: "custom",
    }
)

FOCUS_MODE: Final[Words] = _spellings(
    {
        1: "mf manual",
        2: "af-s afs",
        3: "af-c afc",
        4: "af-a afa",
        5: "af-d afd",
        6: "dmf",
        7: "pf",
    }
)

FOCUS_AREA: Final[Words] = _spellings(
    {
        1: "wide",
        2: "zone",
        3: "center centre",
        4: "flexible-spot-s flex-s spot-s",
        5: "flexible-spot-m flex-m spot-m",
        6: "flexible-spot-l flex-l spot-l",
        7: "expand-flexible-spot expand-flex expand",
    }
)

EXPOSURE_PROGRAM: Final[Words] = _spellings(
    {
        1: "m manual m-manual",
        2: "p auto p-auto",
        3: "a aperture a-aperturepriority",
        4: "s shutter s-shutterspeedpriority",
        5: "program-creative programcreative",
        6: "program-action programaction",
        7: "portrait",
        0x8001: "auto-plus autoplus",
        0x8002: "p-a pa",
        0x8003: "p-s ps",
        0x8004: "sports sports-action sportsaction",
        0x8005: "sunset",
        0x8006: "night",
        0x8007: "landscape",
        0x8008: "macro",
    }
)

DRIVE_MODE: Final[Words] = _spellings(
    {
        0x00001: "single",
        0x10001: "continuous-hi continuous-high",
        0x10002: "continuous-hi-plus continuous-high-plus",
        0x10003: "continuous-hi-live continuous-high-live",
        0x10004: "continuous-lo continuous-low",
        0x10005: "continuous",
        0x10006: "continuous-speedpriority continuous-speed-priority",
        0x10007: "continuous-mid continuous-medium",
        0x10008: "continuous-mid-live continuous-medium-live",
        0x10009: "continuous-lo-live continuous-low-live",
        0x12001: "focus-bracket focusbracket focus-bracketing",
        0x20001: "timelapse",
        0x30001: "timer-2s timer2s timer-2",
        0x30002: "timer-5s timer5s timer-5",
        0x30003: "timer-10s timer10s timer-10",
        0x40301: "continuous-bracket-03ev-3pics",
        0x40304: "continuous-bracket-05ev-3pics",
        0x50001: "single-bracket-03ev-3pics",
    }
)

FILE_FORMATS: Final[Words] = {
    **{normal(text): value for value, text in FILE_FORMAT.items()},
    **_spellings({1: "jpg", 3: "rawjpeg", 4: "rawheif"}),
}

IMAGE_QUALITIES: Final[Words] = {
    **{normal(text): value for value, text in IMAGE_QUALITY.items()},
    **{
        normal(f"{file_type} {text}"): number << 16 | value
        for number, file_type in FILE_FORMAT.items()
        if number
        for value, text in IMAGE_QUALITY.items()
    },
}

RAW_COMPRESSION: Final[Words] = _spellings(
    {
        0: "uncompressed uncompressed-raw none",
        1: "compressed compressed-raw",
        2: "lossless lossless-compressed",
        3: "lossless-s lossless-small",
        4: "lossless-m lossless-medium",
        5: "lossless-l lossless-large",
    }
)

STORE_DESTINATION: Final[Words] = _spellings(
    {
        1: "host-pc hostpc pc host",
        2: "memory-card memorycard card camera",
        3: "host-pc-and-memory-card hostpc-and-memorycard both pc-and-card host-and-camera",
    }
)

PRIORITY_KEY: Final[Words] = {"camera-position": 1, "pc-remote": 2}
