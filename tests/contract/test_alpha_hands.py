"""Zoom, focus steps, movie, buttons and touch on the Alpha surface."""

from typing import Any

import pytest

from kit.fake_commander import Surface
from kit.fake_sony import FakeSony
from lensbus_gateway.alpha.routes import routes
from lensbus_proto.errors import Unsupported

ACTIONS = "/api/cameras/D10F60149B0C/actions"


@pytest.fixture
def sony() -> FakeSony:
    return FakeSony(mode="remote")


@pytest.fixture
def surface(sony: FakeSony) -> Surface:
    return Surface(routes, sony)


@pytest.mark.parametrize(
    ("body", "speed"),
    [
        (None, 0),
        ({}, 0),
        ({"speed": 0}, 0),
        ({"speed": -10}, -10),
        ({"speed": 10}, 10),
        ({"direction": "in"}, 4),
        ({"direction": "out"}, -4),
        ({"direction": "in", "speed": "fast"}, 8),
        ({"direction": "out", "speed": "normal"}, -4),
    ],
)
def test_zoom_has_a_speed_and_a_direction(surface: Surface, body: Any, speed: int) -> None:
    answer = surface.post(f"{ACTIONS}/zoom", json=body)

    assert answer.status_code == 200
    assert answer.json()["data"] == {"speed": speed}
    assert surface.commander.asked("zoom") == [{"speed": speed}]


@pytest.mark.parametrize(
    "body",
    [
        {"speed": 11},
        {"speed": -11},
        {"speed": "3"},
        {"speed": 1.5},
        {"speed": True},
        {"direction": "up"},
        {"direction": 1},
        {"direction": ["in"]},
        {"direction": "in", "speed": "slow"},
        {"direction": "in", "speed": 5},
    ],
)
def test_a_wrong_zoom_moves_nothing(surface: Surface, body: Any) -> None:
    answer = surface.post(f"{ACTIONS}/zoom", json=body)

    assert (answer.status_code, surface.commander.sent) == (400, [])


def test_a_lens_without_a_motor_is_told_as_ever(surface: Surface) -> None:
    message = "Zoom operation not supported for this camera/lens"
    surface.commander.fail_with("zoom", Unsupported(message))

    answer = surface.post(f"{ACTIONS}/zoom", json={"speed": 1})

    assert (answer.status_code, answer.json()["message"]) == (400, message)


@pytest.mark.parametrize(
    ("step", "direction"), [(-7, "near"), (-1, "near"), (1, "far"), (7, "far")]
)
def test_focus_moves_by_steps(surface: Surface, step: int, direction: str) -> None:
    answer = surface.post(f"{ACTIONS}/focus-near-far", json={"step": step})

    assert answer.json()["data"] == {"step": step, "direction": direction}
    assert surface.commander.asked("focus_step") == [{"step": step}]


@pytest.mark.parametrize("body", [None, {}, *({"step": it} for it in (0, 8, -8, "1", 1.0, True))])
def test_a_wrong_step_moves_nothing(surface: Surface, body: Any) -> None:
    answer = surface.post(f"{ACTIONS}/focus-near-far", json=body)

    assert (answer.status_code, surface.commander.sent) == (400, [])
    assert "step" in answer.json()["message"]


def test_recording_begins_and_ends_with_the_same_call(surface: Surface) -> None:
    told = [surface.post(f"{ACTIONS}/movie-rec").json() for _ in range(2)]

    assert [answer["data"]["recording"] for answer in told] == [True, False]
    assert [answer["message"] for answer in told] == [
        "Movie recording started",
        "Movie recording stopped",
    ]
    assert told[0]["data"]["action"] == "movie-rec"


@pytest.mark.parametrize(
    ("body", "action"),
    [
        ({"button": "menu"}, "press"),
        ({"button": "menu", "action": None}, "press"),
        ({"button": "menu", "action": "down"}, "down"),
        ({"button": "menu", "action": "up"}, "up"),
    ],
)
def test_a_button_is_pressed_held_or_let_go(surface: Surface, body: Any, action: str) -> None:
    answer = surface.post(f"{ACTIONS}/button", json=body)

    assert answer.json()["data"] == {
        "action": "button",
        "button": "menu",
        "method": f"button_{action}",
    }


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (None, "missing_button"),
        ({"button": ""}, "missing_button"),
        ({"button": 5}, "missing_button"),
        ({"button": "menu", "action": "hold"}, "invalid_action"),
        ({"button": "menu", "action": ["up"]}, "invalid_action"),
    ],
)
def test_what_is_wrong_with_a_button_is_said_in_a_word(
    surface: Surface, body: Any, error: str
) -> None:
    answer = surface.post(f"{ACTIONS}/button", json=body)

    assert (answer.status_code, answer.json()["data"]) == (400, {"error": error})
    assert surface.commander.sent == []


def test_a_button_that_the_body_lacks_is_answered_with_those_that_it_has(
    surface: Surface, sony: FakeSony
) -> None:
    lacking = surface.post(f"{ACTIONS}/button", json={"button": "c7"})
    sony.held = True
    busy = surface.post(f"{ACTIONS}/button", json={"button": "menu"})
    freed = surface.post(f"{ACTIONS}/button", json={"button": "menu", "action": "up"})

    for answer in (lacking, busy):
        assert answer.status_code == 400
        assert answer.json()["data"] == {"supported_buttons": "menu, enter, up"}
    assert freed.status_code == 200


@pytest.mark.parametrize(
    "body", [{"x": 320, "y": 240}, {"x": 320.9, "y": 240.1}, {"normalized": {"x": 0.5, "y": 0.5}}]
)
def test_a_touch_is_a_point_of_the_picture(surface: Surface, body: Any) -> None:
    answer = surface.post(f"{ACTIONS}/touch", json=body)

    data = answer.json()["data"]
    assert (data["x"], data["y"]) == ("320", "240")
    assert "tracking-frame" in data["verify"]
    assert surface.commander.asked("touch") == [{"x": 320, "y": 240}]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (None, "missing_coordinates"),
        ({"x": 1}, "missing_coordinates"),
        ({"x": 640, "y": 0}, "invalid_coordinates"),
        ({"normalized": {"x": 2, "y": 0}}, "invalid_coordinates"),
    ],
)
def test_a_touch_beside_the_picture_is_refused(surface: Surface, body: Any, error: str) -> None:
    answer = surface.post(f"{ACTIONS}/touch", json=body)

    assert (answer.status_code, answer.json()["data"]) == (400, {"error": error})
    assert surface.commander.sent == []


class TestOnScreenDisplay:
    PATH = "/api/cameras/D10F60149B0C/live-view"

    def test_it_is_switched_and_asked_for(self, surface: Surface) -> None:
        on = surface.post(f"{self.PATH}/osd-enable").json()
        status = surface.get(f"{self.PATH}/osd-status").json()["data"]
        off = surface.post(f"{self.PATH}/osd-disable").json()

        assert (on["message"], off["message"]) == ("OSD enabled", "OSD disabled")
        assert status == {"supported": True, "enabled": True}
        assert surface.commander.asked("osd.set") == [{"enabled": True}, {"enabled": False}]

    def test_a_body_without_it_says_so(self, surface: Surface, sony: FakeSony) -> None:
        sony.osd = None

        answer = surface.post(f"{self.PATH}/osd-enable")
        status = surface.get(f"{self.PATH}/osd-status").json()["data"]

        assert answer.status_code == 400
        assert answer.json()["message"] == "OSD mode not supported by this camera"
        assert status == {"supported": False, "enabled": False}

    def test_its_pictures_are_its_own(self, surface: Surface, sony: FakeSony) -> None:
        surface.pictures.newest_seq = 3
        assert surface.get(f"{self.PATH}/osd-frame").status_code == 404
        sony.do_live_view_start()
        assert surface.get(f"{self.PATH}/osd-frame").status_code == 404
        sony.osd = True

        first = surface.get(f"{self.PATH}/osd-frame")
        surface.pictures.newest_seq = 4
        plain = surface.get(f"{self.PATH}/frame")

        assert (first.content, plain.content) == (b"\xff\xd8 3", b"\xff\xd8 4")
        assert surface.pictures.waits == [(False, 1.0), (False, 1.0)]

    def test_switched_off_it_leaves_no_picture_behind(
        self, surface: Surface, sony: FakeSony
    ) -> None:
        sony.do_live_view_start()
        sony.osd = True
        surface.pictures.newest_seq = 3
        surface.get(f"{self.PATH}/osd-frame")

        sony.osd = False

        assert surface.get(f"{self.PATH}/osd-frame").status_code == 404
