"""Pictures as bytes: JPEG for the bus, the formats of a still, depth as something to look at."""

import io
from functools import cache
from typing import Final

import cv2
import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # the package ships no types
from numpy.typing import NDArray
from PIL import Image

from lensbus_proto.errors import BadArguments

Pixels = NDArray[np.uint8]
Depth = NDArray[np.uint16]

JPEG: Final = "jpeg"
FORMATS: Final = (JPEG, "png", "webp", "bmp", "tiff", "gif")
# Of depth alone: its millimetres, in 16 bits.
PNG16: Final = "png16"
DEPTH_FORMATS: Final = (PNG16, "npy")
MIMES: Final = {PNG16: "image/png", "npy": "application/octet-stream"}

# The nearest that 96 disparities reach at 640 pixels with a focal length of 440 pixels. Larger
# pictures search 96 disparities too and reach less near: the scale stays the same for all.
_NEAREST_MM_PER_CM: Final = 440.44 / 95 * 10

# Small files are not worth a wait of seconds: the fastest level of each writer.
_SAVE: Final[dict[str, dict[str, int]]] = {
    "png": {"compress_level": 1},
    "webp": {"quality": 80, "method": 0},
}


def still_format(name: str, *, of_depth: bool) -> str:
    """Return the canonical name of a still format; `jpg` and nothing mean JPEG."""
    offered = FORMATS + DEPTH_FORMATS if of_depth else FORMATS
    format_ = name.lower()
    if format_ in ("", "jpg"):
        return JPEG
    if format_ not in offered:
        raise BadArguments.of("format", name, f"one of {', '.join(offered)}")
    return format_


def mime_of(format_: str) -> str:
    """Return the media type of a still format."""
    return MIMES.get(format_, f"image/{format_}")


def encode_jpeg(pixels: Pixels, quality: int) -> bytes:
    """Return a colour (BGR) or grey picture as JPEG."""
    if pixels.ndim == 2:
        grey = np.ascontiguousarray(pixels)[:, :, None]
        return bytes(simplejpeg.encode_jpeg(grey, quality=quality, colorspace="GRAY"))
    colour = np.ascontiguousarray(pixels)
    return bytes(
        simplejpeg.encode_jpeg(colour, quality=quality, colorspace="BGR", colorsubsampling="420")
    )


def encode_still(pixels: Pixels, format_: str, quality: int) -> bytes:
    """Return a picture in one of the still formats; `quality` is that of JPEG."""
    if format_ == JPEG:
        return encode_jpeg(pixels, quality)
    shown = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, format=format_, **_SAVE.get(format_, {}))
    return buffer.getvalue()


def encode_depth(depth_mm: Depth, format_: str) -> bytes:
    """Return depth with its millimetres as they are: a PNG of 16 bits, or an array of numpy."""
    buffer = io.BytesIO()
    if format_ == "npy":
        np.save(buffer, depth_mm.astype("<u2"), allow_pickle=False)
    else:
        Image.fromarray(depth_mm).save(buffer, format="png", **_SAVE["png"])
    return buffer.getvalue()


def reading(depth_mm: Depth, at: tuple[float, float]) -> int | None:
    """Return the millimetres at a place (fractions of width and height), None if none are known."""
    height, width = depth_mm.shape
    across, down = at
    row, column = min(height - 1, int(down * height)), min(width - 1, int(across * width))
    return int(depth_mm[row, column]) or None


def depth_picture(depth_mm: Depth, baseline_cm: float) -> Pixels:
    """Return depth as brightness: the nearer the lighter, 0 where nothing was measured.

    Brightness follows the disparity, 255 standing for the nearest that can be measured.
    """
    return _shades(baseline_cm).take(depth_mm)


@cache
def _shades(baseline_cm: float) -> Pixels:
    """Return the brightness of every depth that there can be."""
    depth_mm = np.arange(1, 65_536)
    nearest_mm = baseline_cm * _NEAREST_MM_PER_CM
    shades = np.zeros(65_536, np.uint8)
    shades[1:] = np.clip(np.rint(255.0 * nearest_mm / depth_mm), 1, 255)
    return shades
