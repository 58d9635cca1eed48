"""Neural networks in the OAK driver, on simulated devices: what they find is what is there."""

import base64
import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from kit.nn_models import archive, blob, head
from kit.oak_camera import ONE, PRO, Camera, settled
from kit.oak_device import FakeDevice, FakePipeline
from lensbus_proto.errors import BadArguments, CameraError, NotActive, NotFound, Unsupported
from lensbus_proto.runtime.settings import OakSettings
from lensbus_services.driver import Frame
from lensbus_services.oak.backend import Report
from lensbus_services.oak.device import DeviceBackend
from lensbus_services.oak.freshness import Backoff
from lensbus_services.oak.scene import DISCS, Lens, Scene, color_lens, left_lens, view

PIXEL = 1.5  # a box may be off by so much: places are rounded to whole pixels
COLORS = ("red", "green", "blue", "yellow")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    camera = Camera(PRO, tmp_path_factory.mktemp("state"))
    yield camera
    camera.driver.close()


@pytest.fixture
def camera(opened: Camera) -> Iterator[Camera]:
    yield opened
    opened.driver.watch(frozenset())
    for stream in ("CAM_A", "CAM_B", "CAM_C"):
        opened.ask("nn.remove", stream=stream)
    opened.restore()


def deploy(
    camera: Camera, model: bytes, config: Any, stream: str = "CAM_A", name: str = "m.blob"
) -> Any:
    camera.ask("upload", upload="test", offset=0, data=model)
    arguments = {"upload": "test", "size": len(model), "filename": name, "config": config}
    return camera.ask("nn.deploy", stream=stream, **arguments)["network"]


def frames(camera: Camera, topic: str, count: int = 1) -> list[Frame]:
    camera.driver.watch(frozenset({topic}))
    found: list[Frame] = []

    def enough() -> bool:
        found.extend(each for each in camera.driver.pictures(0.1) if each.stream == topic)
        return len(found) >= count

    settled(enough)
    return found


def told(camera: Camera, stream: str = "CAM_A") -> dict[str, Any]:
    """What the network says next."""
    (frame, *_) = frames(camera, f"nn.{stream}")
    assert frame.info["format"] == "json"
    said: dict[str, Any] = json.loads(frame.image)
    return said


def outline(each: dict[str, Any], lens: Lens, time_us: int) -> NDArray[np.bool_]:
    """Return the pixels of a disc that was found, those behind other discs too."""
    disc = DISCS[each["label"]]
    return view(lens, Scene(disc.name, (disc,))).truth(time_us / 1e6).masks[disc.name]


def check_boxes(said: dict[str, Any], lens: Lens) -> None:
    """Every disc that is found is where the truth of the scene has it, to the pixel."""
    width, height = lens.size
    for each in said["detections"]:
        rows, columns = outline(each, lens, said["ts_us"]).nonzero()
        real = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        left, top, right, bottom = each["coords"]
        box = (left * width, top * height, right * width, bottom * height)
        assert box == pytest.approx(real, abs=PIXEL), each


def test_a_detector_finds_every_disc_where_it_is(camera: Camera) -> None:
    deploy(camera, blob(), {"type": "MobileNet"})
    said = told(camera)
    assert [each["label"] for each in said["detections"]] == [0, 1, 2, 3]
    assert all(0.5 <= each["confidence"] <= 1.0 for each in said["detections"])
    assert said["running"] is True
    assert said["seq"] > 0
    check_boxes(said, color_lens((1920, 1080)))
    assert not any("spatial_coords" in each for each in said["detections"]), "depth is off"


def test_boxes_are_shares_of_the_picture_that_clients_see(camera: Camera) -> None:
    sizes = {"still_size": [1000, 1000], "video_size": [1000, 1000], "preview_size": [300, 300]}
    config = {"resolution": "THE_1080_P", "sensor_crop": [0, 0], "fps": 30, **sizes}
    deploy(camera, blob(), {"type": "YOLO"})
    for mode in ("CROP", "LETTERBOX", "STRETCH"):
        camera.ask("config.set", stream="CAM_A", config=config | {"resize_mode": mode})
        said = told(camera)
        lens = color_lens((1920, 1080))
        across = {
            "CROP": lambda x: (x * 1000 / 1080 - (1778 - 1000) / 2) / 1000,
            "LETTERBOX": lambda x: x / 1920,
            "STRETCH": lambda x: x / 1920,
        }[mode]
        assert said["detections"]
        for each in said["detections"]:
            columns = outline(each, lens, said["ts_us"]).nonzero()[1]
            real = [min(max(across(x), 0.0), 1.0) for x in (columns.min(), columns.max() + 1)]
            assert each["coords"][::2] == pytest.approx(real, abs=0.003), (mode, each)


def test_things_are_placed_in_space_while_depth_is_measured(camera: Camera) -> None:
    deploy(camera, blob(), {"type": "YOLO"})
    camera.ask("stream.activate", stream="DEPTH_B_C")
    said = told(camera)
    lens = color_lens((1920, 1080))
    for each in said["detections"]:
        disc = DISCS[each["label"]]
        place = each["spatial_coords"]
        assert place["z"] == pytest.approx(disc.distance_m * 1000, abs=1)
        # Seen from the middle of its box.
        left, top, right, bottom = each["coords"]
        if 0.0 < left < right < 1.0 and 0.0 < top < bottom < 1.0:
            away = place["z"] / lens.focal_px
            assert place["x"] == pytest.approx(((left + right) / 2 - 0.5) * 1920 * away, abs=4)
            assert place["y"] == pytest.approx((0.5 - (top + bottom) / 2) * 1080 * away, abs=4)
    camera.ask("stream.deactivate", stream="DEPTH_B_C")
    settled(lambda: not any("spatial_coords" in each for each in told(camera)["detections"]))


def test_a_spatial_detector_places_things_without_being_asked_twice(camera: Camera) -> None:
    deploy(camera, archive(head(*COLORS)), {"type": "SpatialDetection"}, "CAM_B", "m.tar.xz")
    said = told(camera, "CAM_B")
    assert said["detections"]
    assert all(each["spatial_coords"]["z"] > 500 for each in said["detections"])
    check_boxes(said, left_lens((640, 400)))


def test_an_archive_names_its_classes_and_how_sure_it_must_be(camera: Camera) -> None:
    model = archive(head("yellow", "banana", threshold=0.9), packing="gz")
    deploy(camera, model, {"type": "Detection"}, name="M.TAR.GZ")
    settled(lambda: [each["label"] for each in told(camera)["detections"]] == [0])
    assert told(camera)["detections"][0]["confidence"] >= 0.9


@pytest.mark.parametrize("is_softmax", [True, False])
def test_a_classifier_says_what_the_whole_picture_is(camera: Camera, is_softmax: bool) -> None:
    """Yellow is the nearest disc, and the surest."""
    made = head("red", "yellow", "dog", "cat", "cow", "hen", "pig")
    made["metadata"]["is_softmax"] = is_softmax
    model = archive(made | {"parser": "ClassificationParser"})
    deploy(camera, model, {"type": "Generic"}, name="m.tar.xz")
    (whole,) = told(camera)["detections"]
    assert (whole["label"], whole["coords"]) == (1, [0.0, 0.0, 1.0, 1.0])
    assert 0.9 < whole["confidence"] < 1.0
    raw = {"type": "Generic", "nn_config": {"use_parser": False}}
    deploy(camera, model, raw, name="m.tar.xz")
    assert all(isinstance(each, float) for each in told(camera)["detections"])


@pytest.mark.parametrize("is_softmax", [True, False])
def test_a_segmenter_says_what_every_pixel_is(camera: Camera, is_softmax: bool) -> None:
    made = head(*COLORS) | {"parser": "SegmentationParser"}
    made["metadata"]["is_softmax"] = is_softmax
    model = archive(made, shape=(1, 4, 216, 384))
    deploy(camera, model, {"type": "Generic", "mask_max_dim": None}, name="m.tar.xz")
    said = told(camera)
    mask = mask_of(said)
    assert (said["detections"], mask.shape) == ([], (216, 384))
    truth = view(color_lens((1920, 1080))).truth(said["ts_us"] / 1e6)
    for label, color in enumerate(COLORS):
        real = truth.masks[color][2::5, 2::5]
        assert (mask[real] == label + 1).mean() > 0.95, color
    assert mask[0, 0] == 0, "the wall is nothing"

    deploy(camera, model, {"type": "Generic", "mask_max_dim": 100}, name="m.tar.xz")
    assert mask_of(told(camera)).shape == (54, 96)


def mask_of(said: dict[str, Any]) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(said["masks_png"]))) as image:
        assert image.format == "PNG"
        assert image.size == (said["mask_width"], said["mask_height"])
        return np.asarray(image)


def test_only_what_is_sure_enough_is_told(camera: Camera) -> None:
    """Near things are surer: yellow, the nearest, is the last that is found."""
    for threshold, labels in ((0.8, {0, 1, 2, 3}), (0.9, {2, 3}), (0.93, {3}), (0.99, set())):
        tuning = {"confidence_threshold": threshold}
        deploy(camera, blob(), {"type": "MobileNet", "nn_config": tuning})
        said = told(camera)["detections"]
        assert {each["label"] for each in said} <= labels
        assert all(each["confidence"] >= threshold for each in said)
        assert any(
            {each["label"] for each in told(camera)["detections"]} == labels for _ in range(90)
        ), "all discs are whole at some time"


def test_a_class_that_the_network_does_not_know_is_not_found(camera: Camera) -> None:
    deploy(camera, blob(), {"type": "YOLO", "nn_config": {"num_classes": 2}})
    assert {each["label"] for each in told(camera)["detections"]} <= {0, 1}


def test_a_generic_network_gives_the_numbers_of_its_first_layer(camera: Camera) -> None:
    deploy(camera, blob(), {"type": "Generic"})
    first, *_, last = [json.loads(each.image) for each in frames(camera, "nn.CAM_A", 5)]
    assert len(first["detections"]) == 7
    assert all(isinstance(each, float) for each in first["detections"])
    assert first["detections"] != last["detections"], "they move"
    assert last["seq"] > first["seq"]
    assert last["ts_us"] > first["ts_us"]


def test_a_throttle_holds_results_back(camera: Camera) -> None:
    deploy(camera, blob(), {"type": "Generic", "throttle_hz": 5})
    stamps = [json.loads(each.image)["ts_us"] for each in frames(camera, "nn.CAM_A", 4)]
    steps = [(after - before) / 1e6 for before, after in itertools.pairwise(stamps)]
    assert all(step > 0.15 for step in steps), "30 a second come from the sensor"


def test_nothing_is_looked_for_while_nobody_watches(camera: Camera) -> None:
    deploy(camera, blob(), {"type": "Generic"})
    told(camera)
    camera.driver.watch(frozenset())
    camera.driver.pictures(0.1)
    camera.driver.watch(frozenset({"CAM_A"}))
    shown = [each for _ in range(5) for each in camera.driver.pictures(0.5)]
    assert {each.stream for each in shown} == {"CAM_A"}


def test_the_network_is_told_with_all_fields_of_both_generations(camera: Camera) -> None:
    assert camera.ask("nn.get", stream="CAM_A") == {"network": None}
    plain = {
        "type": "Generic",
        "num_inference_threads": 2,
        "model_id": None,
        "nn_config": None,
        "mask_max_dim": 256,
        "throttle_hz": None,
    }
    assert deploy(camera, blob(), {"type": "Generic"}) == plain
    tuning = {
        "use_parser": False,
        "sahi_config": {"tile": 320},
        "anchor_masks": {"side26": [1, 2, 3]},
        "anchors": [10.0, 14.0],
        "coordinate_size": 4,
        "confidence_threshold": 0.25,
        "iou_threshold": 0.5,
        "num_classes": 80,
    }
    full = {
        "type": "YOLO",
        "num_inference_threads": 1,
        "model_id": 7,
        "nn_config": tuning,
        "mask_max_dim": None,
        "throttle_hz": 10.0,
    }
    assert deploy(camera, blob(), full) == full
    assert camera.ask("nn.get", stream="CAM_A") == {"network": full}


def test_what_happens_to_networks_is_told(camera: Camera) -> None:
    deploy(camera, blob(), {"type": "Generic"})
    camera.ask("nn.remove", stream="CAM_A")
    camera.ask("nn.remove", stream="CAM_A")
    kinds = [(kind, stream) for kind, stream, _ in camera.seen()]
    assert kinds == [("networkDeployed", "CAM_A"), ("networkRemoved", "CAM_A")]


def models(camera: Camera) -> list[str]:
    folder = camera.state / "networks" / camera.camera
    return sorted(path.name.partition("-")[0] for path in folder.glob("*"))


def leftovers(camera: Camera) -> list[Path]:
    return [path for path in (camera.state / "uploads").rglob("*") if path.is_file()]


def test_only_the_model_in_use_is_kept(camera: Camera) -> None:
    deploy(camera, blob(), {"type": "Generic"})
    deploy(camera, archive(), {"type": "Generic"}, name="m.tar.xz")
    assert models(camera) == ["CAM_A", "CAM_A.json"]
    camera.ask("nn.remove", stream="CAM_A")
    assert models(camera) == []
    assert leftovers(camera) == []


HOSTILE = {
    "noise": (b"\x00\xff" * 700, "m.blob"),
    "a_byte": (b"\x7f", "m.blob"),
    "cut_short": (blob()[:200], "m.blob"),
    "without_outputs": (blob(outputs=()), "m.blob"),
    "no_archive": (b"not packed at all", "m.tar.xz"),
    "an_archive_cut_short": (archive(packing="gz")[:90], "m.tar.gz"),
    # Both end the process that asks depthai for them.
    "an_empty_blob_in_an_archive": (archive(content=b""), "m.tar.xz"),
    "nothing_described": (archive(model=5), "m.tar.xz"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_bad_model_is_refused_and_leaves_all_as_it_was(name: str, camera: Camera) -> None:
    before = deploy(camera, blob(), {"type": "Generic"})
    model, filename = HOSTILE[name]
    with pytest.raises(BadArguments, match="not a model: ") as caught:
        deploy(camera, model, {"type": "Generic"}, name=filename)
    assert caught.value.detail == {"field": "model"}
    assert camera.ask("nn.get", stream="CAM_A") == {"network": before}
    assert len(told(camera)["detections"]) == 7
    assert models(camera) == ["CAM_A", "CAM_A.json"]
    assert leftovers(camera) == []


BAD_WISHES = {
    "config.type": {"type": "Magic"},
    "config.num_inference_threads": {"type": "YOLO", "num_inference_threads": 0},
    "config.throttle_hz": {"type": "YOLO", "throttle_hz": -1},
    "config.mask_max_dim": {"type": "YOLO", "mask_max_dim": 0},
    "config.nn_config.confidence_threshold": {
        "type": "YOLO",
        "nn_config": {"confidence_threshold": 1.5},
    },
    "config.nn_config.anchors": {"type": "YOLO", "nn_config": {"anchors": "12"}},
    "config.nn_config.anchor_masks": {"type": "YOLO", "nn_config": {"anchor_masks": [1]}},
    "config.nn_config.num_classes": {"type": "YOLO", "nn_config": {"num_classes": 0}},
}


@pytest.mark.parametrize("field", sorted(BAD_WISHES))
def test_a_bad_wish_is_refused_by_the_name_of_its_field(field: str, camera: Camera) -> None:
    with pytest.raises(BadArguments) as caught:
        deploy(camera, blob(), BAD_WISHES[field])
    assert caught.value.detail == {"field": field}
    assert camera.ask("nn.get", stream="CAM_A") == {"network": None}
    assert leftovers(camera) == []


def test_an_archive_without_a_detector_is_no_detector(camera: Camera) -> None:
    with pytest.raises(BadArguments, match="no head"):
        deploy(camera, archive(), {"type": "Detection"}, name="m.tar.xz")


def test_a_network_needs_a_sensor_that_is_on(camera: Camera) -> None:
    config = {"type": "Generic"}
    with pytest.raises(NotActive):
        deploy(camera, blob(), config, "DEPTH_B_C")
    camera.ask("stream.activate", stream="DEPTH_B_C")
    with pytest.raises(Unsupported):
        deploy(camera, blob(), config, "DEPTH_B_C")
    with pytest.raises(NotActive):
        deploy(camera, blob(), config, "CAM_B")
    for ask in ("nn.get", "nn.remove"):
        with pytest.raises(NotFound):
            camera.ask(ask, stream="CAM_H")
    with pytest.raises(NotFound):
        deploy(camera, blob(), config, "CAM_H")
    assert leftovers(camera) == []


def test_a_network_comes_back_with_its_stream(camera: Camera) -> None:
    deploy(camera, blob(), {"type": "Generic"})
    told(camera)
    camera.ask("stream.deactivate", stream="CAM_A")
    assert camera.ask("nn.get", stream="CAM_A")["network"]["type"] == "Generic"
    camera.driver.pictures(0.1)
    assert camera.driver.pictures(0.3) == []
    camera.ask("stream.activate", stream="CAM_A")
    assert len(told(camera)["detections"]) == 7


def test_a_network_outlives_boots_and_workers(tmp_path: Path) -> None:
    for is_first in (True, False):
        camera = Camera(ONE, tmp_path)
        try:
            if is_first:
                deploy(camera, blob(), {"type": "Generic"})
                camera.ask("shutdown")
                camera.ask("boot")
            assert camera.ask("nn.get", stream="CAM_A")["network"]["type"] == "Generic"
            assert len(told(camera)["detections"]) == 7
        finally:
            camera.driver.close()
    (note,) = tmp_path.glob(f"networks/{ONE}/*.json")
    note.write_text('{"version": 1, "file": "../../etc/passwd"}')
    camera = Camera(ONE, tmp_path)
    try:
        assert camera.ask("nn.get", stream="CAM_A") == {"network": None}
    finally:
        camera.driver.close()


def test_a_camera_without_depth_places_nothing(tmp_path: Path) -> None:
    camera = Camera(ONE, tmp_path)
    try:
        deploy(camera, blob(), {"type": "SpatialDetection"})
        said = told(camera)["detections"]
        assert said
        assert not any("spatial_coords" in each for each in said)
    finally:
        camera.driver.close()


class PickyPipeline(FakePipeline):
    """Of a device that cannot run networks."""

    def start(self) -> None:
        if self.networks:
            raise RuntimeError("NeuralNetwork: blob was compiled for more shaves than there are")
        super().start()


def test_a_network_that_the_device_refuses_leaves_the_camera_as_it_was(tmp_path: Path) -> None:
    made: list[FakePipeline] = []

    def pipeline(device: FakeDevice) -> FakePipeline:
        made.append(PickyPipeline(device))
        return made[-1]

    def backend(camera: str, settings: OakSettings, state: Path, report: Report) -> DeviceBackend:
        return DeviceBackend(
            camera,
            report,
            crash_folder=state,
            open_device=FakeDevice,
            make_pipeline=pipeline,
            backoff=Backoff(0.01, 0.05),
        )

    camera = Camera(PRO, tmp_path, make=backend)
    try:
        with pytest.raises(CameraError, match="more shaves"):
            deploy(camera, blob(), {"type": "Generic"})
        settled(lambda: camera.driver.observed() == 3)
        assert made[-1].is_running
        assert not made[-1].networks
        assert camera.ask("nn.get", stream="CAM_A") == {"network": None}
        assert models(camera) == []
        kinds = [kind for kind, _, _ in camera.seen()]
        assert kinds == ["connected", "disconnected", "connected"]
    finally:
        camera.driver.close()
