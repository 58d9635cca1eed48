import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kit.depthai_api import plays
from kit.oak_device import CAMERA, CLOSED, FakeDevice, FakePipeline, camera_features, grey_frame
from lensbus_proto.errors import CameraGone, CameraTimeout, NotActive, Unsupported
from lensbus_services.driver import Observation
from lensbus_services.oak.backend import Plan
from lensbus_services.oak.control import Control, Focus
from lensbus_services.oak.crashes import KEPT, collect
from lensbus_services.oak.device import DeviceBackend, features_of
from lensbus_services.oak.freshness import DEAD_S, FIRST_S, Backoff
from lensbus_services.oak.sdk import dai

CAMS = frozenset({"CAM_A", "CAM_B", "CAM_C"})
DEPTH = frozenset({"CAM_A", "DEPTH_B_C"})


def plan(stream: str, mode: tuple[int, int], fps: float = 30.0, **changes: Any) -> Plan:
    made = Plan(stream, mode, video_size=mode, still_size=mode, fps=fps, resize_mode="CROP")
    return replace(made, **changes)


PLANS = {
    "CAM_A": plan("CAM_A", (3840, 2160), video_size=(1920, 1080), resize_mode="LETTERBOX"),
    "CAM_B": plan("CAM_B", (640, 400)),
    "CAM_C": plan("CAM_C", (640, 400)),
    "DEPTH_B_C": plan("DEPTH_B_C", (1280, 800), fps=15.0),
}


class Rack:
    """A backend on fakes, and everything that it opened."""

    def __init__(self, crash_folder: Path) -> None:
        self.crash_folder = crash_folder
        self.time_s = 0.0
        self.opened_s: list[float] = []
        self.celsius = 40.0
        self.dumps: list[Any] = []
        self.devices: list[FakeDevice] = []
        self.pipelines: list[FakePipeline] = []
        self.seen: list[Observation] = []
        self.is_there = True
        self.backend = DeviceBackend(
            CAMERA,
            self.seen.append,
            crash_folder=crash_folder,
            open_device=self._open,
            make_pipeline=self._make,
            backoff=Backoff(0.01, 0.05),
            now_s=lambda: self.time_s,
        )

    def _open(self, camera: str) -> FakeDevice:
        if not self.is_there:
            raise RuntimeError("Cannot find any device with given deviceInfo")
        self.opened_s.append(time.monotonic())
        device = FakeDevice(camera)
        device.dump = self.dumps.pop() if self.dumps else None
        self.devices.append(device)
        return device

    def _make(self, device: FakeDevice) -> FakePipeline:
        self.pipelines.append(FakePipeline(device))
        return self.pipelines[-1]

    @property
    def pipeline(self) -> FakePipeline:
        return self.pipelines[-1]

    def gates(self) -> dict[str, tuple[bool, bool]]:
        """Whether the gates of video and stills are open, by what they are linked to."""
        by_gate = {there: here for here, there in self.pipeline.links}
        opened: dict[str, tuple[bool, bool]] = {}
        for index in range(0, len(self.pipeline.gates), 2):
            video, still = self.pipeline.gates[index : index + 2]
            opened[by_gate[video.input.name]] = (video.is_open, still.is_open)
        return opened

    def kinds(self) -> list[str]:
        return [each.kind for each in self.seen]

    def enter(self, state: str) -> None:
        self.pipeline.on_state(self.pipeline.device, SimpleNamespace(name=state))


@pytest.fixture
def rack(tmp_path: Path) -> Iterator[Rack]:
    made = Rack(tmp_path / "crashes")
    yield made
    made.backend.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.005)


def test_features_come_from_the_device(rack: Rack) -> None:
    features = rack.backend.open()
    assert features.streams == ("CAM_A", "CAM_B", "CAM_C", "DEPTH_B_C")
    assert features.has_ir
    color = features.sensors[0]
    assert (color.sensor_name, color.has_autofocus, color.types) == ("IMX378", True, ("COLOR",))
    assert list(color.resolutions()) == ["THE_1080_P", "THE_4_K", "THE_12_MP"]
    details = features.details()
    assert details["pairs"] == [{"left": "CAM_B", "right": "CAM_C", "baseline_cm": 7.5}]
    assert details["device"] == {
        "mxid": CAMERA,
        "name": "1.4",
        "camera_name": "OAK-D-PRO",
        "platform": "X_LINK_MYRIAD_X",
        "protocol": "X_LINK_ANY_PROTOCOL",  # USB_EP is not known to clients
        "state": "X_LINK_BOOTED",
        "status": "X_LINK_SUCCESS",
    }


def test_a_sensor_that_gives_no_pictures_is_left_out_with_its_pairs() -> None:
    class WithThermal(FakeDevice):
        def getConnectedCameraFeatures(self) -> list[Any]:
            first, second, _ = super().getConnectedCameraFeatures()
            return [second, first, camera_features("CAM_C", "TINY", "THERMAL", [(256, 192)])]

    assert features_of(WithThermal()).streams == ("CAM_A", "CAM_B")


def test_a_device_that_is_not_there_is_gone_and_not_a_crash(rack: Rack) -> None:
    rack.is_there = False
    with pytest.raises(CameraGone, match="Cannot find any device"):
        rack.backend.open()


def test_one_graph_holds_every_sensor_and_every_pair(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    cameras = rack.pipeline.cameras
    assert cameras["CAM_A"].outputs == [
        ((1920, 1080), "NV12", "LETTERBOX", 30.0),
        ((3840, 2160), "NV12", "LETTERBOX", 30.0),
    ]
    assert cameras["CAM_A"].resolution == (3840, 2160)
    assert cameras["CAM_B"].outputs == [
        ((640, 400), "GRAY8", "CROP", 30.0),
        ((1280, 800), "GRAY8", "CROP", 15.0),
    ]
    assert (cameras["CAM_B"].resolution, cameras["CAM_B"].fps) == ((1280, 800), 30.0)
    assert [stereo.inputs for stereo in rack.pipeline.stereos] == [
        ("CAM_B.1280x800", "CAM_C.1280x800")
    ]
    assert rack.pipeline.stereos[0].align == "RECTIFIED_LEFT"
    assert len(rack.pipeline.gates) == 8, "video and still of four streams"
    assert not any(gate.initialConfig.open for gate in rack.pipeline.gates)
    assert rack.pipeline.is_running
    assert rack.devices[0].reconnections == 5


def test_only_what_is_on_and_looked_at_flows(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.backend.flow(frozenset({"CAM_A"}))
    assert rack.gates()["CAM_A.1920x1080"] == (True, False)
    assert rack.gates()["CAM_B.640x400"] == (False, False)
    rack.backend.run(PLANS, DEPTH)
    rack.backend.flow(frozenset({"DEPTH_B_C"}))
    assert rack.gates()["depth"] == (True, False)
    assert rack.gates()["CAM_A.1920x1080"] == (False, False)


def test_switching_streams_does_not_boot_the_device_again(rack: Rack) -> None:
    rack.backend.open()
    for active in (CAMS, DEPTH, CAMS, frozenset[str]()):
        rack.backend.run(PLANS, active)
    assert (len(rack.devices), len(rack.pipelines)) == (1, 1)


def test_another_size_boots_the_device_with_a_new_graph(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.backend.control("CAM_A", Control(contrast=4, focus=Focus()))
    rack.backend.run(PLANS | {"CAM_B": plan("CAM_B", (1280, 800))}, CAMS)
    assert [device.is_closed for device in rack.devices] == [True, False]
    assert not rack.pipelines[0].is_running
    assert rack.pipeline.cameras["CAM_B"].outputs[0][0] == (1280, 800)
    (message,) = rack.pipeline.cameras["CAM_A"].inputControl.sent
    assert message.contrast == 4, "controls outlive the graph"


def test_frames_come_from_the_gates_of_flowing_streams(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.backend.flow(frozenset({"CAM_B"}))
    rack.pipeline.gates[2].output.queue.put(grey_frame(shade=77, exposure_us=4321))
    (raw,) = rack.backend.frames(5.0)
    assert (raw.stream, raw.pixels.shape, int(raw.pixels[0, 0])) == ("CAM_B", (400, 640), 77)
    assert (raw.reading.exposure_us, raw.reading.iso, raw.reading.kelvin) == (4321, 200, 4800)
    assert raw.reading.lens == 0.25


def test_a_still_lets_one_frame_through(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    assert rack.backend.capture("CAM_A", 5.0).stream == "CAM_A"
    told = rack.pipeline.gates[1].inputControl.sent
    assert [(message.open, message.numMessages) for message in told] == [(True, 1)]
    with pytest.raises(NotActive):
        rack.backend.capture("DEPTH_B_C", 5.0)


def test_a_still_that_does_not_come_is_a_timeout(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.pipeline.gates[1].inputControl._on_send = None
    with pytest.raises(CameraTimeout):
        rack.backend.capture("CAM_A", 0.02)


def test_depth_controls_both_of_its_sensors_and_gives_them_back(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.control("CAM_B", Control(brightness=1))
    rack.backend.control("DEPTH_B_C", Control(brightness=5))
    rack.backend.run(PLANS, DEPTH)
    controls = {name: camera.inputControl.sent for name, camera in rack.pipeline.cameras.items()}
    assert [message.brightness for message in controls["CAM_B"]] == [5]
    assert [message.brightness for message in controls["CAM_C"]] == [5]
    rack.backend.run(PLANS, CAMS)
    assert [message.brightness for message in controls["CAM_B"]] == [5, 1]


def test_a_lost_device_is_told_once_and_refuses_commands(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.enter("DISCONNECTED")
    rack.enter("RECONNECTING")
    wait_until(lambda: rack.kinds() == ["disconnected"])
    with pytest.raises(CameraGone):
        rack.backend.capture("CAM_A", 1.0)
    body = rack.seen[0].data
    assert (body["id"], body["reason"]) == (CAMERA, "disconnected")
    assert body["error"] != "0x00000000"


def test_a_device_that_comes_back_by_itself_gets_gates_and_controls_again(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.control("CAM_A", Control(brightness=2))
    rack.backend.run(PLANS, CAMS)
    rack.backend.flow(frozenset({"CAM_A"}))
    rack.enter("RECONNECTING")
    rack.enter("RUNNING")
    wait_until(lambda: rack.kinds() == ["disconnected", "connected"])
    assert len(rack.devices) == 1
    sent = rack.pipeline.cameras["CAM_A"].inputControl.sent
    assert [message.brightness for message in sent] == [2, 2]
    assert [message.open for message in rack.pipeline.gates[0].inputControl.sent] == [True, True]


def test_a_device_that_failed_is_opened_anew_until_it_is_there(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.backend.flow(frozenset({"CAM_B"}))
    rack.is_there = False
    rack.enter("FAILED")
    wait_until(lambda: rack.devices[0].is_closed)
    rack.is_there = True
    wait_until(lambda: "connected" in rack.kinds())
    assert rack.kinds() == ["disconnected", "connected"]
    assert rack.gates()["CAM_B.640x400"] == (True, False)
    rack.pipelines[0].on_state(None, SimpleNamespace(name="FAILED"))  # an echo of the old graph
    assert rack.backend.capture("CAM_A", 5.0).stream == "CAM_A"


def test_a_size_that_cannot_run_brings_the_old_graph_back(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.is_there = False
    with pytest.raises(CameraGone):
        rack.backend.run(PLANS | {"CAM_B": plan("CAM_B", (1280, 800))}, CAMS)
    rack.is_there = True
    wait_until(lambda: rack.kinds() == ["disconnected", "connected"])
    assert rack.pipeline.cameras["CAM_B"].outputs[0][0] == (640, 400)


def test_a_queue_that_breaks_is_an_error_and_not_the_end_of_the_process(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.backend.flow(frozenset({"CAM_A"}))
    queue = rack.pipeline.gates[0].output.queue
    queue.put("not a frame")
    wait_until(lambda: rack.kinds() == ["error"])
    assert "CAM_A cannot be read" in rack.seen[0].data["message"]
    queue.put("nor this")
    queue.put(grey_frame())
    assert rack.backend.frames(5.0), "one bad frame does not end the stream"
    assert rack.kinds() == ["error"], "and is not told again and again"


def test_stats_and_infrared_light_are_the_devices_own(rack: Rack) -> None:
    rack.backend.open()
    stats = rack.backend.stats()
    assert stats.chip_temperature["css"] == 41.0
    assert (stats.ddr.total, stats.ddr.used, stats.cmx.remaining) == (300, 100, 200)
    assert rack.backend.set_ir(0.5, 0.25)
    assert rack.devices[0].ir == [("flood", 0.5), ("dots", 0.25)]


def test_close_stops_before_it_lets_go_and_can_be_repeated(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.backend.close()
    assert not rack.pipeline.is_running
    assert rack.devices[0].is_closed
    rack.backend.close()
    with pytest.raises(CameraGone):
        rack.backend.run(PLANS, CAMS)


def test_the_gate_messages_of_depthai_say_what_the_fakes_read() -> None:
    control = dai.GateControl
    assert (control.openGate().open, control.closeGate().open) == (True, False)
    assert control.openGate(1).numMessages == 1 != control.openGate().numMessages


# Loss, silence and return


def test_a_pipeline_that_stops_by_itself_is_a_loss_and_is_opened_anew(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    for each in rack.pipeline.queues:
        each.put(CLOSED("MessageQueue was closed"))
    wait_until(lambda: rack.kinds() == ["disconnected", "connected"])
    assert (len(rack.devices), len(rack.pipelines)) == (2, 2), "once for all of its queues"
    assert rack.seen[0].data["reason"] == "stopped"


def test_the_waits_between_openings_grow_from_the_floor_to_the_ceiling(rack: Rack) -> None:
    backoff = Backoff(1.0, 30.0)
    waits = [backoff.wait_s(tries) for tries in range(8)]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert backoff.wait_s(10**9) == 30.0


def test_a_device_that_comes_back_without_pictures_is_waited_for_ever_longer(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    for number in range(1, 5):
        rack.enter("FAILED")
        wait_until(lambda: rack.kinds().count("connected") == number)  # noqa: B023  # called at once
    gaps = [later - earlier for earlier, later in itertools.pairwise(rack.opened_s[1:])]
    assert gaps[1] >= 0.04, "0.01 s, 0.02, 0.04: no picture came in between"


def test_a_device_that_gives_pictures_is_well_again(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.enter("FAILED")
    wait_until(lambda: rack.kinds().count("connected") == 1)
    assert rack.backend._tries == 1
    rack.backend.flow(frozenset({"CAM_B"}))
    feed = itertools.count()

    def fed() -> bool:
        rack.time_s = next(feed) * 0.01
        rack.pipeline.gates[2].output.queue.put(grey_frame())
        return rack.backend._tries == 0

    wait_until(fed)


def test_a_silent_stream_is_stale_once_and_fresh_when_it_speaks(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.backend.flow(frozenset({"CAM_B"}))
    queue = rack.pipeline.gates[2].output.queue
    feed_until(rack, queue)
    rack.time_s += 1.5
    wait_until(lambda: "stale" in rack.kinds())
    assert rack.seen[-1].data == {"stream": "CAM_B", "silent_ms": 1500, "limit_ms": 1000}
    rack.time_s += 1.0
    queue.put(grey_frame())
    wait_until(lambda: "fresh" in rack.kinds())
    assert rack.kinds() == ["stale", "fresh"]
    assert len(rack.devices) == 1


def feed_until(rack: Rack, queue: Any) -> None:
    """Have one picture be seen by whoever looks after the streams."""
    wait_until(lambda: "CAM_B" in rack.backend._freshness._heard)
    queue.put(grey_frame())
    wait_until(lambda: rack.backend._freshness.has_begun)


def test_a_first_picture_that_does_not_come_opens_the_device_anew(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.backend.flow(frozenset({"CAM_B"}))
    wait_until(lambda: "CAM_B" in rack.backend._freshness._heard)
    rack.time_s += FIRST_S + 0.1
    wait_until(lambda: rack.kinds() == ["stale"])
    assert rack.seen[0].data["limit_ms"] == FIRST_S * 1000
    rack.time_s += DEAD_S
    wait_until(lambda: rack.kinds() == ["stale", "disconnected", "connected"])
    assert rack.seen[1].data["reason"] == "CAM_B gives no pictures"
    assert rack.devices[0].is_closed
    assert rack.gates()["CAM_B.640x400"] == (True, False)


def test_streams_that_nobody_looks_at_are_not_missed(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.time_s += 100.0
    rack.devices[0].celsius = 99.0  # what is looked at after the streams
    wait_until(lambda: rack.kinds() == ["overTemperature"])


def test_a_device_that_is_lost_while_it_is_told_something_is_gone_and_not_a_fault(
    rack: Rack,
) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    for name in ("CAM_A", "CAM_B", "CAM_C"):
        rack.pipeline.cameras[name].inputControl.is_closed = True
    for gate in rack.pipeline.gates:
        gate.inputControl.is_closed = True
    rack.devices[0].broken = {"getChipTemperature", "setIrFloodLightIntensity"}
    rack.backend.flow(frozenset({"CAM_A"}))  # says nothing: the loss is on its way
    with pytest.raises(CameraGone, match="MessageQueue was closed"):
        rack.backend.capture("CAM_A", 1.0)
    with pytest.raises(CameraGone):
        rack.backend.control("CAM_A", Control(contrast=3))
    with pytest.raises(CameraGone, match="__rpc_main"):
        rack.backend.stats()
    with pytest.raises(CameraGone, match="__rpc_main"):
        rack.backend.set_ir(1.0, 0.0)
    with pytest.raises(CameraGone):
        rack.backend.run(PLANS, DEPTH)


def test_a_device_that_comes_back_deaf_is_opened_anew(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.backend.flow(frozenset({"CAM_A"}))
    rack.enter("DISCONNECTED")
    wait_until(lambda: rack.kinds() == ["disconnected"])
    rack.pipeline.gates[0].inputControl.is_closed = True
    rack.enter("RUNNING")
    wait_until(lambda: rack.kinds() == ["disconnected", "connected"])
    assert len(rack.devices) == 2


def test_infrared_light_is_given_again_to_a_device_that_comes_back(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    rack.backend.set_ir(0.5, 0.25)
    rack.enter("FAILED")
    wait_until(lambda: "connected" in rack.kinds())
    assert rack.devices[1].ir == [("flood", 0.5), ("dots", 0.25)]


def test_a_graph_that_the_device_refuses_is_gone_and_the_device_is_let_go(rack: Rack) -> None:
    rack.backend.open()

    def refuse(device: FakeDevice) -> FakePipeline:
        pipeline = FakePipeline(device)
        pipeline.broken = True
        return pipeline

    rack.backend._make_pipeline = refuse
    with pytest.raises(CameraGone, match="resolution is not supported"):
        rack.backend.run(PLANS, CAMS)
    assert rack.devices[0].is_closed


def test_a_device_that_answers_no_question_is_closed_again(rack: Rack) -> None:
    class Deaf(FakeDevice):
        def getConnectedCameraFeatures(self) -> list[Any]:
            raise RuntimeError("Couldn't read data from stream: '__rpc_main'")

    deaf = Deaf()
    rack.backend._open_device = lambda camera: deaf
    with pytest.raises(CameraGone, match="__rpc_main"):
        rack.backend.open()
    assert deaf.is_closed


def test_a_device_that_boots_after_the_camera_was_closed_is_closed_too(rack: Rack) -> None:
    device = FakeDevice()

    def slowly(camera: str) -> FakeDevice:
        rack.backend.close()
        return device

    rack.backend._open_device = slowly
    with pytest.raises(CameraGone):
        rack.backend.open()
    assert device.is_closed


def test_heat_is_told_once_and_so_is_its_end(rack: Rack) -> None:
    rack.backend.open()
    rack.backend.run(PLANS, CAMS)
    for celsius, kinds in (
        (96.0, ["overTemperature"]),
        (92.0, ["overTemperature"]),
        (88.0, ["overTemperature", "temperatureNormal"]),
    ):
        rack.devices[0].celsius = celsius
        rack.time_s += 6.0
        asked = rack.time_s
        wait_until(lambda: rack.backend._feel_s > asked and rack.kinds() == kinds)  # noqa: B023  # called at once
    rack.devices[0].broken = {"getChipTemperature"}
    rack.time_s += 6.0
    wait_until(lambda: rack.backend._feel_s > rack.time_s)
    assert len(rack.kinds()) == 2, "no answer is no news"


# Crash dumps


def test_the_dump_of_a_crash_before_this_boot_is_kept_and_told(rack: Rack) -> None:
    rack.dumps.append(dai.CrashDumpRVC2())
    rack.backend.open()
    (event,) = rack.seen
    path = Path(event.data["path"])
    assert event.kind == "crashDump"
    assert path.parent == rack.crash_folder
    assert path.stat().st_size > 0
    assert rack.devices[0].dump is None, "it is not told again after the next boot"


def test_the_dump_of_a_crash_while_it_runs_is_kept_and_only_the_newest_stay(rack: Rack) -> None:
    rack.backend.open()
    crash = rack.devices[0].crash
    assert crash is not None
    for _ in range(KEPT + 3):
        crash(dai.CrashDumpRVC2())
    assert len(list(rack.crash_folder.iterdir())) == KEPT
    assert len(rack.seen) == KEPT + 3
    crash("no dump")
    assert rack.kinds()[-1] == "error", "an exception in this thread would end the process"


def test_a_dump_that_cannot_be_had_or_kept_does_not_keep_the_device_from_running(
    rack: Rack,
) -> None:
    class Torn(FakeDevice):
        def hasCrashDump(self) -> bool:
            raise RuntimeError("no such stream")

    rack.backend._open_device = lambda camera: Torn()
    assert rack.backend.open().streams
    rack.crash_folder.write_text("in the way", encoding="utf-8")
    device = FakeDevice()
    device.dump = dai.CrashDumpRVC2()
    assert collect(device, rack.crash_folder, CAMERA) is None


# The place of the crop, films


def test_a_cut_away_from_the_middle_is_made_by_a_node_of_its_own(rack: Rack) -> None:
    rack.backend.open()
    square = plan("CAM_A", (1920, 1080), video_size=(1080, 1080), crop=(0.3, 0.0))
    rack.backend.run(PLANS | {"CAM_A": square}, CAMS)
    (manip,) = rack.pipeline.manips
    assert rack.pipeline.cameras["CAM_A"].outputs[0][0] == (1920, 1080)
    assert ("CAM_A.1920x1080", manip.inputImage.name) in rack.pipeline.links
    assert ("manip0", "gate0") in rack.pipeline.links
    assert manip.limit == 1080 * 1080 * 3 // 2
    assert str(manip.initialConfig) == expected_cut(576, 0, 1080, 1080)


def expected_cut(x: int, y: int, width: int, height: int) -> str:
    config = dai.ImageManipConfig()
    config.addCrop(x, y, width, height)
    return str(config)


def test_a_cut_in_the_middle_needs_no_node(rack: Rack) -> None:
    rack.backend.open()
    square = plan("CAM_A", (1920, 1080), video_size=(1080, 1080))
    rack.backend.run(PLANS | {"CAM_A": square}, CAMS)
    assert not rack.pipeline.manips
    assert rack.pipeline.cameras["CAM_A"].outputs[0][0] == (1080, 1080)


def test_a_real_sensor_cannot_be_shown_a_film(rack: Rack) -> None:
    rack.backend.open()
    with pytest.raises(Unsupported):
        rack.backend.replay("CAM_A", Path("film.mp4"))
    rack.backend.replay("CAM_A", None)


# The fakes themselves


def test_the_fakes_refuse_what_the_installed_depthai_does_not_have() -> None:
    device = FakeDevice()
    with pytest.raises(AssertionError, match="depthai has no setIrFloodLightIntensity"):
        device.setIrFloodLightIntensity(0.5, 1, 2)  # type: ignore[call-arg]
    with pytest.raises(AssertionError, match="has no bootTwice"):
        plays(dai.Device)(type("Wrong", (), {"bootTwice": lambda self: None}))
    with pytest.raises(AssertionError, match="has no sensorTemp"):
        plays(dai.Device)(type("Wrong", (), {"__init__": _with_sensor_temp}))()


def _with_sensor_temp(self: Any) -> None:
    self.sensorTemp = 3
