"""The seam below the driver: what it needs from a device, real or simulated.

Both sides of the seam speak in plain values. A backend tells what the camera does by itself
through the function `report` that it was made with, from any thread.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lensbus_services.driver import Observation
from lensbus_services.oak.control import Control, Reading
from lensbus_services.oak.features import Features, Size
from lensbus_services.oak.networks import Network

Report = Callable[[Observation], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one stream is to run: which mode of its sensors, which sizes, how often.

    `crop` is where the cut of a picture begins when the resize mode is CROP, as fractions of the
    whole picture; (0, 0), what nobody asked for, is the middle. `network` looks at the pictures.
    """

    stream: str
    mode: Size
    video_size: Size
    still_size: Size
    fps: float
    resize_mode: str
    crop: tuple[float, float] = (0.0, 0.0)
    network: Network | None = None


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """How a lens throws space on its pixels; all in pixels."""

    focal_x: float
    focal_y: float
    center_x: float
    center_y: float


@dataclass(frozen=True, slots=True)
class RawFrame:
    """One frame as it leaves the device.

    `pixels` are BGR, grey, or depth in millimetres (16 bits). `tick_s` is the device's own clock.
    `lens` is that of depth, as far as the device knows it.
    """

    stream: str
    pixels: NDArray[Any]
    time_us: int
    tick_s: float
    seq: int
    reading: Reading
    lens: Intrinsics | None = None

    @property
    def is_depth(self) -> bool:
        """Whether the pixels are millimetres."""
        return self.pixels.dtype == np.uint16


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that a network has found.

    `box` is left, top, right and bottom as shares of the picture; `place_mm` is right of, above
    and away from the sensor, where the device measures depth.
    """

    label: int
    confidence: float
    box: tuple[float, float, float, float]
    place_mm: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a network has found in one picture: things, or bare numbers (`things` is None).

    `stream` is the name of the results, `nn.CAM_A`. `mask` says what every pixel is: 0 nothing, or
    a label and one more.
    """

    stream: str
    time_us: int
    tick_s: float
    seq: int
    things: tuple[Thing, ...] | None
    numbers: tuple[float, ...] = ()
    mask: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of one memory of the device."""

    total: int
    used: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Stats:
    """How warm and how full a device is; temperatures in degrees Celsius by block of the chip."""

    chip_temperature: Mapping[str, float]
    ddr: Memory
    cmx: Memory


class Backend(Protocol):
    """One device, from one `open` to one `close`. Raises `CameraError`; every wait has a limit.

    Whoever wants a device back that was closed makes a new backend. What a device does by itself
    is reported: loss (`disconnected`) and return (`connected`), silence of a stream (`stale`) and
    its end (`fresh`), heat (`overTemperature`, `temperatureNormal`), faults (`error`).
    """

    def open(self) -> Features:
        """Get hold of the device and ask it what it has."""

    def run(self, plans: Mapping[str, Plan], active: frozenset[str]) -> None:
        """Have exactly these streams on, as planned. `plans` names every stream of the device."""

    def flow(self, streams: frozenset[str]) -> None:
        """Name the active streams whose frames are wanted now, and those results of networks."""

    def frames(self, timeout_s: float) -> Sequence[RawFrame | Finding]:
        """Return the newest frame of each flowing stream that has a new one; wait if need be."""

    def capture(self, stream: str, timeout_s: float) -> RawFrame:
        """Return one new frame of an active stream in its still size, flowing or not."""

    def control(self, stream: str, control: Control) -> None:
        """Have the sensors of a stream behave so, now if it is on, and whenever it comes on."""

    def stats(self) -> Stats:
        """Return how the device feels."""

    def set_ir(self, flood: float, dots: float) -> bool:
        """Set the infrared lights, 0 to 1; False when the device has none."""

    def replay(self, stream: str, path: Path | None) -> None:
        """Show a film or a folder of pictures in place of what a sensor sees; None ends it.

        It is shown once; then its last picture stays, and `replayEnded` is reported. Raises
        `Unsupported` where that cannot be, `BadArguments` when it cannot be read.
        """

    def close(self) -> None:
        """Let go of the device. Calling it twice is fine."""
