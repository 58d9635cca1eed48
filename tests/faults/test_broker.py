"""Rows in which the broker dies or freezes."""

import time

import pytest

from kit.processes import wait_for
from kit.rig import Rig


def kill_broker(rig: Rig, times: int, every_s: float) -> None:
    """Kill the broker again and again under 1000 events/s."""
    rig.add_ledgers(10)
    rig.add_sources(4, 250)
    for _ in range(times):
        time.sleep(every_s * rig.nemesis.chance.uniform(0.5, 1))
        rig.measure()
        old = rig.broker()
        injected_s = rig.nemesis.kill(old)
        rig.wait_healed(injected_s, limit_s=10)
        assert rig.broker() != old
    rig.settle()
    verdict = rig.judge()
    assert verdict.whole
    assert verdict.heal_ms <= 2000
    for ledger in rig.readers.ledgers:
        assert len(ledger.connects) == 1, "nobody is to notice on the stream"
        assert not ledger.refused


def test_f08_a_killed_broker_costs_nothing(on_system: Rig) -> None:
    kill_broker(on_system, times=2, every_s=1)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_f08_a_broker_killed_again_and_again_costs_nothing(on_system: Rig) -> None:
    kill_broker(on_system, times=15, every_s=4)


@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.parametrize("frozen_s", [2, 8])
def test_f09_what_happens_while_the_broker_is_frozen_comes_late_but_comes(
    on_system: Rig, frozen_s: int
) -> None:
    on_system.add_ledgers(10)
    on_system.add_sources(4, 250)
    on_system.wait_flowing()
    broker = on_system.broker()
    on_system.nemesis.stop(broker)
    time.sleep(frozen_s)
    injected_s = on_system.nemesis.go_on(broker)
    on_system.wait_healed(injected_s, limit_s=15)
    on_system.wait_flowing(for_s=1)
    on_system.settle()
    assert on_system.judge().whole
    assert on_system.broker() == broker
    for ledger in on_system.readers.ledgers:
        assert len(ledger.connects) == 1


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_f10_a_worker_restarted_before_a_frozen_broker_is_heard_from_its_first_event(
    on_system: Rig,
) -> None:
    on_system.add_ledgers(5)
    (source, _other) = on_system.add_sources(2, 400)
    on_system.wait_flowing()
    source.wait_steady()
    broker = on_system.broker()
    on_system.nemesis.stop(broker)
    on_system.kill(source)
    wait_for(lambda: len(source.lives()) == 2 and source.lives()[1].count > 1400, limit_s=20)
    injected_s = on_system.nemesis.go_on(broker)
    on_system.wait_healed(injected_s, limit_s=15)
    on_system.settle()
    verdict = on_system.judge()
    assert verdict.honest
    second = source.lives()[1]
    for ledger in on_system.ledgers:
        entries = [one.n for one in ledger.entries if (one.camera, one.epoch) == second.key]
        assert [n for n in entries if n is not None] == list(range(1, second.count + 1))
