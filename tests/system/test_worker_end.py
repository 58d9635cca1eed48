"""SIGTERM ends a worker in time, with its camera let go."""

import os
import signal

from kit.processes import wait_for
from kit.system import CINEMA, OAK, System, command_of, stream

LIMIT_S = 2.0


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
