"""The newest records in memory, bounded by count and bytes. One thread owns it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

RING_EVENTS: Final = 20_000
RING_BYTES: Final = 16 * 1024 * 1024


@dataclass(slots=True)
class Ring:
    """Records of consecutive positions; `newest` is the position of the last one."""

    newest: int = 0
    max_events: int = RING_EVENTS
    max_bytes: int = RING_BYTES
    _records: deque[bytes] = field(default_factory=deque)
    size_bytes: int = 0

    @property
    def oldest(self) -> int:
        """The position of the first record that is here; past `newest` when there is none."""
        return self.newest - len(self._records) + 1

    def add(self, record: bytes) -> None:
        """Add the record of the next position; the oldest may go."""
        self.newest += 1
        self._records.append(record)
        self.size_bytes += len(record)
        while self.size_bytes > self.max_bytes or len(self._records) > self.max_events:
            self.size_bytes -= len(self._records.popleft())

    def after(self, position: int) -> Iterator[bytes]:
        """Yield the records behind a position, as far as they are here."""
        return islice(self._records, max(0, position + 1 - self.oldest), None)
