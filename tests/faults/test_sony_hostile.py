"""Rows in which a body lies, or the disk for its pictures is full, on a whole system."""

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.alpha import shoot_for_the_host
from kit.processes import wait_for
from kit.sony import broken
from kit.system import ALPHA, CINEMA, Stream, System, running_system, stream, wait_for_cameras

API = f"/api/cameras/{ALPHA}"
CHEEK = (
    *("/etc", "/etc/lensbus", "../out", "../../../../etc", "/proc/self/root/etc", "%2e%2e/out"),
    *("a\0b", "C:\\pictures", "\\\\host\\share", "/dev/shm/out", "~root", "x" * 5000),
)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running_system(
        oak_enabled="false", sony_simulator_time_scale="0.1", discovery_interval_s="0.5"
    ) as made:
        wait_for_cameras(made, {ALPHA, CINEMA})
        yield made


@pytest.fixture
def events(system: System) -> Iterator[Stream]:
    with stream(system) as opened:
        yield opened
    system.request("DELETE", f"{API}/connection")


@pytest.fixture
def small_disk(system: System) -> Iterator[Path]:
    """A disk of 4 MB where pictures are saved."""
    folder = system.state / "pictures"
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("a tmpfs needs root: nothing can be mounted here")
    try:
        yield folder
    finally:
        system.request("DELETE", f"{API}/connection")
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=10)


def workers(system: System) -> list[str]:
    """Return the cameras that have a program of supervisord's."""
    return sorted(path.stem for path in (system.state / "workers").glob("*.conf"))


def test_f28_a_full_disk_is_told_and_keeps_nothing_half(
    system: System, small_disk: Path, events: Stream
) -> None:
    system.json("POST", f"{API}/connection", {"mode": "remote-transfer"})
    files = system.json("GET", f"{API}/sd-card/slot/1/files")["files"]
    large = max(files, key=lambda one: one["file_size"])
    path = f"{API}/sd-card/slot/1/files/{large['content_id']}/{large['file_id']}/download"
    began_s = time.monotonic()
    system.json("POST", path, expect=202)
    failed = events.wait("transfer.failed", ALPHA)
    told_ms = (time.monotonic() - began_s) * 1000
    left = [one for one in small_disk.rglob("*") if one.is_file()]
    print(f"row=F28 code={failed['code']} told_ms={told_ms:.0f} leftovers={len(left)}")
    assert failed["code"] == "disk.full"
    assert left == []


def test_a08_no_path_leaves_the_configured_roots(system: System, events: Stream) -> None:
    system.json("POST", f"{API}/connection", {"mode": "remote-transfer"})
    files = system.json("GET", f"{API}/sd-card/slot/1/files")["files"]
    small = min(files, key=lambda one: one["file_size"])
    path = f"{API}/sd-card/slot/1/files/{small['content_id']}/{small['file_id']}/download"
    root = (system.state / "pictures").resolve()
    escapes = []
    for word in CHEEK:
        status, answer = system.request("POST", path, {"save_path": word})
        assert status < 500, answer
        if status == 202 and (word.startswith(("/", "..")) or "\0" in word):
            escapes.append(word)
    system.json("DELETE", f"{API}/connection")
    with broken(system.state, "hostile", what="names"):
        began = len(events.events)
        shoot_to_host(system)
        events.wait("downloadComplete", ALPHA, after=began)
        # Events keep their order: with its end everything of the connection has been told.
        system.json("DELETE", f"{API}/connection")
        events.wait("disconnected", ALPHA, after=began)
    told = [data["savedPath"] for _, data in events.events[began:] if data.get("savedPath")]
    escapes += [one for one in told if not Path(one).resolve().is_relative_to(root)]
    print(f"row=A08 tried={len(CHEEK)} told={len(told)} escapes={len(escapes)}")
    assert escapes == []


def test_a15_what_a_body_says_stays_one_event(system: System, events: Stream) -> None:
    request = urllib.request.urlopen(f"{system.url}/api/events", timeout=30)
    with request as raw, broken(system.state, "hostile", what="names"):
        shoot_to_host(system)
        events.wait("downloadComplete", ALPHA)
        system.request("POST", f"/api/cameras/{CINEMA}/connection", {"mode": "remote"})
        events.wait("connected", CINEMA)
        blocks, lines = 0, []
        while (line := raw.readline()) and CINEMA.encode() not in line:
            lines.append(line)
    strange = [one for one in lines if not re.match(rb"(id|event|data|retry|: ?.*|):? ?|\n", one)]
    for line in lines:
        if line.startswith(b"data:"):
            blocks += 1
            json.loads(line[5:])
    print(f"row=A15 events={blocks} extra={len(strange)}")
    assert strange == []
    assert blocks >= 4, "connected, changes, an exposure, its file"
    system.request("DELETE", f"/api/cameras/{CINEMA}/connection")


def shoot_to_host(system: System) -> None:
    system.json("POST", f"{API}/connection", {"mode": "remote"})
    shoot_for_the_host(system, ALPHA)

    def is_exposed() -> bool:
        return system.request("POST", f"{API}/actions/shutter")[0] == 200

    wait_for(is_exposed)


def test_a19_shared_and_strange_serials_start_no_second_worker(
    system: System, events: Stream
) -> None:
    before = {camera: system.worker_pid(camera) for camera in (ALPHA, CINEMA)}
    with broken(system.state, "hostile", what="serials"):
        wait_for(lambda: len(workers(system)) > 2, limit_s=20)
        names = workers(system)
        mark = f"--camera {ALPHA} "
        doubles = sum(mark in one for one in commands(system)) - 1
        assert {camera: system.worker_pid(camera) for camera in before} == before
        assert system.json("GET", f"/api/cameras/{CINEMA}/connection")
    outside = [name for name in names if "/" in name or not name.startswith("worker-sony-")]
    print(f"row=A19 programs={len(names)} doubles={doubles} outside={len(outside)}")
    assert (doubles, outside) == (0, [])
    assert len(set(names)) == len(names)


def commands(system: System) -> list[str]:
    """Return the command lines of all processes, each with a space at its end."""
    lines = (Path(f"/proc/{pid}/cmdline") for pid in system.pids())
    return [line.read_bytes().decode().replace("\0", " ") for line in lines if line.exists()]
