"""What dies is back soon, and the rest goes on."""

import os
import signal
import socket
import threading

from kit.processes import wait_for
from kit.system import ALL, ALPHA, System, command_of, stream, wait_for_cameras


def pids_of(system: System, module: str) -> set[int]:
    return {pid for pid in system.pids() if f"-m {module}" in command_of(pid)}


def test_nobody_is_refused_while_all_gateways_are_away(system: System) -> None:
    refused = 0
    done = threading.Event()

    def knock() -> None:
        nonlocal refused
        while not done.wait(0.002):
            try:
                socket.create_connection(("127.0.0.1", system.port), timeout=5).close()
            except ConnectionRefusedError:
                refused += 1

    old = pids_of(system, "lensbus_gateway")
    assert old
    knocker = threading.Thread(target=knock)
    knocker.start()
    try:
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        status = system.json("GET", "/api/server/status")
    finally:
        done.set()
        knocker.join()
    assert status["success"]
    assert refused == 0
    wait_for(lambda: len(pids_of(system, "lensbus_gateway")) == len(old))
    assert not old & pids_of(system, "lensbus_gateway")


def test_a_killed_broker_finds_its_workers_again(system: System) -> None:
    workers = {camera: system.worker_pid(camera) for camera in ALL}
    with stream(system) as events:
        (broker,) = pids_of(system, "lensbus_broker")
        os.kill(broker, signal.SIGKILL)

        def is_listed() -> bool:
            status, _ = system.request("GET", "/api/cameras")
            return status == 200

        wait_for(is_listed, every_s=0.05)
        wait_for_cameras(system)
        assert {camera: system.worker_pid(camera) for camera in ALL} == workers
        path = f"/api/cameras/{ALPHA}/connection"
        system.json("POST", path, {"mode": "remote"})
        events.wait("connected", ALPHA, after=1)
        system.json("DELETE", path)
        events.wait("disconnected", ALPHA)
