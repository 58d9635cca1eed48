"""The journal on real files: restarts, torn ends, broken disks, bounds."""

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.processes import wait_for
from kit.records import event_parts
from lensbus_broker import journal as journal_module
from lensbus_broker import reserve as reserve_module
from lensbus_broker import store as store_module
from lensbus_broker.history import Page, read_query
from lensbus_broker.journal import RETRY_S, Journal
from lensbus_broker.place import read_place
from lensbus_broker.records import pack_record
from lensbus_broker.reserve import SIZES, Reserve, read_reserve
from lensbus_broker.segments import SUFFIX
from lensbus_broker.standing import Standing
from lensbus_broker.store import JUMP, PLACE, recover
from lensbus_proto.codec import stamp_header, unpack_event
from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.settings import JournalSettings

QUICK = JournalSettings(fsync_s=0.01)
PATIENCE_S = 10.0


@contextmanager
def opened(folder: Path, limits: JournalSettings = QUICK) -> Iterator[Journal]:
    journal = Journal(limits, folder)
    try:
        yield journal
    finally:
        journal.close()


def add(journal: Journal, numbers: range, **event: Any) -> None:
    for number in numbers:
        journal.stamp(event_parts(number, **event))
    journal.commit()


def page(journal: Journal, after: str = "earliest", **arguments: Any) -> Page:
    answer = journal.page(read_query({"after": after, **arguments}))
    return answer if isinstance(answer, Page) else answer()


def events(journal: Journal) -> tuple[list[int], list[dict[str, Any]]]:
    """Return what all pages give: the `n` of every event, and the gaps."""
    after, numbers, gaps = "earliest", [], []
    for _ in range(1000):
        got = page(journal, after)
        gaps += [got.gap] if got.gap else []
        numbers += [
            unpack_event(got.parts[at : at + 3]).data["n"] for at in range(0, len(got.parts), 3)
        ]
        after = got.result()["next"]
        if not got.more:
            return numbers, gaps
    raise AssertionError("the pages do not end")


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))


def test_a_restart_goes_on_with_the_next_position(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        add(journal, range(1, 11))
        first = journal.id
    with opened(tmp_path) as journal:
        assert (journal.id, journal.newest) == (first, 10)
        add(journal, range(11, 21))
        assert events(journal) == (list(range(1, 21)), [])
        assert journal.found.dropped_bytes == 0


def copy_of(folder: Path, target: Path) -> Path:
    """Return the folder as a process that was killed now would leave it."""
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def test_what_was_committed_outlives_the_process(tmp_path: Path) -> None:
    with opened(tmp_path / "a") as journal:
        for number in range(1, 50):
            add(journal, range(number, number + 1))
            found = recover(copy_of(tmp_path / "a", tmp_path / str(number)))
            assert (found.journal, found.newest) == (journal.id, number)
            assert found.lives == {"CAM1": Standing(10, number)}
            assert not found.jumped


def test_a_file_cut_at_every_byte_of_its_last_record_loses_only_that(tmp_path: Path) -> None:
    with opened(tmp_path / "a") as journal:
        add(journal, range(1, 4))
        before = segments(tmp_path / "a")[0].stat().st_size
        add(journal, range(4, 5))
        name = count()
    whole = segments(tmp_path / "a")[0].stat().st_size
    for size in range(before, whole):
        folder = copy_of(tmp_path / "a", tmp_path / str(next(name)))
        os.truncate(segments(folder)[0], size)
        with opened(folder) as journal:
            assert journal.found.dropped_bytes == size - before
            add(journal, range(5, 6))
            # The position of the lost one was published: it is not used again.
            assert journal.newest == 5
            numbers, (gap,) = events(journal)
            assert (numbers, gap["count"], gap["reason"]) == ([1, 2, 3, 5], 1, "degraded")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_flipped_bit_costs_one_event_at_most(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("flip")
    with opened(folder) as journal:
        add(journal, range(1, 9))
        kept = journal.id
    path = segments(folder)[0]
    packed = bytearray(path.read_bytes())
    start = packed.index(b"CAM1/warning") - 10
    at = data.draw(st.integers(start, len(packed) - 1))
    packed[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(packed)
    with opened(folder) as journal:
        assert journal.id == kept
        assert journal.found.dropped_bytes > 0
        add(journal, range(9, 10))
        numbers, gaps = events(journal)
        (lost,) = set(range(1, 10)) - set(numbers)
        assert numbers == sorted(numbers)
        assert [gap["count"] for gap in gaps] == [1]
        assert lost < 9


def test_a_head_that_is_broken_drops_its_segment_and_nothing_else(tmp_path: Path) -> None:
    small = JournalSettings(fsync_s=0.01, max_events=80)
    with opened(tmp_path, small) as journal:
        for number in range(1, 36):
            add(journal, range(number, number + 1))
            journal.keep_time(time.monotonic())
        paths = segments(tmp_path)
        assert len(paths) > 2
    paths[-1].write_bytes(b"\0" + paths[-1].read_bytes()[1:])
    with opened(tmp_path, small) as journal:
        assert journal.newest == 35
        numbers, (gap,) = events(journal)
        assert numbers == list(range(1, int(paths[-1].stem)))
        assert gap["count"] == 35 - len(numbers)


def test_a_second_broker_is_kept_off_the_folder(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(SettingsError, match="another broker"):
        Journal(QUICK, tmp_path)
    with opened(tmp_path):
        pass


def test_nothing_usable_begins_a_new_journal(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        add(journal, range(1, 3))
        old = journal.id
    for path in tmp_path.iterdir():
        path.write_bytes(b"junk" * 100)
    with opened(tmp_path) as journal:
        assert journal.id != old
        assert journal.newest == 0
        assert journal.found.dropped_bytes > 0


def test_after_a_power_cut_no_position_is_used_twice(tmp_path: Path) -> None:
    with opened(tmp_path / "a") as journal:
        add(journal, range(1, 6))
        folder = copy_of(tmp_path / "a", tmp_path / "b")
    found = recover(folder, boot="another boot of this machine")
    assert found.newest == 5 + JUMP
    assert found.jumped
    ended_in_order = recover(tmp_path / "a", boot="another boot of this machine")
    assert (ended_in_order.newest, ended_in_order.jumped) == (5, False)


def test_a_jump_is_a_gap_of_unknown_size(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        add(journal, range(1, 6))
    (tmp_path / PLACE).unlink()
    with opened(tmp_path) as journal:
        assert events(journal)[1][0]["reason"] == "unknown"
        add(journal, range(6, 8))
        numbers, (gap,) = events(journal)
    assert (numbers, gap["count"], gap["reason"]) == (list(range(1, 8)), None, "unknown")


def test_old_segments_go_by_count_and_the_rest_is_declared(tmp_path: Path) -> None:
    with opened(tmp_path, JournalSettings(fsync_s=0.01, max_events=100)) as journal:
        start = page(journal).result()["next"]
        for number in range(1, 1001):
            add(journal, range(number, number + 1))
            journal.keep_time(time.monotonic())
        wait_for(lambda: len(events(journal)[0]) <= 100)
        kept = events(journal)[0]
        assert len(kept) >= 75
        assert kept[-1] == 1000
        gap = page(journal, start).gap
        assert gap is not None
        assert (gap["count"], gap["reason"]) == (1000 - len(kept), "expired")


def test_old_segments_go_by_bytes_and_by_age(tmp_path: Path) -> None:
    limits = JournalSettings(fsync_s=0.01, max_bytes=200_000, max_age_s=1.0)
    with opened(tmp_path, limits) as journal:
        for number in range(1, 1001):
            add(journal, range(number, number + 1), size=1000)
            journal.keep_time(time.monotonic())
        assert sum(path.stat().st_size for path in segments(tmp_path)) <= 210_000

        def forgotten() -> bool:
            journal.keep_time(time.monotonic())
            return events(journal)[0] == []

        wait_for(forgotten)


def stamped_record(n: int, size: int) -> bytes:
    topic, header, body = event_parts(n, size=size)
    return pack_record(topic, stamp_header(header, 7, n), body)


@contextmanager
def small_reserve(path: Path) -> Iterator[Reserve]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reserve_module, "SIZES", SIZES[-1:])
        reserve = Reserve(path, 7)
        yield reserve
        reserve.close()


class Disk:
    """Stands between the store and the disk, and fails on command."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fault: Callable[[], None] | None = None
        self.sync_fault: Callable[[], None] | None = None
        write, fdatasync = os.write, os.fdatasync

        def failing_write(file: int, data: bytes | memoryview) -> int:
            fault = self.fault  # it may be healed meanwhile
            if fault is not None:
                write(file, data[: len(data) // 2])  # half of it arrives all the same
                fault()
            return write(file, data)

        def failing_sync(file: int) -> None:
            fault = self.sync_fault
            if fault is not None:
                fault()
            fdatasync(file)

        self.os = type("Os", (), {**vars(os), "write": failing_write, "fdatasync": failing_sync})
        for name in ("write", "fdatasync"):
            setattr(self.os, name, staticmethod(getattr(self.os, name)))
        monkeypatch.setattr(store_module, "os", self.os)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What a disk that hangs waits for; at the end of the test it is released in any case."""
    made = threading.Event()
    yield made
    made.set()


@pytest.fixture(autouse=True, scope="module")
def patience() -> Iterator[None]:
    """Let no busy machine pass for a slow disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal_module, "WAIT_S", PATIENCE_S)
        yield


def _hang(released: threading.Event) -> None:
    released.wait(60)


def told(journal: Journal, kind: str) -> dict[str, str]:
    def found() -> list[dict[str, str]]:
        return [
            data or {"": ""} for name, data in journal.keep_time(time.monotonic()) if name == kind
        ]

    return wait_for(found)[0]


def test_a_full_disk_is_told_once_and_heals_without_loss(tmp_path: Path, disk: Disk) -> None:
    with opened(tmp_path) as journal:
        add(journal, range(1, 11))
        disk.fault = full
        add(journal, range(11, 21))
        assert told(journal, "journal.degraded") == {"reason": "No space left on device"}
        add(journal, range(21, 31))
        assert journal.keep_time(time.monotonic()) == ()
        assert events(journal) == (list(range(1, 31)), [])
        disk.fault = None
        told(journal, "journal.recovered")
        add(journal, range(31, 41))
    with opened(tmp_path) as journal:
        assert events(journal) == (list(range(1, 41)), [])


def test_what_the_disk_refused_outlives_the_process_in_the_reserve(
    tmp_path: Path, disk: Disk
) -> None:
    with opened(tmp_path / "0") as journal:
        add(journal, range(1, 11))
        disk.fault = full
        # Killed again and again, and never a byte more on the disk.
        for life in range(1, 4):
            add(journal, range(10 * life + 1, 10 * life + 11))
            told(journal, "journal.degraded")
            newest = journal.newest
            folder = copy_of(tmp_path / str(life - 1), tmp_path / str(life))
            journal.close()
            journal = Journal(QUICK, folder)
            assert (journal.newest, journal.found.lives) == (newest, {"CAM1": Standing(10, newest)})
            assert events(journal) == (list(range(1, newest + 1)), [])
        disk.fault = None
        add(journal, range(41, 43))
        journal.close()
    with opened(tmp_path / "3") as journal:
        assert not journal.found.reserved, "the disk has it all"
        assert events(journal) == (list(range(1, 43)), [])


def test_what_even_the_reserve_could_not_keep_is_a_gap_after_a_restart(
    tmp_path: Path, disk: Disk
) -> None:
    with opened(tmp_path) as journal:
        add(journal, range(1, 11))
        disk.fault = full
        add(journal, range(1, 4), camera="CAM2")
        for number in range(11, 211):
            add(journal, range(number, number + 1), size=40_000)
        told(journal, "journal.degraded")
    disk.fault = None
    with opened(tmp_path) as journal:
        assert journal.newest == 213
        add(journal, range(211, 213))
        numbers, (gap,) = events(journal)
        assert numbers[:10] == list(range(1, 11))
        assert numbers[10:] == list(range(213 - len(numbers) + 10, 213))
        assert (gap["count"], gap["reason"]) == (215 - len(numbers), "degraded")
        assert journal.found.lives == {"CAM1": Standing(10, 210)}


def test_how_a_camera_stood_is_known_though_no_event_of_it_is_left(
    tmp_path: Path, disk: Disk
) -> None:
    lives = {"CAM1": Standing(10, 3, present=True), "CAM2": Standing(11, 200)}
    journal = Journal(QUICK, tmp_path, lambda: lives)
    disk.fault = full
    add(journal, range(1, 4))
    for number in range(1, 201):
        add(journal, range(number, number + 1), camera="CAM2", epoch=11, size=40_000)
    journal.close()
    assert recover(tmp_path).lives == lives


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_reserve_torn_anywhere_gives_only_whole_records(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("reserve") / "reserve"
    sizes = data.draw(st.lists(st.integers(0, 60_000), min_size=1, max_size=120))
    records = [stamped_record(n, size) for n, size in enumerate(sizes, 1)]
    path.write_bytes(bytes(SIZES[-1]))  # as small as it may be, so that it goes round
    with small_reserve(path) as reserve:
        for start in range(0, len(records), 7):
            reserve.put(records[start : start + 7])
    newest, kept = read_reserve(path, 7)
    assert newest == len(records)
    assert kept == records[len(records) - len(kept) :]
    assert sum(map(len, kept)) > min(sum(map(len, records)), 3 * 60_000) - 60_100
    # A copy that was cut short: the last record is not there, whatever is in its place.
    packed = bytearray(path.read_bytes())
    end = packed.index(records[-1]) + len(records[-1])
    packed[end - data.draw(st.integers(1, 30))] ^= 0x10
    path.write_bytes(packed)
    newest, kept = read_reserve(path, 7)
    assert newest == len(records) - 1
    assert kept == records[len(records) - 1 - len(kept) : -1]
    assert read_reserve(path, 8) == (0, [])


def test_a_disk_that_is_full_for_long_costs_a_declared_range(tmp_path: Path, disk: Disk) -> None:
    with opened(tmp_path) as journal:
        add(journal, range(1, 11))
        disk.fault = full
        for start in range(11, 40_011, 1000):
            add(journal, range(start, start + 1000))
        told(journal, "journal.degraded")
        disk.fault = None
        told(journal, "journal.recovered")
        add(journal, range(40_011, 40_021))
        newest, oldest_in_memory = journal.newest, 40_020 - 20_000
        assert newest == 40_020
        numbers, gaps = events(journal)
        assert numbers[:10] == list(range(1, 11))
        assert len(numbers) + sum(gap["count"] for gap in gaps) == 40_020
        assert oldest_in_memory + 1 in numbers
        assert len(gaps) <= 1


def test_a_disk_that_hangs_delays_live_events_once_and_not_for_long(
    tmp_path: Path, disk: Disk, released: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as journal:
        add(journal, range(1, 2))
        monkeypatch.setattr(journal_module, "WAIT_S", 0.5)
        disk.fault = lambda: _hang(released)
        started = time.monotonic()
        for number in range(2, 102):
            add(journal, range(number, number + 1))
            journal.keep_time(time.monotonic())
        assert 0.5 <= time.monotonic() - started < 100 * 0.5 / 2, "waited for once, not each time"
        assert events(journal) == (list(range(1, 102)), [])
        disk.fault = None
        released.set()
        told(journal, "journal.recovered")


def test_a_disk_that_syncs_slowly_or_not_delays_nobody(
    tmp_path: Path, disk: Disk, released: threading.Event
) -> None:
    with opened(tmp_path) as journal:
        disk.sync_fault = lambda: _hang(released)
        started = time.monotonic()
        for number in range(1, 30):
            add(journal, range(number, number + 1))
        assert time.monotonic() - started < PATIENCE_S
        disk.sync_fault = full
        released.set()
        told(journal, "journal.degraded")
        disk.sync_fault = None
        told(journal, "journal.recovered")


def test_a_folder_that_cannot_be_made_leaves_a_journal_in_memory(tmp_path: Path) -> None:
    blocked = tmp_path / "journal"
    blocked.write_text("in the way")
    with opened(blocked) as journal:
        add(journal, range(1, 4))
        assert told(journal, "journal.degraded")
        assert events(journal) == ([1, 2, 3], [])
        blocked.unlink()
        blocked.mkdir()
        told(journal, "journal.recovered")
        add(journal, range(4, 6))
    assert recover(blocked).newest == 5
    assert RETRY_S < 1


def test_without_a_journal_the_newest_are_in_memory(tmp_path: Path) -> None:
    with opened(tmp_path / "none", JournalSettings(enabled=False, max_events=50)) as journal:
        add(journal, range(1, 101))
        assert events(journal)[0] == list(range(51, 101))
        gap = page(journal, f"{journal.id:08x}.10").gap
        assert gap is not None
        assert gap["count"] == 40
    assert not (tmp_path / "none").exists()


def test_the_place_survives_any_bytes(tmp_path: Path) -> None:
    size = 135_168
    for junk in (b"", b"x", b"LBPLACE2" + bytes(size - 8), bytes(size), b"\xff" * size):
        (tmp_path / PLACE).write_bytes(junk)
        assert read_place(tmp_path / PLACE, "boot") is None


def test_every_answer_holds_each_event_once_wherever_pages_are_split(tmp_path: Path) -> None:
    small = JournalSettings(fsync_s=0.01, max_events=4000)
    with opened(tmp_path, small) as journal:
        for number in range(1, 2001):
            add(journal, range(number, number + 1), camera=f"CAM{number % 3}")
            journal.keep_time(time.monotonic())
    with opened(tmp_path, small) as journal:
        for start in (0, 1, 499, 500, 501, 1999, 2000):
            for filters in (
                {},
                {"cameras": ["CAM1"]},
                {"cameras": ["CAM9"]},
                {"kinds": ["warning"]},
            ):
                numbers, after, more = [], f"{journal.id:08x}.{start}", True
                while more:
                    got = page(journal, after, limit=333, **filters)
                    numbers += [
                        unpack_event(got.parts[at : at + 3]).data["n"]
                        for at in range(0, len(got.parts), 3)
                    ]
                    after, more = got.result()["next"], got.more
                wanted = filters.get("cameras", ["CAM0", "CAM1", "CAM2"])
                assert numbers == [n for n in range(start + 1, 2001) if f"CAM{n % 3}" in wanted]
