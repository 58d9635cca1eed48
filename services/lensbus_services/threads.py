"""Threads around a vendor's SDK, which may block and may never come back.

They are daemons: a call that hangs in the SDK must not keep the process from ending.
"""

import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """A queue from many threads into one loop that polls descriptors."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._items: deque[T] = deque()

    def put(self, item: T) -> None:
        """Add an item and wake the loop."""
        self._items.append(item)
        with suppress(BlockingIOError):  # the pipe is full of wake-ups already
            os.write(self._write, b"x")

    def take(self) -> list[T]:
        """Return all items so far, in order."""
        with suppress(BlockingIOError):
            os.read(self._read, 65536)
        return [self._items.popleft() for _ in range(len(self._items))]

    def fileno(self) -> int:
        """Return the descriptor that is readable while items wait."""
        return self._read


class Pool:
    """A fixed number of threads that carry out jobs in the order in which they came."""

    def __init__(self, threads: int, name: str) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        for number in range(threads):
            spawn(self._work, f"{name}-{number}")

    def submit(self, job: Callable[[], None]) -> None:
        """Have a job done; it must not raise."""
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            self._jobs.get()()


def spawn(target: Callable[[], None], name: str) -> threading.Thread:
    """Start a daemon thread."""
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread
