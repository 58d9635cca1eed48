"""Breaks things on purpose: only processes that it was given, and what it did can be read again."""

import os
import random
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

NAMES: Final = {
    signal.SIGKILL: "kill",
    signal.SIGSTOP: "stop",
    signal.SIGCONT: "continue",
    signal.SIGTERM: "term",
}


@dataclass
class Nemesis:
    """Sends signals to processes among those that `given` names, and to nobody else."""

    given: Callable[[], Collection[int]]
    seed: int = field(default_factory=lambda: random.SystemRandom().randrange(10**6))
    timetable: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.began_s = time.monotonic()
        self.injected_s: list[float] = []
        self._stopped: set[int] = set()
        print(f"nemesis: seed={self.seed}")

    def plan(self, text: str) -> None:
        """Say what is going to happen."""
        print(f"nemesis: {text}")

    def strike(self, number: signal.Signals, *pids: int) -> float:
        """Send a signal; return the time by which all had it (CLOCK_MONOTONIC)."""
        allowed = self.given()
        for pid in pids:
            assert pid in allowed, f"{pid} was not given"
            os.kill(pid, number)
            now = time.monotonic()
            self.timetable.append((now - self.began_s, f"{NAMES[number]} {pid}"))
            print(f"nemesis: {now - self.began_s:.3f} s {NAMES[number]} {pid}")
            (self._stopped.add if number == signal.SIGSTOP else self._stopped.discard)(pid)
        self.injected_s.append(time.monotonic())
        return self.injected_s[-1]

    def kill(self, *pids: int) -> float:
        """End processes at once."""
        return self.strike(signal.SIGKILL, *pids)

    def stop(self, *pids: int) -> float:
        """Freeze processes."""
        return self.strike(signal.SIGSTOP, *pids)

    def go_on(self, *pids: int) -> float:
        """Let frozen processes go on."""
        return self.strike(signal.SIGCONT, *pids)

    def heal(self) -> None:
        """Let go on whatever is still frozen."""
        allowed = self.given()
        for pid in self._stopped & set(allowed):
            os.kill(pid, signal.SIGCONT)
        self._stopped.clear()
