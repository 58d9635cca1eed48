"""Reads pages of the past in a thread of its own, so that no live event waits for the disk."""

import logging
import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from lensbus_broker.history import Page

logger = logging.getLogger(__name__)

Envelope = tuple[bytes, ...]


class Reader:
    """Work goes in, pages come out; `fileno` is readable while some wait."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._todo: queue.SimpleQueue[tuple[Envelope, str, Callable[[], Page]] | None]
        self._todo = queue.SimpleQueue()
        self._pages: deque[tuple[Envelope, str, Page]] = deque()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._thread.start()

    def submit(self, envelope: Envelope, command_id: str, work: Callable[[], Page]) -> None:
        """Have a page read for whoever asked."""
        self._todo.put((envelope, command_id, work))

    def take(self) -> list[tuple[Envelope, str, Page]]:
        """Return the pages that are ready."""
        with suppress(BlockingIOError):
            os.read(self._read, 4096)
        return [self._pages.popleft() for _ in range(len(self._pages))]

    def fileno(self) -> int:
        """Return the descriptor that is readable while pages wait."""
        return self._read

    def _run(self) -> None:
        while (job := self._todo.get()) is not None:
            envelope, command_id, work = job
            try:
                self._pages.append((envelope, command_id, work()))
            except Exception:  # the edge of a thread: who asked will ask again
                logger.exception("history not read")
                continue
            with suppress(BlockingIOError):
                os.write(self._write, b"x")

    def close(self) -> None:
        """End the thread."""
        self._todo.put(None)
        self._thread.join(1.0)
        if not self._thread.is_alive():
            os.close(self._read)
            os.close(self._write)
