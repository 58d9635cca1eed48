"""The clients of docs/events.md, run as they stand there while both gateways are killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kit.chromium import PROGRAM, chromium
from kit.page_server import PageServer
from kit.processes import ROOT, environ, wait_for
from kit.system import System, command_of, running_system

EXAMPLES = ROOT / "docs" / "examples" / "events"
COUNT = 600
PROGRAMS = {"python": [sys.executable, "follow.py"], "node": ["node", "follow.mjs"]}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The page of the guide, served from another origin than the system."""
    server = PageServer((EXAMPLES / "follow.html").read_bytes(), lambda _: None)
    try:
        yield server.url
    finally:
        server.close()


@pytest.fixture(scope="module")
def system(elsewhere: str) -> Iterator[System]:
    """A system of its own, since its gateways are killed; it needs no cameras."""
    with running_system(
        sony_enabled="false",
        oak_enabled="false",
        access_origins=json.dumps([elsewhere.rstrip("/")]),
    ) as started:
        yield started


def kill_gateways(system: System) -> None:
    for pid in system.pids():
        if "lensbus_gateway" in command_of(pid):
            os.kill(pid, signal.SIGKILL)


@contextmanager
def publishing(system: System, camera: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Yield a camera that publishes its numbered events and then ends."""
    command = [
        *(sys.executable, str(ROOT / "tests" / "bench" / "publisher.py")),
        *("--state", str(system.state), "--camera", camera),
        *("--rate", "200", "--count", str(COUNT)),
    ]
    with subprocess.Popen(command, env=environ(), stdout=subprocess.DEVNULL) as publisher:
        try:
            yield publisher
        finally:
            publisher.terminate()


def numbers(told: Path, camera: str) -> list[int]:
    """Return the numbers of the events of a camera, as a client has printed them."""
    whole, _, _ = told.read_text().rpartition("\n")
    lines = (line.split() for line in whole.splitlines() if line.startswith(camera))
    return [int(seq) for _, kind, seq in lines if kind == "numbered"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_client_of_the_guide_has_every_event_once(
    system: System, tmp_path: Path, name: str
) -> None:
    program, script = PROGRAMS[name]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is missing")
    camera = f"GUIDE{name.upper()}"
    told = tmp_path / "told"
    wait_for(lambda: not system.open_streams())
    with (
        told.open("w") as output,
        subprocess.Popen([program, str(EXAMPLES / script), system.url], stdout=output) as client,
    ):
        try:
            wait_for(system.open_streams)
            with publishing(system, camera) as publisher:
                wait_for(lambda: len(numbers(told, camera)) > COUNT // 10, 20)
                kill_gateways(system)
                assert publisher.wait(60) == 0
            wait_for(lambda: len(numbers(told, camera)) >= COUNT, 30)
            # Whatever comes twice would come now, before the last words of the publisher.
            wait_for(lambda: f"{camera} worker.stopped" in told.read_text(), 20)
        finally:
            client.terminate()
    assert numbers(told, camera) == list(range(1, COUNT + 1))


@pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is missing")
def test_the_page_of_the_guide_has_every_event_once(system: System, elsewhere: str) -> None:
    lines = "[...document.querySelectorAll('li')].map((line) => line.textContent)"
    wait_for(lambda: not system.open_streams())
    with chromium() as tab:
        tab.open(f"{elsewhere}?kinds=numbered&lensbus={system.url}")
        wait_for(system.open_streams)
        with publishing(system, "GUIDEPAGE") as publisher:
            tab.wait(f"{lines}.length > {COUNT // 10}")
            kill_gateways(system)
            assert publisher.wait(60) == 0
        tab.wait(f"{lines}.length >= {COUNT}")
        assert tab.run(lines) == [f"GUIDEPAGE numbered {seq}" for seq in range(1, COUNT + 1)]
