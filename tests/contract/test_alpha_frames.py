"""Focus and tracking frames and the fingerprint on the Alpha surface."""

from typing import Any

import pytest

from kit.fake_commander import Surface
from kit.fake_sony import FakeSony, frame
from lensbus_gateway.alpha.routes import routes
from lensbus_proto.errors import Refused

CAMERA = "/api/cameras/D10F60149B0C"
NOTHING = {"available": False, "frame_count": 0, "frames": []}


@pytest.fixture
def sony() -> FakeSony:
    return FakeSony(mode="remote")


@pytest.fixture
def surface(sony: FakeSony) -> Surface:
    return Surface(routes, sony)


def test_a_frame_is_shown_in_every_measure(surface: Surface) -> None:
    assert surface.get(f"{CAMERA}/af-area-position").json() == {
        "success": True,
        "message": "AF area position retrieved",
        "data": {
            "available": True,
            "frame_count": 1,
            "frames": [
                {
                    "type": "contrast-flexible-main",
                    "state": "focused",
                    "priority": 1,
                    "normalized": {"x": 0.5, "y": 0.5},
                    "position": {"x": 320, "y": 240},
                    "size": {
                        "width": 38,
                        "height": 38,
                        "normalized_width": 38 / 640,
                        "normalized_height": 38 / 480,
                    },
                    "raw": {
                        "xNumerator": 320,
                        "xDenominator": 640,
                        "yNumerator": 240,
                        "yDenominator": 480,
                    },
                }
            ],
        },
    }


def test_a_frame_without_a_measure_is_in_the_corner(surface: Surface, sony: FakeSony) -> None:
    sony.frames = [frame(x_of=0, y_of=0)]

    shown = surface.get(f"{CAMERA}/af-area-position").json()["data"]["frames"][0]

    assert shown["normalized"] == {"x": 0, "y": 0}
    assert shown["size"]["normalized_width"] == 0


def test_without_a_focus_frame_there_is_no_position(surface: Surface, sony: FakeSony) -> None:
    sony.frames = None

    answer = surface.get(f"{CAMERA}/af-area-position")

    assert (answer.status_code, answer.json()["data"]) == (400, NOTHING)


def test_tracking_nothing_is_an_answer(surface: Surface, sony: FakeSony) -> None:
    nothing = surface.get(f"{CAMERA}/tracking-frame")
    sony.tracked = [frame("target-af", x=640, y=0)]
    something = surface.get(f"{CAMERA}/tracking-frame").json()["data"]

    assert nothing.status_code == 200
    assert nothing.json()["data"] == NOTHING | {"available": True}
    assert something["frame_count"] == 1
    assert something["frames"][0]["position"] == {"x": 639, "y": 0}


@pytest.mark.parametrize("body", [{"x": 160.5, "y": 359}, {"normalized": {"x": 0.25, "y": 0.75}}])
def test_the_focus_frame_is_moved(surface: Surface, body: Any) -> None:
    answer = surface.put(f"{CAMERA}/af-area-position", json=body)

    data = answer.json()["data"]
    assert answer.status_code == 200
    assert "camera" not in answer.json()
    assert (data["x"], data["y"]) == (160, 359)
    assert surface.commander.asked("af_area.set") == [{"x": 160, "y": 359}]


@pytest.mark.parametrize(
    "body", [{"x": -1, "y": 0}, {"x": 1, "y": 480}, {"x": 1}, {}, {"normalized": {"x": 3, "y": 0}}]
)
def test_no_point_moves_no_frame(surface: Surface, body: Any) -> None:
    answer = surface.put(f"{CAMERA}/af-area-position", json=body)

    assert (answer.status_code, surface.commander.sent) == (400, [])


@pytest.mark.parametrize("content", [b"", b"{", b"[1]"])
def test_moving_the_frame_needs_a_body(surface: Surface, content: bytes) -> None:
    answer = surface.put(f"{CAMERA}/af-area-position", content=content)

    assert (answer.status_code, surface.commander.sent) == (400, [])


def test_a_refused_position_is_shown_with_the_refusal(surface: Surface) -> None:
    surface.commander.fail_with("af_area.set", Refused("not now", vendor_code=0x8402))

    answer = surface.put(f"{CAMERA}/af-area-position", json={"x": 1, "y": 2})

    assert answer.status_code == 400
    assert answer.json()["message"] == "not now (0x8402)"
    assert (answer.json()["data"]["x"], answer.json()["data"]["y"]) == (1, 2)


def test_the_fingerprint_needs_no_connection(surface: Surface, sony: FakeSony) -> None:
    sony.mode = None
    without = surface.get(f"{CAMERA}/fingerprint").json()
    sony.fingerprint = "qHx1+Zs="
    with_one = surface.get(f"{CAMERA}/fingerprint").json()

    assert without["data"] == {"ssh_supported": False}
    assert with_one["data"] == {"ssh_supported": True, "fingerprint": "qHx1+Zs=", "length": 8}


def test_a_camera_that_was_never_found_has_no_fingerprint(surface: Surface) -> None:
    answer = surface.get("/api/cameras/NOBODY/fingerprint")

    assert (answer.status_code, answer.json()["message"]) == (
        404,
        "Camera with ID 'NOBODY' not found",
    )
