"""Live pictures: each frame encoded once in every form in which its stream is watched."""

from collections.abc import Iterator
from typing import Final

from lensbus_proto.topics import VIDEO, video_of
from lensbus_services.driver import Frame
from lensbus_services.oak.images import Pixels, encode_jpeg
from lensbus_services.oak.video import FORMAT, Encoder

MEGA: Final = 1_000_000


class Live:
    """What is watched, and the encoders for it; one thread watches and encodes."""

    def __init__(self, jpeg_quality: int, video_mbit: float) -> None:
        self._quality = jpeg_quality
        self._video_mbit = video_mbit
        self._watched: frozenset[str] = frozenset()
        self._encoders: dict[str, Encoder] = {}

    def watch(self, names: frozenset[str]) -> frozenset[str]:
        """Take the names that are watched, of pictures and of video; return their streams."""
        self._watched = names
        for stream in self._encoders.keys() - names:
            del self._encoders[stream]
        return frozenset(name.removeprefix(VIDEO) for name in names)

    def encode(self, stream: str, time_us: int, pixels: Pixels, fps: float) -> Iterator[Frame]:
        """Yield a frame in every form in which its stream is watched."""
        height, width = pixels.shape[:2]
        if stream in self._watched:
            info = {"format": "jpeg", "width": width, "height": height}
            yield Frame(stream, time_us, info, encode_jpeg(pixels, self._quality))
        name = video_of(stream)
        if name in self._watched:
            encoder = self._encoder(name, (width, height), fps)
            image = encoder.encode(pixels)
            width, height = encoder.size
            info = {"format": FORMAT, "width": width, "height": height, "fps": fps}
            yield Frame(name, time_us, info, image)

    def _encoder(self, name: str, size: tuple[int, int], fps: float) -> Encoder:
        encoder = self._encoders.get(name)
        if encoder is None or not encoder.suits(size, fps):
            encoder = self._encoders[name] = Encoder(size, fps, self._video_mbit * MEGA)
        return encoder
