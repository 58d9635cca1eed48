"""Live pictures: each frame encoded once in every form in which its stream is watched."""

from collections.abc import Iterator
from typing import Final

from lensbus_proto.topics import NETWORK, VIDEO, video_of
from lensbus_services.driver import Frame
from lensbus_services.oak.backend import Finding
from lensbus_services.oak.findings import payload
from lensbus_services.oak.images import Pixels, encode_jpeg
from lensbus_services.oak.networks import Network
from lensbus_services.oak.video import FORMAT, Encoder

MEGA: Final = 1_000_000


class Live:
    """What is watched, and the encoders for it; one thread watches and encodes."""

    def __init__(self, jpeg_quality: int, video_mbit: float) -> None:
        self._quality = jpeg_quality
        self._video_mbit = video_mbit
        self._watched: frozenset[str] = frozenset()
        self._encoders: dict[str, Encoder] = {}
        self._due_s: dict[str, float] = {}

    def watch(self, names: frozenset[str]) -> frozenset[str]:
        """Take the names that are watched; return the streams that must flow for them."""
        self._watched = names
        for stream in self._encoders.keys() - names:
            del self._encoders[stream]
        return frozenset(
            name if name.startswith(NETWORK) else name.removeprefix(VIDEO) for name in names
        )

    def encode(
        self, stream: str, time_us: int, pixels: Pixels, fps: float, *, has_ended: bool = False
    ) -> Iterator[Frame]:
        """Yield a frame in every form in which its stream is watched.

        The picture of a film that has ended says so, for those who joined or missed it.
        """
        height, width = pixels.shape[:2]
        more = {"ended": True} if has_ended else {}
        if stream in self._watched:
            info = {"format": "jpeg", "width": width, "height": height}
            yield Frame(stream, time_us, info | more, encode_jpeg(pixels, self._quality))
        name = video_of(stream)
        if name in self._watched:
            encoder = self._encoder(name, (width, height), fps)
            image = encoder.encode(pixels)
            width, height = encoder.size
            info = {"format": FORMAT, "width": width, "height": height, "fps": fps}
            yield Frame(name, time_us, info | more, image)

    def tell(self, found: Finding, network: Network, *, with_places: bool) -> Iterator[Frame]:
        """Yield what a network has found, no more often than its throttle lets through."""
        hertz = network.wish.throttle_hz
        if hertz is not None:
            due_s = self._due_s.get(found.stream, 0.0)
            if found.tick_s < due_s:
                return
            period_s = 1 / hertz
            # A rate that is no part of the stream's is kept on average.
            is_steady = found.tick_s - due_s < period_s
            self._due_s[found.stream] = (due_s if is_steady else found.tick_s) + period_s
        width, height = network.model.input_size
        info = {"format": "json", "width": width, "height": height}
        yield Frame(found.stream, found.time_us, info, payload(found, with_places=with_places))

    def _encoder(self, name: str, size: tuple[int, int], fps: float) -> Encoder:
        encoder = self._encoders.get(name)
        if encoder is None or not encoder.suits(size, fps):
            encoder = self._encoders[name] = Encoder(size, fps, self._video_mbit * MEGA)
        return encoder
