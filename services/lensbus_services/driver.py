"""What a vendor has to provide, and the plain values that cross this seam.

A driver owns one camera. Vendor objects, pointers and threads stay below it. Whatever the camera
does by itself comes out of `drain`; pictures come out of `pictures`, only while they are watched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Description:
    """What a camera is and can do, as the camera itself reports it."""

    vendor: str
    model: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observation:
    """What a driver saw, not numbered yet by its worker. `time_us` is Unix microseconds."""

    kind: str
    time_us: int
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of one stream. `info` holds at least `format`, `width` and `height`."""

    stream: str
    time_us: int
    info: Mapping[str, Any]
    image: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What a command gave: a map of plain values, and files as bytes."""

    data: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Stuck:
    """A call into a vendor's SDK that has not come back for longer than it may take."""

    call: str
    for_s: float


class Driver(Protocol):
    """One camera. Raises `CommandError`; never returns a falsy value for failure.

    `execute` is called from several threads at once and must order its own SDK calls; `drain` with
    `describe`, `watch` and `pictures` each have one calling thread. The kinds `connected` and
    `disconnected` tell the worker whether the camera is connected.
    """

    def open(self) -> Description:
        """Get hold of the SDK and find the camera. Called once, before everything else."""

    def close(self) -> None:
        """Let go of the camera and the SDK within 1.5 s. Calling it twice is fine."""

    def describe(self) -> Description:
        """Return what the camera is and can do now; this waits for no camera and no command.

        It is asked again after each `connected` and `disconnected`.
        """

    def execute(self, name: str, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        """Carry out one command; `deadline_s` is the time in seconds that the caller waits."""

    def drain(self, timeout_s: float) -> Sequence[Observation]:
        """Return what happened since the last call, in order; wait for the first if need be."""

    def observed(self) -> int:
        """Return how many observations there have been so far, drained or not.

        What a command caused is counted before `execute` returns, so that it is told first.
        """

    def stuck(self) -> Stuck | None:
        """Return the call into the SDK that does not come back, if there is one."""

    def watch(self, streams: frozenset[str]) -> None:
        """Name the streams that somebody looks at now: others need not be fetched or encoded."""

    def pictures(self, timeout_s: float) -> Sequence[Frame]:
        """Return the newest frame of each watched stream that has a new one; wait if need be."""
