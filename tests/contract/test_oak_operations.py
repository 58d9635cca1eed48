"""Operations on a whole camera, with the real driver: boot, shutdown, lights, batches, reset."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.oak_camera import PLAIN, PRO, SETTINGS, Camera, settled
from lensbus_proto.errors import BadArguments, CameraError, CameraGone, NotActive, NotConnected
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import OakSettings
from lensbus_services.driver import Observation
from lensbus_services.oak.backend import Backend, Plan, Report
from lensbus_services.oak.backends import make_backend
from lensbus_services.oak.driver import OakDriver
from lensbus_services.oak.features import Features

MANUAL = {"auto_exposure_enable": False, "exposure_time": 5000, "sensitivity_iso": 400}


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    opened = Camera(PRO, tmp_path)
    yield opened
    opened.driver.close()


class Device:
    """Makes simulated devices; the next boots can be told to fail."""

    def __init__(self) -> None:
        self.failures = 0
        self.made = 0
        self.report: Report | None = None

    def __call__(self, camera: str, settings: OakSettings, state: Path, report: Report) -> Backend:
        self.made += 1
        self.report = report
        backend = make_backend(camera, settings, state, report)
        if self.failures:
            self.failures -= 1
            backend.open = self._fail  # type: ignore[method-assign]
        return backend

    def _fail(self) -> Features:
        raise CameraGone("X_LINK_DEVICE_NOT_FOUND")

    def tell(self, kind: str) -> None:
        """Report what a device does by itself."""
        assert self.report is not None
        self.report(Observation(kind, unix_us(), {"id": PRO}))


def test_shutting_down_and_booting_is_told(camera: Camera) -> None:
    camera.seen()
    for _ in range(2):
        camera.ask("shutdown")
    assert camera.seen() == [("disconnected", "", "shutdown")]
    for _ in range(2):
        camera.ask("boot")
    assert camera.seen() == [("connected", "", "")]


def test_a_camera_that_was_shut_down_stays_so_over_a_restart_of_its_worker(
    tmp_path: Path,
) -> None:
    make = Device()
    first = Camera(PRO, tmp_path, make=make)
    described = first.description.details
    first.ask("streams.change", activate=["DEPTH_B_C"], deactivate=["CAM_A"])
    first.ask("shutdown")
    first.driver.close()

    second = Camera(PRO, tmp_path, make=make)

    assert make.made == 1, "nobody touched the device"
    device = {**described["device"], "state": "X_LINK_UNBOOTED"}
    assert second.ask("device") == device
    assert second.description.model == "OAK-D-PRO"
    assert second.description.details == {**described, "device": device}
    assert second.seen() == []
    with pytest.raises(NotConnected):
        second.ask("streams.list")
    assert second.ask("boot") == described["device"]
    assert second.active() == ["DEPTH_B_C"]
    second.driver.close()

    third = Camera(PRO, tmp_path)
    assert third.active() == ["DEPTH_B_C"], "booted is what it stays now"
    third.driver.close()


def test_a_worker_that_restarts_beside_a_booted_camera_boots_it(camera: Camera) -> None:
    camera.ask("shutdown")
    camera.ask("boot")
    camera.driver.close()
    again = Camera(PRO, camera.state)
    assert again.ask("device")["state"] == "X_LINK_BOOTED"
    again.driver.close()


def test_pictures_wait_while_a_camera_is_shut_down_and_come_back_with_it(camera: Camera) -> None:
    camera.driver.watch(frozenset({"CAM_B"}))
    assert camera.driver.pictures(2.0)
    camera.ask("shutdown")

    began = time.monotonic()
    assert camera.driver.pictures(0.1) == []
    assert time.monotonic() - began >= 0.09, "a loop around it does not spin"

    camera.ask("boot")
    settled(lambda: bool(camera.driver.pictures(0.5)))


def test_a_boot_that_fails_leaves_the_camera_shut_down(tmp_path: Path) -> None:
    make = Device()
    camera = Camera(PRO, tmp_path, make=make)
    camera.ask("control.set", stream="CAM_A", changes={"contrast": 3})
    camera.ask("shutdown")
    camera.seen()
    make.failures = 2

    for _ in range(2):
        with pytest.raises(CameraError, match="X_LINK_DEVICE_NOT_FOUND") as caught:
            camera.ask("boot")
        assert caught.value.code == CameraError.code, "the device failed, it is not lost"
        assert camera.ask("device")["state"] == "X_LINK_UNBOOTED"
        with pytest.raises(NotConnected):
            camera.ask("stats")
    assert camera.seen() == []

    assert camera.ask("boot")["state"] == "X_LINK_BOOTED"
    assert camera.ask("control.get", stream="CAM_A")["control"]["contrast"] == 3
    camera.driver.close()


def test_a_camera_that_is_lost_is_not_booted_and_cannot_be_booted(tmp_path: Path) -> None:
    make = Device()
    camera = Camera(PRO, tmp_path, make=make)
    make.tell("disconnected")
    assert camera.ask("device")["state"] == "X_LINK_UNBOOTED"
    with pytest.raises(CameraGone):
        camera.ask("boot")

    make.tell("connected")
    assert camera.ask("boot")["state"] == "X_LINK_BOOTED"

    make.tell("disconnected")
    camera.seen()
    camera.ask("shutdown")
    assert camera.seen() == [], "its loss was told already"
    assert camera.ask("boot")["state"] == "X_LINK_BOOTED"
    camera.driver.close()


def test_a_device_that_is_lost_while_it_boots_is_not_taken_for_booted(tmp_path: Path) -> None:
    def make(camera: str, settings: OakSettings, state: Path, report: Report) -> Backend:
        backend = make_backend(camera, settings, state, report)
        whole = backend.run

        def lose(plans: Mapping[str, Plan], active: frozenset[str]) -> None:
            whole(plans, active)
            report(Observation("disconnected", unix_us(), {"id": camera}))

        backend.run = lose  # type: ignore[method-assign]
        return backend

    camera = Camera(PRO, tmp_path, make=make)
    assert [kind for kind, _, _ in camera.seen()] == ["connected", "disconnected"]
    assert camera.ask("device")["state"] == "X_LINK_UNBOOTED"
    camera.driver.close()


def test_a_worker_can_end_while_its_device_boots(tmp_path: Path) -> None:
    release = threading.Event()
    booting = threading.Event()
    errors: list[CameraError] = []

    def make(camera: str, settings: OakSettings, state: Path, report: Report) -> Backend:
        backend = make_backend(camera, settings, state, report)
        whole = backend.open

        def slowly() -> Features:
            booting.set()
            release.wait(60)
            return whole()

        backend.open = slowly  # type: ignore[method-assign]
        return backend

    driver = OakDriver(PRO, SETTINGS, tmp_path, make)

    def open_it() -> None:
        try:
            driver.open()
        except CameraError as error:
            errors.append(error)

    opening = threading.Thread(target=open_it)
    opening.start()
    assert booting.wait(5)
    driver.close()
    assert opening.is_alive(), "it did not wait for the boot"
    release.set()
    opening.join(5)
    assert [error.code for error in errors] == ["camera.gone"], "it was closed meanwhile"
    driver.close()


def test_wishes_are_kept_by_a_worker_that_cannot_write_them(camera: Camera) -> None:
    folder = camera.state / "cameras"
    camera.ask("stream.deactivate", stream="CAM_A")
    (folder / f"{PRO}.json").unlink()
    folder.rmdir()
    folder.write_text("in the way")

    camera.ask("control.set", stream="CAM_B", changes={"contrast": 4})
    camera.ask("shutdown")
    camera.ask("boot")

    assert camera.active() == ["CAM_B", "CAM_C"]
    assert camera.ask("control.get", stream="CAM_B")["control"]["contrast"] == 4


def test_wishes_for_other_sensors_are_forgotten(tmp_path: Path) -> None:
    first = Camera(PRO, tmp_path)
    first.ask("stream.activate", stream="DEPTH_B_C")
    first.driver.close()
    kept = tmp_path / "cameras" / f"{PRO}.json"
    table = json.loads(kept.read_text())
    (tmp_path / "cameras" / f"{PLAIN}.json").write_text(
        json.dumps(table | {"active": ["CAM_A", "CAM_F"]})
    )
    other = Camera(PLAIN, tmp_path)
    assert other.active() == ["CAM_A", "CAM_B", "CAM_C"]
    other.driver.close()


def test_lights_shine_on_mono_pictures_and_outlive_everything(camera: Camera) -> None:
    camera.ask("control.set", stream="CAM_B", changes=MANUAL)
    dark = camera.brightness("CAM_B")
    wanted = {"flood_light": 1.0, "dot_projector": 0.0}

    assert camera.ask("ir.set", flood_light=1)["ir"] == wanted
    bright = camera.brightness("CAM_B")
    assert bright > dark * 1.3

    camera.ask("shutdown")
    camera.ask("boot")
    assert camera.ask("ir.get")["ir"] == wanted
    assert camera.brightness("CAM_B") == pytest.approx(bright, abs=3)
    camera.ask("stream.deactivate", stream="CAM_B")
    camera.ask("stream.activate", stream="CAM_B")
    assert camera.brightness("CAM_B") == pytest.approx(bright, abs=3)
    camera.driver.close()
    again = Camera(PRO, camera.state)
    assert again.ask("ir.get")["ir"] == wanted
    assert again.brightness("CAM_B") == pytest.approx(bright, abs=3)

    off = {"flood_light": 0.0, "dot_projector": 0.0}
    assert again.ask("ir.set")["ir"] == off
    assert again.brightness("CAM_B") == pytest.approx(dark, abs=3)
    again.driver.close()


@pytest.mark.parametrize(
    "bad", [{"flood_light": 1.01}, {"dot_projector": -0.1}, {"flood_light": "1"}]
)
def test_lights_out_of_range_change_nothing(camera: Camera, bad: dict[str, object]) -> None:
    camera.ask("ir.set", dot_projector=0.5)
    with pytest.raises(BadArguments) as caught:
        camera.ask("ir.set", **bad)
    assert caught.value.detail == {"field": next(iter(bad))}
    assert camera.ask("ir.get")["ir"] == {"flood_light": 0.0, "dot_projector": 0.5}


def test_a_device_without_lights_has_none(tmp_path: Path) -> None:
    plain = Camera(PLAIN, tmp_path)
    assert plain.ask("ir.set", flood_light=1.0) == {"ir": None}
    assert plain.ask("ir.get") == {"ir": None}
    plain.driver.close()


def test_a_batch_tells_what_was_asked_for_and_what_had_to_go(camera: Camera) -> None:
    camera.seen()
    camera.ask("streams.change", activate=["DEPTH_B_C"], deactivate=["CAM_B"])
    assert camera.seen() == [
        ("streamDeactivated", "CAM_B", "request"),
        ("streamDeactivated", "CAM_C", "exclusion"),
        ("streamActivated", "DEPTH_B_C", "request"),
    ]
    malformed: list[dict[str, Any]] = [
        {},
        {"activate": []},
        {"activate": ["CAM_A"], "deactivate": "CAM_B"},
    ]
    for bad in malformed:
        with pytest.raises(BadArguments):
            camera.ask("streams.change", **bad)
    assert camera.seen() == []


def test_a_reset_is_told_once(camera: Camera) -> None:
    camera.ask("control.set", stream="CAM_A", changes=MANUAL | {"brightness": 8})
    bright = camera.brightness("CAM_A")
    camera.seen()

    for _ in range(2):
        assert camera.ask("control.reset", stream="CAM_A")["control"]["brightness"] == 0

    assert camera.seen() == [("controlChanged", "CAM_A", "")]
    settled(lambda: abs(camera.brightness("CAM_A") - bright) > 10)


def test_what_a_camera_decides_itself_is_read_back_inside_of_the_published_limits(
    camera: Camera,
) -> None:
    def light() -> int:
        shown = camera.ask("control.get", stream="CAM_A")["control"]
        exposure_us, iso = shown["exposure_time"], shown["sensitivity_iso"]
        assert 1 <= exposure_us <= 33_000
        assert 100 <= iso <= 5000
        return int(exposure_us * iso)

    plain = light()
    for stops, is_there in (
        (9, lambda: light() > plain * 3),
        (-9, lambda: light() < plain / 3),
    ):
        changes = {"auto_exposure_compensation": stops}
        camera.ask("control.set", stream="CAM_A", changes=changes)
        settled(is_there)


def test_a_change_of_config_leaves_what_is_off_alone(camera: Camera) -> None:
    body = {"resolution": "THE_400_P", "fps": 10}
    with pytest.raises(NotActive):
        camera.ask("config.set", stream="DEPTH_B_C", config=body)
    assert camera.ask("config.get", stream="DEPTH_B_C")["config"]["fps"] == 30.0
    assert camera.ask("config.available", stream="DEPTH_B_C")["options"]
    assert camera.ask("control.capabilities", stream="DEPTH_B_C")["capabilities"]


def test_stats_follow_the_work(camera: Camera) -> None:
    busy = camera.ask("stats")
    assert busy["ddr_memory_usage"]["used"] > 0
    camera.ask("streams.change", activate=[], deactivate=["CAM_A", "CAM_B", "CAM_C"])
    idle = camera.ask("stats")
    assert idle["ddr_memory_usage"]["used"] < busy["ddr_memory_usage"]["used"]
    assert set(idle) >= {"chip_temperature", "ddr_memory_usage", "cmx_memory_usage"}


def test_a_cut_begins_where_the_crop_says(camera: Camera) -> None:
    whole = {
        "resolution": "THE_1080_P",
        "still_size": [1920, 1080],
        "preview_size": [300, 300],
        "video_size": [1920, 1080],
        "sensor_crop": [0.0, 0.0],
        "fps": 30,
    }
    corner = whole | {"still_size": [480, 270], "video_size": [480, 270]}
    camera.ask("control.set", stream="CAM_A", changes=MANUAL)
    full = np.asarray(camera.still("CAM_A", "bmp").convert("L"), np.int16)

    def shows(crop: list[float], x: int, y: int) -> bool:
        body = corner | {"sensor_crop": crop}
        shown = camera.ask("config.set", stream="CAM_A", config=body)["config"]
        assert shown["sensor_crop"] == crop
        part = np.asarray(camera.still("CAM_A", "bmp").convert("L"), np.int16)
        # The wall and the floor stand still; what moves is a small part of the picture.
        return float(np.median(np.abs(part - full[y : y + 270, x : x + 480]))) <= 6

    assert shows([0.75, 0.75], 1440, 810)
    assert shows([0.001, 0.001], 2, 1)
    assert not shows([0.5, 0.0], 0, 0)
    assert shows([1.0, 1.0], 1440, 810), "one that would reach over the edge is moved back"


def test_the_driver_knows_what_its_camera_is_before_anything_is_asked(tmp_path: Path) -> None:
    driver = OakDriver(PRO, SETTINGS, tmp_path)
    for name in ("device", "shutdown", "streams.list", "stats", "describe"):
        with pytest.raises(CameraGone):
            driver.execute(name, {}, 1.0)
    driver.close()
