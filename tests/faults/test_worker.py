"""Rows in which workers die or freeze."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from kit.bus import ask, client
from kit.ledger import Ledger
from kit.processes import wait_for
from kit.rig import Bare, Rig, bare, rig
from lensbus_proto.errors import WorkerSilent


def kinds(ledger: Ledger, camera: str) -> list[tuple[str, int]]:
    """Return kind and epoch of everything that a ledger has of a camera."""
    return [(one.kind, one.epoch) for one in ledger.entries if one.camera == camera]


@pytest.mark.slow
def test_f01_a_worker_killed_while_idle_is_told_lost_and_comes_back(on_system: Rig) -> None:
    on_system.add_ledgers(5)
    idle, busy = on_system.add_sources(2, 125)
    idle.wait_steady()
    idle.rate(0)
    on_system.wait_quiet(idle)
    injected_s = on_system.kill(idle)
    for ledger in on_system.ledgers:
        wait_for(lambda ledger=ledger: "worker.lost" in ledger.kinds(idle.camera), limit_s=5)  # type: ignore[misc]
    idle.rate(125)
    heal_ms = on_system.wait_healed(injected_s, 10, idle.camera)
    on_system.settle()
    verdict = on_system.judge()
    assert verdict.whole, "it was idle: there is nothing to lose"
    assert verdict.tail == 0
    assert heal_ms <= 3000
    first, second = idle.lives()
    for ledger in on_system.ledgers:
        told = kinds(ledger, idle.camera)
        lost, started = ("worker.lost", first.epoch), ("worker.started", second.epoch)
        assert told.index(lost) < told.index(started) < told.index(("numbered", second.epoch))
        assert ledger.heal_ms(busy.camera, injected_s) < 1000, "the other camera was not touched"


@pytest.fixture
def on_children(row: str, tmp_path: Path) -> Iterator[tuple[Rig, Bare]]:
    """A rig on a broker and a gateway that supervisord does not know."""
    with bare() as plant:
        plant.start_broker()
        plant.start_gateway()
        with rig(row, plant, tmp_path) as made:
            yield made, plant


def kill_in_bursts(made: Rig, plant: Bare, times: int) -> None:
    """Kill a worker that says 2000 events/s, again and again, at any moment of its life."""
    made.add_ledgers(3)
    (source,) = made.add_sources(1, 2000)
    for run in range(times):
        newest = source.lives()[-1].key
        wait_for(lambda key=newest: key in made.taps[0].highest)  # type: ignore[misc]
        time.sleep(made.nemesis.chance.uniform(0, 0.4))
        injected_s = made.kill(source)
        plant.bury(source.camera)
        plant.start_again(source.camera)
        wait_for(lambda before=run + 1: len(source.lives()) > before)  # type: ignore[misc]
        made.wait_healed(injected_s, 10)
    made.settle()
    verdict = made.judge()
    print(f"row=F03 runs={times} undeclared={verdict.undeclared}")
    assert verdict.honest
    assert verdict.lost == 0, "what nobody ever heard of is the tail; the rest was there"


def test_f03_a_worker_killed_in_a_burst_takes_nothing_along_that_anybody_saw(
    on_children: tuple[Rig, Bare],
) -> None:
    kill_in_bursts(*on_children, times=3)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_f03_a_hundred_workers_killed_in_bursts(on_children: tuple[Rig, Bare]) -> None:
    kill_in_bursts(*on_children, times=100)


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_f06_a_frozen_worker_is_told_lost_and_goes_on_without_loss(on_system: Rig) -> None:
    on_system.add_ledgers(5)
    frozen, busy = on_system.add_sources(2, 125)
    on_system.wait_flowing()
    frozen_s = on_system.nemesis.stop(frozen.pid())
    for ledger in on_system.ledgers:
        wait_for(lambda ledger=ledger: "worker.lost" in ledger.kinds(frozen.camera), limit_s=5)  # type: ignore[misc]
    stale_ms = (time.monotonic() - frozen_s) * 1000
    with client(on_system.settings, "commands", zmq.REQ) as line:
        asked_s = time.monotonic()
        with pytest.raises(WorkerSilent):
            ask(line, frozen.camera, "count")
        assert time.monotonic() - asked_s < 1, "a command must fail at once"
        assert ask(line, busy.camera, "count").result
    while time.monotonic() - frozen_s < 10:
        assert len(frozen.pids()) == 1, "one camera, one worker"
        time.sleep(0.2)
    injected_s = on_system.nemesis.strike(signal.SIGCONT, frozen.pid())
    on_system.wait_healed(injected_s, 10)
    on_system.settle()
    verdict = on_system.judge()
    print(f"row=F06 stale_ms={stale_ms:.0f}")
    assert verdict.whole
    assert stale_ms <= 5000
    assert len(frozen.lives()) == len(frozen.pids()) == 1
    for ledger in on_system.ledgers:
        assert ledger.heal_ms(busy.camera, frozen_s) < 1000, "the other camera was not touched"


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_f13_everything_dies_at_once_and_nothing_is_lost(on_system: Rig) -> None:
    on_system.add_ledgers(20)
    sources = on_system.add_sources(4, 125)
    on_system.wait_flowing()
    for source in sources[:2]:
        source.wait_steady()
    pids = [source.pid() for source in sources[:2]]
    on_system.measure()
    for source in sources[:2]:
        source.kills += 1
    injected_s = on_system.nemesis.kill(on_system.broker(), *on_system.gateways(), *pids)
    assert on_system.nemesis.timetable[-1][0] - on_system.nemesis.timetable[0][0] <= 0.1
    on_system.wait_healed(injected_s, 20)
    on_system.settle()
    verdict = on_system.judge()
    assert verdict.honest
    assert verdict.heal_ms <= 6000
    for ledger in on_system.readers.ledgers:
        assert ledger.refused == 0
    for source in sources[:2]:
        first, second = source.lives()
        for ledger in on_system.ledgers:
            told = kinds(ledger, source.camera)
            lost, started = ("worker.lost", first.epoch), ("worker.started", second.epoch)
            assert told.count(lost) == told.count(started) == 1
            last = max(n for n, told_of in enumerate(told) if told_of == ("numbered", first.epoch))
            assert last < told.index(lost) < told.index(started)
    for source in sources[2:]:
        for ledger in on_system.ledgers:
            of_it = ledger.kinds(source.camera)
            assert of_it.count("worker.started") == 1, "it was there all the time"
            assert "worker.lost" not in of_it


def test_f13_a_worker_that_dies_with_the_broker_and_stays_away_is_told_lost(
    on_children: tuple[Rig, Bare],
) -> None:
    made, plant = on_children
    made.add_ledgers(3)
    dead, busy = made.add_sources(2, 125)
    made.wait_flowing()
    pid, broker = dead.pid(), made.broker()
    dead.kills += 1
    injected_s = made.nemesis.kill(broker, pid)
    plant.bury("broker")
    plant.bury(dead.camera)
    plant.start_broker()
    made.wait_healed(injected_s, 10, busy.camera)
    for ledger in made.ledgers:
        wait_for(lambda ledger=ledger: "worker.lost" in ledger.kinds(dead.camera), limit_s=10)  # type: ignore[misc]
    print(f"row=F13 lost_told_ms={(time.monotonic() - injected_s) * 1000:.0f}")
    made.settle()
    assert made.judge().honest
    for ledger in made.ledgers:
        assert ledger.kinds(dead.camera).count("worker.lost") == 1
        assert ledger.kinds(busy.camera).count("worker.started") == 1
