"""Every operation of the Robopipe API, over the fake worker and over the real driver alike."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from kit.driver_oak import DriverOak
from kit.fake_commander import Surface
from kit.fake_oak import (
    COLOR,
    COLOR_CAPABILITIES,
    COLOR_OPTIONS,
    CONTROL,
    MONO,
    MONO_CAPABILITIES,
    MONO_OPTIONS,
    FakeOak,
)
from kit.oak_camera import PLAIN, PRO, Camera
from kit.oak_limits import LATER_LIMITS, SEED_LIMITS
from lensbus_gateway.robopipe.routes import routes

CAMERA = f"/cameras/{PRO}"
STREAMS = f"{CAMERA}/streams"
A, B, C, DEPTH = (f"{STREAMS}/{name}" for name in ("CAM_A", "CAM_B", "CAM_C", "DEPTH_B_C"))
NULL = b"null"

# With every automatic off, nothing in a control moves by itself.
BY_HAND = {
    "exposure_time": 9000,
    "sensitivity_iso": 400,
    "auto_exposure_enable": False,
    "auto_whitebalance_mode": "OFF",
    "manual_whitebalance": 5000,
    "focus": {"auto_focus_mode": "OFF", "auto_focus_trigger": False, "lens_position": 0.5},
}


@pytest.fixture(params=["fake", "driver"])
def kind(request: pytest.FixtureRequest) -> str:
    word: str = request.param
    return word


@pytest.fixture(scope="module")
def cameras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Camera]]:
    """Devices that stay open: to stop three pipelines takes longer than most tests here."""
    state = tmp_path_factory.mktemp("state")
    opened = {camera: Camera(camera, state) for camera in (PRO, PLAIN)}
    yield opened
    for camera in opened.values():
        camera.driver.close()


@pytest.fixture
def real(cameras: dict[str, Camera]) -> Surface:
    """The surface over the real driver."""
    cameras[PRO].restore()
    return Surface(routes, DriverOak(cameras[PRO]))


@pytest.fixture
def surface(kind: str, request: pytest.FixtureRequest) -> Surface:
    if kind == "fake":
        return Surface(routes, FakeOak())
    over_driver: Surface = request.getfixturevalue("real")
    return over_driver


@pytest.fixture
def dark(kind: str, cameras: dict[str, Camera]) -> Surface:
    """A device without infrared lights."""
    is_fake = kind == "fake"
    worker = FakeOak(camera=PLAIN, has_ir=False) if is_fake else DriverOak(cameras[PLAIN])
    return Surface(routes, worker)


def active(surface: Surface) -> set[str]:
    return {each["name"] for each in surface.get(f"{STREAMS}/").json() if each["active"]}


def told(answer: httpx.Response) -> tuple[int, Any]:
    """Return status and JSON of an answer."""
    return answer.status_code, answer.json()


def faults(answer: httpx.Response) -> list[tuple[str, list[Any], str]]:
    assert answer.status_code == 422, answer.text
    return [(entry["type"], entry["loc"], entry["msg"]) for entry in answer.json()["detail"]]


def refused(answer: httpx.Response, status: int) -> str:
    """Return why; the detail of these is one sentence."""
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["detail"]
    why = answer.json()["detail"]
    assert isinstance(why, str)
    assert why
    return why


class TestCameras:
    def test_a_camera_is_listed_as_it_is_shown(self, surface: Surface) -> None:
        (listed,) = surface.get("/cameras/").json()

        assert told(surface.get(f"{CAMERA}/")) == (200, listed)
        assert list(listed) == [
            *("mxid", "name", "camera_name", "platform", "protocol", "state", "status")
        ]
        assert all(isinstance(value, str) for value in listed.values())
        assert (listed["mxid"], listed["camera_name"]) == (PRO, "OAK-D-PRO")
        assert (listed["platform"], listed["protocol"]) == ("X_LINK_MYRIAD_X", "X_LINK_USB_VSC")
        assert (listed["state"], listed["status"]) == ("X_LINK_BOOTED", "X_LINK_SUCCESS")

    def test_a_camera_that_was_shut_down_stays_listed_and_boots_again(
        self, surface: Surface
    ) -> None:
        booted = surface.get(f"{CAMERA}/").json()
        down = booted | {"state": "X_LINK_UNBOOTED"}

        for _ in range(2):
            assert told(surface.delete(f"{CAMERA}/")) == (200, down)
            assert surface.get("/cameras/").json() == [down]
            assert surface.get(f"{CAMERA}/").json() == down
        for _ in range(2):
            assert told(surface.post(f"{CAMERA}/")) == (200, booted)
            assert surface.get("/cameras/").json() == [booted]
        assert active(surface) == {"CAM_A", "CAM_B", "CAM_C"}

    def test_nothing_can_be_asked_of_a_camera_that_was_shut_down(self, surface: Surface) -> None:
        surface.delete(f"{CAMERA}/")

        for answer in (
            surface.get(f"{CAMERA}/stats"),
            surface.get(f"{CAMERA}/ir"),
            surface.post(f"{CAMERA}/ir", json={}),
            surface.get(f"{STREAMS}/"),
            surface.call("PATCH", f"{STREAMS}/", json={"activate": ["CAM_A"]}),
            surface.post(f"{A}/"),
            surface.delete(f"{A}/"),
            surface.get(f"{A}/config"),
            surface.post(f"{A}/config", json={"width": 640, "height": 480, "fps": 30}),
            surface.get(f"{A}/config/available"),
            surface.get(f"{A}/control"),
            surface.post(f"{A}/control", json={"contrast": 1}),
            surface.get(f"{A}/control/capabilities"),
            surface.post(f"{A}/control/reset"),
            surface.get(f"{A}/still"),
        ):
            assert refused(answer, 409) == f"{PRO} is shut down"

    @pytest.mark.parametrize(
        ("query", "state"),
        [
            ("", "X_LINK_UNBOOTED"),
            ("?boot=false", "X_LINK_UNBOOTED"),
            ("?boot=0", "X_LINK_UNBOOTED"),
            ("?boot=true", "X_LINK_BOOTED"),
            ("?boot=1", "X_LINK_BOOTED"),
            ("?boot=yes", "X_LINK_BOOTED"),
        ],
    )
    def test_refresh_lists_the_cameras_and_boots_them_if_asked(
        self, surface: Surface, query: str, state: str
    ) -> None:
        surface.delete(f"{CAMERA}/")

        answer = surface.post(f"/cameras/refresh{query}")

        assert answer.status_code == 200
        assert [(each["mxid"], each["state"]) for each in answer.json()] == [(PRO, state)]
        assert surface.get("/cameras/").json() == answer.json()

    def test_refresh_leaves_what_runs_alone(self, surface: Surface) -> None:
        surface.delete(f"{A}/")
        before = surface.get("/cameras/").json()

        assert told(surface.post("/cameras/refresh/?boot=true")) == (200, before)
        assert active(surface) == {"CAM_B", "CAM_C"}
        assert surface.commander.asked("boot") == []

    @pytest.mark.parametrize("word", ["maybe", "", "2"])
    def test_boot_is_a_bool(self, surface: Surface, word: str) -> None:
        assert told(surface.post(f"/cameras/refresh?boot={word}")) == (
            422,
            {
                "detail": [
                    {
                        "type": "bool_parsing",
                        "loc": ["query", "boot"],
                        "msg": "Input should be a valid boolean, unable to interpret input",
                        "input": word,
                    }
                ]
            },
        )

    def test_stats_tell_temperatures_and_memory(self, surface: Surface) -> None:
        status, stats = told(surface.get(f"{CAMERA}/stats"))

        assert status == 200
        chip = stats["chip_temperature"]
        assert set(chip) >= {"average", "css", "dss", "mss", "upa"}
        assert all(-40 <= celsius <= 125 for celsius in chip.values())
        for memory in (stats["cmx_memory_usage"], stats["ddr_memory_usage"]):
            assert all(type(count) is int for count in memory.values())
            assert memory["total"] == memory["used"] + memory["remaining"] > 0


class TestLights:
    def test_they_are_off_at_first(self, surface: Surface) -> None:
        assert told(surface.get(f"{CAMERA}/ir")) == (
            200,
            {"flood_light": 0.0, "dot_projector": 0.0},
        )

    def test_one_that_is_left_out_goes_off(self, surface: Surface) -> None:
        both = {"flood_light": 1.0, "dot_projector": 0.25}
        assert told(surface.post(f"{CAMERA}/ir", json=both)) == (200, both)
        assert told(surface.get(f"{CAMERA}/ir")) == (200, both)

        one = {"flood_light": 0.0, "dot_projector": 0.5}
        assert told(surface.post(f"{CAMERA}/ir", json={"dot_projector": "0.5"})) == (200, one)
        none = {"flood_light": 0.0, "dot_projector": 0.0}
        assert told(surface.post(f"{CAMERA}/ir", json={"unknown": 1})) == (200, none)

    def test_a_camera_without_lights_answers_null(self, dark: Surface) -> None:
        path = f"/cameras/{PLAIN}/ir"

        assert told(dark.get(path)) == (200, None)
        assert told(dark.post(path, json={"flood_light": 1})) == (200, None)
        assert told(dark.get(path)) == (200, None)
        assert dark.post(path, json={"flood_light": 2}).status_code == 422

    @pytest.mark.parametrize("light", ["flood_light", "dot_projector"])
    @pytest.mark.parametrize(
        ("value", "kind", "msg"),
        [
            (-0.01, "greater_than_equal", "Input should be greater than or equal to 0"),
            (1.01, "less_than_equal", "Input should be less than or equal to 1"),
            (None, "float_type", "Input should be a valid number"),
            (
                "bright",
                "float_parsing",
                "Input should be a valid number, unable to parse string as a number",
            ),
        ],
    )
    def test_they_go_from_0_to_1(
        self, surface: Surface, light: str, value: object, kind: str, msg: str
    ) -> None:
        answer = surface.post(f"{CAMERA}/ir", json={light: value})

        assert faults(answer) == [(kind, ["body", light], msg)]
        for end in (0, 1):
            assert surface.post(f"{CAMERA}/ir", json={light: end}).json()[light] == end


class TestSwitching:
    # Start (as activations of a device that boots with A, B and C on), request, what is on after.
    TABLE = (
        ((), ("POST", DEPTH), {"CAM_A", "DEPTH_B_C"}),
        ((DEPTH,), ("POST", DEPTH), {"CAM_A", "DEPTH_B_C"}),
        ((DEPTH,), ("POST", B), {"CAM_A", "CAM_B"}),
        ((DEPTH,), ("POST", C), {"CAM_A", "CAM_C"}),
        ((DEPTH,), ("POST", A), {"CAM_A", "DEPTH_B_C"}),
        ((DEPTH,), ("DELETE", DEPTH), {"CAM_A"}),
        ((DEPTH,), ("DELETE", B), {"CAM_A", "DEPTH_B_C"}),
        ((), ("DELETE", DEPTH), {"CAM_A", "CAM_B", "CAM_C"}),
        ((), ("DELETE", A), {"CAM_B", "CAM_C"}),
        ((), ("POST", A), {"CAM_A", "CAM_B", "CAM_C"}),
    )

    @pytest.mark.parametrize(("start", "request_", "after"), TABLE)
    def test_the_last_request_wins(
        self, surface: Surface, start: tuple[str, ...], request_: tuple[str, str], after: set[str]
    ) -> None:
        for path in start:
            surface.post(f"{path}/")
        method, path = request_

        answer = surface.call(method, f"{path}/")

        assert (answer.status_code, answer.content) == (201 if method == "POST" else 202, NULL)
        assert active(surface) == after

    @pytest.mark.parametrize("name", ["CAM_D", "DEPTH_A_B", "DEPTH_C_B"])
    @pytest.mark.parametrize("method", ["POST", "DELETE"])
    def test_a_stream_that_is_not_offered_changes_nothing(
        self, surface: Surface, method: str, name: str
    ) -> None:
        surface.post(f"{DEPTH}/")

        refused(surface.call(method, f"{STREAMS}/{name}/"), 404)

        assert active(surface) == {"CAM_A", "DEPTH_B_C"}

    def test_the_list_has_sockets_first_and_says_what_is_replayed(self, surface: Surface) -> None:
        assert told(surface.get(f"{STREAMS}/")) == (
            200,
            [
                {"name": "CAM_A", "active": True, "replay": False},
                {"name": "CAM_B", "active": True, "replay": False},
                {"name": "CAM_C", "active": True, "replay": False},
                {"name": "DEPTH_B_C", "active": False, "replay": False},
            ],
        )

    @pytest.mark.parametrize(
        ("body", "after"),
        [
            ({}, {"CAM_A", "CAM_B", "CAM_C"}),
            ({"activate": ["DEPTH_B_C"]}, {"CAM_A", "DEPTH_B_C"}),
            ({"activate": ["DEPTH_B_C"], "deactivate": ["CAM_A"]}, {"DEPTH_B_C"}),
            ({"deactivate": ["CAM_A", "CAM_B", "CAM_B"], "unknown": 1}, {"CAM_C"}),
            ({"activate": ["CAM_B"], "deactivate": ["DEPTH_B_C"]}, {"CAM_A", "CAM_B", "CAM_C"}),
        ],
    )
    def test_a_batch_is_one_change_and_answers_the_list(
        self, surface: Surface, body: dict[str, list[str]], after: set[str]
    ) -> None:
        answer = surface.call("PATCH", f"{STREAMS}/", json=body)

        assert answer.status_code == 200
        assert {each["name"] for each in answer.json() if each["active"]} == after
        assert surface.get(f"{STREAMS}/").json() == answer.json()

    @pytest.mark.parametrize(
        "body",
        [
            {"activate": ["CAM_A"], "deactivate": ["CAM_B", "CAM_A"]},
            {"activate": ["DEPTH_B_C", "CAM_D"]},
            {"deactivate": ["CAM_A", "DEPTH_A_B"]},
            {"activate": ["CAM_B", "DEPTH_B_C"]},
        ],
    )
    def test_a_batch_that_cannot_be_changes_nothing(
        self, surface: Surface, body: dict[str, list[str]]
    ) -> None:
        refused(surface.call("PATCH", f"{STREAMS}/", json=body), 422)

        assert active(surface) == {"CAM_A", "CAM_B", "CAM_C"}

    @pytest.mark.parametrize("name", ["XCAM_A", "CAM_AX", "CAM_A ", "CAM_A\n", "cam_a", ""])
    def test_names_in_a_batch_are_matched_whole(self, surface: Surface, name: str) -> None:
        pattern = "^(CAM_[A-H]|DEPTH_[A-H]_[A-H])$"

        answer = surface.call("PATCH", f"{STREAMS}/", json={"activate": ["CAM_A", name]})

        assert told(answer) == (
            422,
            {
                "detail": [
                    {
                        "type": "string_pattern_mismatch",
                        "loc": ["body", "activate", 1],
                        "msg": f"String should match pattern '{pattern}'",
                        "input": name,
                        "ctx": {"pattern": pattern},
                    }
                ]
            },
        )

    @pytest.mark.parametrize(
        ("body", "kind", "loc", "msg"),
        [
            ({"activate": None}, "list_type", ["body", "activate"], "Input should be a valid list"),
            (
                {"deactivate": "CAM_A"},
                "list_type",
                ["body", "deactivate"],
                "Input should be a valid list",
            ),
            (
                {"activate": [1]},
                "string_type",
                ["body", "activate", 0],
                "Input should be a valid string",
            ),
            (
                [],
                "model_attributes_type",
                ["body"],
                "Input should be a valid dictionary or object to extract fields from",
            ),
        ],
    )
    def test_a_batch_is_two_lists(
        self, surface: Surface, body: Any, kind: str, loc: list[Any], msg: str
    ) -> None:
        assert faults(surface.call("PATCH", f"{STREAMS}/", json=body)) == [(kind, loc, msg)]


class TestConfig:
    def test_the_defaults_are_the_published_ones_and_the_newer_form_in_one(
        self, surface: Surface
    ) -> None:
        assert told(surface.get(f"{A}/config")) == (200, COLOR)
        for path in (B, C, DEPTH):
            assert told(surface.get(f"{path}/config")) == (200, MONO), "on or off"

    @pytest.mark.parametrize(
        ("path", "body", "after"),
        [
            (
                A,
                {
                    "resolution": "THE_4_K",
                    "still_size": [1920, 1080],
                    "preview_size": [300, 200],
                    "video_size": [1280, 720],
                    "sensor_crop": [0.25, 0.5],
                    "fps": 20,
                },
                {"width": 1920, "height": 1080, "resize_mode": "CROP"},
            ),
            (
                A,
                {
                    "resolution": [3840, 2160],
                    "still_size": [3840, 2160],
                    "preview_size": [300, 300],
                    "video_size": [1920, 1080],
                    "fps": "20.5",
                },
                {"resolution": "THE_4_K", "fps": 20.5, "width": 3840, "height": 2160},
            ),
            (B, {"resolution": "THE_800_P", "fps": 15}, {"width": 1280, "height": 800}),
            (
                A,
                {"width": 1280, "height": "720", "fps": 15},
                {"width": 1280, "height": 720, "still_size": [1280, 720], "resize_mode": "CROP"},
            ),
            (
                A,
                {"width": 640, "height": 640, "fps": 30, "resize_mode": "LETTERBOX"},
                {"video_size": [640, 640], "resize_mode": "LETTERBOX"},
            ),
        ],
    )
    def test_each_form_is_taken_and_shown(
        self, real: Surface, path: str, body: dict[str, Any], after: dict[str, Any]
    ) -> None:
        default = MONO if path == B else COLOR

        status, shown = told(real.post(f"{path}/config", json=body))

        assert status == 200
        assert set(shown) == set(default)
        wanted = {**body, **after} | {"height": int(shown["height"])}
        wanted["fps"] = float(wanted["fps"])
        assert shown == shown | wanted
        assert told(real.get(f"{path}/config")) == (200, shown)

    def test_what_was_shown_can_be_sent_back_whole(self, surface: Surface) -> None:
        for path in (A, B):
            shown = surface.get(f"{path}/config").json()
            assert told(surface.post(f"{path}/config", json=shown)) == (200, shown)

    def test_depth_and_both_of_its_sensors_are_read_out_alike(self, surface: Surface) -> None:
        surface.post(f"{DEPTH}/")
        body = {"resolution": "THE_720_P", "fps": 10.0}

        status, shown = told(surface.post(f"{DEPTH}/config", json=body))

        assert (status, shown["resolution"], shown["fps"]) == (200, "THE_720_P", 10.0)
        for path in (B, C):
            config = surface.get(f"{path}/config").json()
            assert (config["resolution"], config["fps"]) == ("THE_720_P", 10.0)

    def test_a_stream_that_is_off_keeps_its_config(self, surface: Surface) -> None:
        body = {"resolution": "THE_400_P", "fps": 10}

        assert refused(surface.post(f"{DEPTH}/config", json=body), 409)

        assert surface.get(f"{DEPTH}/config").json() == MONO

    @pytest.mark.parametrize(
        ("path", "name"),
        [(A, "THE_400_P"), (A, "THE_48_MP"), (B, "THE_1200_P"), (B, "THE_480_P")],
    )
    def test_a_resolution_that_the_sensor_has_not_is_refused(
        self, surface: Surface, path: str, name: str
    ) -> None:
        before = surface.get(f"{path}/config").json()

        answer = surface.post(f"{path}/config", json={"resolution": name, "fps": 30})

        if name != "THE_48_MP":
            ((kind, loc, msg),) = faults(answer)
            assert (kind, loc) == ("value_error", ["body", "resolution"])
            assert "THE_" in msg, "what the sensor has"
        assert answer.status_code == 422
        assert surface.get(f"{path}/config").json() == before

    def test_what_is_available(self, surface: Surface) -> None:
        assert told(surface.get(f"{A}/config/available")) == (200, COLOR_OPTIONS)
        for path in (B, C, DEPTH):
            assert told(surface.get(f"{path}/config/available")) == (200, MONO_OPTIONS)


class TestControl:
    def test_it_is_shown_whole_and_inside_of_the_published_limits(self, surface: Surface) -> None:
        shown = surface.get(f"{A}/control").json()

        assert set(shown) == set(CONTROL)
        live = ("exposure_time", "sensitivity_iso", "manual_whitebalance", "focus")
        assert {key: shown[key] for key in shown if key not in live} == {
            key: CONTROL[key] for key in CONTROL if key not in live
        }
        assert 1 <= shown["exposure_time"] <= 33000
        assert 100 <= shown["sensitivity_iso"] <= 5000
        assert 1000 <= shown["manual_whitebalance"] <= 12000
        assert 0 <= shown["focus"]["lens_position"] <= 1

    def test_a_sensor_without_autofocus_has_no_focus(self, surface: Surface) -> None:
        assert surface.get(f"{B}/control").json()["focus"] is None

        body = {"focus": {"lens_position": 0.5}, "saturation": 4}
        status, shown = told(surface.post(f"{B}/control", json=body))

        assert (status, shown["focus"], shown["saturation"]) == (200, None, 4)

    @pytest.mark.parametrize(("field", "least", "most"), SEED_LIMITS + LATER_LIMITS)
    def test_limits_hold_to_the_digit(
        self, surface: Surface, field: str, least: int, most: int
    ) -> None:
        by_hand = surface.post(f"{A}/control", json=BY_HAND).json()
        for good in (least, most, str(least), f"{most}", float(most)):
            status, shown = told(surface.post(f"{A}/control", json={field: good}))
            assert (status, shown) == (200, by_hand | {field: int(good)})
        kept = surface.get(f"{A}/control").json()

        for bad in (least - 1, str(least - 1)):
            assert faults(surface.post(f"{A}/control", json={field: bad})) == [
                (
                    "greater_than_equal",
                    ["body", field],
                    f"Input should be greater than or equal to {least}",
                )
            ]
        for bad in (most + 1, str(most + 1)):
            assert faults(surface.post(f"{A}/control", json={field: bad})) == [
                (
                    "less_than_equal",
                    ["body", field],
                    f"Input should be less than or equal to {most}",
                )
            ]
        assert surface.get(f"{A}/control").json() == kept

    @pytest.mark.parametrize("end", [0, 1, 0.5, "0.25"])
    def test_the_lens_goes_from_0_to_1(self, surface: Surface, end: Any) -> None:
        focus = {"auto_focus_mode": "OFF", "lens_position": end}

        shown = surface.post(f"{A}/control", json={"focus": focus}).json()

        assert shown["focus"] == {
            "auto_focus_mode": "OFF",
            "auto_focus_trigger": False,
            "lens_position": float(end),
        }
        for bad, kind in ((-0.001, "greater_than_equal"), (1.001, "less_than_equal")):
            answer = surface.post(f"{A}/control", json={"focus": {"lens_position": bad}})
            ((found, loc, _),) = faults(answer)
            assert (found, loc) == (kind, ["body", "focus", "lens_position"])

    def test_the_focus_is_replaced_whole_and_null_leaves_it(self, surface: Surface) -> None:
        surface.post(f"{A}/control", json=BY_HAND)
        kept = surface.post(f"{A}/control", json={"focus": None}).json()["focus"]
        assert kept == BY_HAND["focus"]

        replaced = surface.post(f"{A}/control", json={"focus": {"lens_position": 0.75}}).json()

        assert replaced["focus"]["auto_focus_mode"] == "CONTINUOUS_VIDEO"

    @pytest.mark.parametrize(
        ("field", "words"),
        [
            (
                "auto_whitebalance_mode",
                [
                    *("AUTO", "CLOUDY_DAYLIGHT", "DAYLIGHT", "FLUORESCENT", "INCANDESCENT"),
                    *("OFF", "SHADE", "TWILIGHT", "WARM_FLUORESCENT"),
                ],
            ),
            ("anti_banding_mode", ["OFF", "MAINS_50_HZ", "MAINS_60_HZ", "AUTO"]),
        ],
    )
    def test_modes_are_words(self, surface: Surface, field: str, words: list[str]) -> None:
        for word in words:
            assert surface.post(f"{A}/control", json={field: word}).json()[field] == word

        ((kind, loc, msg),) = faults(surface.post(f"{A}/control", json={field: "SUNNY"}))
        *first, last = (f"'{word}'" for word in words)
        expected = f"Input should be {', '.join(first)} or {last}"
        assert (kind, loc, msg) == ("enum", ["body", field], expected)

    def test_flags_come_in_many_spellings(self, surface: Surface) -> None:
        for good, meant in ((True, True), ("false", False), (1, True), ("0", False), ("on", True)):
            body = {"auto_exposure_lock": good, "auto_whitebalance_lock": good}
            shown = surface.post(f"{A}/control", json=body).json()
            assert (shown["auto_exposure_lock"], shown["auto_whitebalance_lock"]) == (meant, meant)

    def test_the_limit_of_automatic_exposure_has_no_ceiling(self, surface: Surface) -> None:
        for good in (0, 33000, 33_000_000):
            body = {"auto_exposure_limit": good}
            assert surface.post(f"{A}/control", json=body).json()["auto_exposure_limit"] == good
        assert faults(surface.post(f"{A}/control", json={"auto_exposure_limit": -5})) == [
            (
                "greater_than_equal",
                ["body", "auto_exposure_limit"],
                "Input should be greater than or equal to 0",
            )
        ]
        kept = surface.get(f"{A}/control").json()["auto_exposure_limit"]
        assert kept == 33_000_000, "nothing is poisoned"

    def test_a_whole_object_with_one_change_goes_back_while_everything_is_automatic(
        self, surface: Surface
    ) -> None:
        shown = surface.get(f"{A}/control").json()

        status, after = told(surface.post(f"{A}/control", json=shown | {"contrast": "3"}))

        assert (status, after["contrast"]) == (200, 3)

    def test_values_outlive_off_and_on_and_do_not_spread(self, surface: Surface) -> None:
        by_hand = surface.post(f"{B}/control", json=BY_HAND | {"focus": None}).json()
        other = surface.get(f"{C}/control").json()["auto_exposure_enable"]
        assert other is True

        surface.post(f"{DEPTH}/")
        assert refused(surface.get(f"{B}/control"), 409)
        assert surface.get(f"{DEPTH}/control").json()["auto_exposure_enable"] is True
        surface.post(f"{B}/")

        assert told(surface.get(f"{B}/control")) == (200, by_hand)

    def test_values_outlive_the_camera(self, surface: Surface) -> None:
        by_hand = surface.post(f"{A}/control", json=BY_HAND).json()
        surface.post(f"{CAMERA}/ir", json={"flood_light": 0.5})

        surface.delete(f"{CAMERA}/")
        surface.post(f"{CAMERA}/")

        assert surface.get(f"{A}/control").json() == by_hand
        assert surface.get(f"{CAMERA}/ir").json()["flood_light"] == 0.5

    def test_a_stream_that_is_off_cannot_be_controlled(self, surface: Surface) -> None:
        for answer in (
            surface.get(f"{DEPTH}/control"),
            surface.post(f"{DEPTH}/control", json={"contrast": 1}),
            surface.post(f"{DEPTH}/control", json={}),
            surface.post(f"{DEPTH}/control/reset"),
            surface.get(f"{DEPTH}/still"),
        ):
            assert refused(answer, 409) == "DEPTH_B_C is switched off"

    def test_the_capabilities_tell_the_published_limits(self, surface: Surface) -> None:
        assert told(surface.get(f"{A}/control/capabilities")) == (200, COLOR_CAPABILITIES)
        for path in (B, DEPTH):
            assert told(surface.get(f"{path}/control/capabilities")) == (200, MONO_CAPABILITIES)

    def test_reset_brings_the_defaults_back(self, surface: Surface) -> None:
        surface.post(f"{A}/control", json=BY_HAND | {"contrast": 5, "sharpness": 3})

        status, shown = told(surface.post(f"{A}/control/reset"))

        assert status == 200
        assert (shown["contrast"], shown["sharpness"]) == (0, 1)
        assert shown["auto_exposure_enable"] is True
        assert shown["auto_whitebalance_mode"] == "AUTO"
        assert shown["focus"]["auto_focus_mode"] == "CONTINUOUS_VIDEO"
        assert surface.get(f"{A}/control").json()["contrast"] == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/cameras"),
        ("POST", "/cameras/refresh"),
        ("GET", CAMERA),
        ("POST", CAMERA),
        ("GET", f"{CAMERA}/stats"),
        ("GET", f"{CAMERA}/ir"),
        ("GET", STREAMS),
        ("PATCH", STREAMS),
        ("POST", A),
        ("GET", f"{A}/config"),
        ("GET", f"{A}/config/available"),
        ("GET", f"{A}/control/capabilities"),
        ("POST", f"{A}/control/reset"),
        ("DELETE", A),
        ("DELETE", CAMERA),
    ],
)
def test_both_spellings_of_a_path_are_answered_directly(
    surface: Surface, method: str, path: str
) -> None:
    body: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
    plain, slashed = (surface.call(method, path + slash, **body) for slash in ("", "/"))

    assert plain.status_code in (200, 201, 202)
    assert (plain.status_code, set(plain.headers)) == (slashed.status_code, set(slashed.headers))
    if not path.endswith(("/stats", "/reset")):
        assert plain.content == slashed.content


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("POST", ""),
        ("DELETE", ""),
        ("GET", "/stats"),
        ("GET", "/ir"),
        ("POST", "/ir"),
        ("GET", "/streams/"),
        ("PATCH", "/streams/"),
        ("POST", "/streams/CAM_A/"),
        ("DELETE", "/streams/CAM_A/"),
        ("GET", "/streams/CAM_A/config"),
        ("POST", "/streams/CAM_A/config"),
        ("GET", "/streams/CAM_A/config/available"),
        ("GET", "/streams/CAM_A/control"),
        ("POST", "/streams/CAM_A/control"),
        ("GET", "/streams/CAM_A/control/capabilities"),
        ("POST", "/streams/CAM_A/control/reset"),
        ("GET", "/streams/CAM_A/still"),
    ],
)
def test_a_camera_that_is_not_there_has_no_operations(method: str, rest: str) -> None:
    surface = Surface(routes, FakeOak())
    body = {"resolution": "THE_400_P", "fps": 30}

    for mxid in ("18443010D1", "abcX", "%5Bobject%20Object%5D"):
        answer = surface.call(method, f"/cameras/{mxid}{rest}", json=body)
        assert refused(answer, 404).endswith("not found")
    answer = surface.call(method, f"/cameras/abc{rest}", json=body)
    assert faults(answer) == [
        (
            "string_pattern_mismatch",
            ["path", "mxid"],
            "String should match pattern '[A-Z0-9]+'",
        )
    ]
