import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from kit.oak_device import CAMERA, FakeDevice, FakePipeline, camera_features, grey_frame
from lensbus_proto.errors import CameraGone, CameraTimeout, NotActive
from lensbus_services.driver import Observation
from lensbus_services.oak.backend import Plan
from lensbus_services.oak.control import Control, Focus
from lensbus_services.oak.device import DeviceBackend, features_of
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

    def __init__(self) -> None:
        self.devices: list[FakeDevice] = []
        self.pipelines: list[FakePipeline] = []
        self.seen: list[Observation] = []
        self.is_there = True
        self.backend = DeviceBackend(
            CAMERA,
            self.seen.append,
            open_device=self._open,
            make_pipeline=self._make,
            backoff_s=(0.01, 0.02),
        )

    def _open(self, camera: str) -> FakeDevice:
        if not self.is_there:
            raise RuntimeError("Cannot find any device with given deviceInfo")
        self.devices.append(FakeDevice(camera))
        return self.devices[-1]

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
def rack() -> Iterator[Rack]:
    made = Rack()
    yield made
    made.backend.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
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
    rack.pipeline.gates[0].output.queue.put("not a frame")
    wait_until(lambda: rack.kinds() == ["error"])
    assert "CAM_A cannot be read" in rack.seen[0].data["message"]


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
