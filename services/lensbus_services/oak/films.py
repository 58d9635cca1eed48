"""Films and folders of pictures that a simulated sensor may be shown in place of the scene."""

import threading
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np

from lensbus_proto.errors import BadArguments
from lensbus_services.oak.images import Pixels

PICTURES: Final = frozenset((".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"))
FOLDER_FPS: Final = 1.0  # pictures of a folder are shown for a second each
_FPS: Final = 30.0  # of a film that does not say


class Film(Protocol):
    """Numbered pictures, shown again and again."""

    fps: float
    length: int

    def picture(self, number: int) -> Pixels:
        """Return a picture as BGR; in any order, fastest in theirs."""


class Reel:
    """A film on its way through one sensor: the picture of a moment, in colour or grey."""

    def __init__(self, film: Film, has_color: bool) -> None:
        self._film = film
        self._has_color = has_color
        self._begun_s: float | None = None
        self._number = -1
        self._picture: Pixels | None = None
        self._lock = threading.Lock()

    def render(self, time_s: float) -> Pixels:
        """Return a new picture; the film begins with the first call and never ends."""
        return self._at(time_s).copy()

    def brightness(self, time_s: float) -> float:
        """Return how bright the moment is, 0 to 255."""
        return float(self._at(time_s)[::8, ::8].mean())

    def _at(self, time_s: float) -> Pixels:
        with self._lock:
            if self._begun_s is None:
                self._begun_s = time_s
            number = int((time_s - self._begun_s) * self._film.fps + 1e-3) % self._film.length
            if number != self._number or self._picture is None:
                picture = self._film.picture(number)
                self._picture = picture if self._has_color else _grey(picture)
                self._number = number
            return self._picture


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
        self._path = path
        self._capture = cv2.VideoCapture(str(path))
        is_read, first = self._capture.read() if self._capture.isOpened() else (False, None)
        if not is_read or first is None:
            raise BadArguments.of("path", str(path), "a film, or a folder of pictures")
        self._last: Pixels = np.asarray(first, np.uint8)
        self._next = 1
        self.fps = float(self._capture.get(cv2.CAP_PROP_FPS)) or _FPS
        self.length = max(1, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))

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


def _read(path: Path) -> Pixels:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise BadArguments.of("path", str(path), "a picture that can be read")
    return np.asarray(picture, np.uint8)


def _grey(picture: Pixels) -> Pixels:
    grey: Any = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    result: Pixels = grey
    return result
