"""What the numbers of Sony's enumerations are called, as clients of this surface know them."""

from collections.abc import Iterable, Mapping
from typing import Final

Texts = Mapping[int, str]


def _from(first: int, *texts: str) -> dict[int, str]:
    """Return texts for consecutive numbers."""
    return dict(enumerate(texts, first))


OFF_ON: Final[Texts] = _from(0, "Off", "Off", "On")

EXPOSURE_PROGRAM: Final[Texts] = {
    **_from(1, "M_Manual", "P_Auto", "A_AperturePriority", "S_ShutterSpeedPriority"),
    **_from(5, "ProgramCreative", "ProgramAction", "Portrait"),
    **_from(0x8000, "Auto", "Auto_Plus", "P_A", "P_S", "Sports_Action", "Sunset", "Night"),
    **_from(0x8007, "Landscape", "Macro", "HandheldTwilight", "NightPortrait", "AntiMotionBlur"),
    **_from(0x800C, "Pet", "Gourmet", "Fireworks", "HighSensitivity"),
    0x8020: "MemoryRecall",
    **_from(0x8031, *(f"ContinuousPriority_AE_{pictures}pics" for pictures in (8, 10, 12))),
    **_from(0x8040, "3D_SweepPanorama", "SweepPanorama"),
    **_from(0x8050, "Movie_P", "Movie_A", "Movie_S", "Movie_M", "Movie_Auto", "Movie_F"),
    **_from(0x8059, *(f"Movie_SQMotion_{mode}" for mode in ("P", "A", "S", "M", "AUTO", "F"))),
    0x8060: "FlashOff",
    0x8070: "PictureEffect",
    **_from(0x8080, *(f"HiFrameRate_{mode}" for mode in "PASM")),
    **_from(0x8084, *(f"SQMotion_{mode}" for mode in "PASM")),
    **_from(0x8088, "MOVIE", "STILL", "F(Movie or S&Q)"),
    **_from(0x8092, *(f"Movie_IntervalRec_{mode}" for mode in ("F", "P", "A", "S", "M", "AUTO"))),
}

METERING_MODE: Final[Texts] = {
    **_from(1, "Average", "Center Weighted Avg", "Multi Spot", "Center Spot", "Multi"),
    **_from(6, "Center Weighted", "Entire Screen Avg", "Spot (Standard)", "Spot (Large)"),
    10: "Highlight Weighted",
}

FOCUS_MODE: Final[Texts] = _from(1, "MF", "AF_S", "AF_C", "AF_A", "AF_D", "DMF", "PF")

_SPOTS: Final = ("Flexible Spot S", "Flexible Spot M", "Flexible Spot L")
_AREAS: Final = ("Wide", "Zone", "Center", *_SPOTS, "Expand Flexible Spot", "Flexible Spot")
_EXTREMES: Final = ("Flexible Spot XS", "Flexible Spot XL")
_FREE_SIZES: Final = tuple(f"Flexible Spot FreeSize{number}" for number in (1, 2, 3))

FOCUS_AREA: Final[Texts] = {
    0: "Unknown",
    **_from(1, *_AREAS),
    **_from(0x11, *(f"Tracking {area}" for area in _AREAS)),
    **_from(0x19, *_EXTREMES, *_FREE_SIZES),
    **_from(0x23, *(f"Tracking {area}" for area in (*_EXTREMES, *_FREE_SIZES))),
}

FOCUS_DRIVING: Final[Texts] = _from(1, "Not Driving", "Driving")
ZOOM_SETTING: Final[Texts] = _from(1, "OpticalZoom", "SmartZoom", "ClearImageZoom", "DigitalZoom")

WHITE_BALANCE: Final[Texts] = {
    **_from(0, "AWB", "Underwater_Auto"),
    **_from(0x11, "Daylight", "Shadow", "Cloudy", "Tungsten"),
    0x20: "Fluorescent",
    **_from(0x21, *(f"Fluorescent_{light}" for light in ("WarmWhite", "CoolWhite", "DayWhite"))),
    0x24: "Fluorescent_Daylight",
    0x30: "Flush",
    **_from(0x100, "ColorTemp", "Custom_1", "Custom_2", "Custom_3", "Custom"),
}


def _bracketing() -> Iterable[str]:
    """Yield the endings of the bracketing modes in the order of their numbers."""
    for step in ("03", "05", "07", "10"):
        yield from (f"{step}Ev_{pictures}pics" for pictures in (3, 5, 9))
    for step in ("20", "30"):
        yield from (f"{step}Ev_{pictures}pics" for pictures in (3, 5))
    for step, more in (
        *((step, ("7pics",)) for step in ("03", "05", "07", "10")),
        *((step, ("3pics", "5pics", "7pics")) for step in ("13", "15", "17")),
        ("20", ("7pics",)),
        *((step, ("3pics", "5pics")) for step in ("23", "25", "27")),
        ("30", ()),
    ):
        yield from (f"{step}Ev_{ending}" for ending in ("2pics_Plus", "2pics_Minus", *more))


_DRIVES: Final[Texts] = {
    1: "Single",
    **_from(
        0x10001,
        *("Continuous_Hi", "Continuous_Hi_Plus", "Continuous_Hi_Live", "Continuous_Lo"),
        *("Continuous", "Continuous_SpeedPriority", "Continuous_Mid", "Continuous_Mid_Live"),
        "Continuous_Lo_Live",
    ),
    **_from(0x11001, *(f"SingleBurstShooting_{speed}" for speed in ("lo", "mid", "hi"))),
    0x12001: "FocusBracket",
    0x20001: "Timelapse",
    **_from(0x30001, "Timer_2s", "Timer_5s", "Timer_10s"),
    **_from(0x40301, *(f"Continuous_Bracket_{ending}" for ending in _bracketing())),
    **_from(0x50001, *(f"Single_Bracket_{ending}" for ending in _bracketing())),
    **_from(0x60001, "WB_Bracket_Lo", "WB_Bracket_Hi"),
    **_from(0x70001, "DRO_Bracket_Lo", "DRO_Bracket_Hi"),
    **_from(
        0x80001,
        *("Continuous_Timer_3pics", "Continuous_Timer_5pics", "Continuous_Timer_2s_3pics"),
        *("Continuous_Timer_2s_5pics", "Continuous_Timer_5s_3pics", "Continuous_Timer_5s_5pics"),
    ),
}

# Clients look for `continuous` in these texts; the prefix is what the reference shows.
DRIVE_MODE: Final[Texts] = {value: f"CrDrive_{name}" for value, name in _DRIVES.items()}

SHUTTER_TYPE: Final[Texts] = _from(1, "Auto", "Mechanical Shutter", "Electronic Shutter")
SILENT_MODE: Final[Texts] = _from(1, "OFF", "ON")
FLASH_MODE: Final[Texts] = _from(1, "Auto", "Off", "Fill", "Ext Sync", "Slow Sync", "Rear Sync")
WIRELESS_FLASH: Final[Texts] = _from(0, "Off", "On")

FILE_FORMAT: Final[Texts] = _from(0, "None", "JPEG", "RAW", "RAW+JPEG", "RAW+HEIF", "HEIF")
IMAGE_QUALITY: Final[Texts] = _from(1, "Light", "Standard", "Fine", "Extra Fine")
RAW_COMPRESSION: Final[Texts] = _from(
    0, "Uncompressed", "Compressed", "Lossless", "Lossless S", "Lossless M", "Lossless L"
)
STORE_DESTINATION: Final[Texts] = _from(1, "Host PC", "Memory Card", "Host PC & Memory Card")
IMAGE_SIZE: Final[Texts] = _from(1, "L", "M", "S", "VGA")
ASPECT_RATIO: Final[Texts] = _from(1, "3:2", "16:9", "4:3", "1:1")

DRO: Final[Texts] = {
    **_from(0, "Off", "On"),
    **_from(0x10, "Auto", "Lv1", "Lv2", "Lv3", "Lv4", "Lv5"),
    0x20: "Auto",
    0x30: "HDR Auto",
    **_from(0x31, *(f"HDR {step}.0 EV" for step in range(1, 7))),
}

HIGH_ISO_NR: Final[Texts] = _from(1, "Off", "Low", "Normal", "High")
CREATIVE_LOOK: Final[Texts] = _from(1, "ST", "PT", "NT", "VV", "VV2", "FL", "IN", "SH", "BW", "SE")
PICTURE_PROFILE: Final[Texts] = {
    0: "Off",
    **_from(1, *(f"PP{number}" for number in range(1, 12))),
    **_from(0x41, *(f"Custom {number}" for number in range(1, 17))),
}
APS_C: Final[Texts] = _from(1, "Off", "On", "Auto")
STEADY_SHOT: Final[Texts] = _from(1, "OFF", "ON")

RECORDING_STATE: Final[Texts] = _from(0, "Not Recording", "Recording", "Recording Failed")

MOVIE_FORMAT: Final[Texts] = {
    **_from(0, "AVCHD", "MP4", "XAVC S 4K", "XAVC S HD", "XAVC HS 8K", "XAVC HS 4K"),
    **_from(6, "XAVC S-L 4K", "XAVC S-L HD", "XAVC S-I 4K", "XAVC S-I HD", "XAVC I"),
    **_from(11, "XAVC L", "XAVC HS HD", "XAVC S-I DCI 4K"),
}

RECORDING_SETTING: Final[Texts] = {
    **_from(1, *(f"{rate} 50M / XAVC S" for rate in ("60p", "30p", "24p", "50p", "25p"))),
    **_from(6, *(f"{rate} 24M(FX) / AVCHD" for rate in ("60i", "50i"))),
    **_from(8, *(f"{rate} 17M(FH) / AVCHD" for rate in ("60i", "50i"))),
    **_from(10, *(f"{rate} 28M(PS) / AVCHD" for rate in ("60p", "50p"))),
    **_from(12, *(f"{rate} 24M(FX) / AVCHD" for rate in ("24p", "25p"))),
    **_from(14, *(f"{rate} 17M(FH) / AVCHD" for rate in ("24p", "25p"))),
    **_from(16, *(f"{rate} 50M (1280x720) / XAVC S" for rate in ("120p", "100p"))),
    **_from(18, *(f"1920x1080 {rate} 16M / MP4" for rate in ("30p", "25p"))),
    **_from(20, *(f"1280x720 {rate} 6M / MP4" for rate in ("30p", "25p"))),
    **_from(22, *(f"1920x1080 {rate} 28M / MP4" for rate in ("60p", "50p"))),
    **_from(24, *(f"{rate} 25M / XAVC S HD" for rate in ("60p", "50p"))),
    **_from(26, *(f"{rate} 16M / XAVC S HD" for rate in ("30p", "25p"))),
    # Two spaces: so the reference writes these two.
    **_from(28, *(f"{rate} 100M (1920x1080)  / XAVC S HD" for rate in ("120p", "100p"))),
    **_from(30, *(f"{rate} 60M (1920x1080) / XAVC S HD" for rate in ("120p", "100p"))),
    **_from(32, *(f"{rate} 100M / XAVC S 4K" for rate in ("30p", "25p", "24p"))),
    **_from(35, *(f"{rate} 60M / XAVC S 4K" for rate in ("30p", "25p", "24p"))),
    **_from(0x26, "600M 422 10bit", "500M 422 10bit", "400M 420 10bit", "300M 422 10bit"),
    **_from(0x2A, *(f"{rate}M 422 10bit" for rate in (280, 250, 240, 222, 200))),
    **_from(0x2F, "200M 420 10bit", "200M 420 8bit", "185M 422 10bit"),
    **_from(0x32, "150M 420 10bit", "150M 420 8bit"),
    **_from(0x34, "140M 422 10bit", "111M 422 10bit", "100M 422 10bit"),
    **_from(0x37, "100M 420 10bit", "100M 420 8bit", "93M 422 10bit", "89M 422 10bit"),
    **_from(0x3B, "75M 420 10bit", "60M 420 8bit", "50M 422 10bit", "50M 420 10bit"),
    **_from(0x3F, "50M 420 8bit", "45M 420 10bit", "30M 420 10bit"),
    **_from(0x42, "25M 420 8bit", "16M 420 8bit", "520M 422 10bit", "260M 422 10bit"),
}

FRAME_RATE: Final[Texts] = {
    **_from(1, "120p", "100p", "60p", "50p", "30p", "25p", "24p", "23.98p", "29.97p", "59.94p"),
    **_from(0x16, "24.00p", "119.88p"),
}
MOVIE_STABILIZATION: Final[Texts] = _from(1, "OFF", "Standard", "Active", "Dynamic active")
MOVIE_SHOOTING_MODE: Final[Texts] = {
    1: "OFF",
    **_from(0x301, "Cine EI", "Cine EI Quick"),
    0x401: "Custom",
    0x501: "Flexible ISO",
}

PRIORITY_KEY: Final[Texts] = _from(1, "Camera Position", "PC Remote Setting")
OVERHEATING: Final[Texts] = _from(0, "Normal", "Pre-Overheating", "Overheating")
CAUTION: Final[Texts] = _from(1, "No Error", "Error")
SLOT_STATUS: Final[Texts] = _from(0, "OK", "No Card", "Card Error", "Recognizing Or LockedError")
BASE_LOOKS: Final[Texts] = {0: "Preset", 1: "User", 2: "Scene", 0x80: "Temporary"}
