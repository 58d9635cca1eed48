"""`lensbus events` and `lensbus tap`: nothing twice and nothing lost, across runs and restarts."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.bus import bus_settings, running_worker
from kit.cli import lensbus, names
from kit.fake_driver import FakeDriver
from kit.processes import environ, wait_for
from kit.system import System, command_of, running_system

CAMERA = "CLICAM"
COUNTED = ("--camera", CAMERA, "--kind", "counted")


@pytest.fixture(scope="module")
def rack() -> Iterator[System]:
    with running_system(sony_enabled="false", oak_enabled="false") as started:
        yield started


@pytest.fixture
def driver(rack: System) -> Iterator[FakeDriver]:
    camera = FakeDriver()
    with running_worker(bus_settings(rack.state), CAMERA, camera):
        wait_for(camera.opened.is_set)
        yield camera


def numbers(lines: list[dict[str, dict[str, int]]]) -> list[int]:
    return [event["data"]["n"] for event in lines]


def test_a_run_goes_on_where_the_run_before_it_ended(
    rack: System, driver: FakeDriver, tmp_path: Path
) -> None:
    for n in range(1, 7):
        driver.observe("counted", n=n)
    kept = ("--json", "--cursor-file", str(tmp_path / "cursor"))
    first = lensbus(rack, "events", *COUNTED, "--after", "earliest", "-n", "2", *kept).lines
    rest = lensbus(rack, "events", *COUNTED, "-n", "4", *kept).lines
    assert numbers(first + rest) == [1, 2, 3, 4, 5, 6]
    after = first[-1]["cursor"]
    again = lensbus(rack, "events", *COUNTED, "--after", after, "-n", "4", "--json").lines
    assert again == rest


def test_shot_gateways_cost_a_follower_nothing(rack: System, driver: FakeDriver) -> None:
    printed: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", "lensbus_deploy.cli", "events", *COUNTED, "--json", "-n", "40"],
        env=environ(names(rack)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        wait_for(rack.open_streams)
        for n in range(100, 140):
            driver.observe("counted", n=n)
            if n == 119:
                printed.append(child.stdout.readline())
                for pid in rack.pids():
                    if "-m lensbus_gateway" in command_of(pid):
                        os.kill(pid, signal.SIGKILL)
        printed += child.stdout.readlines()
        told = child.stderr.read()
        assert child.wait(20) == 0, told
    assert numbers([json.loads(line) for line in printed]) == list(range(100, 140))
    assert f"lensbus: the line to {rack.url} broke; trying again\n" in told


def test_the_tap_tells_what_the_stream_tells(rack: System, driver: FakeDriver) -> None:
    for n in (1000, 1001):
        driver.observe("counted", n=n)
    streamed = lensbus(
        rack, "events", *COUNTED, "--after", "earliest", "--seconds", "1", "--json"
    ).lines
    tapped = lensbus(
        rack, "tap", *COUNTED, "--after", "earliest", "--quiet-s", "0.5", "--json"
    ).lines
    assert numbers(tapped)[-2:] == [1000, 1001]
    assert [(event["cursor"], event["data"]) for event in tapped] == [
        (event["cursor"], event["data"]) for event in streamed
    ]
    shown = lensbus(rack, "tap", *COUNTED, "--after", "earliest", "-n", "1").out
    assert CAMERA in shown
    assert "counted" in shown


def test_what_is_gone_is_told_as_a_gap(rack: System) -> None:
    (gap,) = lensbus(rack, "events", "--after", "00000001.7", "-n", "1", "--json").lines
    assert gap["kind"] == "gap"
    assert gap["data"]["reason"] == "unknown"
