"""What was seen, on its way from many threads to the worker."""

import queue
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from lensbus_proto.runtime.clock import unix_us
from lensbus_services.driver import Observation


class Observations:
    """A queue that counts. Unbounded: its events are rare, and frames take another way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[Observation] = queue.SimpleQueue()
        self._count = 0

    def put(self, observation: Observation) -> None:
        """Add what was seen, from any thread."""
        with self._lock:
            self._count += 1
            self._waiting.put(observation)

    def note(self, kind: str, data: Mapping[str, Any]) -> None:
        """Add what was seen at this moment."""
        self.put(Observation(kind, unix_us(), data))

    def count(self) -> int:
        """Return how many there have been."""
        with self._lock:
            return self._count

    def drain(self, timeout_s: float) -> Sequence[Observation]:
        """Return what waits; wait for the first."""
        seen: list[Observation] = []
        try:
            seen.append(self._waiting.get(block=timeout_s > 0, timeout=timeout_s))
            while True:
                seen.append(self._waiting.get_nowait())
        except queue.Empty:
            return seen
