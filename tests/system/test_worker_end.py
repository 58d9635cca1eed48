"""SIGTERM ends a worker in time, with its camera let go; what else ends it is told."""

import os
import signal

import pytest

from kit.cli import lensbus
from kit.processes import wait_for
from kit.system import CINEMA, OAK, OAK_ONE, System, command_of, stream, vendor_of

LIMIT_S = 20.0  # nobody shoots it: one that hangs would be there for ever


def end(system: System, camera: str) -> None:
    pid = system.worker_pid(camera)
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not command_of(pid), limit_s=LIMIT_S)
    wait_for(lambda: system.worker_pid(camera) not in (None, pid))


def test_a_stopping_worker_says_goodbye_and_disconnects_its_camera(system: System) -> None:
    system.json("POST", f"/api/cameras/{CINEMA}/connection", {"mode": "remote"})
    with stream(system) as events:
        end(system, CINEMA)
        assert events.wait("disconnected", CINEMA)["reason"] == "the worker stops"
        events.wait("worker.stopped", CINEMA)
        # It was connected when it ended: its successor connects it again.
        events.wait("connected", CINEMA, after=1)
    assert events.kinds(CINEMA)[-1] != "error"
    system.json("DELETE", f"/api/cameras/{CINEMA}/connection")


def test_an_oak_worker_comes_back_with_the_streams_that_it_had(system: System) -> None:
    path = f"/cameras/{OAK}/streams/"
    assert system.request("POST", f"{path}DEPTH_B_C/")[0] == 201
    before = system.json("GET", path)
    with stream(system) as events:
        end(system, OAK)
        events.wait("connected", OAK, after=1)
    assert system.json("GET", path) == before
    for name in ("CAM_B", "CAM_C"):
        system.request("POST", f"{path}{name}/")


@pytest.mark.parametrize("camera", [CINEMA, OAK_ONE])
def test_a_worker_that_crashed_is_told_and_one_that_ended_in_order_is_not_counted(
    system: System, camera: str
) -> None:
    wait_for(lambda: system.is_steady(camera))
    pid, before = system.worker_pid(camera), system.crashes(camera).get("SIGSEGV", 0)
    assert pid is not None
    with stream(system) as events:
        os.kill(pid, signal.SIGSEGV)
        started = events.wait("worker.started", camera, limit_s=60)
        lost = events.wait("worker.lost", camera)
        counts = {one["signal"]: one["count"] for one in started["crashes"]}
        assert counts["SIGSEGV"] == before + 1
        assert (started["ended"]["pid"], started["ended"]["signal"]) == (pid, "SIGSEGV")
        # A machine so slow that it was given up before its successor came cannot know.
        assert lost["reason"] == "silent" or lost["ended"] == started["ended"]
        assert system.crashes(camera) == counts
        log = system.state / "logs" / f"worker-{vendor_of(camera)}-{camera}.log"
        assert "Fatal Python error: Segmentation fault" in log.read_text()

        listed = {one["id"]: one for one in lensbus(system, "cameras", "--json").json}
        told = {one["signal"]: one["count"] for one in listed[camera]["crashes"]}
        assert told == counts

        seen = len(events.events)
        new = wait_for(lambda: system.worker_pid(camera), limit_s=60)
        os.kill(new, signal.SIGTERM)
        started = events.wait("worker.started", camera, limit_s=60, after=seen)
        assert started["ended"]["code"] == 0
        assert system.crashes(camera) == counts
