"""What the simulated cameras look at, with the truth about every pixel.

A wall, a floor, and things that move sideways in front of them. Things stand where their
disparity is a whole number of pixels, and only their place in the left picture is rounded, so
left and right agree exactly and depth can be compared with truth.
"""

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lensbus_services.oak.features import Size

Pixels = NDArray[np.uint8]

BASELINE_M: Final = 0.075
MONO_FOV_DEG: Final = 72.0
COLOR_FOV_DEG: Final = 69.0
LEFT_M: Final = -BASELINE_M / 2

_REFERENCE_PX: Final = 640
_FOCAL_PX: Final = _REFERENCE_PX / 2 / math.tan(math.radians(MONO_FOV_DEG / 2))
_TILE_PX: Final = 1024
_TEXEL_M: Final = 0.006
_FLOOR_START_M: Final = 3.0  # keeps the seams of the tile out of sight
_SEED: Final = 2026
_WALL_TINT: Final = (1.06, 1.0, 0.94)  # BGR
_FLOOR_TINT: Final = (0.86, 0.98, 1.08)


@dataclass(frozen=True, slots=True)
class Thing:
    """A flat thing: its disparity at 640 pixels, and its path in pixels of that left picture.

    It swings `sway_px` to both sides, or travels over a belt of `belt_px` again and again.
    """

    name: str
    disparity_px: int
    x_px: float
    y_px: float
    radius_px: float
    sway_px: float
    period_s: float
    tint: tuple[float, float, float]
    belt_px: float = 0.0
    is_round: bool = True

    @property
    def distance_m(self) -> float:
        """How far away it stands."""
        return _FOCAL_PX * BASELINE_M / self.disparity_px

    def place_m(self, time_s: float) -> tuple[float, float]:
        """Return where it is, right of and below the middle of the two cameras."""
        turns = time_s / self.period_s
        moved = self.sway_px * math.sin(2 * math.pi * turns)
        if self.belt_px:
            moved = ((turns + self.x_px / self.belt_px + 0.5) % 1.0 - 0.5) * self.belt_px
            moved -= self.x_px
        scale = self.distance_m / _FOCAL_PX
        return ((self.x_px + moved) * scale + LEFT_M, self.y_px * scale)


@dataclass(frozen=True, slots=True)
class Scene:
    """A room and what is in it, far things first: later ones are painted over earlier ones.

    `light` is how bright it is, 1 being what a sensor likes best; `kelvin` the colour of the light.
    """

    name: str
    things: tuple[Thing, ...]
    wall_m: float = 4.0
    floor_m: float = 0.75  # below the cameras
    light: float = 1.0
    kelvin: int = 5000

    @property
    def subject_m(self) -> float:
        """How far away the nearest thing is, on which a lens focuses."""
        return min(thing.distance_m for thing in self.things)


def _part(name: str, x_px: float, tint: tuple[float, float, float], is_round: bool) -> Thing:
    """Return one of the parts on the belt, which all travel at one distance."""
    return Thing(name, 26, x_px, 30.0, 48.0, 0.0, 12.0, tint, belt_px=880.0, is_round=is_round)


DISCS: Final = (
    Thing("red", 12, -75.0, -85.0, 46.0, 45.0, 9.0, (0.55, 0.6, 1.2)),
    Thing("green", 18, 165.0, -80.0, 50.0, 50.0, 7.0, (0.6, 1.15, 0.65)),
    Thing("blue", 26, -45.0, 65.0, 55.0, 45.0, 6.0, (1.2, 0.8, 0.6)),
    Thing("yellow", 40, 160.0, 75.0, 62.0, 50.0, 5.0, (0.55, 1.1, 1.15)),
)

SCENES: Final = {
    scene.name: scene
    for scene in (
        Scene("discs", DISCS),
        Scene(
            "belt",
            (
                _part("box", -330.0, (0.6, 0.85, 1.15), is_round=False),
                _part("lid", -110.0, (1.15, 0.9, 0.6), is_round=True),
                _part("tray", 110.0, (0.65, 1.1, 0.7), is_round=False),
                _part("cap", 330.0, (0.9, 0.6, 1.1), is_round=True),
            ),
            wall_m=2.5,
            floor_m=0.6,
            light=0.3,
            kelvin=3600,
        ),
    )
}
DEFAULT: Final = SCENES["discs"]


@dataclass(frozen=True, slots=True)
class Lens:
    """From where and how wide a camera looks; `right_m` is its place between the cameras."""

    size: Size
    fov_deg: float
    right_m: float
    has_color: bool

    @property
    def focal_px(self) -> float:
        """The focal length in pixels."""
        return self.size[0] / 2 / math.tan(math.radians(self.fov_deg / 2))


@dataclass(frozen=True, slots=True)
class Truth:
    """What is really there: distance of every pixel, and which pixels show which thing."""

    distance_m: NDArray[np.float32]
    masks: dict[str, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class _Sprite:
    picture: Pixels
    mask: Pixels


class View:
    """A scene through one lens. What does not move is drawn once, here."""

    def __init__(self, lens: Lens, scene: Scene) -> None:
        self._lens = lens
        self._scene = scene
        self._background = _background(lens, scene)
        self._sprites = [
            _sprite(thing, index, lens, scene.light) for index, thing in enumerate(scene.things)
        ]

    def render(self, time_s: float) -> Pixels:
        """Return a new picture, BGR or grey, as a perfect sensor sees it."""
        picture = self._background.copy()
        for thing, sprite in zip(self._scene.things, self._sprites, strict=True):
            there, part = _overlap(_corner(thing, self._lens, time_s), sprite, self._lens.size)
            if picture[there].size:
                cv2.copyTo(sprite.picture[part], sprite.mask[part], picture[there])
        return picture

    def brightness(self, time_s: float) -> float:
        """Return how bright the moment is, 0 to 255."""
        return float(self.render(time_s).mean())

    def truth(self, time_s: float) -> Truth:
        """Return the distance of every pixel, and the visible pixels of every thing."""
        width, height = self._lens.size
        rows = _row_distances(self._lens, self._scene)
        distance = np.broadcast_to(rows[:, None], (height, width)).copy()
        owner = np.full((height, width), -1, np.int8)
        for index, (thing, sprite) in enumerate(
            zip(self._scene.things, self._sprites, strict=True)
        ):
            there, part = _overlap(_corner(thing, self._lens, time_s), sprite, self._lens.size)
            inside = sprite.mask[part] > 0
            distance[there][inside] = thing.distance_m
            owner[there][inside] = index
        masks = {thing.name: owner == index for index, thing in enumerate(self._scene.things)}
        return Truth(distance, masks)


@lru_cache(maxsize=8)
def view(lens: Lens, scene: Scene = DEFAULT) -> View:
    """Return a scene through a lens; what was used lately is not drawn again."""
    return View(lens, scene)


def left_lens(size: Size) -> Lens:
    """Return the lens of the left mono camera, from which depth is measured."""
    return Lens(size, MONO_FOV_DEG, LEFT_M, has_color=False)


def right_lens(size: Size) -> Lens:
    """Return the lens of the right mono camera."""
    return Lens(size, MONO_FOV_DEG, LEFT_M + BASELINE_M, has_color=False)


def color_lens(size: Size) -> Lens:
    """Return the lens of the colour camera, halfway between the others."""
    return Lens(size, COLOR_FOV_DEG, 0.0, has_color=True)


def box_of(thing: Thing, lens: Lens, time_s: float) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a thing in pixels, beyond the picture perhaps."""
    x, y = _corner(thing, lens, time_s)
    side = 2 * _radius(thing, lens) + 1
    return (x, y, x + side, y + side)


def _corner(thing: Thing, lens: Lens, time_s: float) -> tuple[int, int]:
    """Return the upper left corner of a thing's sprite in the picture."""
    x_m, y_m = thing.place_m(time_s)
    scale = lens.focal_px / thing.distance_m
    # Rounded as the left camera sees it; the rest of the way is a whole disparity.
    left_px = round((x_m - LEFT_M) * scale)
    x_px = lens.size[0] // 2 + left_px - round((lens.right_m - LEFT_M) * scale)
    y_px = lens.size[1] // 2 + round(y_m * scale)
    radius = _radius(thing, lens)
    return (x_px - radius, y_px - radius)


def _overlap(
    corner: tuple[int, int], sprite: _Sprite, size: Size
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the part of the picture that a sprite covers, and the part of the sprite."""
    x, y = corner
    height, width = sprite.mask.shape
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = max(min(x + width, size[0]), x0), max(min(y + height, size[1]), y0)
    there = (slice(y0, y1), slice(x0, x1))
    return there, (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))


def _radius(thing: Thing, lens: Lens) -> int:
    return round(thing.radius_px * lens.focal_px / _FOCAL_PX)


def _row_distances(lens: Lens, scene: Scene) -> NDArray[np.float32]:
    """Return the distance of the background, which is the same along a row."""
    below = np.arange(lens.size[1], dtype=np.float32) - lens.size[1] // 2
    floor = np.where(below > 0, scene.floor_m * lens.focal_px / np.maximum(below, 1e-3), np.inf)
    distances: NDArray[np.float32] = np.minimum(floor, scene.wall_m).astype(np.float32)
    return distances


def _background(lens: Lens, scene: Scene) -> Pixels:
    width, height = lens.size
    distance = _row_distances(lens, scene)[:, None]
    columns = (np.arange(width, dtype=np.float32) - width // 2)[None, :]
    rows = (np.arange(height, dtype=np.float32) - height // 2)[:, None]
    across_m = columns * (distance / lens.focal_px) + np.float32(lens.right_m)
    # Along the wall the texture runs downwards, along the floor towards the camera.
    is_floor = distance < scene.wall_m
    along_m = np.where(is_floor, _FLOOR_START_M - distance, rows * (distance / lens.focal_px))
    along = np.broadcast_to(along_m.astype(np.float32), (height, width)) / np.float32(_TEXEL_M)
    middle = np.float32(_TILE_PX / 2)
    picture = _lit(_sample(across_m / np.float32(_TEXEL_M) + middle, along + middle), scene.light)
    if not lens.has_color:
        return picture
    horizon = int(np.argmax(is_floor)) if is_floor.any() else height
    return np.concatenate(
        (_tint(picture[:horizon], _WALL_TINT), _tint(picture[horizon:], _FLOOR_TINT))
    )


def _sprite(thing: Thing, index: int, lens: Lens, light: float) -> _Sprite:
    radius = _radius(thing, lens)
    span = np.arange(-radius, radius + 1, dtype=np.float32)
    texels = np.float32(thing.distance_m / lens.focal_px / _TEXEL_M)
    size = (span.size, span.size)
    x = np.broadcast_to(span[None, :] * texels + 211.0 * (index + 1), size)
    y = np.broadcast_to(span[:, None] * texels + 97.0 * (index + 1), size)
    is_inside = np.hypot(span[None, :], span[:, None]) <= (radius if thing.is_round else np.inf)
    picture = _lit(_sample(x.astype(np.float32), y.astype(np.float32)), light)
    return _Sprite(
        _tint(picture, thing.tint) if lens.has_color else picture, is_inside.astype(np.uint8)
    )


def _sample(x: NDArray[np.float32], y: NDArray[np.float32]) -> Pixels:
    size = np.float32(_TILE_PX)
    sampled: Any = cv2.remap(
        _tile(), np.mod(x, size), np.mod(y, size), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
    picture: Pixels = sampled
    return picture


def _lit(grey: Pixels, light: float) -> Pixels:
    lit: Any = cv2.convertScaleAbs(grey, alpha=light) if light != 1.0 else grey
    picture: Pixels = lit
    return picture


def _tint(grey: Pixels, tint: tuple[float, float, float]) -> Pixels:
    shades = np.arange(256)[:, None] * np.array(tint)[None, :]
    table = np.clip(np.rint(shades), 0, 255).astype(np.uint8)[None, :, :]
    tinted: Any = cv2.LUT(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), table)
    picture: Pixels = tinted
    return picture


@cache
def _tile() -> Pixels:
    """Return noise with detail at every scale, so that every distance can be matched."""
    random = np.random.default_rng(_SEED)
    total = np.zeros((_TILE_PX, _TILE_PX), np.float32)
    for blob, weight in ((1, 0.7), (2, 1.0), (4, 1.0), (8, 0.8), (32, 0.7)):
        cells = _TILE_PX // blob
        noise = random.standard_normal((cells, cells)).astype(np.float32)
        total += weight * cv2.resize(noise, (_TILE_PX, _TILE_PX), interpolation=cv2.INTER_LINEAR)
    total = (total - total.mean()) / total.std()
    tile: Pixels = np.clip(np.rint(100.0 + 38.0 * total), 8, 235).astype(np.uint8)
    return tile
