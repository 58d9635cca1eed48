"""A row in which one SDK calls back 50 000 times a second, on a whole system.

A second Sony body and the numbered events of a source stand for the other cameras.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import zmq

from kit.bus import ask, client
from kit.counts import counts
from kit.ledger import Ledger
from kit.processes import wait_for
from kit.rig import Rig, Supervised, rig
from kit.sony import broken
from kit.system import ALPHA, CINEMA, Stream, System, running_system, stream, wait_for_cameras
from lensbus_proto.runtime.settings import Settings

RATE = 50_000
SHOT = "0x20011"
FOCUS_DISTANCE = "0x149"  # the simulator counts its storm in it
UNNOTICED_MS = 100.0  # below this a p99 says more about the machine than about the storm
GROWTH_MIB = 16.0


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running_system(oak_enabled="false", sony_simulator_time_scale="0.1") as made:
        wait_for_cameras(made, {ALPHA, CINEMA})
        for camera in (ALPHA, CINEMA):
            made.json("POST", f"/api/cameras/{camera}/connection", {"mode": "remote"})
        path = f"/api/cameras/{ALPHA}/properties"
        made.json("PUT", f"{path}/focus-mode", {"value": "MF"})
        made.json("PUT", f"{path}/still-image-store-destination", {"value": "Host PC"})
        yield made


@pytest.fixture
def on_sony(system: System, tmp_path: Path) -> Iterator[Rig]:
    with rig("F19", Supervised(system), tmp_path) as made:
        made.add_ledgers(2)
        made.add_sources(1, 200)
        yield made


@pytest.fixture
def events(system: System) -> Iterator[Stream]:
    with stream(system) as opened:
        yield opened


@dataclass
class Load:
    """Releases of the body that is to storm, and questions to the other one."""

    system: System
    captures: list[int] = field(default_factory=list)
    answers: list[tuple[float, float]] = field(default_factory=list)  # when asked, ms
    ending: threading.Event = field(default_factory=threading.Event)

    def shoot(self) -> None:
        while not self.ending.is_set():
            status, answer = self.system.request("POST", f"/api/cameras/{ALPHA}/actions/shutter")
            assert status == 200, answer
            self.captures.append(int(json.loads(answer)["data"]["capture"]))

    def ask(self) -> None:
        while not self.ending.wait(0.02):
            began_s = time.monotonic()
            self.system.json("GET", f"/api/cameras/{CINEMA}/properties/iso")
            self.answers.append((began_s, (time.monotonic() - began_s) * 1000))


@contextmanager
def load(system: System) -> Iterator[Load]:
    made = Load(system)
    threads = [threading.Thread(target=one) for one in (made.shoot, made.ask)]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        made.ending.set()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()


def asked(settings: Settings, command: str, **arguments: Any) -> dict[str, Any]:
    """Return what the worker of the body that storms answers."""
    with client(settings, "commands", zmq.REQ) as socket:
        return dict(ask(socket, ALPHA, command, arguments).result or {})


def memory_mib(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


def p99(values: list[float]) -> float:
    assert len(values) >= 50, "too few to speak of a hundredth"
    return sorted(values)[len(values) * 99 // 100]


def late_ms(ledger: Ledger, begin_s: float, end_s: float) -> list[float]:
    """Return how long the numbered events of a time took to a client."""
    return [
        (time_s - entry.emitted_s) * 1000
        for entry, time_s in ledger.known(len(ledger.times))
        if begin_s <= entry.emitted_s < end_s
    ]


def asked_ms(loaded: Load, begin_s: float, end_s: float) -> list[float]:
    return [ms for asked_s, ms in loaded.answers if begin_s <= asked_s < end_s]


@dataclass(frozen=True)
class Cost:
    """How long events of others and commands to others take in quiet and in a storm, in ms."""

    events: tuple[float, float]
    commands: tuple[float, float]

    @classmethod
    def of(cls, on_sony: Rig, loaded: Load, times_s: tuple[float, float, float]) -> "Cost":
        """Return the cost; the times are those at which quiet begins, storm begins, storm ends."""
        ledgers, spans = on_sony.readers.ledgers, list(pairwise(times_s))
        events = [p99([ms for one in ledgers for ms in late_ms(one, *span)]) for span in spans]
        commands = [p99(asked_ms(loaded, *span)) for span in spans]
        return cls((events[0], events[1]), (commands[0], commands[1]))

    @property
    def is_bearable(self) -> bool:
        pairs = (self.events, self.commands)
        return all(then <= 2 * ever or then < UNNOTICED_MS for ever, then in pairs)

    def __str__(self) -> str:
        (event, event_then), (command, command_then) = self.events, self.commands
        return (
            f" others_event_p99_x={event_then / event:.2f}"
            f" others_command_p99_x={command_then / command:.2f}"
        )


def told(events: Stream, kind: str) -> list[tuple[float, dict[str, Any]]]:
    """Return all that was told of the body that storms: when, and what."""
    return [
        (at, data)
        for at, (name, data) in zip(list(events.times), list(events.events), strict=False)
        if name == kind and data["cameraId"] == ALPHA
    ]


def newest(events: Stream) -> float:
    """Return when the last change of the focus distance was told."""
    changes = told(events, "propertyChanged")
    return max((at for at, data in changes if FOCUS_DISTANCE in data["codes"]), default=0)


def rage(
    system: System, on_sony: Rig, events: Stream, seconds: int, *, is_timed: bool = False
) -> None:
    """Let it storm while both bodies are in use; before that it is quiet for as long.

    What it costs others in time is for a storm that is long enough, on a machine that is at rest.
    """
    worker = system.worker_pid(ALPHA)
    assert worker is not None
    before = counts(system.state, ALPHA)
    with load(system) as loaded:
        quiet_s = time.monotonic()
        time.sleep(seconds)
        taken = asked(on_sony.settings, "callbacks")["taken"]
        Path(f"/proc/{worker}/clear_refs").write_text("5")  # the peak begins anew
        resident_mib = memory_mib(worker, "VmRSS")
        cpu_s = on_sony.cpu_s([worker])
        storm_s = time.monotonic()
        with broken(system.state, "storm", rate=RATE, seconds=seconds) as file:
            wait_for(lambda: not file.exists(), limit_s=10 * seconds, every_s=0.001)
            ended_s, ended_at = time.monotonic(), file.parent.stat().st_mtime
        cpu_s = on_sony.cpu_s([worker]) - cpu_s
        peak_mib = memory_mib(worker, "VmHWM")
        fared = asked(on_sony.settings, "callbacks")
        taken = fared["taken"] - taken
    took_s = ended_s - storm_s

    wait_for(lambda: len(told(events, "downloadComplete")) == len(loaded.captures))
    wait_for(lambda: newest(events) >= ended_at)
    seen = {name: number - before[name] for name, number in counts(system.state, ALPHA).items()}
    exposed = [data["capture"] for _, data in told(events, "warning") if data["code"] == SHOT]
    filed = [data["capture"] for _, data in told(events, "downloadComplete")]
    changes = told(events, "propertyChanged")
    newest_at = newest(events)
    codes = {code for _, data in changes for code in data["codes"]}
    values = asked(on_sony.settings, "properties.get", codes=[int(FOCUS_DISTANCE, 16)])
    distance = values["properties"][0]["value"]

    on_sony.settle()
    assert on_sony.judge().whole
    cost = Cost.of(on_sony, loaded, (quiet_s, storm_s, ended_s)) if is_timed else None
    print(
        f"row=F19 seconds={took_s:.1f} taken_per_s={taken / took_s:.0f}"
        f" events_per_s={sum(at >= ended_at - took_s for at, _ in changes) / took_s:.0f}"
        f" exposures={seen['exposures']} lost={seen['exposures'] - len(exposed)}"
        f" queue_peak={fared['most']} queue_lost={fared['lost']}"
        f" behind_ms={(newest_at - ended_at) * 1000:.0f}"
        f" cpu={cpu_s / took_s:.2f} growth_mib={peak_mib - resident_mib:.1f}{cost or ''}"
    )
    assert exposed == filed == loaded.captures, "each once, in order"
    assert seen["exposures"] == len(exposed)
    assert taken >= seen["storm_callbacks"] == RATE * seconds
    assert fared["lost"] == 0
    assert newest_at >= ended_at, "the last change of all is told"
    assert distance == seen["storm_callbacks"]
    assert len(codes) > 100, "every code of the storm is told"
    assert peak_mib - resident_mib <= GROWTH_MIB
    assert cost is None or cost.is_bearable


def test_f19_a_storm_is_folded_and_touches_nobody_else(
    system: System, on_sony: Rig, events: Stream
) -> None:
    rage(system, on_sony, events, 2)


@pytest.mark.slow
def test_f19_a_storm_of_ten_seconds_is_folded_too(
    system: System, on_sony: Rig, events: Stream
) -> None:
    rage(system, on_sony, events, 10, is_timed=True)
