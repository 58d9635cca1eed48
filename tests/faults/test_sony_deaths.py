"""Rows in which a Sony worker, or what finds the cameras, dies or hangs again and again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.processes import environ, wait_for
from kit.rig import Rig, Supervised, rig
from kit.sony import broken
from kit.system import (
    ALPHA,
    CINEMA,
    Stream,
    System,
    command_of,
    running_system,
    stream,
    wait_for_cameras,
)
from lensbus_deploy.exits import Code

DEATHS = 4
IDLE_S = 3.0


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running_system(
        oak_enabled="false",
        sony_simulator_time_scale="0.1",
        worker_deaths=str(DEATHS),
        discovery_interval_s="0.5",
    ) as made:
        wait_for_cameras(made, {ALPHA, CINEMA})
        yield made


@pytest.fixture
def made(system: System, tmp_path: Path) -> Iterator[Rig]:
    with rig("F07", Supervised(system), tmp_path) as on_system:
        yield on_system


@pytest.fixture
def events(system: System) -> Iterator[Stream]:
    with stream(system) as opened:
        yield opened


def lensbus(system: System, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lensbus_deploy.cli", *words, "--state", str(system.state)]
    return subprocess.run(command, env=environ(), capture_output=True, text=True, timeout=30)


def test_f07_a_worker_that_dies_again_and_again_is_told_failed(
    system: System, made: Rig, events: Stream
) -> None:
    path = f"/api/cameras/{ALPHA}/connection"
    system.json("POST", f"/api/cameras/{CINEMA}/connection", {"mode": "remote"})
    before = system.worker_pid(CINEMA)
    system.json("POST", path, {"mode": "remote"})
    with broken(system.state, "crash-at-open"):
        began_s = time.monotonic()
        pid = system.worker_pid(ALPHA)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)  # its successors die when they connect again
        failed = events.wait("worker.failed", ALPHA, limit_s=60)
        failed_s = time.monotonic() - began_s
        pids = wait_for(lambda: [system.worker_pid(ALPHA)])
        assert pids[0] is not None
        cpu_s = made.cpu_s(pids)  # type: ignore[arg-type]
        time.sleep(IDLE_S)
        cpu = (made.cpu_s(pids) - cpu_s) / IDLE_S  # type: ignore[arg-type]
        assert system.worker_pid(ALPHA) == pids[0], "it stays as it is"
    starts = sum(kind == "worker.started" for kind in events.kinds(ALPHA))

    listed = {one["id"]: one for one in system.json("GET", "/api/cameras")["cameras"]}
    assert (listed[ALPHA]["model"], listed[ALPHA]["connected"]) == ("ILCE-7M4", False)
    status, answer = system.request("POST", path, {"mode": "remote"})
    assert status == 400
    assert b"died 4 times" in answer
    assert system.json("GET", f"/api/cameras/{CINEMA}/properties/iso")
    assert system.worker_pid(CINEMA) == before, "the other one is not touched"

    seen = len(events.events)
    back_s = time.monotonic()
    assert lensbus(system, "restart", ALPHA).stdout == f"{ALPHA} is restarted\n"
    events.wait("connected", ALPHA, limit_s=20, after=seen)
    back_s = time.monotonic() - back_s
    print(
        f"row=F07 deaths={failed['deaths']} starts={starts} failed_after_s={failed_s:.1f}"
        f" cpu={cpu:.3f} back_ms={back_s * 1000:.0f}"
    )
    assert failed["deaths"] == DEATHS
    assert failed["ended"]["signal"] == "SIGSEGV"
    assert "by SIGSEGV" in failed["message"]
    assert cpu < 0.05


def test_a_worker_that_nobody_has_cannot_be_restarted(system: System) -> None:
    refused = lensbus(system, "restart", "NOBODY")
    assert refused.returncode == Code.UNKNOWN
    assert "NOBODY" in refused.stderr


def discovery_pid(system: System) -> int:
    mark = "-m lensbus_services.discovery --vendor sony"
    return wait_for(lambda: next((pid for pid in system.pids() if mark in command_of(pid)), 0))


@pytest.mark.slow
def test_f05_a_hang_in_the_scan_for_cameras_replaces_the_process_that_scans(
    system: System, events: Stream
) -> None:
    wait_for_cameras(system, {ALPHA, CINEMA})
    workers = {camera: system.worker_pid(camera) for camera in (ALPHA, CINEMA)}
    before = discovery_pid(system)
    began_s = time.monotonic()
    with broken(system.state, "hang", call="EnumCameraObjects"):
        wait_for(lambda: discovery_pid(system) != before, limit_s=20)
        replaced_s = time.monotonic() - began_s
        assert {camera: system.worker_pid(camera) for camera in workers} == workers
    # It looks again: a body that goes loses its worker, and gets one when it is back.
    with broken(system.state, "unplugged", CINEMA):
        events.wait("worker.stopped", CINEMA, limit_s=30)
    seen = len(events.events)
    events.wait("worker.started", CINEMA, limit_s=20, after=seen)
    print(f"row=F05 of=discovery replaced_ms={replaced_s * 1000:.0f}")
    assert replaced_s <= 1 + 10 + 1 + 1 + 1, "its wait, its limit, a scan's pause, a start, spare"
