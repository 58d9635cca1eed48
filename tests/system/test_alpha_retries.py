"""The published client repeats what it believes lost: no repetition exposes a second time.

A press is under way when something breaks. What counts is what the body lived through.
"""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from alpha_sdk_client import AlphaSDKClient
from alpha_sdk_client.core.api_error import ApiError
from alpha_sdk_client.core.request_options import RequestOptions

from kit.alpha import shoot_for_the_host
from kit.counts import counts
from kit.processes import wait_for
from kit.system import ALPHA, System, command_of, running_system, wait_for_cameras


@pytest.fixture(scope="module")
def broken() -> Iterator[System]:
    """A system of one body that shoots whenever it is told to, for tests that break it."""
    with running_system(
        oak_enabled="false",
        sony_simulator_cameras=f'["ILCE-7M4:{ALPHA}"]',
        sony_simulator_time_scale="1.0",  # a press is under way for half a second
    ) as started:
        wait_for_cameras(started, {ALPHA})
        yield started


@pytest.fixture
def system(broken: System) -> System:
    """The system, whole and connected; in manual focus every press exposes."""
    api = f"/api/cameras/{ALPHA}"

    def whole() -> bool:
        steps = (
            ("POST", f"{api}/connection", {"mode": "remote"}),
            ("PUT", f"{api}/properties/focus-mode", {"value": "MF"}),
        )
        return all(broken.request(*step)[0] == 200 for step in steps)

    wait_for(whole, limit_s=30, every_s=0.2)
    shoot_for_the_host(broken, ALPHA)
    return broken


def exposures(system: System) -> int:
    return counts(system.state, ALPHA)["exposures"]


def pids(system: System, module: str) -> list[int]:
    return [pid for pid in system.pids() if f"-m {module}" in command_of(pid)]


def press(system: System, key: str | None = None) -> int:
    """Press with a client of its own, which may repeat; return the status of its last answer."""
    options: RequestOptions = {}
    if key is not None:
        options["additional_headers"] = {"Idempotency-Key": key}
    with httpx.Client(timeout=60) as http:
        client = AlphaSDKClient(base_url=system.url, httpx_client=http)
        try:
            client.actions.shutter(ALPHA, request_options=options)
        except ApiError as error:
            return error.status_code or 0
        return 200


def pressed_while(system: System, victims: list[int], death: int, key: str | None = None) -> int:
    """Press, and strike as soon as the body has exposed; return the status."""
    before = exposures(system)
    with ThreadPoolExecutor(1) as threads:
        pressing = threads.submit(press, system, key)
        wait_for(lambda: exposures(system) > before)
        for victim in victims:
            os.kill(victim, death)
        return pressing.result(40)


def test_a_press_exposes_once(system: System) -> None:
    before = exposures(system)

    assert press(system) == 200

    wait_for(lambda: exposures(system) == before + 1)


def test_the_death_of_a_worker_exposes_nothing_again(system: System) -> None:
    before = exposures(system)
    worker = system.worker_pid(ALPHA)
    assert worker is not None

    status = pressed_while(system, [worker], signal.SIGKILL)

    assert status == 400
    wait_for(lambda: _back(system, worker), limit_s=15)
    assert exposures(system) == before + 1


def _back(system: System, former: int) -> bool:
    path = f"/api/cameras/{ALPHA}/connection"
    connected = bool(system.json("GET", path)["camera"]["connected"])
    return connected and system.worker_pid(ALPHA) not in (None, former)


def test_the_end_of_every_gateway_exposes_nothing_again(system: System) -> None:
    before = exposures(system)

    status = pressed_while(system, pids(system, "lensbus_gateway"), signal.SIGTERM)

    assert status in (200, 400)
    assert exposures(system) == before + 1


@pytest.mark.slow
def test_the_death_of_the_broker_exposes_nothing_again(system: System) -> None:
    before = exposures(system)

    status = pressed_while(system, pids(system, "lensbus_broker"), signal.SIGKILL)

    assert status == 400
    assert exposures(system) == before + 1


def test_the_death_of_every_gateway_exposes_nothing_again_with_a_key(system: System) -> None:
    before = exposures(system)

    status = pressed_while(system, pids(system, "lensbus_gateway"), signal.SIGKILL, "press-1")

    assert status == 200, "the line was cut, the client came back and got the first press's answer"
    assert exposures(system) == before + 1
    assert press(system, "press-1") == 200
    assert exposures(system) == before + 1
    assert press(system, "press-2") == 200
    wait_for(lambda: exposures(system) == before + 2)
