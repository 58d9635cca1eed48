"""`/livez` and `/readyz` of a gateway on a real broker."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from kit.bus import bus_settings, running_broker, running_worker, short_folder
from kit.fake_driver import FakeDriver
from kit.gateway import RunningGateway, Wire, running_gateway
from kit.processes import wait_for
from lensbus_proto.runtime.settings import HealthSettings, Settings


@pytest.fixture
def settings() -> Iterator[Settings]:
    with short_folder() as state:
        yield bus_settings(state)


def fetch(gateway: RunningGateway, path: str) -> tuple[int, Any]:
    with Wire(gateway.address) as wire:
        wire.request(path)
        status, headers, body = wire.answer()
    assert headers["cache-control"] == "no-store"
    return status, json.loads(body)


def test_a_gateway_alone_is_alive_and_not_ready(settings: Settings) -> None:
    with running_gateway(settings) as gateway:
        assert fetch(gateway, "/livez")[0] == 200
        begun_s = time.monotonic()
        status, body = fetch(gateway, "/readyz")
        assert time.monotonic() - begun_s < 30, "a dead broker hangs nobody"
    assert (status, body["ready"], body["broker"]["ready"]) == (503, False, False)
    assert body["broker"]["reason"]


def test_without_cameras_a_system_is_ready_unless_some_are_expected(settings: Settings) -> None:
    with running_broker(settings):
        with running_gateway(settings) as gateway:
            wait_for(lambda: fetch(gateway, "/readyz")[0] == 200)
        expecting = replace(settings, health=HealthSettings(cameras=("CAM9",)))
        with running_gateway(expecting) as gateway:
            wait_for(lambda: fetch(gateway, "/readyz")[1]["broker"]["ready"])
            status, body = fetch(gateway, "/readyz")
    assert status == 503
    (line,) = body["cameras"]
    assert (line["camera"], line["ready"]) == ("CAM9", False)
    assert "nothing is known" in line["reason"]


def test_a_camera_that_refuses_is_not_ready_however_alive_its_worker(settings: Settings) -> None:
    with running_broker(settings), running_gateway(settings) as gateway:
        with running_worker(settings, "CAM1", FakeDriver()):

            def told() -> Any:
                return fetch(gateway, "/readyz?camera=CAM1")[1]["cameras"][0]

            # This driver knows no command that asks an SDK.
            wait_for(lambda: told()["vendor"])
            assert fetch(gateway, "/readyz")[0] == 503
            line = told()
            assert (line["camera"], line["ready"]) == ("CAM1", False)
            assert line["reason"]
        status, body = fetch(gateway, "/readyz?camera=CAM2")
        assert (status, body["cameras"][0]["reason"]) == (503, "nothing is known of it")
