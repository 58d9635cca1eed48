"""The journal on disk: segments in one folder. One thread writes; reading may be done by another.

Everything here may block and may raise OSError; nothing here is on the way of a live event.
"""

import fcntl
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from lensbus_broker.place import Place, boot_id, read_place
from lensbus_broker.records import position_of
from lensbus_broker.reserve import read_reserve
from lensbus_broker.segments import (
    SUFFIX,
    Segment,
    pack_head,
    read_head,
    read_records,
    scan_file,
)
from lensbus_broker.standing import Lives, learn
from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import JournalSettings

SEGMENT_BYTES: Final = 8 * 1024 * 1024
# After a power cut nobody knows how many positions were given out: no fsync interval has so many.
JUMP: Final = 10_000_000
PLACE: Final = "place"
RESERVE: Final = "reserve"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Begin a new segment here; `first` is the position of the next record."""

    first: int
    lives: Lives
    jumped: bool = False


Item = bytes | Checkpoint


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a start found: where to go on, and what had to be dropped."""

    journal: int  # 0: nothing usable
    newest: int
    lives: Lives = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()
    dropped_bytes: int = 0
    jumped: bool = False
    reserved: tuple[bytes, ...] = ()  # the newest events, which no segment has yet


def hold(folder: Path) -> int:
    """Return a descriptor that keeps other brokers off the folder while it is open.

    Raises SettingsError if another broker holds it, OSError if there can be no such folder.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(file)
        raise SettingsError(f"{folder} is the journal of another broker that runs") from error
    except OSError:
        os.close(file)
        raise
    return file


def recover(folder: Path, boot: str | None = None) -> Recovered:
    """Read the folder and cut off what is broken at its end. Raises OSError."""
    place = read_place(folder / PLACE, boot_id() if boot is None else boot)
    segments, dropped = _read_heads(folder, place)
    lives, written, journal = Lives(), 0, place.journal if place else 0
    if segments:
        last = segments[-1]
        lives, torn = _read_to_end(last)
        dropped += torn
        journal, written = last.journal, last.last
    if not journal:
        return Recovered(0, 0, dropped_bytes=dropped)
    newest = max(written, place.published if place else 0)
    if place is None or not place.certain:
        return Recovered(journal, newest + JUMP, lives, tuple(segments), dropped, jumped=True)
    if place.noted > written:
        lives |= place.lives
    reserved_to, records = read_reserve(folder / RESERVE, journal)
    reserved: tuple[bytes, ...] = ()
    if reserved_to >= newest:
        newest = reserved_to
        reserved = tuple(record for record in records if position_of(record) > written)
    for record in reserved:
        learn(lives, record)
    return Recovered(journal, newest, lives, tuple(segments), dropped, reserved=reserved)


def _read_heads(folder: Path, place: Place | None) -> tuple[list[Segment], int]:
    """Return the segments of the newest journal, and how many bytes were of no use."""
    segments, dropped = [], 0
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        if (segment := read_head(path)) is not None:
            segments.append(segment)
        else:
            dropped += path.stat().st_size
            path.unlink()
    journal = place.journal if place else segments[-1].journal if segments else 0
    for foreign in [segment for segment in segments if segment.journal != journal]:
        foreign.path.unlink()
        segments.remove(foreign)
    # Ages are told by the wall clock only here; from now on it may jump.
    now, wall_s = time.monotonic(), unix_us() / 1e6
    for segment, following in pairwise(segments):
        segment.last = following.first - 1
        if following.jumped:
            segment.last = max((found.position for found, _ in scan_file(segment)), default=0)
        segment.closed = now - max(0.0, wall_s - segment.path.stat().st_mtime)
    return segments, dropped


def _read_to_end(segment: Segment) -> tuple[Lives, int]:
    """Read the last segment, cut it behind its last right record; return lives and loss."""
    lives = dict(segment.lives)
    end, good = segment.start, 0
    for found, record in scan_file(segment):
        segment.last, end = found.position, found.end
        good += found.end - found.start
        learn(lives, record)
    lost = segment.size - segment.start - good
    if end < segment.size:
        os.truncate(segment.path, end)
        segment.size = end
    return lives, lost


class Store:
    """Writes items in order. After an OSError the rest can be written again later."""

    def __init__(
        self, folder: Path, journal: int, limits: JournalSettings, segments: Sequence[Segment] = ()
    ) -> None:
        self._folder = folder
        self._journal = journal
        self._limits = limits
        self.segments = tuple(segments)
        self._file = -1
        self._retired: deque[int] = deque()
        self._dirty = False

    @property
    def oldest(self) -> int | None:
        """The first position that is kept; None if none is."""
        segments = self.segments
        return segments[0].first if segments else None

    @property
    def size_bytes(self) -> int:
        """How large all segments are together."""
        return sum(segment.size for segment in self.segments)

    @property
    def segment_bytes(self) -> int:
        """How large a segment may grow: small enough that expiry goes in steps of an eighth."""
        return max(16_384, min(SEGMENT_BYTES, self._limits.max_bytes // 8))

    @property
    def segment_events(self) -> int:
        """How many events a segment may have."""
        return max(1, self._limits.max_events // 8)

    def write(self, items: Sequence[Item]) -> int:
        """Write as many items as go, return how many. Raises OSError if not even one goes."""
        done = 0
        try:
            while done < len(items):
                item = items[done]
                if isinstance(item, Checkpoint):
                    self._begin(item)
                    done += 1
                    continue
                run = []
                for record in items[done:]:
                    if isinstance(record, Checkpoint):
                        break
                    run.append(record)
                self._append(run)
                done += len(run)
        except OSError:
            if done == 0:
                raise
        return done

    def _begin(self, checkpoint: Checkpoint) -> None:
        """Leave the segment and begin another."""
        self._retire()
        path = self._folder / f"{checkpoint.first:020d}{SUFFIX}"
        head = pack_head(
            self._journal, checkpoint.first, checkpoint.lives, jumped=checkpoint.jumped
        )
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write_all(file, head)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        self._file = file
        first = checkpoint.first
        size = len(head)
        segment = Segment(
            path, self._journal, first, checkpoint.jumped, checkpoint.lives, size, size, first - 1
        )
        self.segments = (*self.segments, segment)
        self._dirty = True

    def _append(self, records: Sequence[bytes]) -> None:
        segment = self.segments[-1]
        if self._file < 0:
            self._file = os.open(segment.path, os.O_WRONLY | os.O_CLOEXEC)
            os.lseek(self._file, segment.size, os.SEEK_SET)
        data = b"".join(records)
        try:
            _write_all(self._file, data)
        except OSError:
            # Whatever arrived of it must not stand before the next try.
            os.ftruncate(self._file, segment.size)
            os.lseek(self._file, segment.size, os.SEEK_SET)
            raise
        segment.size += len(data)
        segment.last = position_of(records[-1])
        segment.closed = time.monotonic()
        self._dirty = True

    def sync(self) -> None:
        """Have the disk keep what was written; for a thread of its own. Raises OSError."""
        while self._retired:
            file = self._retired.popleft()
            try:
                os.fdatasync(file)
            finally:
                os.close(file)
        if self._dirty:
            self._dirty = False
            try:
                os.fdatasync(self._file)
            except OSError:
                self._dirty = True
                raise

    def expire(self, now: float) -> None:
        """Delete the oldest segments past the limits; never the one that is written."""
        segments = list(self.segments)
        while len(segments) > 1 and (
            sum(segment.size for segment in segments) > self._limits.max_bytes
            or sum(segment.events for segment in segments) > self._limits.max_events
            or now - segments[0].closed > self._limits.max_age_s
        ):
            oldest = segments.pop(0)
            self.segments = tuple(segments)
            oldest.path.unlink(missing_ok=True)

    def read(self, after: int) -> Iterator[bytes]:
        """Yield the records behind a position, as far as they are there. Raises OSError."""
        for segment in self.segments:
            if segment.last <= after:
                continue
            try:
                yield from read_records(segment, after)
            except FileNotFoundError:  # it expired while we were looking
                continue

    def close(self) -> None:
        """Sync and close, when no thread writes or syncs any more. Raises OSError."""
        self._retire()
        self._dirty = False
        self.sync()

    def _retire(self) -> None:
        """Leave the file to `sync`, which may take its time."""
        if self._file >= 0:
            self._retired.append(self._file)
            self._file = -1


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def jumps(segments: Iterable[Segment]) -> frozenset[int]:
    """Return the positions that follow a range whose size nobody knows."""
    return frozenset(segment.first for segment in segments if segment.jumped)
