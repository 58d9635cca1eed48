"""The publisher that others measure with, as the README says how to start it."""

import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

from kit.processes import ROOT, environ, wait_for
from kit.system import System, stream

COMMAND = re.compile(r"^\.venv/bin/python (tests/bench/publisher\.py .*)$", re.MULTILINE)


def publisher(state: Path) -> list[str]:
    """Return the command of the README, for this system."""
    (command,) = COMMAND.findall((ROOT / "README.md").read_text())
    words = shlex.split(command)
    words[words.index("--state") + 1] = str(state)
    return [sys.executable, *words]


def test_the_publisher_of_the_readme_publishes_every_number_once_and_in_order(
    system: System,
) -> None:
    command = publisher(system.state)
    count = int(command[command.index("--count") + 1])
    with stream(system) as events:
        begin_ns = time.monotonic_ns()
        done = subprocess.run(
            command, cwd=ROOT, env=environ(), capture_output=True, text=True, timeout=60, check=True
        )
        said = json.loads(done.stdout)
        assert said["count"] == count
        wait_for(lambda: events.kinds(said["camera"])[-1:] == ["worker.stopped"])
        end_ns = time.monotonic_ns()
        told = [data for kind, data in events.events if data["cameraId"] == said["camera"]]
    numbered = [data for data in told if "n" in data]
    assert [data["n"] for data in numbered] == list(range(1, count + 1))
    assert [data["seq"] for data in numbered] == list(range(1, count + 1))
    ages = [data["t_ns"] for data in numbered]
    assert ages == sorted(ages)
    assert begin_ns < ages[0] < ages[-1] < end_ns


def test_the_publisher_says_when_there_is_no_system(tmp_path: Path) -> None:
    command = publisher(tmp_path)
    done = subprocess.run(
        command, cwd=ROOT, env=environ(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "no broker answers" in done.stderr
