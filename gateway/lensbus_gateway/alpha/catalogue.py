"""The 81 properties of this surface: their names, Sony's codes, their texts and their notations."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from lensbus_gateway.alpha import formats, parse, tables
from lensbus_gateway.alpha.formats import Formatter, always, listed, never, with_unit
from lensbus_gateway.alpha.parse import Parser, Words, first_of, worded


class Shape(Enum):
    """How a property is shown and what it may hold."""

    NUMBER = auto()
    RATIO = auto()  # two numbers are the same when their ratio is
    LEVEL = auto()  # a range whose three entries say what they are
    COUNTER = auto()  # a range of 64 bits, in texts throughout
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Property:
    """One name of this surface.

    `codes` are tried in turn when several report the same thing; the first is the one to set.
    With `glued` a value counts whose low byte the camera offers: an older server showed pairs of
    one-byte values as one number, and clients keep them. `own` tells for which values the camera's
    own text counts, where it has one.
    """

    name: str
    codes: tuple[int, ...]
    text: Formatter = formats.decimal
    parse: Parser = parse.generic
    words: tuple[str, ...] = ()
    shape: Shape = Shape.NUMBER
    glued: bool = False
    own: Callable[[int], bool] = never


def _worded(name: str, code: int, text: Formatter, words: Words) -> Property:
    notation = first_of(parse.hexadecimal, worded(words), parse.number)
    return Property(name, (code,), text, notation, tuple(words))


def _parsed(name: str, codes: tuple[int, ...], text: Formatter, notation: Parser) -> Property:
    return Property(name, codes, text, first_of(parse.hexadecimal, notation, parse.number))


def _plain(name: str, code: int, text: Formatter = formats.decimal) -> Property:
    return Property(name, (code,), text)


def _named(name: str, code: int, text: Formatter, own: Callable[[int], bool]) -> Property:
    return Property(name, (code,), text, own=own)


def _glued(name: str, code: int, text: Formatter) -> Property:
    return Property(name, (code,), text, glued=True)


_EXPOSURE: Final = (
    _parsed("iso", (0x0104, 0x0729), formats.iso, parse.iso),
    _parsed("aperture", (0x0100,), formats.aperture, parse.aperture),
    Property(
        "shutter-speed",
        (0x0103,),
        formats.shutter_speed,
        first_of(parse.hexadecimal, parse.shutter_speed),
        ("bulb", "1/125", "2s"),
        Shape.RATIO,
    ),
    _worded(
        "exposure-program-mode", 0x0105, listed(tables.EXPOSURE_PROGRAM), parse.EXPOSURE_PROGRAM
    ),
    Property(
        "exposure-compensation",
        (0x0101,),
        formats.compensation,
        first_of(parse.hexadecimal, parse.compensation),
    ),
    _plain("exposure-step", 0x02C1),
    _plain("metering-mode", 0x010A, listed(tables.METERING_MODE)),
    _plain("ae-lock", 0x0002, listed(tables.OFF_ON)),
)

_FOCUS_AND_ZOOM: Final = (
    _worded("focus-mode", 0x0109, listed(tables.FOCUS_MODE), parse.FOCUS_MODE),
    _worded("focus-area", 0x0113, listed(tables.FOCUS_AREA), parse.FOCUS_AREA),
    _plain("focus-position", 0x020E),
    _plain("focus-position-current", 0x0766),
    _plain("focus-driving-status", 0x0767, listed(tables.FOCUS_DRIVING)),
    _plain("focus-distance", 0x0149, formats.focus_distance),
    _plain("zoom-distance", 0x014D, formats.zoom_distance),
    _plain("zoom-setting", 0x0125, listed(tables.ZOOM_SETTING)),
)

_WHITE_BALANCE: Final = (
    _worded("white-balance", 0x0108, listed(tables.WHITE_BALANCE), parse.WHITE_BALANCE),
    _plain("white-balance-color-temp", 0x0115, with_unit("K")),
    _plain("awb-lock", 0x0005, listed(tables.OFF_ON)),
)

_DRIVE_SHUTTER_FLASH: Final = (
    _worded("drive-mode", 0x010E, listed(tables.DRIVE_MODE), parse.DRIVE_MODE),
    _plain("shutter-type", 0x01A9, listed(tables.SHUTTER_TYPE)),
    _plain("shutter-mode", 0x017C, listed({1: "Speed"}, "Angle")),
    _plain("shutter-angle", 0x017A, formats.shutter_angle),
    _plain("silent-mode", 0x01A5, listed(tables.SILENT_MODE)),
    _plain("flicker-less-shooting", 0x01D9, listed(tables.OFF_ON)),
    _plain("flash-mode", 0x010B, listed(tables.FLASH_MODE)),
    Property(
        "flash-compensation",
        (0x0102,),
        formats.compensation,
        first_of(parse.hexadecimal, parse.compensation),
    ),
    _plain("wireless-flash", 0x010C, listed(tables.WIRELESS_FLASH)),
)

_IMAGE: Final = (
    _worded("file-format", 0x0106, listed(tables.FILE_FORMAT), parse.FILE_FORMATS),
    _worded("image-quality", 0x0107, formats.image_quality, parse.IMAGE_QUALITIES),
    _worded("raw-compression", 0x0131, listed(tables.RAW_COMPRESSION), parse.RAW_COMPRESSION),
    _worded(
        "still-image-store-destination",
        0x0119,
        listed(tables.STORE_DESTINATION),
        parse.STORE_DESTINATION,
    ),
    _plain("image-size", 0x0110, listed(tables.IMAGE_SIZE)),
    _plain("aspect-ratio", 0x0111, listed(tables.ASPECT_RATIO)),
    _glued("color-space", 0x01F7, listed({1: "sRGB"}, "AdobeRGB")),
    _plain("dro", 0x010F, listed(tables.DRO)),
    _plain("high-iso-nr", 0x01F5, listed(tables.HIGH_ISO_NR)),
    _plain("long-exposure-nr", 0x01F4, listed(tables.OFF_ON)),
    _named("creative-look", 0x01C5, formats.creative_look, formats.is_unknown_look),
    _plain("picture-profile", 0x01AA, listed(tables.PICTURE_PROFILE)),
    _plain("pp-lut-base-look", 0x01D5, formats.lut_base_look),
    _plain("aps-c-s35", 0x023D, listed(tables.APS_C)),
    _plain("image-stabilization", 0x01A3, listed(tables.STEADY_SHOT)),
)

_MOVIE_AND_AUDIO: Final = (
    _plain("recording-state", 0x0705, listed(tables.RECORDING_STATE, "Unknown")),
    _glued("movie-file-format", 0x0127, listed(tables.MOVIE_FORMAT, "Format {}")),
    _plain("movie-recording-setting", 0x0128, listed(tables.RECORDING_SETTING)),
    _glued("movie-recording-frame-rate", 0x0129, listed(tables.FRAME_RATE, "{}p")),
    _plain("movie-stabilization", 0x01A4, listed(tables.MOVIE_STABILIZATION)),
    _plain("movie-shooting-mode", 0x0157, listed(tables.MOVIE_SHOOTING_MODE)),
    _plain("movie-shooting-mode-color-gamut", 0x0158, listed({1: "S-Gamut3.Cine"}, "S-Gamut3")),
    _plain("audio-recording", 0x019B, listed({0: "Off"}, "On")),
    Property("audio-input-master-level", (0x019C,), shape=Shape.LEVEL),
    _plain("timecode-preset", 0x019D),
    _plain("timecode-format", 0x019E, listed({1: "DF"}, "NDF")),
    _plain("timecode-run", 0x019F, listed({1: "Rec Run"}, "Free Run")),
    _plain("timecode-make", 0x01A0, listed({1: "Preset"}, "Regenerate")),
)

_CINEMA_AND_ID: Final = (
    _plain("base-iso", 0x0139, listed({1: "High"}, "Low")),
    _plain("exposure-index", 0x013B, with_unit(" EI")),
    _named("base-look-value", 0x013C, formats.base_look, always),
    _plain("embed-lut-file", 0x023C, listed(tables.OFF_ON)),
    _plain("base-look-import-enable", 0x0764),
    _plain("shooting-enable", 0x030C, listed({1: "Enabled"}, "Disabled")),
    Property("image-id-string", (0x0146,), formats.nothing, shape=Shape.TEXT),
    _plain("image-id-string-max-length", 0x07CC, with_unit(" chars")),
    Property("image-id-num", (0x0145,), parse=parse.digits, shape=Shape.COUNTER),
    _plain("image-id-num-setting", 0x0144, listed({2: "On"}, "Off")),
)

_STATUS: Final = (
    Property(
        "priority-key",
        (0x011A,),
        listed(tables.PRIORITY_KEY),
        worded(parse.PRIORITY_KEY),
        tuple(parse.PRIORITY_KEY),
    ),
    _plain("battery-remain", 0x0702, formats.battery),
    _plain("overheating-state", 0x0760, listed(tables.OVERHEATING)),
    _plain("camera-error-caution-status", 0x078B, listed(tables.CAUTION, "Unknown")),
    _plain("system-error-caution-status", 0x078C, listed(tables.CAUTION, "Unknown")),
    _plain("camera-system-error-info", 0x07AC, formats.nothing),
    _plain("media-slot1-status", 0x0708, listed(tables.SLOT_STATUS)),
    _plain("media-slot1-remaining-photos", 0x0709),
    _plain("media-slot1-remaining-time", 0x070A),
    _plain("media-slot2-status", 0x070D, listed(tables.SLOT_STATUS)),
    _plain("media-slot2-remaining-photos", 0x070F),
    _plain("media-slot2-remaining-time", 0x0710),
    _plain("camera-setting-save-enable", 0x072A),
    _plain("camera-setting-read-enable", 0x072B),
    _plain("camera-setting-save-read-state", 0x072C),
)


def _by_name(*groups: Iterable[Property]) -> Mapping[str, Property]:
    return {entry.name: entry for group in groups for entry in group}


CATALOGUE: Final = _by_name(
    _EXPOSURE,
    _FOCUS_AND_ZOOM,
    _WHITE_BALANCE,
    _DRIVE_SHUTTER_FLASH,
    _IMAGE,
    _MOVIE_AND_AUDIO,
    _CINEMA_AND_ID,
    _STATUS,
)
