"""What dies is back soon, and the rest goes on."""

import os
import signal
import socket
import threading

from kit.processes import wait_for
from kit.system import ALL, ALPHA, System, command_of, stream, wait_for_cameras


def pid_of(system: System, module: str) -> int:
    (pid,) = [pid for pid in system.pids() if f"-m {module}" in command_of(pid)]
    return pid


def test_nobody_is_refused_while_the_gateway_is_away(system: System) -> None:
    refused = 0
    done = threading.Event()

    def knock() -> None:
        nonlocal refused
        while not done.wait(0.002):
            try:
                socket.create_connection(("127.0.0.1", system.port), timeout=5).close()
            except ConnectionRefusedError:
                refused += 1

    old = pid_of(system, "lensbus_gateway")
    knocker = threading.Thread(target=knock)
    knocker.start()
    try:
        os.kill(old, signal.SIGKILL)
        status = system.json("GET", "/api/server/status")
    finally:
        done.set()
        knocker.join()
    assert status["success"]
    assert refused == 0
    assert pid_of(system, "lensbus_gateway") != old


def test_a_killed_broker_finds_its_workers_again(system: System) -> None:
    workers = {camera: system.worker_pid(camera) for camera in ALL}
    with stream(system) as events:
        os.kill(pid_of(system, "lensbus_broker"), signal.SIGKILL)

        def is_listed() -> bool:
            status, _ = system.request("GET", "/api/cameras")
            return status == 200

        wait_for(is_listed, limit_s=10, every_s=0.05)
        wait_for_cameras(system)
        assert {camera: system.worker_pid(camera) for camera in ALL} == workers
        path = f"/api/cameras/{ALPHA}/connection"
        system.json("POST", path, {"mode": "remote"})
        events.wait("connected", ALPHA, after=1)
        system.json("DELETE", path)
        events.wait("disconnected", ALPHA)
