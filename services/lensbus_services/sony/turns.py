"""Who may speak to the SDK: one call at a time, and pictures step back for commands."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lensbus_proto.errors import CameraBusy


class Turns:
    """A lock with two kinds of callers: those that wait, and those that only use what is spare."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._waiting = 0

    @contextmanager
    def turn(self, limit_s: float) -> Iterator[None]:
        """Wait for a turn and hold it; CameraBusy if it does not come in time."""
        with self._changed:
            self._waiting += 1
            free = self._changed.wait_for(lambda: not self._taken, limit_s)
            self._waiting -= 1
            if not free:
                raise CameraBusy("another call into the SDK has not come back")
            self._taken = True
        try:
            yield
        finally:
            self.give()

    def take_spare(self) -> bool:
        """Take a turn if nobody holds one or waits for one; `give` is due if it did."""
        with self._changed:
            if self._taken or self._waiting:
                return False
            self._taken = True
            return True

    def give(self) -> None:
        """Give the turn back."""
        with self._changed:
            self._taken = False
            self._changed.notify()
