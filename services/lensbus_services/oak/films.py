"""Films and folders of pictures that a simulated sensor may be shown in place of the scene."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import av
import cv2
import numpy as np

from lensbus_proto.errors import BadArguments
from lensbus_services.oak.images import Pixels

PICTURES: Final = frozenset((".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"))
FOLDER_FPS: Final = 1.0  # pictures of a folder are shown for a second each
_FPS: Final = 30.0  # of a film that does not say
_LEAST_FPS: Final = 0.1
_MOST_FPS: Final = 240.0
_MOST_PIXELS: Final = 8192 * 6144


class Film(Protocol):
    """Numbered pictures."""

    fps: float
    length: int

    def picture(self, number: int) -> Pixels:
        """Return a picture as BGR; in any order, fastest in theirs."""


class Reel:
    """A film on its way through one sensor: the picture of a moment, in colour or grey.

    It is shown again and again; with `on_end` once: that is called, and the last picture stays.
    """

    def __init__(
        self, film: Film, has_color: bool, on_end: Callable[[], None] | None = None
    ) -> None:
        self._film = film
        self._has_color = has_color
        self._on_end = on_end
        self._has_ended = False
        self._begun_s: float | None = None
        self._number = -1
        self._picture: Pixels | None = None
        self._lock = threading.Lock()

    def render(self, time_s: float) -> Pixels:
        """Return a new picture; the film begins with the first call."""
        return self._at(time_s).copy()

    def brightness(self, time_s: float) -> float:
        """Return how bright the moment is, 0 to 255."""
        return float(self._at(time_s)[::8, ::8].mean())

    def _at(self, time_s: float) -> Pixels:
        with self._lock:
            if self._begun_s is None:
                self._begun_s = time_s
            number = self._place(int((time_s - self._begun_s) * self._film.fps + 1e-3))
            if number != self._number or self._picture is None:
                picture = self._film.picture(number)
                self._picture = picture if self._has_color else _grey(picture)
                self._number = number
            return self._picture

    def _place(self, number: int) -> int:
        if self._on_end is None:
            return number % self._film.length
        if number >= self._film.length and not self._has_ended:
            self._has_ended = True
            self._on_end()
        return min(number, self._film.length - 1)


def load(path: Path) -> Film:
    """Return the film in a file or the pictures in a folder."""
    if path.is_dir():
        return _Folder(path)
    return _File(path)


class _Folder:
    """The pictures of a folder in the order of their names, all in the size of the first."""

    fps = FOLDER_FPS

    def __init__(self, path: Path) -> None:
        self._paths = sorted(each for each in path.iterdir() if each.suffix.lower() in PICTURES)
        if not self._paths:
            raise BadArguments.of("path", str(path), f"pictures ({', '.join(sorted(PICTURES))})")
        self.length = len(self._paths)
        height, width = _read(self._paths[0]).shape[:2]
        self._size = (width, height)

    def picture(self, number: int) -> Pixels:
        """Return one of the pictures."""
        picture = _read(self._paths[number])
        if picture.shape[1::-1] == self._size:
            return picture
        resized: Any = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        result: Pixels = resized
        return result


class _File:
    """A film file."""

    def __init__(self, path: Path) -> None:
        self.fps, self.length = _measured(path)
        self._capture = cv2.VideoCapture(str(path))
        is_read, first = self._capture.read() if self._capture.isOpened() else (False, None)
        if not is_read or first is None:
            raise _no_film(path)
        self._last: Pixels = np.asarray(first, np.uint8)
        self._next = 1

    def picture(self, number: int) -> Pixels:
        """Return one of the pictures, the last readable one where the file is broken."""
        if number < self._next - 1:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            self._next = 0
        while self._next < number and self._capture.grab():
            self._next += 1
        if self._next <= number:
            is_read, picture = self._capture.read()
            if is_read:
                self._last = np.asarray(picture, np.uint8)
            self._next = number + 1
        return self._last


def _measured(path: Path) -> tuple[float, int]:
    """Return pictures a second and how many there are, counted: a recording may not say."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            if stream.width * stream.height > _MOST_PIXELS:
                raise BadArguments.of("path", str(path), f"at most {_MOST_PIXELS} pixels")
            packets = [packet for packet in container.demux(stream) if packet.size]
            times = sorted(packet.pts for packet in packets if packet.pts is not None)
            span_s = float((times[-1] - times[0]) * (stream.time_base or 0)) if times else 0.0
            told = float(stream.average_rate or _FPS)
    except (av.FFmpegError, LookupError, ValueError) as error:
        raise _no_film(path) from error
    if not packets:
        raise _no_film(path)
    fps = (len(times) - 1) / span_s if span_s > 0 else told
    return min(max(fps, _LEAST_FPS), _MOST_FPS), len(packets)


def _no_film(path: Path) -> BadArguments:
    return BadArguments.of("path", str(path), "a film, or a folder of pictures")


def _read(path: Path) -> Pixels:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise BadArguments.of("path", str(path), "a picture that can be read")
    return np.asarray(picture, np.uint8)


def _grey(picture: Pixels) -> Pixels:
    grey: Any = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    result: Pixels = grey
    return result
