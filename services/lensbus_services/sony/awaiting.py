"""Callbacks that a command waits for: the camera's answer to what only begins with a call."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lensbus_proto.errors import CameraGone, CameraTimeout
from lensbus_services.sony.limits import within
from lensbus_services.sony.values import Seen


class Awaited:
    """What one command waits for."""

    def __init__(self, matches: Callable[[Seen], bool], changed: threading.Condition) -> None:
        self.matches = matches
        self._changed = changed
        self._seen: deque[Seen] = deque()
        self._lost: str | None = None

    def wait(self, limit_s: float, operation: str) -> Seen:
        """Return the next answer; CameraTimeout without one, CameraGone with the connection."""
        limit_s = within(limit_s)
        with self._changed:
            self._changed.wait_for(lambda: self._seen or self._lost is not None, limit_s)
            if self._seen:
                return self._seen.popleft()
            if self._lost is not None:
                raise CameraGone(
                    f"the connection ended meanwhile: {self._lost}", operation=operation, began=True
                )
        raise CameraTimeout(
            f"the camera has not answered in {limit_s:.1f} s", operation=operation, began=True
        )

    def put(self, seen: Seen) -> None:
        """Hand an answer over; the condition is held."""
        self._seen.append(seen)

    def lose(self, reason: str) -> None:
        """Have the waiting end; the condition is held."""
        self._lost = reason


class Awaiting:
    """Everything that commands of one camera wait for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._awaited: list[Awaited] = []

    @contextmanager
    def expect(self, matches: Callable[[Seen], bool]) -> Iterator[Awaited]:
        """Have what matches handed over. Begin before the call that brings it about."""
        awaited = Awaited(matches, self._changed)
        with self._changed:
            self._awaited.append(awaited)
        try:
            yield awaited
        finally:
            with self._changed:
                self._awaited.remove(awaited)

    def take(self, seen: Seen) -> bool:
        """Hand a callback to those who wait for it; return whether anybody does."""
        with self._changed:
            waiting = [awaited for awaited in self._awaited if awaited.matches(seen)]
            for awaited in waiting:
                awaited.put(seen)
            self._changed.notify_all()
        return bool(waiting)

    def lose(self, reason: str) -> None:
        """Tell all who wait that the connection has ended."""
        with self._changed:
            for awaited in self._awaited:
                awaited.lose(reason)
            self._changed.notify_all()
