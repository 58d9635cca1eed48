"""Which exposure and which file belong to which trigger. Pure: no SDK, no clock.

The SDK tells an exposure without saying whose it is. So at most one trigger waits for its exposure
at a time (`session` sees to that), and the next exposure is that one's. A held shutter, or one in
continuous drive, exposes again and again: all of these belong to the newest trigger. Files come in
the order of the exposures; those of one exposure share the stem of their name.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

TAIL_S: Final = 3.0  # so long after letting go an exposure can still belong to a burst
STEMS: Final = 64  # names that are remembered for a second file
PENDING: Final = 10_000  # exposures whose files are awaited at most


@dataclass(slots=True)
class Capture:
    """One accepted trigger: from pressing to what came of it."""

    id: int
    method: str
    held: bool
    released_at: float
    exposures: int = 0
    told: bool = False  # that nothing came of it
    more_s: float | None = None  # that it may take longer, once the camera was asked


@dataclass(slots=True)
class Captures:
    """The captures of one connection."""

    limit_s: float
    _newest: Capture | None = None
    _unfiled: deque[int | None] = field(default_factory=lambda: deque(maxlen=PENDING))
    _stems: OrderedDict[str, int | None] = field(default_factory=OrderedDict)

    @property
    def held(self) -> Capture | None:
        """The capture whose shutter is held down."""
        newest = self._newest
        return newest if newest is not None and newest.held else None

    @property
    def is_settled(self) -> bool:
        """Tell whether the next trigger could not be taken for the last."""
        newest = self._newest
        return newest is None or newest.exposures > 0 or newest.told

    def begin(self, time_us: int, method: str, now: float, *, held: bool = False) -> Capture:
        """Note a trigger that is about to be sent; its id is a time that no other has."""
        last = self._newest.id if self._newest is not None else 0
        self._newest = Capture(max(time_us, last + 1), method, held, now)
        return self._newest

    def withdraw(self, capture: Capture) -> None:
        """Forget a trigger that the camera refused."""
        if self._newest is capture:
            capture.told = True
            capture.held = False

    def released(self, now: float) -> Capture | None:
        """Note that the shutter was let go; return its capture."""
        newest = self._newest
        if newest is None or not newest.held:
            return None
        newest.held = False
        newest.released_at = now
        return newest

    def exposed(self, now: float, *, has_files: bool) -> int | None:
        """Return the capture of an exposure; None when somebody pressed the camera's own button."""
        newest = self._newest
        capture = None
        if newest is not None and not newest.told:
            is_tail = newest.held or now - newest.released_at < TAIL_S
            if newest.exposures == 0 or is_tail:
                newest.exposures += 1
                capture = newest.id
        if has_files:
            self._unfiled.append(capture)
        return capture

    def filed(self, stem: str) -> int | None:
        """Return the capture that a file with this stem belongs to."""
        if stem not in self._stems:
            self._stems[stem] = self._unfiled.popleft() if self._unfiled else None
            if len(self._stems) > STEMS:
                self._stems.popitem(last=False)
        return self._stems[stem]

    def lost_file(self) -> int | None:
        """Return the capture whose file did not arrive, as far as that can be known."""
        if self._unfiled:
            return self._unfiled.popleft()
        return next(reversed(self._stems.values()), None)

    def expect_no_files(self) -> None:
        """Forget exposures that were for the card only."""
        self._unfiled.clear()

    def due_in(self, now: float) -> float | None:
        """Return in how many seconds the waiting trigger has to have exposed; None without one."""
        newest = self._newest
        if newest is None or newest.held or newest.exposures or newest.told:
            return None
        return newest.released_at + self.limit_s + (newest.more_s or 0.0) - now

    def overdue(self, now: float) -> Capture | None:
        """Return the trigger of which nothing came in time."""
        due_s = self.due_in(now)
        return self._newest if due_s is not None and due_s <= 0 else None

    def open_at_end(self) -> Capture | None:
        """Return the trigger whose outcome nobody will ever know, at the end of a connection."""
        newest = self._newest
        if newest is None or newest.exposures or newest.told:
            return None
        newest.told = True
        newest.held = False
        return newest
