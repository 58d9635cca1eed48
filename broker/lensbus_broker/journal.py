"""The journal: every event gets its position here, and can be had again later.

Rules:
- An event is in the page cache before it is published, so `kill -9` loses nothing that anybody saw.
- The disk is touched by two threads: one writes, one syncs. The relay waits for the writer, but
  never longer than `WAIT_S`: past that the journal is degraded and live events go on without it.
- What is degraded tries again by itself. Meanwhile the newest events are kept in the reserve, so
  that `kill -9` costs nothing even then; what neither got is a gap in the history.
"""

import logging
import os
import queue
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from lensbus_broker import history
from lensbus_broker.history import Extent, Page, Query
from lensbus_broker.place import PlaceKeeper, boot_id
from lensbus_broker.records import pack_record, position_of
from lensbus_broker.reserve import Reserve
from lensbus_broker.ring import RING_BYTES, RING_EVENTS, Ring
from lensbus_broker.standing import Lives
from lensbus_broker.store import (
    PLACE,
    RESERVE,
    Checkpoint,
    Item,
    Recovered,
    Store,
    hold,
    jumps,
    recover,
)
from lensbus_proto.codec import stamp_header
from lensbus_proto.runtime.settings import JournalSettings

logger = logging.getLogger(__name__)

WAIT_S: Final = 0.05
RETRY_S: Final = 0.25
HEALTHY_S: Final = 1.0
# What is not written yet must be in memory, so that it can be read all the same.
BACKLOG_BYTES: Final = RING_BYTES * 3 // 4
BACKLOG_EVENTS: Final = RING_EVENTS * 3 // 4
CLOSE_S: Final = 3.0

Report = tuple[str, str | None]  # what is wrong (or no longer wrong): place, reason


class Journal:
    """One thread stamps, commits and asks for pages; the disk has threads of its own."""

    def __init__(
        self, limits: JournalSettings, folder: Path, lives: Callable[[], Lives] = Lives
    ) -> None:
        self._limits = limits
        self._lives = lives
        self._reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self._wrong: dict[str, str] = {}
        self._told: str | None = None
        self._healthy_since = 0.0
        self._held = -1
        self.found = self._recover(folder) if limits.enabled else Recovered(0, 0)
        self.id = self.found.journal or secrets.randbelow(2**32 - 1) + 1
        self._ring = Ring(self.found.newest - len(self.found.reserved))
        if not limits.enabled:
            self._ring.max_events = min(RING_EVENTS, limits.max_events)
        self._fresh: list[bytes] = []  # stamped since the last commit
        self._place: PlaceKeeper | None = None
        self._reserve: Reserve | None = None
        self._store: Store | None = None
        self._waiting: deque[Item] = deque()
        self._added = 0  # bytes given to the writer, and taken by it
        self._taken = 0
        self._segment_from = (self._ring.newest, 0, time.monotonic())
        self._skipping = False
        self._patient = True
        self._impatient_since = 0.0
        self._written = self._ring.newest
        self._write_s = 0.0
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._end = threading.Event()
        self._threads: list[threading.Thread] = []
        if limits.enabled:
            self._start(folder)

    def _recover(self, folder: Path) -> Recovered:
        try:
            self._held = hold(folder)
            return recover(folder)
        except OSError as error:
            self._reports.put(("read", _text(error)))
            return Recovered(0, 0)

    def _start(self, folder: Path) -> None:
        found = self.found
        self._store = Store(folder, self.id, self._limits, found.segments)
        self._folder = folder
        if not found.segments or found.segments[-1].last != self._ring.newest:
            self._checkpoint(found.lives, jumped=found.jumped and bool(found.journal))
        else:
            last = found.segments[-1]
            self._segment_from = (last.first - 1, -last.size, time.monotonic())
        for record in found.reserved:
            self._take(record)
        self._make_place()
        self._make_reserve()
        for work, name in ((self._write, "journal"), (self._sync, "journal-sync")):
            thread = threading.Thread(target=work, args=(self._store,), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def _make_place(self) -> None:
        try:
            place = PlaceKeeper(self._folder / PLACE, self.id, self._ring.newest, boot_id())
        except OSError as error:
            self._reports.put(("place", _text(error)))
        else:
            self._place = place
            for where in ("place", "read"):
                self._reports.put((where, None))

    def _make_reserve(self) -> None:
        try:
            self._reserve = Reserve(self._folder / RESERVE, self.id)
        except OSError as error:
            # Not told: it is missed only when the disk refuses events too, and that is told.
            logger.warning("journal without a reserve", extra={"reason": _text(error)})

    # The relay's side

    @property
    def newest(self) -> int:
        """The newest position that was given."""
        return self._ring.newest

    @property
    def degraded(self) -> bool:
        """Whether `journal.degraded` was told, and not `journal.recovered` since."""
        return self._told is not None

    @property
    def kept_events(self) -> int:
        """How many events can be had, at most."""
        extent = self.extent()
        return extent.newest - extent.oldest + 1

    @property
    def kept_bytes(self) -> int:
        """How large they are together: on the disk, or in memory without one."""
        return self._ring.size_bytes if self._store is None else self._store.size_bytes

    def stamp(self, parts: list[bytes]) -> None:
        """Give an event the next position, in its header, and take it in."""
        parts[1] = stamp_header(parts[1], self.id, self._ring.newest + 1)
        record = pack_record(*parts)
        self._fresh.append(record)
        self._take(record)

    def _take(self, record: bytes) -> None:
        self._ring.add(record)
        if self._store is None:
            return
        behind = self._added - self._taken > BACKLOG_BYTES or len(self._waiting) > BACKLOG_EVENTS
        if self._skipping or behind:
            self._skipping = True
            return
        self._waiting.append(record)
        self._added += len(record)

    def commit(self) -> None:
        """Return when what was stamped may be published."""
        newest = self._ring.newest
        refused = False
        if self._store is not None and self._written < newest:
            if self._patient:
                self._wake.put(True)
                self._wait(newest)
            refused = self._written < newest
        if refused and self._reserve is not None:
            self._reserve.put(self._fresh)
        # Not before somebody has it: a kill in between would leave a gap that nobody suffered.
        if self._place is not None:
            self._place.publish(newest)
            if refused:
                self._place.note(newest, self._lives())
        self._fresh.clear()

    def _wait(self, newest: int) -> None:
        limit = time.monotonic() + WAIT_S
        while self._written < newest:
            try:
                written = self._done.get(timeout=max(0.0, limit - time.monotonic()))
            except queue.Empty:
                self._patient, self._impatient_since = False, limit
                self._reports.put(("slow", f"the disk did not answer within {WAIT_S} s"))
                return
            if written < 0:
                self._patient, self._impatient_since = False, limit
                return
            self._written = written

    def keep_time(self, now: float) -> Sequence[tuple[str, dict[str, str]]]:
        """Rotate by age, look after the disk; return what must be told: kind and data."""
        if self._store is None:
            return ()
        self._catch_up(now)
        position, size, since = self._segment_from
        if self._ring.newest > position and (
            self._added - size > self._store.segment_bytes
            or self._ring.newest - position > self._store.segment_events
            or now - since > self._limits.max_age_s / 8
        ):
            self._checkpoint(self._lives())
            self._wake.put(True)
        return self._tell(now)

    def _checkpoint(self, lives: Lives, *, jumped: bool = False) -> None:
        if not self._skipping:
            self._waiting.append(Checkpoint(self._ring.newest + 1, dict(lives), jumped))
            self._segment_from = (self._ring.newest, self._added, time.monotonic())

    def _catch_up(self, now: float) -> None:
        """Take note of what was written when nobody waited for it."""
        with suppress(queue.Empty):
            while True:
                self._written = max(self._written, self._done.get_nowait())
        if self._skipping and self._taken == self._added:
            # There is room again. What was skipped is a gap in front of a new segment.
            self._skipping = False
            self._checkpoint(self._lives())
            self._written = self._ring.newest
        if (
            not self._patient
            and "write" not in self._wrong
            and self._write_s < WAIT_S / 5
            and self._added - self._taken < BACKLOG_BYTES // 4
            and now - self._impatient_since > HEALTHY_S
        ):
            self._patient = True
            self._reports.put(("slow", None))

    def _tell(self, now: float) -> Sequence[tuple[str, dict[str, str]]]:
        with suppress(queue.Empty):
            while True:
                where, reason = self._reports.get_nowait()
                if reason is None:
                    self._wrong.pop(where, None)
                else:
                    self._wrong[where] = reason
                self._healthy_since = now
        if self._wrong and self._told is None:
            self._told = next(iter(self._wrong.values()))
            return [("journal.degraded", {"reason": self._told})]
        if not self._wrong and self._told is not None and now - self._healthy_since > HEALTHY_S:
            self._told = None
            return [("journal.recovered", {})]
        return ()

    # History

    def extent(self) -> Extent:
        """Return what can be asked for."""
        kept = None if self._store is None else self._store.oldest
        return Extent(self.id, self._ring.oldest if kept is None else kept, self._ring.newest)

    def page(self, query: Query) -> Page | Callable[[], Page]:
        """Return a page from memory, or else the work that reads it, for another thread."""
        page = history.start_of(query, self.extent())
        if page.next >= self._ring.oldest - 1:
            return history.fill(page, query, self._ring.after(page.next))
        store, floor = self._store, self._ring.oldest - 1
        if store is None:
            return history.fill(page, query, (), frozenset(), floor)
        unsure = jumps(store.segments)
        if self.found.jumped:
            unsure |= {self.found.newest + 1}
        return lambda: history.fill(page, query, _readable(store, page.next, floor), unsure, floor)

    # The disk's side

    def _write(self, store: Store) -> None:
        """Thread: write what waits, again and again while the disk refuses."""
        failing = False
        while True:
            with suppress(queue.Empty):
                if not self._wake.get(timeout=RETRY_S):
                    return
            items = [self._waiting.popleft() for _ in range(len(self._waiting))]
            started = time.monotonic()
            try:
                done = store.write(items)
                store.expire(started)
            except OSError as error:
                self._waiting.extendleft(reversed(items))
                if not failing:
                    self._reports.put(("write", _text(error)))
                    logger.error("journal not written", extra={"reason": _text(error)})
                failing = True
                self._done.put(-1)
                continue
            self._write_s = time.monotonic() - started
            self._waiting.extendleft(reversed(items[done:]))
            self._taken += sum(len(item) for item in items[:done] if isinstance(item, bytes))
            if failing and done == len(items):
                self._reports.put(("write", None))
                failing = False
                if self._place is None:
                    self._make_place()
                if self._reserve is None:
                    self._make_reserve()
            if items:
                self._done.put(store.segments[-1].last)

    def _sync(self, store: Store) -> None:
        """Thread: have the disk keep what was written, every `fsync_s`."""
        failing = False
        while not self._end.wait(self._limits.fsync_s):
            try:
                store.sync()
            except OSError as error:
                if not failing:
                    self._reports.put(("sync", _text(error)))
                failing = True
            else:
                if failing:
                    self._reports.put(("sync", None))
                failing = False

    def close(self) -> None:
        """Write and sync what is left, for at most `CLOSE_S`."""
        self._end.set()
        self._wake.put(True)
        self._wake.put(False)
        limit = time.monotonic() + CLOSE_S
        for thread in self._threads:
            thread.join(max(0.0, limit - time.monotonic()))
        ended = not any(thread.is_alive() for thread in self._threads)
        clean = ended and not self._waiting and not self._skipping
        if self._store is not None and ended:
            try:
                self._store.close()
            except OSError as error:
                clean = False
                logger.error("journal not closed", extra={"reason": _text(error)})
        if self._place is not None:
            self._place.close(self._ring.newest, clean=clean)
            self._place = None
        if self._reserve is not None:
            self._reserve.close()
            self._reserve = None
        if self._held >= 0:
            os.close(self._held)
            self._held = -1


def _text(error: OSError) -> str:
    return error.strerror or str(error)


def _readable(store: Store, after: int, floor: int) -> Iterator[bytes]:
    """Yield what the disk has up to `floor`; the memory has the rest.

    Where the disk fails, the page ends as if nothing were kept there.
    """
    try:
        for record in store.read(after):
            if position_of(record) > floor:
                return
            yield record
    except OSError as error:
        logger.error("journal not read", extra={"reason": _text(error)})
