"""The real OakDriver on the simulator backend: real depthai pipelines, no device."""

import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kit.oak_camera import ONE, PLAIN, PRO, SETTINGS, Camera, settled
from lensbus_proto.codec import pack_map
from lensbus_proto.errors import BadArguments, CameraGone, CommandUnknown, NotActive, NotFound
from lensbus_services.driver import Observation
from lensbus_services.oak import config
from lensbus_services.oak.backend import Plan
from lensbus_services.oak.control import Control
from lensbus_services.oak.driver import OakDriver
from lensbus_services.oak.images import FORMATS
from lensbus_services.oak.profiles import PROFILES
from lensbus_services.oak.running import EXIT_HANGS
from lensbus_services.oak.scene import BASELINE_M, DISCS, left_lens, view
from lensbus_services.oak.simulator import SimulatorBackend


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    opened = Camera(PRO, tmp_path)
    yield opened
    opened.driver.close()


def test_a_stereo_device_boots_with_all_sensors_on_and_depth_off(camera: Camera) -> None:
    assert camera.ask("streams.list")["streams"] == [
        {"name": "CAM_A", "active": True, "replay": False},
        {"name": "CAM_B", "active": True, "replay": False},
        {"name": "CAM_C", "active": True, "replay": False},
        {"name": "DEPTH_B_C", "active": False, "replay": False},
    ]
    assert camera.seen() == [("connected", "", "")]
    assert (camera.description.vendor, camera.description.model) == ("oak", "OAK-D-PRO")


def test_a_device_of_one_sensor_has_no_depth(tmp_path: Path) -> None:
    one = Camera(ONE, tmp_path)
    assert one.active() == ["CAM_A"]
    assert one.description.details["pairs"] == []
    with pytest.raises(NotFound):
        one.ask("stream.activate", stream="DEPTH_B_C")
    one.driver.close()


@pytest.mark.parametrize(("word", "streams"), [("color", ["CAM_A"]), ("none", [])])
def test_what_boots_is_a_setting(word: str, streams: list[str], tmp_path: Path) -> None:
    plain = Camera(PLAIN, tmp_path, replace(SETTINGS, active_after_boot=word))
    assert plain.active() == streams
    plain.driver.close()


def test_the_description_can_travel_and_names_sensors_and_pairs(camera: Camera) -> None:
    details = camera.ask("describe")["details"]
    assert len(pack_map(details, 64 * 1024)) < 4096
    assert details["device"] == camera.ask("device")
    assert details["device"]["mxid"] == PRO
    assert [(s["socket"], s["types"], s["has_autofocus"]) for s in details["sensors"]] == [
        ("CAM_A", ["COLOR"], True),
        ("CAM_B", ["MONO"], False),
        ("CAM_C", ["MONO"], False),
    ]
    assert details["pairs"] == [{"left": "CAM_B", "right": "CAM_C", "baseline_cm": 7.5}]


def test_depth_and_its_sensors_exclude_each_other_both_ways(camera: Camera) -> None:
    camera.seen()
    camera.ask("stream.activate", stream="DEPTH_B_C")
    assert camera.active() == ["CAM_A", "DEPTH_B_C"]
    assert camera.seen() == [
        ("streamDeactivated", "CAM_B", "exclusion"),
        ("streamDeactivated", "CAM_C", "exclusion"),
        ("streamActivated", "DEPTH_B_C", "request"),
    ]
    camera.ask("stream.activate", stream="DEPTH_B_C")
    assert camera.seen() == [], "asking twice is asking once"
    camera.ask("stream.activate", stream="CAM_B")
    assert camera.active() == ["CAM_A", "CAM_B"]
    assert camera.seen() == [
        ("streamDeactivated", "DEPTH_B_C", "exclusion"),
        ("streamActivated", "CAM_B", "request"),
    ]
    camera.ask("stream.deactivate", stream="CAM_B")
    camera.ask("stream.deactivate", stream="CAM_B")
    assert camera.seen() == [("streamDeactivated", "CAM_B", "request")]
    assert camera.active() == ["CAM_A"]


def test_what_does_not_exist_is_not_found_and_changes_nothing(camera: Camera) -> None:
    before = camera.active()
    for stream in ("CAM_D", "DEPTH_C_B", "DEPTH_A_B", "cam_a", ""):
        for command in ("stream.activate", "stream.deactivate", "config.get", "still"):
            with pytest.raises(NotFound):
                camera.ask(command, stream=stream)
    for bad in ({}, {"stream": None}, {"stream": 3}):
        with pytest.raises(BadArguments):
            camera.ask("stream.activate", **bad)
    with pytest.raises(CommandUnknown):
        camera.ask("half_press")
    assert camera.active() == before


@pytest.mark.parametrize("format_", [*FORMATS, "jpg", "", "PNG"])
@pytest.mark.parametrize(
    ("stream", "size", "modes"),
    [
        ("CAM_A", (1920, 1080), {"RGB", "P"}),
        ("CAM_B", (640, 400), {"L", "P", "RGB"}),
        ("DEPTH_B_C", (640, 400), {"L", "P", "RGB"}),
    ],
)
def test_a_still_comes_in_every_format(
    stream: str, size: tuple[int, int], modes: set[str], format_: str, shared: Camera
) -> None:
    if stream not in shared.active():
        shared.ask("stream.activate", stream=stream)
    shared.seen()
    image = shared.still(stream, format_)
    image.load()
    assert image.size == size
    assert image.format == (format_.upper() if format_ not in ("", "jpg") else "JPEG")
    # WebP knows no grey, GIF only palettes; everything else keeps what it is given.
    exact = image.format not in ("WEBP", "GIF")
    assert image.mode in ({"RGB" if stream == "CAM_A" else "L"} if exact else modes)
    assert shared.seen() == [("stillCaptured", stream, "")]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    opened = Camera(PRO, tmp_path_factory.mktemp("shared"))
    yield opened
    opened.driver.close()


def test_a_still_of_an_unknown_format_or_an_inactive_stream_is_refused(camera: Camera) -> None:
    with pytest.raises(BadArguments) as caught:
        camera.still("CAM_A", "avif")
    assert caught.value.detail == {"field": "format"}
    with pytest.raises(NotActive):
        camera.still("DEPTH_B_C")


def test_exposure_by_hand_shows_in_the_picture_and_in_what_is_read_back(camera: Camera) -> None:
    normal = camera.brightness("CAM_A")
    manual = {"auto_exposure_enable": False, "exposure_time": 5000, "sensitivity_iso": 400}
    shown = camera.ask("control.set", stream="CAM_A", changes=manual)["control"]
    assert {key: shown[key] for key in manual} == manual
    assert camera.brightness("CAM_A") == pytest.approx(normal / 4, rel=0.15)
    camera.ask("control.set", stream="CAM_A", changes={"exposure_time": 33_000})
    assert camera.brightness("CAM_A") > normal * 1.3
    assert camera.ask("control.get", stream="CAM_A")["control"]["exposure_time"] == 33_000


def test_automatic_exposure_comes_back_to_its_target_and_reports_what_it_does(
    camera: Camera,
) -> None:
    normal = camera.brightness("CAM_B")
    manual = {"auto_exposure_enable": False, "exposure_time": 500, "sensitivity_iso": 100}
    camera.ask("control.set", stream="CAM_B", changes=manual)
    assert camera.brightness("CAM_B") < 5
    camera.ask("control.set", stream="CAM_B", changes={"auto_exposure_enable": True})
    settled(lambda: camera.brightness("CAM_B") == pytest.approx(normal, rel=0.1))
    live = camera.ask("control.get", stream="CAM_B")["control"]
    assert live["exposure_time"] > 5000
    assert 100 <= live["sensitivity_iso"] <= 1600


def test_brightness_saturation_and_white_balance_show(camera: Camera) -> None:
    normal = camera.brightness("CAM_A")
    camera.ask("control.set", stream="CAM_A", changes={"brightness": 8})
    assert camera.brightness("CAM_A") > normal + 30
    camera.ask("control.set", stream="CAM_A", changes={"brightness": 0, "saturation": -10})
    pale = np.asarray(camera.still("CAM_A"), np.int16)
    assert np.abs(pale[..., 0] - pale[..., 2]).max() <= 2
    camera.ask(
        "control.set",
        stream="CAM_A",
        changes={"saturation": 0, "auto_whitebalance_mode": "OFF", "manual_whitebalance": 2500},
    )
    settled(lambda: _warmth(camera) < -20)
    camera.ask("control.set", stream="CAM_A", changes={"manual_whitebalance": 10_000})
    settled(lambda: _warmth(camera) > 20)


def _warmth(camera: Camera) -> float:
    picture = np.asarray(camera.still("CAM_A", "bmp"), np.float32)
    return float(picture[..., 0].mean() - picture[..., 2].mean())


def test_a_lens_set_by_hand_blurs_and_focus_finds_back(camera: Camera) -> None:
    def detail() -> float:
        picture = np.asarray(camera.still("CAM_A", "bmp").convert("L"), np.float32)
        return float(np.abs(np.diff(picture)).mean())

    sharp = detail()
    off = {"focus": {"auto_focus_mode": "OFF", "lens_position": 1.0}}
    shown = camera.ask("control.set", stream="CAM_A", changes=off)["control"]
    assert shown["focus"] == {
        "auto_focus_mode": "OFF", "auto_focus_trigger": False, "lens_position": 1.0,
    }  # fmt: skip
    assert detail() < sharp / 3
    camera.ask("control.set", stream="CAM_A", changes={"focus": {}})
    settled(lambda: detail() > sharp * 0.9)
    live = camera.ask("control.get", stream="CAM_A")["control"]["focus"]
    assert live["lens_position"] == pytest.approx(0.497, abs=0.02)


def test_controls_outlive_off_and_on_and_another_config_and_do_not_spread(camera: Camera) -> None:
    manual = {"auto_exposure_enable": False, "exposure_time": 2000, "sensitivity_iso": 400}
    camera.ask("control.set", stream="CAM_B", changes=manual)
    dark = camera.brightness("CAM_B")
    camera.ask("stream.activate", stream="DEPTH_B_C")
    camera.ask("stream.activate", stream="CAM_B")
    camera.ask("stream.activate", stream="CAM_C")
    camera.ask("config.set", stream="CAM_B", config={"resolution": "THE_800_P", "fps": 20})
    assert camera.still("CAM_B").size == (1280, 800)
    assert camera.brightness("CAM_B") == pytest.approx(dark, abs=2)
    assert camera.brightness("CAM_C") > dark * 3


def test_a_control_that_is_out_of_range_changes_nothing(camera: Camera) -> None:
    before = camera.ask("control.get", stream="CAM_A")["control"]
    camera.seen()
    with pytest.raises(BadArguments) as caught:
        camera.ask("control.set", stream="CAM_A", changes={"contrast": 3, "exposure_time": 33_001})
    assert caught.value.detail == {"field": "exposure_time"}
    malformed: list[dict[str, Any]] = [{}, {"changes": None}, {"changes": []}]
    for bad in malformed:
        with pytest.raises(BadArguments):
            camera.ask("control.set", stream="CAM_A", **bad)
    assert camera.ask("control.get", stream="CAM_A")["control"] == before
    assert camera.seen() == []


def test_a_change_is_told_once_and_no_change_is_not_told(camera: Camera) -> None:
    camera.seen()
    camera.ask("control.set", stream="CAM_A", changes={"contrast": 3})
    camera.ask("control.set", stream="CAM_A", changes={"contrast": 3})
    camera.ask("control.set", stream="CAM_A", changes={})
    assert camera.seen() == [("controlChanged", "CAM_A", "")]
    same = camera.ask("config.get", stream="CAM_A")["config"]
    camera.ask("config.set", stream="CAM_A", config=same)
    assert camera.seen() == []
    camera.ask("config.set", stream="CAM_A", config={"width": 640, "height": 360, "fps": 15})
    assert camera.seen() == [("configChanged", "CAM_A", "")]
    assert camera.still("CAM_A").size == (640, 360)


def test_the_config_of_depth_goes_for_both_of_its_sensors(camera: Camera) -> None:
    camera.ask("stream.activate", stream="DEPTH_B_C")
    camera.seen()
    wanted = {"resolution": "THE_720_P", "fps": 10.0}
    shown = camera.ask("config.set", stream="DEPTH_B_C", config=wanted)["config"]
    for stream in ("CAM_B", "CAM_C", "DEPTH_B_C"):
        assert camera.ask("config.get", stream=stream)["config"] == shown
    assert {stream for _, stream, _ in camera.seen()} == {"CAM_B", "CAM_C", "DEPTH_B_C"}
    assert camera.still("DEPTH_B_C").size == (1280, 720)
    with pytest.raises(BadArguments) as caught:
        camera.ask("config.set", stream="DEPTH_B_C", config={"resolution": "THE_480_P", "fps": 10})
    assert caught.value.detail == {"field": "resolution"}
    camera.ask("stream.activate", stream="CAM_C")
    assert camera.still("CAM_C").size == (1280, 720)


def test_depth_measures_every_disc_within_one_percent_of_truth() -> None:
    seen: list[Observation] = []
    backend = SimulatorBackend(PRO, PROFILES["OAK-D-PRO"], seen.append)
    sensor = backend.open().sensors_of("DEPTH_B_C")[0]
    size = sensor.resolutions()[config.default(sensor, 30.0).resolution].size
    plan = Plan("DEPTH_B_C", size, size, size, 30.0, "CROP")
    backend.run({"DEPTH_B_C": plan}, frozenset({"DEPTH_B_C"}))
    frames = [backend.capture("DEPTH_B_C", 5.0) for _ in range(5)]
    backend.close()
    lens = left_lens(size)
    for frame in frames:
        assert frame.is_depth
        truth = view(lens).truth(frame.tick_s)
        measured = frame.pixels > 0
        for disc in DISCS:
            inside = frame.pixels[truth.masks[disc.name] & measured]
            assert float(np.median(inside)) / 1000 == pytest.approx(disc.distance_m, rel=0.01)
        scale = lens.focal_px * BASELINE_M
        error_px = scale * 1000 / frame.pixels[measured] - scale / truth.distance_m[measured]
        assert (np.abs(error_px) > 1).mean() <= 0.03
    assert not seen


def test_near_things_are_lighter_in_the_depth_still(camera: Camera) -> None:
    camera.ask("stream.activate", stream="DEPTH_B_C")
    still = np.asarray(camera.still("DEPTH_B_C"))
    counts = np.bincount(still[still > 0].ravel(), minlength=256)
    for disc in DISCS:
        assert counts[round(255 * disc.disparity_px / 95)] > 1000
    assert (still[:, :60] == 0).mean() > 0.8, "the left edge has no match and stays black"


def test_pictures_come_only_of_streams_that_are_watched_and_on(camera: Camera) -> None:
    assert camera.driver.pictures(0.05) == []
    camera.driver.watch(frozenset({"CAM_A", "DEPTH_B_C", "CAM_Z"}))
    frames = [frame for _ in range(3) for frame in camera.driver.pictures(2.0)]
    assert {frame.stream for frame in frames} == {"CAM_A"}
    image = Image.open(io.BytesIO(frames[0].image))
    info = dict(frames[0].info)
    assert (image.format, image.size) == ("JPEG", (1920, 1080))
    assert info == {"format": "jpeg", "width": 1920, "height": 1080}
    assert frames[0].time_us < frames[-1].time_us
    assert frames[0].image != frames[-1].image, "the scene moves"
    camera.ask("stream.activate", stream="DEPTH_B_C")
    settled(lambda: any(f.stream == "DEPTH_B_C" for f in camera.driver.pictures(1.0)))
    camera.driver.watch(frozenset())
    settled(lambda: camera.driver.pictures(0.1) == [])


def test_watched_streams_keep_their_rate(camera: Camera) -> None:
    body = {"resolution": "THE_400_P", "fps": 50}
    camera.ask("config.set", stream="CAM_B", config=body)
    camera.driver.watch(frozenset({"CAM_B"}))
    camera.driver.pictures(1.0)
    times = [frame.time_us for _ in range(20) for frame in camera.driver.pictures(1.0)]
    period_us = (times[-1] - times[0]) / (len(times) - 1)
    assert 19_000 < period_us < 40_000, "never faster; slower only on a busy machine"


def test_commands_from_many_threads_do_not_disturb_each_other(camera: Camera) -> None:
    failures: list[Exception] = []

    def work(stream: str) -> None:
        try:
            for _ in range(5):
                camera.ask("stream.activate", stream=stream)
                camera.ask("control.get", stream=stream)
                camera.still("CAM_A", "bmp")
        except Exception as error:  # noqa: BLE001  # told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("CAM_B", "DEPTH_B_C")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    assert set(camera.active()) in ({"CAM_A", "CAM_B"}, {"CAM_A", "DEPTH_B_C"})


def test_a_new_worker_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    first = Camera(PRO, tmp_path)
    first.ask("stream.activate", stream="DEPTH_B_C")
    first.ask("config.set", stream="CAM_A", config={"width": 1280, "height": 720, "fps": 12})
    manual = {"auto_exposure_enable": False, "exposure_time": 700, "sensitivity_iso": 200}
    first.ask("control.set", stream="CAM_A", changes=manual)
    dark = first.brightness("CAM_A")
    before = [first.ask("config.get", stream="CAM_A"), first.ask("control.get", stream="CAM_A")]
    first.driver.close()
    second = Camera(PRO, tmp_path)
    assert second.active() == ["CAM_A", "DEPTH_B_C"]
    after = [second.ask("config.get", stream="CAM_A"), second.ask("control.get", stream="CAM_A")]
    assert after == before
    assert second.brightness("CAM_A") == pytest.approx(dark, abs=1)
    second.driver.close()


def test_a_broken_file_of_the_last_worker_is_ignored(tmp_path: Path) -> None:
    folder = tmp_path / "cameras"
    folder.mkdir()
    (folder / f"{PRO}.json").write_text('{"version": 1, "active": ["CAM_', encoding="utf-8")
    camera = Camera(PRO, tmp_path)
    assert camera.active() == ["CAM_A", "CAM_B", "CAM_C"]
    camera.ask("stream.deactivate", stream="CAM_C")
    saved = json.loads((folder / f"{PRO}.json").read_text(encoding="utf-8"))
    assert saved["active"] == ["CAM_A", "CAM_B"]
    camera.driver.close()


def test_a_camera_that_the_simulator_does_not_play_is_gone(tmp_path: Path) -> None:
    driver = OakDriver("14442C100000000000", SETTINGS, tmp_path)
    with pytest.raises(CameraGone):
        driver.open()
    driver.close()


def test_close_leaves_no_thread_and_can_be_repeated(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    camera = Camera(PRO, tmp_path)
    camera.driver.watch(frozenset({"CAM_A", "CAM_B"}))
    assert camera.driver.pictures(2.0)
    camera.seen()
    camera.driver.close()
    camera.driver.close()
    assert set(threading.enumerate()) <= before
    assert camera.seen() == [("disconnected", "", "closed")]
    assert camera.driver.pictures(0.0) == []
    with pytest.raises(CameraGone):
        camera.still("CAM_A")


_PROGRAM = """
import sys
from pathlib import Path
from lensbus_proto.runtime.settings import OakSettings
from lensbus_services.oak.driver import OakDriver
from lensbus_services.oak.nodes import SensorImager

state, how = sys.argv[1:]
driver = OakDriver("14442C10D13EABCE00", OakSettings(), Path(state))
driver.open()
driver.watch(frozenset({"CAM_A", "CAM_B"}))
assert driver.pictures(5.0)
driver.drain(0.0)
if how == "fault":
    def fail(self, time_s):
        raise SystemExit("a fault in a node")
    SensorImager.video = fail
    (seen,) = driver.drain(5.0)[:1]
    assert seen.kind == "error" and "a fault in a node" in seen.data["message"], seen
    assert len(driver.execute("streams.list", {}, 1.0).data["streams"]) == 4
driver.close()
print("closed")
"""


@pytest.mark.parametrize("how", ["plain", "fault"])
def test_the_process_ends_with_zero_even_after_a_fault_in_a_node(how: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path), how]
    environment = {"PYTHONPATH": ":".join(sys.path), "HOME": str(tmp_path)}
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("closed\n"), "depthai's own log goes to stdout, too"


def test_a_device_that_does_not_let_go_ends_the_process_instead_of_holding_it() -> None:
    program = (
        "import threading; from lensbus_services.oak.running import guarded;"
        "guarded(threading.Event().wait)"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, timeout=30, check=False
    )
    assert ended.returncode == EXIT_HANGS


def test_infrared_light_brightens_mono_sensors_and_only_pro_devices_have_it() -> None:
    plan = Plan("CAM_B", (640, 400), (640, 400), (640, 400), 30.0, "CROP")
    manual = Control(auto_exposure_enable=False, exposure_time=10_000, sensitivity_iso=400)
    backend = SimulatorBackend(PRO, PROFILES["OAK-D-PRO"], _no_report)
    backend.control("CAM_B", manual)
    backend.run({"CAM_B": plan}, frozenset({"CAM_B"}))
    dark = backend.capture("CAM_B", 5.0).pixels.mean()
    assert backend.set_ir(1.0, 0.0)
    assert backend.capture("CAM_B", 5.0).pixels.mean() > dark * 1.5
    stats = backend.stats()
    assert stats.ddr.used + stats.ddr.remaining == stats.ddr.total
    backend.close()
    assert not SimulatorBackend(PLAIN, PROFILES["OAK-D"], _no_report).set_ir(1.0, 0.0)


def _no_report(observation: Observation) -> None:
    raise AssertionError(f"nothing was to happen: {observation}")


def test_the_driver_can_be_imported_without_depthai() -> None:
    program = (
        "import sys, lensbus_services.oak.driver, lensbus_services.oak.discover;"
        "sys.exit('depthai' in sys.modules)"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    assert (
        subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode
        == 0
    )
