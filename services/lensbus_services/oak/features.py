"""What an OAK camera has: its identity, sensors, stereo pairs, and the streams these make."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self

Size = tuple[int, int]

COLOR: Final = "COLOR"
MONO: Final = "MONO"

# Names of resolutions, as clients of the Robopipe API know them.
_NAMES: Final[Mapping[str, Mapping[Size, str]]] = {
    COLOR: {
        (1280, 720): "THE_720_P",
        (1280, 800): "THE_800_P",
        (1920, 1080): "THE_1080_P",
        (1920, 1200): "THE_1200_P",
        (2592, 1944): "THE_5_MP",
        (3840, 2160): "THE_4_K",
        (4056, 3040): "THE_12_MP",
        (4208, 3120): "THE_13_MP",
        (8000, 6000): "THE_48_MP",
    },
    MONO: {
        (640, 400): "THE_400_P",
        (640, 480): "THE_480_P",
        (1280, 720): "THE_720_P",
        (1280, 800): "THE_800_P",
        (1920, 1200): "THE_1200_P",
    },
}


@dataclass(frozen=True, slots=True)
class Mode:
    """One way in which a sensor can be read out."""

    width: int
    height: int
    min_fps: float
    max_fps: float

    @property
    def size(self) -> Size:
        """Width and height."""
        return (self.width, self.height)


@dataclass(frozen=True, slots=True)
class Sensor:
    """One image sensor behind one socket."""

    socket: str
    sensor_name: str
    width: int
    height: int
    types: tuple[str, ...]
    has_autofocus: bool
    configs: tuple[Mode, ...]

    @property
    def has_color(self) -> bool:
        """Whether its pictures have colour."""
        return COLOR in self.types

    def resolutions(self) -> dict[str, Mode]:
        """Return the modes by the names of their resolutions, smallest first."""
        names = _NAMES[COLOR if self.has_color else MONO]
        return {
            names.get(mode.size, f"THE_{mode.width}X{mode.height}"): mode
            for mode in sorted(self.configs, key=lambda mode: mode.width * mode.height)
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sensors from which depth can be measured."""

    left: str
    right: str
    baseline_cm: float

    @property
    def stream(self) -> str:
        """The name of the depth stream, `DEPTH_B_C`."""
        return f"DEPTH_{self.left[-1]}_{self.right[-1]}"


@dataclass(frozen=True, slots=True)
class Identity:
    """DeviceInfo of the Robopipe API; the enumerations are XLink's."""

    mxid: str
    name: str
    camera_name: str
    platform: str
    protocol: str
    state: str
    status: str


@dataclass(frozen=True, slots=True)
class Features:
    """All that a camera reports about itself."""

    device: Identity
    sensors: tuple[Sensor, ...]
    pairs: tuple[Pair, ...]
    has_ir: bool

    @property
    def streams(self) -> tuple[str, ...]:
        """The names of all streams: sockets first, then depth."""
        return (*(each.socket for each in self.sensors), *(each.stream for each in self.pairs))

    def sensors_of(self, stream: str) -> tuple[Sensor, ...]:
        """Return the sensor behind a stream, or left and right of a depth stream."""
        by_socket = {sensor.socket: sensor for sensor in self.sensors}
        for pair in self.pairs:
            if pair.stream == stream:
                return (by_socket[pair.left], by_socket[pair.right])
        return (by_socket[stream],)

    def sensor_of(self, stream: str) -> Sensor:
        """Return how a stream can be read out: depth in what both of its sensors can."""
        first, *others = self.sensors_of(stream)
        for other in others:
            sizes = {mode.size for mode in other.configs}
            common = tuple(mode for mode in first.configs if mode.size in sizes)
            first = replace(first, configs=common or first.configs)
        return first

    def baseline_cm(self, stream: str) -> float | None:
        """Return the distance of the two sensors of a depth stream; None of any other."""
        found = (pair.baseline_cm for pair in self.pairs if pair.stream == stream)
        return next(found, None)

    @classmethod
    def from_map(cls, table: Mapping[str, Any]) -> Self:
        """Return what `asdict` took apart."""
        return cls(
            device=Identity(**table["device"]),
            sensors=tuple(
                Sensor(
                    **sensor
                    | {
                        "types": tuple(sensor["types"]),
                        "configs": tuple(Mode(**mode) for mode in sensor["configs"]),
                    }
                )
                for sensor in table["sensors"]
            ),
            pairs=tuple(Pair(**pair) for pair in table["pairs"]),
            has_ir=table["has_ir"],
        )

    def details(self) -> dict[str, Any]:
        """Return the `details` of the command `describe`."""
        whole = asdict(self)
        whole["sensors"] = [
            sensor | {"types": list(sensor["types"]), "configs": list(sensor["configs"])}
            for sensor in whole["sensors"]
        ]
        return {
            "device": whole["device"],
            "sensors": whole["sensors"],
            "pairs": list(whole["pairs"]),
        }
