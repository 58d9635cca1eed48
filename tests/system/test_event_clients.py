"""The clients of docs/events.md, run as they stand there while both gateways are killed."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.processes import ROOT, environ, wait_for
from kit.system import System, command_of, running_system

EXAMPLES = ROOT / "docs" / "examples" / "events"
COUNT = 600
PROGRAMS = {"python": [sys.executable, "follow.py"], "node": ["node", "follow.mjs"]}


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """A system of its own, since its gateways are killed; it needs no cameras."""
    with running_system(sony_enabled="false", oak_enabled="false") as started:
        yield started


def kill_gateways(system: System) -> None:
    for pid in system.pids():
        if "lensbus_gateway" in command_of(pid):
            os.kill(pid, signal.SIGKILL)


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
    publish = [
        *(sys.executable, str(ROOT / "tests" / "bench" / "publisher.py")),
        *("--state", str(system.state), "--camera", camera),
        *("--rate", "200", "--count", str(COUNT)),
    ]
    wait_for(lambda: not system.open_streams())
    with (
        told.open("w") as output,
        subprocess.Popen([program, str(EXAMPLES / script), system.url], stdout=output) as client,
    ):
        try:
            wait_for(system.open_streams)
            with subprocess.Popen(publish, env=environ(), stdout=subprocess.DEVNULL) as publisher:
                wait_for(lambda: len(numbers(told, camera)) > COUNT // 10, 20)
                kill_gateways(system)
                assert publisher.wait(60) == 0
            wait_for(lambda: len(numbers(told, camera)) >= COUNT, 30)
            # Whatever comes twice would come now, before the last words of the publisher.
            wait_for(lambda: f"{camera} worker.stopped" in told.read_text(), 20)
        finally:
            client.terminate()
    assert numbers(told, camera) == list(range(1, COUNT + 1))
