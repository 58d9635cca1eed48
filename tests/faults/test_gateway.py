"""Rows in which gateways die or stop, or their clients misbehave."""

import signal
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.gateway import Wire
from kit.ledger import Ledger
from kit.processes import wait_for
from kit.rig import Rig, has_ended, rig, supervised


def kill_gateways(made: Rig, clients: int, times: int) -> None:
    """Kill all gateways again and again; every client must come back by itself."""
    made.add_ledgers(clients)
    made.add_sources(2, 50)
    for _ in range(times):
        time.sleep(made.nemesis.chance.uniform(0.5, 1.5))
        made.measure()
        injected_s = made.nemesis.kill(*made.gateways())
        made.wait_healed(injected_s, limit_s=20)
    made.settle()
    verdict = made.judge()
    back_ms = sorted(
        (later - cut) * 1000
        for ledger in made.readers.ledgers
        for cut, later in zip(made.nemesis.injected_s, ledger.connects[1:], strict=False)
    )
    print(f"row=F11 back_p50_ms={statistics.median(back_ms):.0f} back_p100_ms={back_ms[-1]:.0f}")
    assert verdict.whole
    for ledger in made.readers.ledgers:
        assert ledger.refused == 0, "Firefox would never have come back"
        assert ledger.ends == ["cut"] * times


def test_f11_clients_of_killed_gateways_come_back_by_themselves(on_system: Rig) -> None:
    kill_gateways(on_system, clients=50, times=1)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_f11_two_hundred_clients_come_back_again_and_again(on_system: Rig) -> None:
    kill_gateways(on_system, clients=200, times=5)


def test_f12_a_gateway_told_to_stop_ends_its_streams_and_is_gone(on_system: Rig) -> None:
    on_system.add_ledgers(30)
    on_system.add_sources(2, 125)
    on_system.wait_flowing()
    on_system.measure()
    gateways = on_system.gateways()
    injected_s = on_system.nemesis.strike(signal.SIGTERM, *gateways)
    wait_for(lambda: all(has_ended(pid) for pid in gateways), limit_s=5)
    exit_ms = (time.monotonic() - injected_s) * 1000
    wait_for(lambda: all(len(one.connects) == 2 for one in on_system.readers.ledgers))
    on_system.wait_healed(time.monotonic(), limit_s=10)
    on_system.settle()
    verdict = on_system.judge()
    print(f"row=F12 exit_ms={exit_ms:.0f}")
    assert verdict.whole
    assert exit_ms <= 2000
    for ledger in on_system.readers.ledgers:
        assert ledger.ends == ["clean"]
        assert ledger.refused == 0


def latencies_ms(ledger: Ledger, begin_s: float, end_s: float) -> list[float]:
    """Return how long each event took that was emitted in a span of time."""
    return [
        (time_s - entry.emitted_s) * 1000
        for entry, time_s in zip(ledger.entries, ledger.times, strict=False)
        if begin_s <= entry.emitted_s < end_s
    ]


def p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


@pytest.fixture
def on_shallow_system(row: str, tmp_path: Path) -> Iterator[Rig]:
    """A rig whose gateways keep so few events ready that a stalled reader soon falls behind."""
    with supervised(hub_ring_events="400") as plant, rig(row, plant, tmp_path) as made:
        yield made


def stall(made: Rig, calm_s: float, limit_s: float, *, is_timed: bool) -> None:
    """Have one of several readers read nothing until it is closed, then read on.

    How long others wait meanwhile is judged where that lasts long enough.
    """
    others = made.add_ledgers(10)
    stalled = made.readers.add("stalled", receive_buffer=4096)
    wait_for(made.readers.all_open)
    made.add_sources(2, 250, pad=1000)
    began_s = time.monotonic()
    time.sleep(calm_s)
    asleep_s = time.monotonic()
    stalled.asleep = True
    gateways = made.gateways()
    open_lines = made.descriptors(*gateways)
    wait_for(lambda: made.descriptors(*gateways) < open_lines, limit_s)
    closed_s = time.monotonic()
    stalled.asleep = False
    wait_for(lambda: len(stalled.connects) > 1)
    made.wait_healed(closed_s, limit_s=20)
    made.settle()
    verdict = made.judge()
    before = p99([ms for one in others for ms in latencies_ms(one, began_s, asleep_s)])
    during = p99([ms for one in others for ms in latencies_ms(one, asleep_s, closed_s)])
    # A tap gets the same events past the gateways: what it waits for, the machine is busy with.
    beside = p99(latencies_ms(made.taps[0], asleep_s, closed_s))
    print(
        f"row=F22 closed_after_s={closed_s - asleep_s:.1f} others_p99_ms_before={before:.1f}"
        f" others_p99_ms_during={during:.1f} tap_p99_ms_during={beside:.1f}"
    )
    assert verdict.whole
    assert stalled.ends[0] == "cut"
    if is_timed:
        assert during <= max(2 * before, 2 * beside, 10), "nobody else is to wait for it"
    for one in others:
        assert len(one.connects) == 1


def test_f22_a_stalled_reader_is_closed_and_replayed_and_nobody_waits(
    on_shallow_system: Rig,
) -> None:
    stall(on_shallow_system, calm_s=1, limit_s=60, is_timed=False)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_f22_a_reader_stalled_at_the_shipped_depth(on_system: Rig) -> None:
    stall(on_system, calm_s=10, limit_s=200, is_timed=True)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_f24_two_thousand_readers_come_back_at_once(on_system: Rig) -> None:
    on_system.add_ledgers(2000)
    on_system.add_sources(2, 20)
    on_system.wait_flowing()
    on_system.measure()
    injected_s = on_system.nemesis.kill(*on_system.gateways())
    on_system.wait_healed(injected_s, limit_s=60)
    cpu_s = on_system.cpu_s(on_system.gateways())
    on_system.settle(limit_s=60)
    verdict = on_system.judge()
    back_ms = sorted((one.connects[1] - injected_s) * 1000 for one in on_system.readers.ledgers)
    print(
        f"row=F24 readers=2000 back_p50_ms={back_ms[1000]:.0f} back_last_ms={back_ms[-1]:.0f}"
        f" gateways_cpu_s={cpu_s:.1f}"
    )
    assert verdict.whole
    assert back_ms[-1] <= 10_000
    assert back_ms[1500] - back_ms[500] >= 500, "they are to be spread"
    assert all(one.refused == 0 for one in on_system.readers.ledgers)


@pytest.fixture
def on_small_system(row: str, tmp_path: Path) -> Iterator[Rig]:
    """A rig whose only gateway has few places: one that leaks would soon be missed."""
    settings = {"gateway_processes": "1", "hub_clients": "20", "hub_clients_per_address": "20"}
    with supervised(**settings) as plant, rig(row, plant, tmp_path) as made:
        yield made


@pytest.mark.slow
def test_f26_clients_that_reset_before_the_first_byte_leave_nothing_behind(
    on_small_system: Rig,
) -> None:
    made = on_small_system
    made.add_sources(1, 100)
    (gateway,) = made.gateways()
    before = made.descriptors(gateway)
    request = b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
    cursor = request[:-2] + b"Last-Event-ID: 00000001.1\r\n\r\n"
    for sent in (b"", request[:20], request, cursor):
        for _ in range(250):
            wire = Wire(made.plant.address)
            wire.send(sent)
            wire.reset()
    wait_for(lambda: made.descriptors(gateway) <= before, limit_s=10)
    print(f"row=F26 resets=1000 descriptors_before={before} after={made.descriptors(gateway)}")
    ledgers = made.add_ledgers(20, "?last_event_id=earliest")
    made.settle()
    assert made.judge().whole
    assert made.gateways() == [gateway], "it must not have died of it"
    assert all(one.ends == [] for one in ledgers), "every place is free again"
