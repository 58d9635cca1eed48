"""`S/nn` of the Robopipe API: over the fake worker and the real driver alike, and on a real bus."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from kit.driver_oak import DriverOak
from kit.fake_commander import Surface
from kit.fake_oak import FakeOak
from kit.nn_models import archive, blob, head
from kit.oak_camera import PRO, Camera
from kit.oak_rig import STREAMS, OakRig, oak_rig
from lensbus_gateway.robopipe import uploads
from lensbus_gateway.robopipe.routes import routes

A, B, DEPTH = (f"{STREAMS}/{name}" for name in ("CAM_A", "CAM_B", "DEPTH_B_C"))
LIMIT = 1_200_000  # more than any other body may have
DEFAULTS = {
    "num_inference_threads": 2,
    "model_id": None,
    "nn_config": None,
    "mask_max_dim": 256,
    "throttle_hz": None,
}
TUNING = {
    "use_parser": True,
    "sahi_config": None,
    "anchor_masks": None,
    "anchors": None,
    "coordinate_size": None,
    "confidence_threshold": None,
    "iou_threshold": None,
    "num_classes": None,
}


@pytest.fixture(params=["fake", "driver"])
def kind(request: pytest.FixtureRequest) -> str:
    word: str = request.param
    return word


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    camera = Camera(PRO, tmp_path_factory.mktemp("state"))
    yield camera
    camera.driver.close()


@pytest.fixture
def surface(kind: str, opened: Camera) -> Iterator[Surface]:
    if kind == "fake":
        yield Surface(routes, FakeOak())
        return
    yield Surface(routes, DriverOak(opened))
    for stream in ("CAM_A", "CAM_B"):
        opened.ask("nn.remove", stream=stream)
    opened.restore()


def form(
    config: Any, model: bytes | None = None, name: str = "m.blob", field: str = "config"
) -> Any:
    """What a client posts."""
    text = config if isinstance(config, str) else json.dumps(config)
    return {"data": {field: text}, "files": {"model": (name, blob() if model is None else model)}}


def faults(answer: httpx.Response) -> list[tuple[str, list[Any]]]:
    assert answer.status_code == 422, answer.text
    return [(entry["type"], entry["loc"]) for entry in answer.json()["detail"]]


def test_without_a_network_there_is_null(surface: Surface) -> None:
    for path in (A, B, DEPTH):
        answer = surface.get(f"{path}/nn")
        assert (answer.status_code, answer.json()) == (200, None)
    assert surface.delete(f"{A}/nn").status_code == 202


@pytest.mark.parametrize("field", ["config", "nn_config"])
def test_a_network_is_deployed_shown_and_removed(surface: Surface, field: str) -> None:
    answer = surface.post(f"{A}/nn", **form({"type": "Generic"}, field=field))
    assert (answer.status_code, answer.content) == (201, b"null")
    assert surface.get(f"{A}/nn").json() == {"type": "Generic", **DEFAULTS}
    assert surface.get(f"{B}/nn").json() is None

    answer = surface.delete(f"{A}/nn")
    assert (answer.status_code, answer.content) == (202, b"null")
    assert surface.get(f"{A}/nn").json() is None


OF_BOTH_GENERATIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "Generic", "num_inference_threads": 1}, {"num_inference_threads": 1}),
    ({"type": "YOLO"}, {}),
    (
        {
            "type": "YOLO",
            "nn_config": {
                "anchor_masks": {"side26": [1, 2, 3], "side13": [3, 4, 5]},
                "anchors": [10, 14, 23.5, 27],
                "coordinate_size": 4,
                "confidence_threshold": "0.5",
                "iou_threshold": 0.5,
                "num_classes": 80,
            },
        },
        {
            "nn_config": TUNING
            | {
                "anchor_masks": {"side26": [1, 2, 3], "side13": [3, 4, 5]},
                "anchors": [10.0, 14.0, 23.5, 27.0],
                "coordinate_size": 4,
                "confidence_threshold": 0.5,
                "iou_threshold": 0.5,
                "num_classes": 80,
            }
        },
    ),
    (
        {"type": "MobileNet", "nn_config": {"confidence_threshold": 0}},
        {"nn_config": TUNING | {"confidence_threshold": 0.0}},
    ),
    ({"type": "Detection", "model_id": 12, "unknown": 1}, {"model_id": 12}),
    (
        {
            "type": "SpatialDetection",
            "nn_config": {"use_parser": True, "sahi_config": {"rows": 2}},
            "mask_max_dim": None,
            "throttle_hz": 12.5,
        },
        {
            "nn_config": TUNING | {"sahi_config": {"rows": 2}},
            "mask_max_dim": None,
            "throttle_hz": 12.5,
        },
    ),
]


@pytest.mark.parametrize(("sent", "shown"), OF_BOTH_GENERATIONS, ids=lambda each: each.get("type"))
def test_configurations_of_both_generations_are_taken(
    surface: Surface, sent: dict[str, Any], shown: dict[str, Any]
) -> None:
    assert surface.post(f"{A}/nn", **form(sent)).status_code == 201
    assert surface.get(f"{A}/nn").json() == {"type": sent["type"], **DEFAULTS, **shown}
    whole = surface.get(f"{A}/nn").json()
    assert surface.post(f"{A}/nn", **form(whole)).status_code == 201, "what is shown can be sent"
    assert surface.get(f"{A}/nn").json() == whole


def test_an_archive_is_known_by_its_name(surface: Surface) -> None:
    posted = form({"type": "Detection"}, archive(head("red")), "tiny.tar.xz")
    assert surface.post(f"{A}/nn", **posted).status_code == 201


def test_a_large_model_travels_in_pieces(surface: Surface) -> None:
    model = blob() + bytes(2 * uploads.PIECE + 1)
    assert surface.post(f"{A}/nn", **form({"type": "Generic"}, model)).status_code == 201
    sent = [len(each["data"]) for each in surface.commander.asked("upload")]
    assert sent[:2] == [uploads.PIECE, uploads.PIECE]
    assert sum(sent) == len(model)


def test_what_is_no_model_is_refused_with_the_reason(surface: Surface) -> None:
    answer = surface.post(f"{A}/nn", **form({"type": "Generic"}, b"no model at all" * 99))
    assert faults(answer) == [("value_error", ["body", "model"])]
    assert "not a model: " in answer.json()["detail"][0]["msg"]
    assert surface.get(f"{A}/nn").json() is None


def test_both_parts_of_the_form_must_be_there(surface: Surface) -> None:
    config, model = ("missing", ["body", "config"]), ("missing", ["body", "model"])
    whole = form({"type": "Generic"})
    assert faults(surface.post(f"{A}/nn")) == [config, model]
    assert faults(surface.post(f"{A}/nn", json={"type": "Generic"})) == [config, model]
    assert faults(surface.post(f"{A}/nn", data=whole["data"])) == [model]
    assert faults(surface.post(f"{A}/nn", files=whole["files"])) == [config]
    text = {**whole["data"], "model": "not a file"}
    assert faults(surface.post(f"{A}/nn", data=text)) == [("value_error", ["body", "model"])]
    empty = form({"type": "Generic"}, b"")
    assert faults(surface.post(f"{A}/nn", **empty)) == [("value_error", ["body", "model"])]
    assert surface.commander.asked("upload") == []


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("{", [("json_invalid", ["body", "config", 1])]),
        ('"text"', [("model_attributes_type", [])]),
        ({}, [("missing", ["type"])]),
        ({"type": "Magic"}, [("enum", ["type"])]),
        (
            {"type": "YOLO", "num_inference_threads": 0},
            [("greater_than_equal", ["num_inference_threads"])],
        ),
        (
            {"type": "YOLO", "num_inference_threads": 17},
            [("less_than_equal", ["num_inference_threads"])],
        ),
        ({"type": "YOLO", "throttle_hz": -1}, [("greater_than_equal", ["throttle_hz"])]),
        ({"type": "YOLO", "mask_max_dim": 0}, [("greater_than_equal", ["mask_max_dim"])]),
        (
            {"type": "YOLO", "nn_config": {"confidence_threshold": 1.1, "iou_threshold": -0.1}},
            [
                ("less_than_equal", ["nn_config", "confidence_threshold"]),
                ("greater_than_equal", ["nn_config", "iou_threshold"]),
            ],
        ),
        (
            {"type": "YOLO", "nn_config": {"anchors": ["a"]}},
            [("float_parsing", ["nn_config", "anchors", 0])],
        ),
    ],
)
def test_a_bad_configuration_is_refused(
    surface: Surface, config: Any, expected: list[tuple[str, list[Any]]]
) -> None:
    assert faults(surface.post(f"{A}/nn", **form(config))) == expected
    assert surface.commander.asked("upload") == [], "a model that is for nothing is not carried"


def test_a_body_that_is_no_form_is_refused(surface: Surface) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = surface.post(f"{A}/nn", content=b"no boundary in here", headers=headers)
    assert answer.status_code == 422
    many = [("files", ("a", b"x")) for _ in range(99)]
    assert faults(surface.post(f"{A}/nn", files=many)) == [("multipart_invalid", ["body"])]


def test_where_no_network_can_be(surface: Surface) -> None:
    whole = form({"type": "Generic"})
    assert surface.post(f"{DEPTH}/nn", **whole).status_code == 409, "it is off"
    surface.post(f"{DEPTH}/")
    assert surface.post(f"{DEPTH}/nn", **whole).status_code == 422, "it is no sensor's"
    assert surface.post(f"{B}/nn", **whole).status_code == 409
    assert surface.post(f"{STREAMS}/CAM_H/nn", **whole).status_code == 404
    assert surface.get(f"{STREAMS}/CAM_H/nn").status_code == 404
    assert surface.delete(f"{STREAMS}/CAM_H/nn").status_code == 404
    assert surface.post("/cameras/AAAA/streams/CAM_A/nn", **whole).status_code == 404
    for method in ("GET", "POST", "DELETE"):
        answer = surface.call(method, f"{STREAMS}/cam_a/nn")
        assert ("string_pattern_mismatch", ["path", "stream_name"]) in faults(answer)
    assert surface.put(f"{A}/nn").headers["allow"] == "GET, POST, DELETE"


# On a real bus, with the gateway's own server


@pytest.fixture(scope="module")
def rig() -> Iterator[OakRig]:
    with oak_rig(gateways=2, upload_limit_bytes=LIMIT) as running:
        yield running


@pytest.fixture
def looking(rig: OakRig) -> Iterator[OakRig]:
    """A camera whose colour sensor finds discs."""
    rig.switch("CAM_A", "CAM_B", "CAM_C")
    assert rig.ask("POST", f"{A}/nn", **form({"type": "MobileNet"})).status_code == 201
    yield rig
    assert rig.ask("DELETE", f"{A}/nn").status_code == 202


def hear(socket: ClientConnection) -> dict[str, Any]:
    text = socket.recv(timeout=5)
    assert isinstance(text, str)
    told: dict[str, Any] = json.loads(text)
    return told


def test_a_socket_tells_what_is_found_picture_by_picture(looking: OakRig) -> None:
    with looking.socket(f"{A}/nn") as socket:
        first, second = hear(socket), hear(socket)
    assert list(first) == ["detections", "seq", "ts_us", "running"]
    assert second["seq"] > first["seq"]
    assert second["ts_us"] > first["ts_us"]
    for found in first["detections"]:
        assert list(found) == ["label", "confidence", "coords"]
        left, top, right, bottom = found["coords"]
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1


def test_places_come_and_go_with_depth(looking: OakRig) -> None:
    with looking.socket(f"{A}/nn") as socket:
        looking.switch("CAM_A", "DEPTH_B_C")
        until(socket, lambda told: "spatial_coords" in told["detections"][0])
        looking.switch("CAM_A", "CAM_B")
        until(socket, lambda told: "spatial_coords" not in told["detections"][0])


def until(socket: ClientConnection, holds: Any) -> None:
    """Listen until what is told is so."""
    for _ in range(300):
        if holds(hear(socket)):
            return
    pytest.fail("it is never told")


def test_who_is_slow_gets_the_newest(looking: OakRig) -> None:
    with looking.socket(f"{A}/nn", gateway=1, max_queue=1) as slow:
        hear(slow)
        with looking.socket(f"{A}/nn") as quick:
            last = [hear(quick)["seq"] for _ in range(30)][-1]
        until(slow, lambda told: told["seq"] > last)


def test_a_socket_is_closed_when_its_network_is_removed(looking: OakRig) -> None:
    with looking.socket(f"{A}/nn") as socket, looking.socket(f"{A}/nn", gateway=1) as other:
        hear(socket), hear(other)
        looking.ask("DELETE", f"{A}/nn")
        for each in (socket, other):
            assert closed(each) == (1000, "No network looks at CAM_A")


def test_a_socket_is_closed_when_its_stream_goes_off(looking: OakRig) -> None:
    with looking.socket(f"{A}/nn") as socket:
        hear(socket)
        looking.ask("DELETE", f"{A}/")
        assert closed(socket) == (1000, "Stream CAM_A is not active")
    looking.switch("CAM_A", "CAM_B")


def closed(socket: ClientConnection) -> tuple[int, str]:
    """Listen to the end; return how it was closed."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.recv(timeout=30)
        except ConnectionClosed as end:
            return (end.rcvd.code, end.rcvd.reason) if end.rcvd else (0, "cut")
    pytest.fail("it stays open")


def test_another_network_leaves_the_socket_open(looking: OakRig) -> None:
    with looking.socket(f"{A}/nn") as socket:
        assert isinstance(hear(socket)["detections"][0], dict)
        looking.ask("POST", f"{A}/nn", **form({"type": "Generic"}))
        until(socket, lambda told: isinstance(told["detections"][0], float))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{B}/nn", 409),
        (f"{DEPTH}/nn", 409),
        (f"{STREAMS}/CAM_H/nn", 404),
        ("/cameras/AAAA/streams/CAM_A/nn", 404),
        (f"{STREAMS}/cam_a/nn", 403),
    ],
)
def test_a_socket_where_nothing_looks_is_refused(looking: OakRig, path: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as caught:
        looking.socket(path)
    assert caught.value.response.status_code == status


@pytest.mark.parametrize("more", [1, 100_000])
def test_a_model_may_be_larger_than_other_bodies_but_not_too_large(rig: OakRig, more: int) -> None:
    rig.switch("CAM_A")
    assert rig.settings.gateway.body_limit_bytes < LIMIT
    good = form({"type": "Generic"}, blob().ljust(LIMIT, b"\0"))
    assert rig.ask("POST", f"{A}/nn", **good).status_code == 201
    rig.ask("DELETE", f"{A}/nn")
    bad = form({"type": "Generic"}, blob().ljust(LIMIT + more, b"\0"))
    assert rig.ask("POST", f"{A}/nn", **bad).status_code == 413
    assert rig.ask("GET", f"{A}/nn").json() is None


def test_nothing_is_left_of_files_that_were_refused(rig: OakRig, tmp_path: Path) -> None:
    rig.switch("CAM_A")
    rig.ask("POST", f"{A}/nn", **form({"type": "Generic"}, b"junk" * 9999))
    rig.ask("POST", f"{DEPTH}/nn", **form({"type": "Generic"}))
    assert [path for path in (rig.settings.state / "uploads").rglob("*") if path.is_file()] == []
    assert list((rig.settings.state / "networks").rglob("*.*")) == []
