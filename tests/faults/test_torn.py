"""Rows in which the journal is torn: by flipped bits, cut files, a power cut at any moment."""

import os
import random
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from kit.judge import judge
from kit.ledger import Tap
from kit.processes import wait_for
from kit.records import event_parts
from kit.rig import Bare, Rig, bare, rig
from lensbus_broker.history import Page, read_query
from lensbus_broker.journal import Journal
from lensbus_broker.records import position_of, scan
from lensbus_broker.segments import SUFFIX, read_head
from lensbus_broker.store import PLACE, Store, recover
from lensbus_proto.codec import unpack_event
from lensbus_proto.cursor import Cursor, parse
from lensbus_proto.runtime.settings import JournalSettings


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))


def copy_of(folder: Path, target: Path) -> Path:
    """Copy a journal's folder as it is now, oldest segment first."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for path in [folder / PLACE, *segments(folder)]:
        shutil.copyfile(path, target / path.name)
    return target


def said_by(folder: Path) -> tuple[list[int], list[range], int]:
    """Open a journal; return its positions, those that it declares missing, and what it dropped."""
    journal = Journal(JournalSettings(), folder)
    try:
        positions: list[int] = []
        missing: list[range] = []
        after, more = "earliest", True
        while more:
            answer = journal.page(read_query({"after": after, "limit": 1000}))
            page = answer if isinstance(answer, Page) else answer()
            if page.gap is not None:
                missing.append(range(place(page.gap["from"]) + 1, place(page.gap["to"]) + 1))
            for first in range(0, len(page.parts), 3):
                positions.append(unpack_event(page.parts[first : first + 3]).header.position)
            after, more = str(Cursor(journal.id, page.next)), page.more
        return positions, missing, journal.found.dropped_bytes
    finally:
        journal.close()


def place(text: str | None) -> int:
    found = parse(text or "")
    assert found is not None
    return found.position


def written_journal(folder: Path, count: int) -> Path:
    """Return a journal of so many events whose broker was killed."""
    journal = Journal(JournalSettings(), folder)
    for number in range(1, count + 1):
        journal.stamp(event_parts(number))
    journal.commit()
    killed = copy_of(folder, folder.with_name("killed"))
    journal.close()
    return killed


def test_f30_a_journal_cut_at_any_byte_of_its_last_record_loses_only_that(tmp_path: Path) -> None:
    killed = written_journal(tmp_path / "journal", 50)
    (path,) = segments(killed)
    head = read_head(path)
    assert head is not None
    *_, last = scan(path.read_bytes(), head.start)
    silent = 0
    for size in range(last.start, last.end):
        torn = copy_of(killed, tmp_path / "torn")
        os.truncate(segments(torn)[0], size)
        positions, missing, dropped = said_by(torn)
        assert positions == list(range(1, 50))
        assert missing == [range(50, 51)], "the place tells that there was one more"
        silent += dropped != size - last.start
    print(f"row=F30 cuts={last.end - last.start} lost_beyond_tail=0 silent={silent}")
    assert not silent


@pytest.mark.slow
def test_f30_a_flipped_bit_costs_one_record_and_is_told(tmp_path: Path) -> None:
    killed = written_journal(tmp_path / "journal", 50)
    (path,) = segments(killed)
    whole = path.read_bytes()
    head = read_head(path)
    assert head is not None
    chance = random.Random(30)
    worst = 0
    for _ in range(1000):
        torn = copy_of(killed, tmp_path / "torn")
        at = chance.randrange(head.start, len(whole))
        flipped = bytearray(whole)
        flipped[at] ^= 1 << chance.randrange(8)
        segments(torn)[0].write_bytes(flipped)
        positions, missing, dropped = said_by(torn)
        gone = sorted(set(range(1, 51)) - set(positions))
        assert positions == sorted(positions)
        assert gone == [position for run in missing for position in run if position <= 50], at
        assert dropped, at
        worst = max(worst, len(gone))
    print(f"row=F30 flips=1000 most_lost_by_one_flip={worst} silent=0")
    assert worst == 1


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_f30_clients_are_told_of_a_torn_tail(row: str, tmp_path: Path) -> None:
    with bare() as plant:
        plant.start_broker()
        plant.start_gateway()
        with rig(row, plant, tmp_path) as made:
            made.add_ledgers(2)
            (source,) = made.add_sources(1, 200)
            made.wait_healed(time.monotonic() + 1, 10)
            kill_everything(made, plant)
            path = segments(plant.state / "journal")[-1]
            os.truncate(path, path.stat().st_size - 300)
            start_everything(made, plant)
            (late,) = made.add_ledgers(1, "?last_event_id=earliest")
            made.wait_healed(time.monotonic(), 20)
            made.settle()
            verdict = made.judge()
            assert verdict.honest
            for ledger in made.ledgers:
                assert any(entry.kind == "journal.truncated" for entry in ledger.entries)
            assert judge(row, source.lives(), [late.entries]).gaps == 1


def kill_everything(made: Rig, plant: Bare) -> None:
    """Kill broker, gateway and the one source, as a power cut does."""
    (source,) = made.sources
    source.kills += 1
    made.measure()
    made.nemesis.kill(made.broker(), *made.gateways(), source.pid())
    for name in ("broker", "gateway", source.camera):
        plant.bury(name)


def start_everything(made: Rig, plant: Bare) -> None:
    plant.start_broker()
    plant.start_gateway()
    plant.start_again(made.sources[0].camera)


POWER_CUT = "another boot of this machine"


def stored(folder: Path) -> list[int]:
    """Return the positions that a folder holds after a power cut."""
    found = recover(folder, POWER_CUT)
    store = Store(folder, found.journal, JournalSettings(), found.segments)
    positions = [position_of(record) for record in store.read(0)]
    assert positions == sorted(set(positions))
    assert found.newest > max(positions, default=0), "no position is given twice"
    return positions


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_f31_a_journal_copied_at_any_moment_holds_what_was_published(
    row: str, tmp_path: Path
) -> None:
    with bare(journal_max_bytes="300000", journal_fsync_s="0.05") as plant:
        plant.start_broker()
        plant.start_gateway()
        with rig(row, plant, tmp_path) as made:
            (tap,) = made.taps
            made.add_ledgers(1)
            made.add_sources(2, 250)
            copies = late = 0
            while copies < 1000:
                late += not holds_what_was_published(plant.state / "journal", tap, tmp_path)
                copies += 1
            degraded = sum(entry.kind == "journal.degraded" for entry in tap.entries)
            made.settle()
            assert made.judge().whole
    print(f"row=F31 copies={copies} promised_but_missing={late} degraded={degraded}")
    assert not late or degraded, "only a disk that was too slow for a moment excuses it"


def holds_what_was_published(folder: Path, tap: Tap, keep: Path) -> bool:
    """Copy a journal while its broker writes, open the copy, look for what had been published."""
    published = tap.entries[-1].position
    try:
        positions = stored(copy_of(folder, keep / "copied"))
    except FileNotFoundError:  # a segment expired meanwhile
        return True
    assert positions == list(range(positions[0], positions[-1] + 1)), "no hole"
    return positions[-1] >= published


class Disk:
    """Knows how much of each file is safe from a power cut: what `fdatasync` returned for."""

    def __init__(self) -> None:
        self.safe: dict[str, int] = {}
        self._sync = os.fdatasync

    def fdatasync(self, file: int) -> None:
        name, size = Path(os.readlink(f"/proc/self/fd/{file}")).name, os.fstat(file).st_size
        self._sync(file)
        self.safe[name] = max(self.safe.get(name, 0), size)

    def cut(self, folder: Path, target: Path, chance: random.Random) -> Path:
        """Copy a folder as a power cut leaves it: safe bytes, then as much as luck would have."""
        safe = dict(self.safe)
        copied = copy_of(folder, target)
        for path in segments(copied):
            data = path.read_bytes()
            kept = chance.randint(min(safe.get(path.name, 0), len(data)), len(data))
            # File systems may have made the file longer before the bytes came: zeros.
            zeros = min(chance.choice((0, 0, 100, 4096)), len(data) - kept)
            path.write_bytes(data[:kept] + bytes(zeros))
        return copied


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_f31_what_was_promised_durable_survives_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    monkeypatch.setattr(os, "fdatasync", disk.fdatasync)
    limits = JournalSettings(fsync_s=0.02, max_bytes=100_000)
    journal = Journal(limits, tmp_path / "journal")
    stamped: list[float] = []
    ending = threading.Event()

    def write() -> None:
        while not ending.wait(0.005):
            for _ in range(5):
                stamped.append(time.monotonic())
                journal.stamp(event_parts(len(stamped)))
            journal.commit()
            journal.keep_time(time.monotonic())

    writer = threading.Thread(target=write)
    writer.start()
    chance = random.Random(31)
    cuts, oldest_s = 0, 0.0
    try:
        wait_for(lambda: len(disk.safe) > 1)
        while cuts < 1000:
            began_s = time.monotonic()
            with suppress(FileNotFoundError):  # a segment expired meanwhile: try again
                positions = stored(disk.cut(tmp_path / "journal", tmp_path / "cut", chance))
                there = set(positions)
                lost = (one for one in range(positions[0], len(stamped) + 1) if one not in there)
                oldest_s = max(oldest_s, began_s - stamped[next(lost, len(stamped)) - 1])
                cuts += 1
    finally:
        ending.set()
        writer.join(5)
        journal.close()
    print(f"row=F31 cuts={cuts} events={len(stamped)} oldest_lost_ms={oldest_s * 1000:.0f}")
    assert oldest_s <= limits.fsync_s + 0.3, "one interval, and the time that one sync takes"
