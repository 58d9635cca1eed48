"""Networks on a real device: the nodes that are made of a wish, and when pictures reach them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.nn_models import archive, blob, head
from kit.oak_device import CAMERA, FakeDevice, FakeNetwork, FakePipeline
from lensbus_proto.errors import CameraGone
from lensbus_services.oak.backend import Finding, Plan
from lensbus_services.oak.device import DeviceBackend
from lensbus_services.oak.networks import Layer, Model, Network, Wish, wish
from lensbus_services.oak.sdk import dai

A = frozenset({"CAM_A"})
NAME = "nn.CAM_A"
MODEL = Model((300, 200), (Layer("seven", (7, 1)),))


class OneSensor(FakeDevice):
    """An OAK-1."""

    def getConnectedCameraFeatures(self) -> list[Any]:
        return super().getConnectedCameraFeatures()[:1]

    def getAvailableStereoPairs(self) -> list[Any]:
        return []


class Rack:
    """A backend on fakes, with a network for its colour sensor."""

    def __init__(self, folder: Path, device: type[FakeDevice] = FakeDevice) -> None:
        self.folder = folder
        self.pipelines: list[FakePipeline] = []
        self.devices: list[FakeDevice] = []
        self.has_pair = device is FakeDevice
        self._device = device
        self.refuses = False
        self.backend = DeviceBackend(
            CAMERA,
            lambda seen: None,
            crash_folder=folder,
            open_device=self._open,
            make_pipeline=self._make,
        )
        self.backend.open()

    def _open(self, camera: str) -> FakeDevice:
        self.devices.append(self._device(camera))
        return self.devices[-1]

    def _make(self, device: FakeDevice) -> FakePipeline:
        self.pipelines.append(FakePipeline(device))
        self.pipelines[-1].broken = self.refuses
        return self.pipelines[-1]

    def network(
        self, *, packed: bytes | None = None, model: Model = MODEL, **asked: Any
    ) -> Network:
        path = self.folder / ("m.blob" if packed is None else "m.tar.xz")
        path.write_bytes(blob() if packed is None else packed)
        return Network(wish(asked), model, path)

    def run(self, network: Network | None, active: frozenset[str] = A) -> None:
        plan = Plan("CAM_A", (1920, 1080), (1280, 720), (1280, 720), 30.0, "CROP", network=network)
        plans = {"CAM_A": plan}
        if self.has_pair:
            mono = replace(plan, mode=(640, 400), video_size=(640, 400), network=None)
            for stream in ("CAM_B", "CAM_C", "DEPTH_B_C"):
                plans[stream] = replace(mono, stream=stream, still_size=(640, 400))
        self.backend.run(plans, active)

    @property
    def pipeline(self) -> FakePipeline:
        return self.pipelines[-1]

    def node(self) -> FakeNetwork:
        (node,) = self.pipeline.networks
        return node


@pytest.fixture
def rack(tmp_path: Path) -> Iterator[Rack]:
    made = Rack(tmp_path)
    yield made
    made.backend.close()


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Rack]:
    made = Rack(tmp_path, OneSensor)
    yield made
    made.backend.close()


def test_a_generic_network_sees_the_picture_in_the_size_of_its_model(rack: Rack) -> None:
    rack.run(rack.network(type="Generic", num_inference_threads=1))
    assert rack.node().kind == "numbers"
    assert rack.node().told == {"blob": ["a_later_layer", "seven"], "threads": 1}
    (manip,) = rack.pipeline.manips
    assert manip.limit == 300 * 200 * 3
    expected = dai.ImageManipConfig()
    expected.setOutputSize(300, 200, dai.ImageManipConfig.ResizeMode.STRETCH)
    expected.setFrameType(dai.ImgFrame.Type.BGR888p)
    assert str(manip.initialConfig) == str(expected)
    gate = rack.pipeline.gates[-1]
    chain = {
        ("CAM_A.1280x720", gate.input.name),
        (gate.output.name, manip.inputImage.name),
        (manip.out.name, "network0"),
    }
    assert chain <= set(rack.pipeline.links)


@pytest.mark.parametrize("kind", ["MobileNet", "YOLO", "Detection"])
def test_without_a_pair_a_detector_finds_things_only(one: Rack, kind: str) -> None:
    one.run(one.network(type=kind))
    assert one.node().kind == "things"
    family = "YOLO" if kind == "YOLO" else "MOBILENET"
    assert (one.node().told["family"], one.node().told["threshold"]) == (family, 0.5)


def test_with_a_pair_things_are_placed_on_depth_that_fits_the_picture(rack: Rack) -> None:
    rack.run(rack.network(type="Detection"))
    assert rack.node().kind == "places"
    gate = rack.pipeline.gates[-1].output.name
    links = {("depth", "align.depth"), (gate, "align.pictures"), ("aligned", "network0.depth")}
    assert links <= set(rack.pipeline.links)
    assert rack.pipeline.stereos[0].align == "RECTIFIED_LEFT", "the depth stream stays as it was"


def test_the_words_of_a_client_reach_the_parser(one: Rack) -> None:
    tuning = {
        "anchor_masks": {"side26": [1, 2]},
        "anchors": [10.0, 14.0],
        "coordinate_size": 4,
        "confidence_threshold": 0.25,
        "iou_threshold": 0.75,
        "num_classes": 80,
    }
    one.run(one.network(type="Detection", nn_config=tuning))
    assert one.node().told == {
        "blob": ["a_later_layer", "seven"],
        "threads": 2,
        "threshold": 0.25,
        "family": "YOLO",
        "classes": 80,
        "coordinates": 4,
        "anchors": [10.0, 14.0],
        "masks": {"side26": [1, 2]},
        "iou": 0.75,
    }


def test_an_archive_says_itself_how_it_is_read(one: Rack) -> None:
    model = replace(MODEL, detects=True, labels=("red",), threshold=0.5)
    packed = archive(head("red", threshold=0.5))
    one.run(one.network(packed=packed, model=model, type="Detection"))
    assert one.node().told == {"archive": (300, 200), "threads": 2, "threshold": 0.5}
    assert one.node().kind == "things"
    one.run(one.network(packed=packed, model=model, type="Generic"))
    assert one.node().kind == "things", "its head finds things"
    raw = {"use_parser": False}
    one.run(one.network(packed=packed, model=model, type="Generic", nn_config=raw))
    assert one.node().kind == "numbers"


def test_pictures_reach_a_network_only_while_somebody_listens(rack: Rack) -> None:
    rack.run(rack.network(type="Generic"))
    gate = rack.pipeline.gates[-1]
    assert not gate.is_open
    rack.backend.flow(frozenset({NAME}))
    assert gate.is_open
    assert not rack.pipeline.gates[0].is_open, "nobody looks at the pictures themselves"
    rack.run(rack.network(type="Generic"), frozenset())
    assert not gate.is_open
    rack.run(rack.network(type="Generic"))
    assert gate.is_open
    rack.backend.flow(frozenset())
    assert not gate.is_open


def test_a_device_that_comes_back_looks_again(rack: Rack) -> None:
    rack.run(rack.network(type="Generic"))
    rack.backend.flow(frozenset({NAME}))
    gate = rack.pipeline.gates[-1]
    told = len(gate.inputControl.sent)
    for state in ("DISCONNECTED", "RUNNING"):
        rack.pipeline.on_state(rack.pipeline.device, dai.DeviceState.__members__[state])
    wait_until(lambda: len(gate.inputControl.sent) > told)
    assert gate.is_open


def test_what_a_network_finds_comes_out_as_findings(rack: Rack) -> None:
    rack.run(rack.network(type="Detection"))
    rack.backend.flow(frozenset({NAME}))
    message = dai.SpatialImgDetections()
    near, unmeasured = dai.SpatialImgDetection(), dai.SpatialImgDetection()
    near.label, near.confidence = 3, 0.75
    near.xmin, near.ymin, near.xmax, near.ymax = 0.125, 0.25, 0.5, 0.75
    near.spatialCoordinates = dai.Point3f(10.0, -20.0, 1271.0)
    message.detections = [near, unmeasured]
    stamp(message, 42)
    rack.node().out.queue.put(message)
    (found,) = rack.backend.frames(5.0)
    assert isinstance(found, Finding)
    assert (found.stream, found.seq) == (NAME, 42)
    assert found.things is not None
    first, second = found.things
    assert (first.label, first.confidence) == (3, 0.75)
    assert first.box == (0.125, 0.25, 0.5, 0.75)
    assert first.place_mm == (10.0, -20.0, 1271.0)
    assert second.place_mm is None


def test_numbers_come_out_as_numbers(rack: Rack) -> None:
    rack.run(rack.network(type="Generic"))
    rack.backend.flow(frozenset({NAME}))
    message = dai.NNData()
    message.addTensor("seven", [0.5, float("nan"), 2.0])
    stamp(message, 7)
    rack.node().out.queue.put(message)
    (found,) = rack.backend.frames(5.0)
    assert isinstance(found, Finding)
    assert found.things is None
    assert found.numbers == (0.5, 0.0, 2.0), "JSON has no word for what is no number"


def test_another_network_is_a_new_graph_and_the_same_is_not(rack: Rack) -> None:
    rack.run(None)
    assert rack.pipeline.networks == []
    rack.run(rack.network(type="Generic"))
    rack.run(rack.network(type="Generic"))
    assert len(rack.pipelines) == 2
    rack.run(None)
    assert len(rack.pipelines) == 3
    assert rack.pipeline.networks == []


@pytest.mark.parametrize("error", [ValueError, IndexError, RuntimeError])
def test_a_model_that_depthai_cannot_teach_is_told(
    rack: Rack, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(self: FakeNetwork, blob: Any) -> None:
        raise error("no")

    monkeypatch.setattr(FakeNetwork, "setBlob", refuse)
    with pytest.raises(CameraGone, match="no"):
        rack.run(rack.network(type="Generic"))


def test_a_network_that_the_device_refuses_is_told(rack: Rack) -> None:
    rack.run(None)
    rack.refuses = True
    with pytest.raises(CameraGone):
        rack.run(rack.network(type="Generic"))
    rack.refuses = False


def stamp(message: Any, number: int) -> None:
    message.setSequenceNum(number)
    message.setTimestamp(dai.Clock.now())  # type: ignore[call-arg]  # static; the stub says not
    message.setTimestampDevice(dai.Clock.now())  # type: ignore[call-arg]  # as above


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.005)


def test_a_wish_that_names_nothing_has_the_defaults() -> None:
    assert wish({"type": "YOLO"}) == Wish("YOLO")
