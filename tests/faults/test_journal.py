"""Rows in which the disk below the journal is full, slow, broken or torn."""

import os
import shutil
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import pytest

from kit.judge import Entry, Verdict, judge
from kit.ledger import Ledger
from kit.processes import wait_for
from kit.rig import Bare, Rig, bare, rig


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[None]:
    """Mount a file system of this size; skip the test where that is not allowed."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "lensbus-faults", str(path)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small disk takes root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def grow(path: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(path)], check=True)


def is_degraded(made: Rig) -> bool:
    """Tell what a scrape of the gateway says about the journal."""
    host, port = made.plant.address
    with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=5) as answer:
        return b"\nlensbus_journal_degraded 1\n" in answer.read()


def says(ledger: Ledger, kind: str, since: int = 0) -> bool:
    return any(entry.kind == kind for entry in ledger.entries[since:])


def come_back_with(made: Rig, ledger: Ledger, entry: Entry, name: str) -> Ledger:
    """Open a stream as a client that left at an entry of a ledger; it has all up to there."""
    cut = ledger.entries.index(entry) + 1
    cursor = f"{entry.journal}.{entry.position}"
    return made.readers.add(name, cursor=cursor, known=ledger.known(cut))


def judge_present(made: Rig, late: Ledger) -> Verdict:
    """Return and print the verdict over everybody but who came late."""
    present = [one.entries for one in made.ledgers if one is not late]
    lives = [life for source in made.sources for life in source.lives()]
    verdict = judge(f"{made.row}-present", lives, present, heal_ms=max(made.heals_ms))
    print(verdict)
    return verdict


def newest_event(ledger: Ledger) -> Entry:
    return next(entry for entry in reversed(ledger.entries) if entry.n is not None)


@contextmanager
def on_small_disk(row: str, keep: Path) -> Iterator[tuple[Rig, Bare]]:
    """A rig whose journal has one megabyte of disk."""
    with bare() as plant, small_disk(plant.state / "journal", "1m"):
        plant.start_broker()
        plant.start_gateway()
        with rig(row, plant, keep) as made:
            yield made, plant


def restart(made: Rig, plant: Bare, *names: str) -> float:
    """Kill some of broker and gateway and start them again; what was in their memory is gone."""
    made.measure()
    pids = {"broker": made.broker(), "gateway": made.gateways()[0]}
    killed_s = made.nemesis.kill(*(pids[name] for name in names))
    for name in names:
        plant.bury(name)
    for name, start in (("broker", plant.start_broker), ("gateway", plant.start_gateway)):
        if name in names:
            start()
    made.wait_healed(killed_s, 20)
    return killed_s


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_f27_a_full_disk_stops_no_event_and_is_told_honestly(row: str, tmp_path: Path) -> None:
    with on_small_disk(row, tmp_path) as (made, plant):
        always, *_ = made.add_ledgers(3)
        assert not is_degraded(made)
        made.add_sources(1, 400, pad=8000)
        wait_for(lambda: says(always, "journal.degraded"), limit_s=20)
        assert is_degraded(made)
        left = newest_event(always)
        # Until the broker's memory, too, has forgotten it: 16 MiB.
        wait_for(lambda: newest_event(always).position - left.position > 2500, limit_s=30)
        restarted_s = restart(made, plant, "gateway")
        late = come_back_with(made, always, left, "late")
        made.wait_healed(restarted_s, 10)
        grow(plant.state / "journal", "64m")
        wait_for(lambda: says(always, "journal.recovered"), limit_s=20)
        assert not is_degraded(made)
        made.wait_flowing()
        left = newest_event(always)
        made.wait_flowing(for_s=0.5)
        restart(made, plant, "broker", "gateway")
        come_back_with(made, always, left, "whole-again")
        made.settle()
        verdict = made.judge()
        assert verdict.honest
        assert verdict.gaps == 1, "what was not written is gone for who comes back late"
        assert judge_present(made, late).whole, "who was there has everything"


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_f27_a_broker_killed_over_a_full_disk_repeats_nothing(row: str, tmp_path: Path) -> None:
    with on_small_disk(row, tmp_path) as (made, plant):
        always, *_ = made.add_ledgers(3)
        made.add_sources(1, 200, pad=2000)
        wait_for(lambda: says(always, "journal.degraded"), limit_s=20)
        left = newest_event(always)
        for _ in range(3):
            made.wait_flowing(made.nemesis.chance.uniform(0.2, 1))
            restart(made, plant, "broker", "gateway")
        late = come_back_with(made, always, left, "late")
        made.settle()
        verdict = made.judge()
        assert verdict.honest
        assert judge_present(made, late).whole, "who was there has everything"


@contextmanager
def traced(row: str, keep: Path, *options: str) -> Iterator[Rig]:
    """A rig whose broker runs under strace with these options."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    with bare() as plant:
        before = ["strace", "-D", "-f", "-qqq", "--seccomp-bpf", "-o", "/dev/null", *options]
        plant.start_broker(before)
        plant.start_gateway()
        with rig(row, plant, keep) as made:
            yield made


WINDOWS = 8  # of a second each


def p99s_ms(made: Rig, begin_s: float) -> list[float]:
    """Return the 99th percentile of how long events took, for each of some windows of time."""
    took: list[list[float]] = [[] for _ in range(WINDOWS)]
    for ledger in made.readers.ledgers:
        for entry, time_s in zip(ledger.entries, ledger.times, strict=False):
            window = int(entry.emitted_s - begin_s)
            if entry.n is not None and entry.emitted_s >= begin_s and window < WINDOWS:
                took[window].append((time_s - entry.emitted_s) * 1000)
    return [statistics.quantiles(values, n=100)[98] for values in took]


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_f29_a_slow_or_failing_sync_is_not_on_the_way_of_live_events(
    row: str, tmp_path: Path
) -> None:
    options = {
        "whole": ("-e", "trace=fdatasync"),
        "slow": ("-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=300000"),
        "broken": ("-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=10"),
    }
    # Side by side and second by second: what else the machine does slows all three alike.
    with ExitStack() as stack:
        rigs = {
            name: stack.enter_context(traced(row, tmp_path, *chosen))
            for name, chosen in options.items()
        }
        for made in rigs.values():
            made.add_ledgers(3)
            made.add_sources(2, 125)
        begin_s = time.monotonic()
        for made in rigs.values():
            made.wait_flowing(for_s=begin_s + WINDOWS - time.monotonic())
        for made in rigs.values():
            made.settle()
            assert made.judge().whole
        for kind in ("journal.degraded", "journal.recovered"):
            assert says(rigs["broken"].taps[0], kind)
    p99 = {name: p99s_ms(made, begin_s) for name, made in rigs.items()}
    print("row=F29 " + " ".join(f"p99_{name}_ms={median(p99[name]):.1f}" for name in p99))
    for name in ("slow", "broken"):
        times = median(
            faulty / whole for faulty, whole in zip(p99[name], p99["whole"], strict=True)
        )
        print(f"row=F29 fault={name} p99_times={times:.2f}")
        assert times <= 2 or median(p99[name]) <= 10
