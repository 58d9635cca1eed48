"""What the broker counts from its start on, for the command `metrics` and for the log. Pure.

What should never happen begins with 0: of a count that begins with its first case, Prometheus never
sees that case.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

JUNK_REPORT_S: Final = 1.0
SOURCES: Final = (
    "commands",
    "worker_commands",
    "worker_events",
    "early_events",
    "late_events",
    "false_events",
)


@dataclass(slots=True)
class Tally:
    """Counts. Whatever is dropped is in one of them."""

    gaps: int = 0
    lost: int = 0  # events that were declared in gaps
    overdue: int = 0  # commands that no worker answered in time
    starts: Counter[str] = field(default_factory=Counter)  # of workers, by camera
    losses: Counter[str] = field(default_factory=Counter)  # of workers that said no goodbye
    # Messages dropped, by where they came from.
    junk: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(SOURCES, 0)))
    _reported: Counter[str] = field(default_factory=Counter)
    _reported_at: float = 0.0

    def drop(self, where: str, count: int = 1) -> None:
        """Note messages that are of no use."""
        if count:
            self.junk[where] += count

    def declare(self, count: int) -> None:
        """Note a gap of so many events."""
        self.gaps += 1
        self.lost += count

    def notice(self, kind: str, camera: str) -> None:
        """Note what became of a worker."""
        if kind == "worker.started":
            self.starts[camera] += 1
            self.losses[camera] += 0
        elif kind == "worker.lost":
            self.losses[camera] += 1

    def report(self, now: float) -> Mapping[str, int]:
        """Return what was dropped since the last report, once a second at most."""
        if now - self._reported_at < JUNK_REPORT_S or self.junk == self._reported:
            return {}
        fresh = self.junk - self._reported
        self._reported, self._reported_at = self.junk.copy(), now
        return fresh
