"""Pictures of one stream as the messages of one viewer's video socket."""

from dataclasses import dataclass
from typing import Final

from lensbus_gateway import mp4
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.messages import Picture

UNITS_PER_PICTURE: Final = 1000  # of time: a picture of any usual rate lasts a whole number of them

LIMIT_PX: Final = 65_536
LIMIT_TIMESCALE: Final = 2**32


@dataclass(slots=True)
class Film:
    """What one viewer was given so far: its time begins with its first picture."""

    _track: mp4.Track | None = None
    _began_us: int = 0
    _time_us: int = -1
    _number: int = 0

    def messages(self, picture: Picture) -> list[bytes]:
        """Return a fragment with the picture; before it the beginning, if that is a new one.

        Players take a new beginning at any place, so size and rate may change.
        """
        try:
            unit = mp4.read_access_unit(picture.image)
            track, rate = _track_of(picture, unit)
        except (LookupError, TypeError, ValueError, ArithmeticError) as error:
            raise RemoteProtocolError(f"not a picture of a video: {error}") from error
        if self._track is None:
            self._began_us = picture.header.time_us
        messages = [] if track == self._track else [mp4.beginning(track)]
        self._track = track
        # A clock that was set back must not show pictures in the past.
        self._time_us = max(picture.header.time_us - self._began_us, self._time_us + 1)
        self._number += 1
        time = round(self._time_us * rate * UNITS_PER_PICTURE / 1_000_000)
        messages.append(mp4.fragment(self._number, time, UNITS_PER_PICTURE, unit))
        return messages


def _track_of(picture: Picture, unit: mp4.AccessUnit) -> tuple[mp4.Track, float]:
    info = picture.info
    width, height = int(info["width"]), int(info["height"])
    timescale = round(float(info["fps"]) * UNITS_PER_PICTURE)
    if not (0 < width < LIMIT_PX and 0 < height < LIMIT_PX and 0 < timescale < LIMIT_TIMESCALE):
        raise ValueError(f"{width} x {height} at {info['fps']} pictures a second")
    track = mp4.Track(unit.sps, unit.pps, width, height, timescale)
    return track, timescale / UNITS_PER_PICTURE
