"""The OAK half of a running system, as a client sees it."""

import io
import os
import signal

import numpy as np
import pytest
from PIL import Image

from kit.processes import wait_for
from kit.system import OAK, OAK_ONE, System, stream

STREAMS = f"/cameras/{OAK}/streams"


@pytest.fixture
def sensors_on(system: System) -> System:
    """The device as after its boot: sensors on, depth off."""
    for name in ("CAM_A", "CAM_B", "CAM_C"):
        assert system.request("POST", f"{STREAMS}/{name}/")[0] == 201
    return system


def active(system: System) -> set[str]:
    return {item["name"] for item in system.json("GET", f"{STREAMS}/") if item["active"]}


def still(system: System, name: str, form: str = "png") -> np.ndarray:
    status, body = system.request("GET", f"{STREAMS}/{name}/still?format={form}")
    assert status == 200, body
    with Image.open(io.BytesIO(body)) as image:
        return np.asarray(image)


def test_both_devices_are_listed(system: System) -> None:
    listed = {camera["mxid"]: camera for camera in system.json("GET", "/cameras/")}
    assert {OAK, OAK_ONE} <= set(listed)
    assert system.json("GET", f"/cameras/{OAK}/") == listed[OAK]
    names = [item["name"] for item in system.json("GET", f"/cameras/{OAK_ONE}/streams/")]
    assert names == ["CAM_A"]


def test_depth_and_its_sensors_exclude_each_other_both_ways(sensors_on: System) -> None:
    with stream(sensors_on) as events:
        assert sensors_on.request("POST", f"{STREAMS}/DEPTH_B_C/") == (201, b"null")
        assert active(sensors_on) == {"CAM_A", "DEPTH_B_C"}
        assert sensors_on.request("POST", f"{STREAMS}/CAM_B/") == (201, b"null")
        assert active(sensors_on) == {"CAM_A", "CAM_B"}
        assert sensors_on.request("DELETE", f"{STREAMS}/CAM_B/") == (202, b"null")
        events.wait("streamDeactivated", OAK)
    told = [
        (kind, data["stream"], data["reason"])
        for kind, data in events.events[1:]
        if kind in ("streamActivated", "streamDeactivated")
    ]
    assert ("streamActivated", "DEPTH_B_C", "request") in told
    assert ("streamDeactivated", "CAM_B", "exclusion") in told
    assert ("streamDeactivated", "DEPTH_B_C", "exclusion") in told


def test_the_depth_picture_shows_near_things_lighter(sensors_on: System) -> None:
    sensors_on.request("POST", f"{STREAMS}/DEPTH_B_C/")
    depth = still(sensors_on, "DEPTH_B_C")
    assert depth.ndim == 2
    measured = depth[depth > 0]
    # The wall at 4 m is dark, the nearest disc at 0.83 m light.
    assert np.percentile(measured, 5) < 60
    assert np.percentile(measured, 99) > 90


def test_a_control_is_seen_in_the_picture(sensors_on: System) -> None:
    def brightness(exposure_us: int) -> float:
        body = {
            "auto_exposure_enable": False,
            "exposure_time": exposure_us,
            "sensitivity_iso": 400,
        }
        answer = sensors_on.json("POST", f"{STREAMS}/CAM_A/control", body)
        assert answer["exposure_time"] == exposure_us
        return float(still(sensors_on, "CAM_A", "bmp").mean())

    dark, light = brightness(2000), brightness(20000)
    assert light > dark * 1.5
    sensors_on.json("POST", f"{STREAMS}/CAM_A/control", {"auto_exposure_enable": True})


def test_a_still_announces_itself(sensors_on: System) -> None:
    with stream(sensors_on) as events:
        still(sensors_on, "CAM_A", "jpeg")
        captured = events.wait("stillCaptured", OAK)
    assert captured["format"] == "jpeg"
    assert captured["size"] > 1000


def test_many_streams_are_switched_at_once(sensors_on: System) -> None:
    body = {"activate": ["DEPTH_B_C"], "deactivate": ["CAM_A"]}
    listed = sensors_on.json("PATCH", STREAMS, body)
    assert [each["name"] for each in listed if each["active"]] == ["DEPTH_B_C"]
    assert sensors_on.json("GET", STREAMS) == listed
    body = {"activate": ["CAM_A", "CAM_H"]}
    assert "CAM_H" in sensors_on.json("PATCH", STREAMS, body, expect=422)["detail"]
    assert sensors_on.json("GET", STREAMS) == listed


def test_what_is_available_is_taken(sensors_on: System) -> None:
    options = sensors_on.json("GET", f"{STREAMS}/CAM_B/config/available")
    for option in options:
        body = {"width": option["width"], "height": option["height"], "fps": 30}
        shown = sensors_on.json("POST", f"{STREAMS}/CAM_B/config", body)
        assert (shown["width"], shown["height"]) == (option["width"], option["height"])
        assert still(sensors_on, "CAM_B").shape == (option["height"], option["width"])


def test_a_camera_stays_shut_down_until_it_is_booted(system: System) -> None:
    path = f"/cameras/{OAK_ONE}"
    booted = system.json("GET", f"{path}/")
    down = {**booted, "state": "X_LINK_UNBOOTED"}
    with stream(system) as events:
        assert system.json("DELETE", f"{path}/") == down
        assert events.wait("disconnected", OAK_ONE)["reason"] == "shutdown"
    assert down in system.json("GET", "/cameras/")
    assert system.request("GET", f"{path}/streams/")[0] == 409
    assert system.request("GET", f"{path}/stats")[0] == 409

    worker = system.worker_pid(OAK_ONE)
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: system.worker_pid(OAK_ONE) not in (None, worker), 15)
    wait_for(lambda: system.request("GET", f"{path}/")[0] == 200, 15)
    assert system.json("GET", f"{path}/") == down, "a new worker does not wake it"

    assert booted in system.json("POST", "/cameras/refresh?boot=true")
    assert system.json("GET", f"{path}/streams/")[0]["active"] is True
    assert system.json("GET", f"{path}/stats")["ddr_memory_usage"]["total"] > 0


def test_infrared_lights_are_those_of_the_device(system: System) -> None:
    on = {"flood_light": 0.5, "dot_projector": 0.0}
    assert system.json("POST", f"/cameras/{OAK}/ir", {"flood_light": 0.5}) == on
    assert system.json("GET", f"/cameras/{OAK}/ir") == on
    assert system.json("POST", f"/cameras/{OAK}/ir", {})["flood_light"] == 0.0
    assert system.json("GET", f"/cameras/{OAK_ONE}/ir") is None
