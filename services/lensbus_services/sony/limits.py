"""How long the one who asked still waits: known to every call that is made on their behalf."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

LEAST_S: Final = 0.1  # even what comes too late, as letting go of the shutter, is tried
MARGIN_S: Final = 0.2  # the answer has to be on its way before the asker's patience ends

_end: ContextVar[float | None] = ContextVar("end", default=None)


class Until:
    """A time limit over several steps."""

    def __init__(self, limit_s: float) -> None:
        self._end = time.monotonic() + limit_s

    def left_s(self) -> float:
        """Return what is left of it."""
        return max(0.0, self._end - time.monotonic())


@contextmanager
def asked_within(limit_s: float) -> Iterator[None]:
    """Bound all calls that this thread makes meanwhile."""
    token = _end.set(time.monotonic() + limit_s - min(MARGIN_S, limit_s / 5))
    try:
        yield
    finally:
        _end.reset(token)


def within(limit_s: float) -> float:
    """Return a limit, cut down to what the asker still waits."""
    end = _end.get()
    return limit_s if end is None else min(limit_s, max(LEAST_S, end - time.monotonic()))
