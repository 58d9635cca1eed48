"""Property changes that come thick and fast, as one: nothing else is folded, and no order changes.

The first change is told at once. Those that follow within a moment wait for its end, or for the
next callback of another kind. So a body that reports 50 000 changes a second makes 50 events.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from lensbus_services.sony.values import Kind, Seen

MOMENT_S: Final = 0.02


@dataclass(slots=True)
class Fold:
    """Holds back property changes of one connection."""

    _told_at: float = float("-inf")
    _first: Seen | None = None
    _codes: dict[int, None] = field(default_factory=dict)

    def feed(self, seen: Seen, now: float) -> Iterator[Seen]:
        """Return what is to be told now, in order."""
        if seen.kind is not Kind.PROPERTIES or (self._first and self._first.link != seen.link):
            yield from self.flush(now)
        if seen.kind is not Kind.PROPERTIES:
            yield seen
        elif self._first is None and now - self._told_at >= MOMENT_S:
            self._told_at = now
            yield seen
        else:
            self._first = self._first or seen
            self._codes |= dict.fromkeys(seen.codes)
            if self.due_in(now) == 0.0:
                yield from self.flush(now)

    def due_in(self, now: float) -> float | None:
        """Return in how many seconds held changes have to be flushed; None without any."""
        return None if self._first is None else max(0.0, self._told_at + MOMENT_S - now)

    def rest_s(self, now: float) -> float:
        """Return for how many seconds a change that comes now would be held."""
        return max(0.0, self._told_at + MOMENT_S - now)

    def flush(self, now: float) -> Iterator[Seen]:
        """Return the held changes as one."""
        if self._first is None:
            return
        folded = replace(self._first, codes=tuple(self._codes))
        self._first, self._codes, self._told_at = None, {}, now
        yield folded
