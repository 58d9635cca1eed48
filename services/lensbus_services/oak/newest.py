"""Frames on their way from reader threads to the driver: only the newest of each stream counts."""

import threading
import time
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar


class _OfStream(Protocol):
    @property
    def stream(self) -> str: ...


Item = TypeVar("Item", bound=_OfStream)


class Newest(Generic[Item]):
    """One place per stream, newest wins (policy: drop_oldest). For many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, Item] = {}
        self._counts: dict[str, int] = {}
        self._last: dict[str, Item] = {}

    def put(self, frame: Item) -> None:
        """Lay down a frame in the place of its stream."""
        with self._changed:
            self._waiting[frame.stream] = frame
            self._last[frame.stream] = frame
            self._counts[frame.stream] = self._counts.get(frame.stream, 0) + 1
            self._changed.notify_all()

    def forget(self, stream: str) -> None:
        """Drop what a stream has left behind."""
        with self._changed:
            self._waiting.pop(stream, None)
            self._last.pop(stream, None)

    def take(self, streams: frozenset[str], timeout_s: float) -> Sequence[Item]:
        """Return the frames of these streams that nobody has taken; wait for the first."""
        with self._changed:
            self._changed.wait_for(lambda: streams & self._waiting.keys(), timeout_s)
            wanted = sorted(streams & self._waiting.keys())
            return [self._waiting.pop(stream) for stream in wanted]

    def count(self, stream: str) -> int:
        """Return how many frames of a stream there have been."""
        with self._changed:
            return self._counts.get(stream, 0)

    def after(self, stream: str, count: int, timeout_s: float) -> Item | None:
        """Return the newest frame once there are more than `count`; None when time is up."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            self._changed.wait_for(
                lambda: self._counts.get(stream, 0) > count and stream in self._last,
                max(0.0, deadline - time.monotonic()),
            )
            is_new = self._counts.get(stream, 0) > count
            return self._last.get(stream) if is_new else None
