"""The last seconds of one stream as a film in memory, encoded as they pass.

Whole groups of pictures come and go: each begins with one that can be decoded by itself.
"""

import io
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
import cv2
import numpy as np

from lensbus_proto.runtime.settings import OakRecordingSettings
from lensbus_services.oak.images import Pixels
from lensbus_services.oak.video import even

MIME: Final = "video/webm"
MILLISECOND: Final = Fraction(1, 1000)

_BITS_PER_PIXEL: Final = 0.2
_GROUP_S: Final = 2.0
_MOST_BYTES: Final = 48 * 1024 * 1024  # a part of a reply has at most 64 MiB


@dataclass(frozen=True, slots=True)
class _Encoded:
    time_ms: int
    image: bytes
    begins_group: bool


class Recording:
    """Encodes what one thread adds, and gives any thread the last seconds of it."""

    def __init__(self, settings: OakRecordingSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._kept: deque[_Encoded] = deque()
        self._bytes = 0
        self._size = (0, 0)
        self._context: Any = None

    def add(self, pixels: Pixels, time_us: int) -> None:
        """Add a colour (BGR) or grey picture; one of another shape begins the recording anew."""
        time_ms = time_us // 1000
        size = self._size_of(pixels)
        if self._context is None or size != self._size:
            self._begin(size)
        elif self._kept and time_ms <= self._kept[-1].time_ms:
            return  # a clock was set back, or the same picture came twice
        frame = av.VideoFrame.from_ndarray(_scaled(pixels, size), format="bgr24")
        frame.pts, frame.time_base = time_ms, MILLISECOND
        for packet in self._context.encode(frame.reformat(format="yuv420p")):
            encoded = _Encoded(time_ms, bytes(packet), packet.is_keyframe)
            with self._lock:
                self._kept.append(encoded)
                self._bytes += len(encoded.image)
                self._trim()

    def webm(self) -> bytes | None:
        """Return the film that ends with the newest picture; None when there is no picture."""
        with self._lock:
            kept, size = list(self._kept), self._size
        return _muxed(kept, size, self._settings.fps) if kept else None

    def _begin(self, size: tuple[int, int]) -> None:
        fps = Fraction(self._settings.fps).limit_denominator(1001)
        context: Any = av.CodecContext.create("libvpx", "w")
        context.width, context.height, context.pix_fmt = *size, "yuv420p"
        context.framerate, context.time_base = fps, MILLISECOND
        context.gop_size = max(1, round(fps * Fraction(_GROUP_S)))
        context.bit_rate = int(size[0] * size[1] * fps * Fraction(_BITS_PER_PIXEL))
        context.thread_count = 1  # more would only take the cores from the other workers
        context.options = {
            "deadline": "realtime",
            "cpu-used": "12",
            "lag-in-frames": "0",
            "auto-alt-ref": "0",
        }
        with self._lock:
            self._context, self._size = context, size
            self._kept.clear()
            self._bytes = 0

    def _trim(self) -> None:
        """Drop the first groups as long as what stays is long enough, or is too much."""
        oldest_ms = self._kept[-1].time_ms - round(self._settings.seconds * 1000)
        while (second := self._second_group()) is not None:
            if self._kept[second].time_ms > oldest_ms and self._bytes <= _MOST_BYTES:
                return
            for _ in range(second):
                self._bytes -= len(self._kept.popleft().image)

    def _second_group(self) -> int | None:
        places = range(1, len(self._kept))
        return next((place for place in places if self._kept[place].begins_group), None)

    def _size_of(self, pixels: Pixels) -> tuple[int, int]:
        height, width = pixels.shape[:2]
        scale = min(1.0, self._settings.width / width)
        return even(round(width * scale)), even(round(height * scale))


def _scaled(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    scaled: Any = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    if scaled.ndim == 2:
        scaled = cv2.cvtColor(scaled, cv2.COLOR_GRAY2BGR)
    return np.asarray(scaled, np.uint8)


def _muxed(kept: Sequence[_Encoded], size: tuple[int, int], fps: float) -> bytes:
    """Return encoded pictures as a WebM file that begins with the time 0."""
    target = io.BytesIO()
    with av.open(target, "w", format="webm") as container:
        stream: Any = container.add_stream("libvpx", rate=Fraction(fps).limit_denominator(1001))
        stream.width, stream.height = size
        stream.time_base = MILLISECOND
        for each in kept:
            packet = av.Packet(each.image)
            packet.stream = stream
            packet.pts = packet.dts = each.time_ms - kept[0].time_ms
            packet.time_base = MILLISECOND
            packet.is_keyframe = each.begins_group
            container.mux(packet)
    return target.getvalue()
