"""Whether what should come still comes: pictures of every stream, and a chip that is not too hot.

Plain state over times and counts that are handed in; one thread at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

FIRST_S: Final = 5.0  # the first picture of a stream is there by then, or none will come
SILENT_S: Final = 1.0  # at least, and some periods of the stream
SILENT_PERIODS: Final = 5.0
DEAD_S: Final = 10.0  # so long nothing: a graph that has to be built anew
HOT_C: Final = 95.0  # the chip slows down past this, and switches itself off at 105
COOL_C: Final = 90.0


@dataclass(frozen=True, slots=True)
class Flowing:
    """A stream that should give pictures now: how often, and how many have come since then."""

    fps: float
    count: int

    @property
    def silent_s(self) -> float:
        """After what time without a picture it counts as stale."""
        return max(SILENT_S, SILENT_PERIODS / self.fps)


@dataclass(frozen=True, slots=True)
class Change:
    """A stream has fallen silent, or speaks again."""

    stream: str
    is_stale: bool
    silent_s: float
    limit_s: float


@dataclass(slots=True)
class _Heard:
    count: int
    at_s: float
    has_begun: bool = False
    is_stale: bool = False


@dataclass(slots=True)
class Freshness:
    """Follows the streams that flow, by looking at them again and again."""

    _heard: dict[str, _Heard] = field(default_factory=dict)

    def look(self, now_s: float, flowing: Mapping[str, Flowing]) -> list[Change]:
        """Return what has changed since the last look. A stream that stops flowing is forgotten."""
        for stream in self._heard.keys() - flowing.keys():
            del self._heard[stream]
        found = (self._look_at(now_s, stream, each) for stream, each in sorted(flowing.items()))
        return [change for change in found if change is not None]

    def dead(self, now_s: float) -> str | None:
        """Return a stream that has been silent for so long that only a new graph can help."""
        for stream, heard in sorted(self._heard.items()):
            if heard.is_stale and now_s - heard.at_s >= DEAD_S:
                return stream
        return None

    @property
    def has_begun(self) -> bool:
        """Whether any stream has given a picture since it was expected to."""
        return any(heard.has_begun for heard in self._heard.values())

    def forget(self) -> None:
        """Begin anew, as after a new graph."""
        self._heard.clear()

    def _look_at(self, now_s: float, stream: str, each: Flowing) -> Change | None:
        heard = self._heard.get(stream)
        if heard is None:
            self._heard[stream] = _Heard(each.count, now_s, has_begun=each.count > 0)
            return None
        limit_s = each.silent_s if heard.has_begun else max(FIRST_S, each.silent_s)
        silent_s = now_s - heard.at_s
        if each.count != heard.count:
            was_stale = heard.is_stale
            self._heard[stream] = _Heard(each.count, now_s, has_begun=True)
            return Change(stream, False, silent_s, limit_s) if was_stale else None
        if heard.is_stale or silent_s < limit_s:
            return None
        heard.is_stale = True
        return Change(stream, True, silent_s, limit_s)


@dataclass(slots=True)
class Heat:
    """Follows the temperature of the chip, with some room between too hot and well again."""

    is_hot: bool = False

    def feel(self, celsius: float) -> bool:
        """Take a temperature; return whether the state has changed."""
        was_hot, self.is_hot = self.is_hot, celsius > (COOL_C if self.is_hot else HOT_C)
        return was_hot != self.is_hot


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before each further try: from a floor, doubled up to a ceiling."""

    floor_s: float = 1.0
    ceiling_s: float = 30.0

    def wait_s(self, tries: int) -> float:
        """Return the wait before the next try, after so many that failed."""
        return min(self.floor_s * 2.0 ** min(tries, 32), self.ceiling_s)


PATIENCE: Final = Backoff()  # with devices; those on the network take repeated openings badly
