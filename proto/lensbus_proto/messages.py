"""The messages of the bus as plain values; `codec` turns them into parts and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

Data = Mapping[str, Any]

DEADLINE_MS: Final = 5000


class HeaderType(IntEnum):
    """What the parts behind a header are."""

    EVENT = 1
    PICTURE = 2


@dataclass(frozen=True, slots=True)
class Header:
    """Part 1 of every event and picture: all that a relay may read.

    `epoch` is one life of a worker and `seq` counts its events from 1. `position` is the
    broker's total order under `journal`; both are 0 until the broker stamps them. `time_us` is
    Unix time in microseconds at which the driver saw it.
    """

    type: HeaderType
    epoch: int
    seq: int
    time_us: int
    journal: int = 0
    position: int = 0
    from_broker: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one camera."""

    camera: str
    kind: str
    header: Header
    data: Data


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame of one stream; `info` holds at least `format`, `width` and `height`."""

    camera: str
    stream: str
    header: Header
    info: Data
    image: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """One request to a camera's worker (or, with an empty camera, to the broker)."""

    id: str
    name: str
    arguments: Data = field(default_factory=dict)
    deadline_ms: int = DEADLINE_MS
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The one answer to a command: a result or an error, and files as further parts."""

    id: str
    result: Data | None = None
    error: Data | None = None
    parts: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a worker's process ended: by a signal (`SIGSEGV`), or with an exit code."""

    pid: int
    time_us: int
    signal: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True)
class Crashes:
    """How often the workers of one camera died by one signal, and when they did last."""

    signal: str
    count: int
    time_us: int


@dataclass(frozen=True, slots=True)
class Past:
    """What the process manager knows of the workers that a camera had before this one.

    An end that was asked for is none of the crashes.
    """

    ended: Ended
    crashes: tuple[Crashes, ...] = ()


@dataclass(frozen=True, slots=True)
class Hello:
    """A worker presents itself and the camera that it holds."""

    camera: str
    epoch: int
    seq: int
    vendor: str
    model: str
    connected: bool
    description: Data = field(default_factory=dict)
    pid: int = 0
    past: Past | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A worker is alive: its newest event number and whether its camera is connected.

    `stuck` names the call into the vendor's SDK that does not come back, if there is one.
    """

    camera: str
    epoch: int
    seq: int
    connected: bool
    stuck: str = ""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """A worker leaves on purpose; `seq` is the number of its last event."""

    camera: str
    epoch: int
    seq: int
    reason: str
