"""Live pictures as video: H.264 in which every picture can be decoded by itself.

No picture refers to another, so a viewer may join, miss and drop pictures at any place. Bits are
capped picture by picture: none takes longer over a line than the others.
"""

from fractions import Fraction
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from lensbus_services.oak.features import Size

Pixels = NDArray[np.uint8]

FORMAT: Final = "h264"

_BITS_PER_PIXEL: Final = 0.5  # more cannot be seen
_LEAST_BITS_PER_S: Final = 200_000  # headers and rounding of tiny pictures
_BURST: Final = 2  # pictures' worth of bits that one picture may take
_LEAST_PX: Final = 16  # a block of the code
_GREY: Final = 128  # chroma without colour
_BLACK: Final = 16  # video keeps its brightness between 16 and 235
_SLOPE: Final = 219 / 255
_BT601: Final = 6  # what OpenCV converts to
_LIMITED_RANGE: Final = 1


class Encoder:
    """Encodes one stream of pictures of one size; one thread at a time."""

    def __init__(self, size: Size, fps: float, most_bits_per_s: float) -> None:
        self._given = (size, fps)
        # Colour has half the size of brightness, so a side must be even.
        self.size = width, height = (even(size[0]), even(size[1]))
        wanted = max(width * height * _BITS_PER_PIXEL * fps, _LEAST_BITS_PER_S)
        bits = int(min(wanted, most_bits_per_s))
        context: Any = av.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.framerate = Fraction(fps).limit_denominator(1001)
        context.time_base = 1 / context.framerate
        context.gop_size = 1
        context.thread_count = 1  # more would only take the cores from the other workers
        context.colorspace = context.color_primaries = context.color_trc = _BT601
        context.color_range = _LIMITED_RANGE
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "b": str(bits),
            "maxrate": str(bits),
            "bufsize": str(int(bits / fps * _BURST)),
        }
        self._context = context
        # One frame for all pictures: the codec reads it while it encodes and keeps nothing.
        self._frame = av.VideoFrame(width, height, "yuv420p")
        self._planes = [_pixels_of(plane) for plane in self._frame.planes]
        self._planar: Pixels = np.empty((height * 3 // 2, width), np.uint8)
        self._count = 0

    def suits(self, size: Size, fps: float) -> bool:
        """Tell whether it was made for pictures of this size and rate."""
        return self._given == (size, fps)

    def encode(self, pixels: Pixels) -> bytes:
        """Return a colour (BGR) or grey picture as one access unit, in the form of Annex B."""
        self._fill(self._padded(pixels))
        self._frame.pts = self._count
        self._count += 1
        return b"".join(bytes(packet) for packet in self._context.encode(self._frame))

    def _padded(self, pixels: Pixels) -> Pixels:
        """Return the picture with its edge repeated up to the size of the video."""
        below, right = self.size[1] - pixels.shape[0], self.size[0] - pixels.shape[1]
        if not below and not right:
            return pixels
        padded: Any = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE)
        result: Pixels = padded
        return result

    def _fill(self, pixels: Pixels) -> None:
        brightness, *colours = self._planes
        if pixels.ndim == 2:
            cv2.convertScaleAbs(pixels, dst=brightness, alpha=_SLOPE, beta=_BLACK)
            for colour in colours:
                colour[:] = _GREY
            return
        planar = cv2.cvtColor(pixels, cv2.COLOR_BGR2YUV_I420, dst=self._planar)
        start = 0
        for plane in self._planes:
            end = start + plane.size
            plane[:] = planar.reshape(-1)[start:end].reshape(plane.shape)
            start = end


def even(side: int) -> int:
    """Return the side that a video has for that of a picture."""
    return max(side + side % 2, _LEAST_PX)


def _pixels_of(plane: Any) -> Pixels:
    """Return the pixels of a plane in place; its lines are longer than the picture."""
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width]
