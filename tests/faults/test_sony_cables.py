"""Rows in which cables are pulled, put back and swapped, on a whole system."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zmq

from kit.bus import ask, client
from kit.counts import counts
from kit.processes import wait_for
from kit.sony import broken
from kit.system import ALPHA, CINEMA, Stream, System, running_system, stream, wait_for_cameras
from lensbus_proto.runtime.settings import Settings, SystemSettings

ISO, FOCUS_MODE, BODY_SERIAL = 0x0104, 0x0109, 0x079F
MANUAL = 1
SWAP_S = 2.5  # no hand is quicker
MISSING_S = 1.5  # of discovery's scans, until it takes a camera for gone
TOLD = {"off": ("disconnected", "connected"), "on": ("reconnecting", "reconnected")}
RELEASED = ("warning", "capture.unknown", "capture.not_exposed")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running_system(
        oak_enabled="false",
        sony_simulator_time_scale="0.3",
        discovery_interval_s="0.5",
        discovery_missing_scans="3",
    ) as made:
        wait_for_cameras(made, {ALPHA, CINEMA})
        yield made


@pytest.fixture
def events(system: System) -> Iterator[Stream]:
    with stream(system) as opened:
        yield opened
    for camera in (ALPHA, CINEMA):
        system.request("DELETE", f"/api/cameras/{camera}/connection")


def connect(system: System, camera: str, mode: str, reconnecting: str = "off") -> None:
    wish = {"mode": mode, "reconnecting": reconnecting}
    system.json("POST", f"/api/cameras/{camera}/connection", wish)


def value(system: System, camera: str, code: int) -> Any:
    """Return what a body says of itself, as its worker has it."""
    settings = Settings(system=SystemSettings(state=str(system.state)))
    with client(settings, "commands", zmq.REQ) as socket:
        result = ask(socket, camera, "properties.get", {"codes": [code]}).result
    assert result is not None
    (found,) = result["properties"]
    return found["text"] if found["text"] is not None else found["value"]


def set_iso(system: System, iso: str) -> None:
    system.json("PUT", f"/api/cameras/{ALPHA}/properties/iso", {"value": iso})
    wait_for(lambda: value(system, ALPHA, ISO) == int(iso))


def set_manual_focus(system: System, camera: str) -> None:
    system.json("PUT", f"/api/cameras/{camera}/properties/focus-mode", {"value": "MF"})
    wait_for(lambda: value(system, camera, FOCUS_MODE) == MANUAL)


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    files: int
    threads: int
    memory_mib: float

    @classmethod
    def by(cls, pid: int) -> "Held":
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        memory_mib = int(status["VmRSS"].split()[0]) / 1024
        return cls(len(os.listdir(f"/proc/{pid}/fd")), int(status["Threads"]), memory_mib)


class Cycle:
    """One body that is unplugged and replugged while it does something."""

    def __init__(self, system: System, events: Stream, reconnecting: str) -> None:
        self.system = system
        self.events = events
        self.reconnecting = reconnecting
        self.backs_ms: list[float] = []
        self.captures: set[int] = set()

    def idle(self) -> None:
        connect(self.system, ALPHA, "remote", self.reconnecting)
        set_iso(self.system, "1600")
        self.replug()
        assert value(self.system, ALPHA, ISO) == 1600, "a body keeps what was set"

    def exposure(self) -> None:
        connect(self.system, ALPHA, "remote", self.reconnecting)
        set_manual_focus(self.system, ALPHA)
        began = len(self.events.events)
        answer = self.system.json("POST", f"/api/cameras/{ALPHA}/actions/shutter")
        capture = answer["data"]["capture"]
        self.replug()
        wait_for(lambda: any(one == capture for one in self.ends(began)))
        assert self.ends(began) == [capture], "it has one end, whatever that is"

    def ends(self, began: int) -> list[int]:
        return [
            data["capture"]
            for kind, data in self.events.events[began:]
            if kind in RELEASED and "capture" in data
        ]

    def transfer(self) -> None:
        connect(self.system, ALPHA, "remote-transfer", self.reconnecting)
        path = f"/api/cameras/{ALPHA}/sd-card/slot/1/files"
        file = max(self.system.json("GET", path)["files"], key=lambda one: one["file_size"])
        began = len(self.events.events)
        pull = f"{path}/{file['content_id']}/{file['file_id']}/download"
        self.system.json("POST", pull, expect=202)
        self.events.wait("transferProgress", ALPHA, after=began)
        self.replug()
        incoming = self.system.state / "pictures" / ".incoming" / ALPHA
        assert [one for one in incoming.iterdir() if one.is_file()] == [], "nothing is left half"
        failed = [data for kind, data in self.events.events[began:] if kind == "transfer.failed"]
        whole = [data for _, data in self.events.events[began:] if data.get("sha256")]
        assert len(failed) + len(whole) == 1, "it failed, or it came: one of them, once"

    def replug(self) -> None:
        """Pull the cable and put it back as soon as that was told; wait until all is well."""
        gone, back = TOLD[self.reconnecting]
        began = len(self.events.events)
        with broken(self.system.state, "unplugged"):
            self.events.wait(gone, ALPHA, after=began)
            replugged_s = time.monotonic()
        self.events.wait(back, ALPHA, after=began, limit_s=20)
        self.backs_ms.append((time.monotonic() - replugged_s) * 1000)
        self.wait_writable()

    def wait_writable(self) -> None:
        """Wait until the body is under remote control again."""

        def is_up() -> bool:
            path = f"/api/cameras/{ALPHA}/properties/iso"
            status, _ = self.system.request("PUT", path, {"value": "1600"})
            return status == 200

        wait_for(is_up, limit_s=20, every_s=0.05)

    def run(self, times: int) -> None:
        doings = (self.idle, self.exposure, self.transfer)
        for number in range(times):
            doings[number % len(doings)]()
            self.system.json("DELETE", f"/api/cameras/{ALPHA}/connection")


def unplug(
    system: System, events: Stream, reconnecting: str, times: int, before_that: int = 3
) -> None:
    cycle = Cycle(system, events, reconnecting)
    cycle.run(before_that)
    worker = system.worker_pid(ALPHA)
    assert worker is not None
    before = Held.by(worker)
    cycle.run(times)
    wait_for(lambda: Held.by(worker).threads <= before.threads)
    after = Held.by(worker)
    leaked_mib = (after.memory_mib - before.memory_mib) / times
    backs = sorted(cycle.backs_ms)
    print(
        f"row=F16 reconnecting={reconnecting} cycles={times}"
        f" leaked_files={after.files - before.files}"
        f" leaked_threads={after.threads - before.threads} mib_per_cycle={leaked_mib:.3f}"
        f" back_ms_p50={backs[len(backs) // 2]:.0f} back_ms_max={backs[-1]:.0f}"
    )
    assert system.worker_pid(ALPHA) == worker, "the same worker, under the same id"
    assert (after.files, after.threads) == (before.files, before.threads)
    assert leaked_mib <= (0.5 if times < 100 else 0.05)
    assert {data["cameraId"] for _, data in events.events} <= {ALPHA, CINEMA, "*", "broker"}


@pytest.mark.parametrize("reconnecting", ["off", "on"])
def test_f16_a_body_that_is_replugged_is_as_before(
    system: System, events: Stream, reconnecting: str
) -> None:
    unplug(system, events, reconnecting, 3)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("reconnecting", ["off", "on"])
def test_f16_a_hundred_times_unplugged_leaks_nothing(
    system: System, events: Stream, reconnecting: str
) -> None:
    # What has a limit is full after a hundred: from then on memory is flat, or something leaks.
    unplug(system, events, reconnecting, 100, before_that=100)


def test_f16_a_body_that_is_away_for_long_comes_back_as_the_same_camera(
    system: System, events: Stream
) -> None:
    connect(system, ALPHA, "remote")
    set_iso(system, "800")
    with broken(system.state, "unplugged"):
        events.wait("worker.stopped", ALPHA, limit_s=MISSING_S + 30)
        wait_for(lambda: system.worker_pid(ALPHA) is None)
        seen = len(events.events)
        replugged_s = time.monotonic()
    events.wait("worker.started", ALPHA, limit_s=30, after=seen)
    events.wait("connected", ALPHA, limit_s=30, after=seen)
    print(f"row=F16 away=long back_ms={(time.monotonic() - replugged_s) * 1000:.0f}")
    assert value(system, ALPHA, ISO) == 800


def test_f17_identity_follows_the_serial_and_not_the_port(system: System, events: Stream) -> None:
    began = len(events.events)
    for camera in (ALPHA, CINEMA):  # their workers have looked for them just now
        connect(system, camera, "remote")
        system.json("DELETE", f"/api/cameras/{camera}/connection")
    backs_ms: list[float] = []
    with broken(system.state, "swapped"):
        time.sleep(SWAP_S)
        for camera in (ALPHA, CINEMA):
            connect(system, camera, "remote")
        for camera in (ALPHA, CINEMA):
            shoot_itself(system, events, camera)
        backs_ms.append(swap_back(system, events, "off"))
    for reconnecting in ("on", "off"):
        for camera in (ALPHA, CINEMA):
            system.json("DELETE", f"/api/cameras/{camera}/connection")
            connect(system, camera, "remote", reconnecting)
        swap = Swap(system, events, reconnecting)
        with broken(system.state, "swapped"):
            backs_ms.append(swap.wait_back())
            backs_ms.append(swap_back(system, events, reconnecting))
    told = events.events[began:]
    mixed = [data for _, data in told if data.get("id", data["cameraId"]) != data["cameraId"]]
    models = {(data["cameraId"], data["model"]) for kind, data in told if kind == "connected"}
    print(f"row=F17 swaps={1 + len(backs_ms)} mixed={len(mixed)} back_ms_max={max(backs_ms):.0f}")
    assert mixed == []
    assert models == {(ALPHA, "ILCE-7M4"), (CINEMA, "ILME-FX3A")}


def shoot_itself(system: System, events: Stream, camera: str) -> None:
    """Have a body say who it is, and release it: that one, and no other."""
    assert value(system, camera, BODY_SERIAL) == camera
    path = f"/api/cameras/{camera}"
    set_manual_focus(system, camera)
    before = {one: counts(system.state, one)["releases"] for one in (ALPHA, CINEMA)}
    capture = system.json("POST", f"{path}/actions/shutter")["data"]["capture"]
    wait_for(lambda: any(data.get("capture") == capture for _, data in events.events))
    after = {one: counts(system.state, one)["releases"] for one in (ALPHA, CINEMA)}
    assert after == before | {camera: before[camera] + 1}
    cameras = {data["cameraId"] for _, data in events.events if data.get("capture") == capture}
    assert cameras == {camera}


def swap_back(system: System, events: Stream, reconnecting: str) -> float:
    """Swap two connected bodies again; return how long it took until both were back."""
    swap = Swap(system, events, reconnecting)
    (system.state / "simulator" / "sony" / f"{ALPHA}.swapped").unlink()
    return swap.wait_back()


class Swap:
    """Two connected bodies that are about to be swapped."""

    def __init__(self, system: System, events: Stream, reconnecting: str) -> None:
        self.system = system
        self.events = events
        self.reconnecting = reconnecting
        self.began_s, self.began = time.monotonic(), len(events.events)

    def wait_back(self) -> float:
        """Wait until both are back, each as itself; return how long it took, in ms."""
        for camera in (ALPHA, CINEMA):
            for kind in TOLD[self.reconnecting]:
                self.events.wait(kind, camera, after=self.began, limit_s=20)
        back_ms = (time.monotonic() - self.began_s) * 1000
        for camera in (ALPHA, CINEMA):
            wait_for(lambda one=camera: value(self.system, one, BODY_SERIAL) == one)  # type: ignore[misc]
        return back_ms
