"""The simulator as a product: models, scenes, films, the place of the crop, boot times, leaks."""

import gc
import io
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from lensbus_proto.errors import BadArguments, CameraGone, CameraTimeout, SettingsError, Unsupported
from lensbus_proto.runtime.settings import OakSettings, OakSimulatorSettings
from lensbus_services.driver import Observation
from lensbus_services.oak.backend import Plan
from lensbus_services.oak.backends import make_backend
from lensbus_services.oak.driver import OakDriver
from lensbus_services.oak.groups import Group
from lensbus_services.oak.profiles import PROFILES
from lensbus_services.oak.scene import SCENES, Scene, color_lens, view
from lensbus_services.oak.simulator import SimulatorBackend

CAMERA = "14442C10D13EABCE00"
LIMIT_S = 30.0


def settings(model: str = "OAK-D-PRO", **more: Any) -> OakSettings:
    return OakSettings(simulator=OakSimulatorSettings((f"{model}:{CAMERA}",), **more))


@contextmanager
def opened(state: Path, made: OakSettings) -> Iterator[OakDriver]:
    driver = OakDriver(CAMERA, made, state)
    try:
        driver.open()
        yield driver
    finally:
        driver.close()


def ask(driver: OakDriver, name: str, **arguments: Any) -> Any:
    return driver.execute(name, arguments, 5.0).data


def still(driver: OakDriver, stream: str) -> np.ndarray:
    """Return a still; on a busy machine one may come later than a client would wait."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            part = driver.execute("still", {"stream": stream, "format": "png"}, 5.0).parts[0]
            return np.asarray(Image.open(io.BytesIO(part)))
        except CameraTimeout:
            assert time.monotonic() < deadline, "no still at all"


def settled(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)


# Models


@pytest.mark.parametrize("model", sorted(PROFILES))
def test_every_model_opens_and_shows_every_sensor(model: str, tmp_path: Path) -> None:
    profile = PROFILES[model]
    with opened(tmp_path, settings(model)) as driver:
        for sensor in profile.sensors:
            picture = still(driver, sensor.socket)
            assert picture.ndim == (3 if sensor.has_color else 2)
            assert float(picture.std()) > 10, "there is something to see"
        for pair in profile.pairs:
            ask(driver, "stream.activate", stream=pair.stream)
            assert (still(driver, pair.stream) > 0).mean() > 0.5
        details = ask(driver, "describe")["details"]["device"]
        assert details["camera_name"] == model
        assert (details["protocol"] == "X_LINK_TCP_IP") == model.endswith("POE")


# What they see


def test_the_scene_is_a_setting_and_its_dim_light_is_made_up_for(tmp_path: Path) -> None:
    pictures = {}
    for name in SCENES:
        with opened(tmp_path / name, settings(scene=name)) as driver:
            settled(lambda: 80 < still(driver, "CAM_A").mean() < 120)
            pictures[name] = still(driver, "CAM_A")
            shown = ask(driver, "control.get", stream="CAM_A")["control"]
            product = shown["exposure_time"] * shown["sensitivity_iso"]
            assert (product > 12e6) == (SCENES[name].light < 1)
            assert shown["manual_whitebalance"] == SCENES[name].kelvin
    assert np.abs(pictures["discs"].astype(int) - pictures["belt"]).mean() > 10


def test_flood_light_in_a_dim_scene_is_seen_by_mono_sensors_only(tmp_path: Path) -> None:
    manual = {"auto_exposure_enable": False, "exposure_time": 20_000, "sensitivity_iso": 400}
    with opened(tmp_path, settings(scene="belt")) as driver:
        for stream in ("CAM_A", "CAM_B"):
            ask(driver, "control.set", stream=stream, changes=manual)
        dark = {stream: still(driver, stream).mean() for stream in ("CAM_A", "CAM_B")}
        seen = [dark["CAM_B"]]
        for flood in (0.25, 0.5, 1.0):
            ask(driver, "ir.set", flood_light=flood)
            seen.append(still(driver, "CAM_B").mean())
        assert seen == sorted(seen)
        assert seen[-1] > 2.5 * seen[0]
        assert still(driver, "CAM_A").mean() == pytest.approx(dark["CAM_A"], rel=0.1)
        ask(driver, "stream.deactivate", stream="CAM_B")
        ask(driver, "stream.activate", stream="CAM_B")
        assert still(driver, "CAM_B").mean() == pytest.approx(seen[-1], rel=0.05)


@pytest.mark.parametrize("scene", ["nowhere", "/nowhere/film.mp4"])
def test_a_scene_that_is_none_is_named_with_those_there_are(scene: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"'{scene}', expected discs, belt"):
        make_backend(CAMERA, settings(scene=scene), tmp_path, print)


def pictures(folder: Path, *shades: int) -> Path:
    folder.mkdir()
    for number, shade in enumerate(shades):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((108, 192, 3), shade, np.uint8))
    return folder


def test_a_folder_of_pictures_may_be_the_scene(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "shots", 99)
    with opened(tmp_path, settings(scene=str(folder))) as driver:
        for stream, shape in (("CAM_A", (1080, 1920, 3)), ("CAM_B", (400, 640))):
            picture = still(driver, stream)
            assert picture.shape == shape
            assert picture.std() < 1
        ask(driver, "stream.activate", stream="DEPTH_B_C")
        assert (still(driver, "DEPTH_B_C") > 0).mean() > 0.5, "depth has the scene of its own"


PLAN = Plan("CAM_B", (640, 400), (640, 400), (640, 400), 30.0, "CROP")
DEPTH = replace(PLAN, stream="DEPTH_B_C")
PLANS = {"CAM_B": PLAN, "DEPTH_B_C": DEPTH}


class Device:
    """A backend with what it reported."""

    def __init__(self, plans: Mapping[str, Plan] = PLANS) -> None:
        self.seen: list[Observation] = []
        self.plans = plans
        self.backend = SimulatorBackend(CAMERA, PROFILES["OAK-D"], self.seen.append)

    def __enter__(self) -> SimulatorBackend:
        self.backend.open()
        self.backend.run(self.plans, frozenset(self.plans) - {"DEPTH_B_C"})
        return self.backend

    def __exit__(self, *_: object) -> None:
        self.backend.close()
        assert {each.kind for each in self.seen} <= {"replayEnded"}


def spread(backend: SimulatorBackend) -> float:
    return float(backend.capture("CAM_B", 5.0).pixels.std())


def test_a_film_replaces_the_scene_until_it_is_taken_away(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "shots", 60, 90)
    with Device() as backend:
        assert spread(backend) > 10
        backend.replay("CAM_B", folder)
        assert spread(backend) < 2
        backend.run(PLANS | {"CAM_B": replace(PLAN, fps=15.0)}, frozenset({"CAM_B"}))
        assert spread(backend) < 2, "it outlives another config"
        backend.run(PLANS, frozenset())
        backend.run(PLANS, frozenset({"CAM_B"}))
        assert spread(backend) < 2, "and off and on"
        backend.replay("CAM_B", None)
        assert spread(backend) > 10
        backend.replay("CAM_B", None)


def test_what_cannot_be_played_changes_nothing(tmp_path: Path) -> None:
    with Device() as backend:
        with pytest.raises(BadArguments):
            backend.replay("CAM_B", tmp_path / "nowhere.mp4")
        with pytest.raises(Unsupported):
            backend.replay("DEPTH_B_C", pictures(tmp_path / "shots", 60))
        assert spread(backend) > 10


def test_all_pipelines_are_stopped_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(3, timeout=5)
    stop = Group.stop

    def meet(group: Group) -> None:
        together.wait()  # broken after 5 s unless three stop at the same time
        stop(group)

    plans = {name: replace(PLAN, stream=name) for name in ("CAM_A", "CAM_B", "CAM_C")}
    with Device(plans) as backend:
        monkeypatch.setattr(Group, "stop", meet)
        backend.close()
    assert not together.broken
    assert not [each for each in threading.enumerate() if each.name.startswith("oak-CAM")]


# The place of the crop


@pytest.mark.parametrize("crop", [(0.0, 0.0), (0.001, 0.001), (0.25, 0.5), (1.0, 1.0)])
def test_a_crop_shows_that_part_of_the_sensor(crop: tuple[float, float]) -> None:
    mode, size = (1920, 1080), (640, 400)
    plan = Plan("CAM_A", mode, size, size, 30.0, "CROP", crop)
    with Device({"CAM_A": plan}) as backend:
        frame = backend.capture("CAM_A", 5.0)
    whole = view(color_lens(mode)).render(frame.tick_s)
    if crop == (0.0, 0.0):  # nobody asked: as much as can be is seen, in the middle
        scaled = cv2.resize(whole, (711, 400), interpolation=cv2.INTER_LINEAR)
        wanted = scaled[:, 35 : 35 + 640]
    else:
        x = min(round(crop[0] * 1920), 1920 - 640)
        y = min(round(crop[1] * 1080), 1080 - 400)
        wanted = whole[y : y + 400, x : x + 640]
    difference = np.abs(frame.pixels.astype(int) - wanted.astype(int))
    assert frame.pixels.shape == (400, 640, 3)
    assert float(difference.mean()) < 2


# Booting


def test_a_boot_takes_as_long_as_the_settings_say_and_can_be_given_up() -> None:
    slow = SimulatorBackend(CAMERA, PROFILES["OAK-D-PRO-POE"], print, time_scale=10.0)
    outcome: list[BaseException] = []

    def open_() -> None:
        try:
            slow.open()
        except CameraGone as error:
            outcome.append(error)

    thread = threading.Thread(target=open_)
    thread.start()
    thread.join(0.3)
    assert thread.is_alive(), "ten times the eight seconds of a PoE device"
    slow.close()
    thread.join(LIMIT_S)
    assert outcome
    quick = SimulatorBackend(CAMERA, PROFILES["OAK-1"], print, time_scale=0.1)
    began = time.monotonic()
    quick.open()
    assert time.monotonic() - began > 0.15
    quick.close()


# Leaks


def held() -> tuple[int, int]:
    """Return how many threads and descriptors this process has."""
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def cycle(driver: OakDriver, times: int) -> None:
    """Switch streams on and off, with pictures in between."""
    for _ in range(times):
        ask(driver, "stream.activate", stream="DEPTH_B_C")
        assert still(driver, "DEPTH_B_C").size
        ask(driver, "stream.activate", stream="CAM_B")
        driver.pictures(0.05)
        ask(driver, "stream.deactivate", stream="CAM_B")


@pytest.mark.parametrize("times", [20, pytest.param(100, marks=pytest.mark.slow)])
def test_switching_streams_on_and_off_leaves_nothing_behind(times: int, tmp_path: Path) -> None:
    with opened(tmp_path, settings()) as driver:
        driver.watch(frozenset({"CAM_A", "CAM_B", "DEPTH_B_C"}))
        cycle(driver, times // 4)
        gc.collect()
        before, memory = held(), resident_mib()
        cycle(driver, times)
        gc.collect()
        settled(lambda: held() <= before)
        assert resident_mib() - memory < 20


def test_scenes_are_values_that_can_be_kept_apart() -> None:
    assert all(isinstance(scene, Scene) and hash(scene) for scene in SCENES.values())
    assert len(set(SCENES.values())) == len(SCENES)
