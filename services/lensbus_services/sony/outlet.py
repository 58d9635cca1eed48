"""Observations on their way from the SDK's callbacks to the worker that drains them."""

import threading
from collections.abc import Sequence

from lensbus_services.driver import Observation


class Outlet:
    """A queue from many threads to one reader, which counts what has passed.

    It has no bound of its own: the shim's queue, ahead of it, folds bursts, and the worker drains
    all the time.
    """

    def __init__(self) -> None:
        self._filled = threading.Condition()
        self._waiting: list[Observation] = []
        self._count = 0

    def put(self, observation: Observation) -> None:
        """Add an observation."""
        with self._filled:
            self._waiting.append(observation)
            self._count += 1
            self._filled.notify()

    def drain(self, timeout_s: float) -> Sequence[Observation]:
        """Return what waits, in order; wait for the first if need be."""
        with self._filled:
            self._filled.wait_for(lambda: bool(self._waiting), timeout_s)
            batch, self._waiting = self._waiting, []
            return batch

    @property
    def count(self) -> int:
        """How many observations there have been so far."""
        return self._count
