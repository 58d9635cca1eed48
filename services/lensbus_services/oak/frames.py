"""The frames of one device on their way to the driver: live ones and stills, newest wins."""

from collections.abc import Callable, Mapping, Sequence

from lensbus_proto.errors import CameraTimeout
from lensbus_proto.topics import network_of
from lensbus_services.oak.backend import Finding, Plan, RawFrame
from lensbus_services.oak.freshness import Flowing
from lensbus_services.oak.newest import Newest


class Frames:
    """What readers put in and the driver takes out. `videos` and `stills` are for the readers.

    Among the videos are the results of networks, under names of their own.
    """

    def __init__(self) -> None:
        self.videos: Newest[RawFrame | Finding] = Newest()
        self.stills: Newest[RawFrame] = Newest()
        self.flowing: frozenset[str] = frozenset()
        self._begun: dict[str, int] = {}

    def flow(self, streams: frozenset[str]) -> None:
        """Name the streams that are wanted live; those that begin start without old frames."""
        self._begin(streams - self.flowing)
        self.flowing = streams

    def begin(self) -> None:
        """Count from here, as after a new graph: what flows has to begin again."""
        self._begin(self.flowing)

    def forget(self, stream: str) -> None:
        """Drop what a stream has left behind."""
        self.videos.forget(stream)
        self.videos.forget(network_of(stream))
        self.stills.forget(stream)

    def take(self, timeout_s: float) -> Sequence[RawFrame | Finding]:
        """Return the newest frames of the flowing streams."""
        return self.videos.take(self.flowing, timeout_s)

    def still(self, stream: str, ask: Callable[[], None], timeout_s: float) -> RawFrame:
        """Ask for a still and return the first that comes after that."""
        count = self.stills.count(stream)
        ask()
        frame = self.stills.after(stream, count, timeout_s)
        if frame is None:
            raise CameraTimeout(f"no frame of {stream} within {timeout_s:.2f} s")
        return frame

    def expected(self, plans: Mapping[str, Plan], active: frozenset[str]) -> dict[str, Flowing]:
        """Return the streams that should give pictures now, with how many have come."""
        return {
            stream: Flowing(plans[stream].fps, self.videos.count(stream) - self._begun[stream])
            for stream in self.flowing & active & plans.keys()
        }

    def _begin(self, streams: frozenset[str]) -> None:
        for stream in streams:
            self.videos.forget(stream)
            self._begun[stream] = self.videos.count(stream)
