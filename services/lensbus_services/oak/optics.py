"""What a simulated sensor makes of the scene: exposure, colour, focus and noise.

Plain state, moved by settings and by `settle`; nothing here knows depthai or time. Only effects
that change something are computed: a sensor in a good light costs nothing.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lensbus_services.oak.control import Reading

Pixels = NDArray[np.uint8]

# Exposure in microseconds times ISO at which the scene looks as it was drawn.
PROPER: Final = 20_000.0 * 400.0
TARGET: Final = 99.0  # mean brightness that automatic exposure aims at
LIGHT_K: Final = 5000  # colour of the light, unless a scene has another
SUBJECT_M: Final = 0.826  # the distance that lenses focus on, unless a scene has another
EXPOSURE_RANGE_US: Final = (10, 33_000)
ISO_RANGE: Final = (100, 1600)
# Temperatures that the fixed white balance modes stand for.
PRESETS_K: Final = {
    "INCANDESCENT": 2850,
    "WARM_FLUORESCENT": 3000,
    "FLUORESCENT": 4000,
    "DAYLIGHT": 5500,
    "CLOUDY_DAYLIGHT": 6500,
    "SHADE": 7500,
    "TWILIGHT": 10_000,
}

_SETTLED_STOPS: Final = 0.1  # automatic exposure rests this close to its target
_SPEED: Final = 0.6  # part of the way that it goes in one step
_QUIET_ISO: Final = 400
_NOISE: Final = 2.5  # standard deviation per stop above the quiet ISO
_LENS_FAR: Final = 0.4
_LENS_PER_DIOPTRE: Final = 0.08
_SHARP: Final = 0.02  # lens error that cannot be seen
_BLUR: Final = 0.012  # of the picture's width, per unit of lens error


@dataclass(slots=True)
class Optics:
    """The settings of one sensor, and what its automatics have made of them."""

    has_color: bool
    has_autofocus: bool
    frame_us: int = EXPOSURE_RANGE_US[1]
    exposure_us: int = 20_000
    iso: int = 400
    auto_exposure: bool = True
    exposure_lock: bool = False
    compensation: int = 0
    exposure_limit_us: int = 0
    brightness: int = 0
    contrast: int = 0
    saturation: int = 0
    chroma_denoise: int = 0
    luma_denoise: int = 0
    whitebalance: str = "AUTO"
    whitebalance_lock: bool = False
    manual_k: int = 6500
    kelvin: int = LIGHT_K
    focus_mode: str = "CONTINUOUS_VIDEO"
    focusing: bool = False
    lens: float = field(default_factory=lambda: lens_for(SUBJECT_M))
    flood: float = 0.0
    light: float = 1.0
    light_k: int = LIGHT_K
    subject_m: float = SUBJECT_M

    def settle(self, scene_mean: float) -> bool:
        """Let the automatics go one step; return whether they have come to rest."""
        rested = (self._settle_exposure(scene_mean), self._settle_color(), self._settle_focus())
        return all(rested)

    def reading(self) -> Reading:
        """Return with what a frame is taken now."""
        return Reading(
            exposure_us=self.exposure_us,
            iso=self.iso,
            kelvin=self.kelvin if self.has_color else 0,
            lens=self.lens if self.has_autofocus else None,
        )

    def take(self, scene: Pixels, noise: "Noise") -> Pixels:
        """Return the picture that the sensor takes of a scene. May change `scene`."""
        picture = self._focused(scene)
        table = self._tones()
        if table is not None:
            picture = cv2.LUT(picture, table)  # type: ignore[assignment]  # uint8 in, uint8 out
        if self.has_color and self.saturation:
            picture = self._saturated(picture)
        if self.noise_level > 0:
            picture = noise.add(picture, self.noise_level)
        return picture

    @property
    def noise_level(self) -> float:
        """The standard deviation of the noise, in steps of brightness."""
        stops = math.log2(max(self.iso, _QUIET_ISO) / _QUIET_ISO)
        return _NOISE * stops / (1 + self.luma_denoise / 2 + self.chroma_denoise / 4)

    def _gain(self) -> float:
        return self.exposure_us * self.iso / PROPER * (1 + self.flood / self.light)

    def _settle_exposure(self, scene_mean: float) -> bool:
        if not self.auto_exposure or self.exposure_lock:
            return True
        seen = min(max(scene_mean * self._gain(), 1.0), 255.0)
        error = math.log2(TARGET / seen) + self.compensation / 3
        longest = min(EXPOSURE_RANGE_US[1], self.frame_us, self.exposure_limit_us or self.frame_us)
        too_long = self.exposure_us > longest
        if abs(error) <= _SETTLED_STOPS and not too_long:
            return True
        before = (self.exposure_us, self.iso)
        product = self.exposure_us * self.iso * 2 ** (error * _SPEED)
        # A longer exposure costs nothing, a higher ISO costs noise.
        exposure = min(max(product / ISO_RANGE[0], EXPOSURE_RANGE_US[0]), longest)
        self.exposure_us = round(exposure)
        self.iso = round(min(max(product / exposure, ISO_RANGE[0]), ISO_RANGE[1]))
        return before == (self.exposure_us, self.iso)

    def _settle_color(self) -> bool:
        if self.whitebalance == "OFF":
            wanted = self.manual_k
        elif self.whitebalance == "AUTO":
            wanted = self.kelvin if self.whitebalance_lock else self.light_k
        else:
            wanted = PRESETS_K[self.whitebalance]
        step = wanted - self.kelvin
        is_near = abs(step) < 20 or self.whitebalance != "AUTO"
        self.kelvin = wanted if is_near else self.kelvin + round(step * _SPEED)
        return self.kelvin == wanted

    def _settle_focus(self) -> bool:
        follows = self.focus_mode.startswith("CONTINUOUS") or self.focusing
        if not self.has_autofocus or not follows:
            return True
        step = lens_for(self.subject_m) - self.lens
        self.focusing = self.focusing and abs(step) > _SHARP / 2
        self.lens += step if abs(step) <= _SHARP / 2 else step * _SPEED
        return abs(step) <= _SHARP / 2

    def _focused(self, scene: Pixels) -> Pixels:
        error = abs(self.lens - lens_for(self.subject_m)) if self.has_autofocus else 0.0
        if error <= _SHARP:
            return scene
        side = 1 + 2 * max(1, round(error * _BLUR * scene.shape[1]))
        blurred: Any = cv2.blur(scene, (side, side))
        picture: Pixels = blurred
        return picture

    def _tones(self) -> Pixels | None:
        """Return exposure, brightness, contrast and white balance in one table, if any acts."""
        gains = np.full(3 if self.has_color else 1, self._gain())
        if self.has_color:
            # Who takes the light for warmer than it is makes the picture bluer.
            warmth = math.sqrt(self.kelvin / self.light_k)
            gains = gains * np.array((1 / warmth, 1.0, warmth))
        shift, slope = 6.0 * self.brightness, 1 + 0.07 * self.contrast
        if shift == 0 and slope == 1 and np.abs(np.log2(gains)).max() <= _SETTLED_STOPS:
            return None
        tones = np.minimum(np.arange(256)[:, None] * gains[None, :], 255.0)
        tones = (tones - 128) * slope + 128 + shift
        table: Pixels = np.clip(np.rint(tones), 0, 255).astype(np.uint8)[None, :, :]
        return table

    def _saturated(self, picture: Pixels) -> Pixels:
        grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        share = 1 + self.saturation / 10
        mixed: Any = cv2.addWeighted(picture, share, grey, 1 - share, 0)
        result: Pixels = mixed
        return result


class Noise:
    """Grain for one size of pictures: one tile, laid differently under each."""

    _MARGIN: Final = 64
    _UNIT: Final = 16.0  # the tile holds 16ths, so that small noise is not rounded away

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._tile: NDArray[np.int16] | None = None

    def add(self, picture: Pixels, level: float) -> Pixels:
        """Return the picture with noise of this standard deviation."""
        height, width = picture.shape[:2]
        needed = (height + self._MARGIN, width + self._MARGIN, *picture.shape[2:])
        if self._tile is None or self._tile.shape != needed:
            grain = self._random.standard_normal(needed, dtype=np.float32) * self._UNIT
            self._tile = grain.astype(np.int16)
        y, x = self._random.integers(0, self._MARGIN, 2)
        part = self._tile[y : y + height, x : x + width]
        noisy: Any = cv2.addWeighted(picture, 1.0, part, level / self._UNIT, 0.0, dtype=cv2.CV_8U)
        result: Pixels = noisy
        return result


def lens_for(distance_m: float) -> float:
    """Return the lens position that is sharp at a distance."""
    return min(_LENS_FAR + _LENS_PER_DIOPTRE / distance_m, 1.0)
