"""How far the broker has followed each worker, and what is missing. No sockets, no clock.

A `Life` is one epoch of one camera. Its events go through in order, each once; what comes too
early is held until the hole before it is filled from the worker's outbox or declared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

Parts = list[bytes]

HELD_EVENTS: Final = 10_000
HELD_BYTES: Final = 8 * 1024 * 1024
PATIENCE_S: Final = 2.0  # so long later events wait for a hole
ASK_AGAIN_S: Final = 0.5
GREET_S: Final = 1.0  # so long the events of a worker wait for its hello
SETTLE_S: Final = 0.1  # an announced event may still be on its way
# An event further ahead is not believed: if it is true, the worker's own word brings it back.
AHEAD: Final = 100_000


@dataclass(frozen=True, slots=True)
class Missing:
    """A range of events that nobody can supply any more."""

    from_seq: int
    to_seq: int
    reason: str  # expired, timeout or lost


@dataclass(slots=True)
class Life:
    """One epoch of a camera, as far as it has been followed."""

    camera: str
    epoch: int
    seq: int = 0  # up to here everything went through or was declared
    announced: int = 0  # the newest event that is known to have happened
    greeted: bool = False  # its worker has said hello: the events may pass
    since: float | None = None  # nothing has gone on since then, though something should have
    ends: float | None = None  # the worker is gone: nothing more comes after this
    held: dict[int, Parts] = field(default_factory=dict)
    _held_bytes: int = 0
    _asked: float | None = None
    _asked_about: int = 0  # what was announced when the outbox was last asked
    _behind: bool = False  # the outbox is being read; the next page may be asked for at once

    @property
    def complete(self) -> bool:
        """Whether everything that is known to have happened went through."""
        return self.seq >= self.announced and not self.held

    def believes(self, seq: int) -> bool:
        """Tell whether the worker can have come so far unheard."""
        return seq <= self.seq + AHEAD

    def feed(self, seq: int, parts: Parts, now: float) -> Sequence[Parts]:
        """Take an event in; return what may go on, in order."""
        if seq <= self.seq or seq in self.held:
            return ()  # a repeat
        self.announced = max(self.announced, seq)
        size = sum(map(len, parts))
        fits = len(self.held) < HELD_EVENTS and self._held_bytes + size <= HELD_BYTES
        if fits or seq == self.seq + 1:
            # What does not fit is asked for again: the outbox has it for longer than we could.
            self.held[seq] = parts
            self._held_bytes += size
        if self.since is None:
            self.since = now
        return self.release(now)

    def release(self, now: float) -> Sequence[Parts]:
        """Return the held events that have nothing missing before them."""
        if not self.greeted:
            return ()
        free = []
        while (parts := self.held.pop(self.seq + 1, None)) is not None:
            self._held_bytes -= sum(map(len, parts))
            self.seq += 1
            free.append(parts)
        if free:
            self.went_on(now)
        return free

    def went_on(self, now: float) -> None:
        """Note that something went through."""
        self.since = None if self.complete else now
        if self.complete:
            self._behind = False

    def announce(self, seq: int, now: float) -> None:
        """Note the newest event that the worker speaks of."""
        self.announced = max(self.announced, seq)
        if self.since is None and not self.complete:
            self.since = now

    def question(self, now: float) -> int | None:
        """Return the first seq to ask the worker for, if it is time to ask."""
        if self.complete or not self.greeted or self.since is None:
            return None
        # A hole in the numbers is certain; what was only announced may still be on its way.
        if not self.held and not self._behind and now - self.since < SETTLE_S:
            return None
        if self._asked is not None and now - self._asked < ASK_AGAIN_S:
            return None
        self._asked, self._asked_about = now, self.announced
        return self.seq + 1

    def disown(self, newest: int, now: float) -> int:
        """Note the newest event that the outbox knows of; return how many held ones are false.

        What was spoken of before the outbox was asked is in its past. Had nobody told that it never
        was, the time would have come to declare it lost, and all true events up to there repeats.
        """
        false = [seq for seq in self.held if newest < seq <= self._asked_about]
        for seq in false:
            self._held_bytes -= sum(map(len, self.held.pop(seq)))
        if newest < self._asked_about:
            self.announced = max(self.seq, newest, max(self.held, default=0))
            self.went_on(now)
        return len(false)

    def answer(self, first: int, now: float) -> Missing | None:
        """Note the first event that the outbox still has; return what it no longer has."""
        self._asked = None
        self._behind = True
        if self.seq + 1 < first <= self.announced + 1:
            return self._declare(first - 1, "expired", now)
        return None

    def give_up(self, now: float) -> Missing | None:
        """Return what shall not be waited for any longer."""
        if self.complete or self.since is None:
            return None
        gone = self.ends is not None and now >= self.ends
        if gone or (self.held and self.greeted and now - self.since >= PATIENCE_S):
            until = min(self.held, default=self.announced + 1) - 1
            return self._declare(until, "lost" if gone else "timeout", now)
        return None

    def _declare(self, to_seq: int, reason: str, now: float) -> Missing:
        missing = Missing(self.seq + 1, to_seq, reason)
        for seq in [seq for seq in self.held if seq <= to_seq]:
            self._held_bytes -= sum(map(len, self.held.pop(seq)))
        self.seq = to_seq
        self._asked = None
        self.went_on(now)
        return missing

    def due(self) -> float | None:
        """Return when `question` or `give_up` may next have something to say."""
        times = [] if self.ends is None else [self.ends]
        if self.since is not None and not self.complete:
            times.append(self._asked + ASK_AGAIN_S if self._asked else self.since + SETTLE_S)
        return min(times, default=None)
