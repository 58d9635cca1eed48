"""The Robopipe surface over fake workers: every operation and every refusal of its contract."""

from typing import Any

import pytest

from kit.fake_commander import Surface
from kit.fake_oak import COLOR, CONTROL, JPEG, MONO, FakeOak
from kit.fake_sony import FakeSony
from kit.oak_limits import SEED_LIMITS
from lensbus_gateway.robopipe.routes import routes
from lensbus_proto.errors import (
    BadArguments,
    CameraError,
    CameraGone,
    CameraTimeout,
    CommandError,
    DeadlinePassed,
    InternalError,
    NotActive,
    NotConnected,
    NotFound,
    Refused,
    WorkerAbsent,
    WorkerSilent,
)

CAMERA = "/cameras/14442C10D13EABCE00"
A = f"{CAMERA}/streams/CAM_A"
B = f"{CAMERA}/streams/CAM_B"
DEPTH = f"{CAMERA}/streams/DEPTH_B_C"

SEED_COLOR = {
    key: value for key, value in COLOR.items() if key not in ("width", "height", "resize_mode")
}


@pytest.fixture
def oak() -> FakeOak:
    return FakeOak()


@pytest.fixture
def surface(oak: FakeOak) -> Surface:
    return Surface(routes, oak, FakeSony())


def faults(answer: Any) -> list[tuple[str, list[Any]]]:
    assert answer.status_code == 422, answer.text
    return [(entry["type"], entry["loc"]) for entry in answer.json()["detail"]]


class TestCameras:
    def test_the_oak_cameras_are_listed(self, surface: Surface, oak: FakeOak) -> None:
        answer = surface.get("/cameras/")

        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == [oak.device]

    def test_a_broker_that_does_not_answer_is_said_so(self, surface: Surface) -> None:
        surface.commander.fail_with("cameras", WorkerAbsent("the broker cannot be reached"))

        answer = surface.get("/cameras/")

        assert answer.status_code == 503
        assert answer.json() == {
            "detail": "The broker does not answer: the broker cannot be reached"
        }

    def test_a_camera_that_does_not_answer_is_listed_in_no_known_state(
        self, surface: Surface, oak: FakeOak
    ) -> None:
        surface.commander.fail_with("device", WorkerSilent("silent"))
        surface.commander.fail_with("boot", WorkerSilent("silent"))
        unknown = [oak.device | {"state": "X_LINK_ANY_STATE"}]

        assert surface.get("/cameras/").json() == unknown
        assert surface.post("/cameras/refresh?boot=true").json() == unknown
        assert surface.commander.asked("boot") == [{}]
        assert surface.get(f"{CAMERA}/").status_code == 409

    def test_refresh_needs_the_broker_too(self, surface: Surface) -> None:
        surface.commander.fail_with("cameras", WorkerAbsent("the broker cannot be reached"))

        assert surface.post("/cameras/refresh").status_code == 503

    def test_one_camera_is_shown(self, surface: Surface, oak: FakeOak) -> None:
        assert surface.get(f"{CAMERA}/").json() == oak.device

    @pytest.mark.parametrize(
        "path", ["/cameras", CAMERA, f"{CAMERA}/streams", f"{A}/config", f"{A}/control"]
    )
    def test_a_slash_at_the_end_changes_nothing(self, surface: Surface, path: str) -> None:
        plain, slashed = surface.get(path), surface.get(f"{path}/")

        assert (plain.status_code, slashed.status_code) == (200, 200)
        assert plain.content == slashed.content

    @pytest.mark.parametrize(
        "mxid", ["NOBODY", "D10F60149B0C", "abcX", "%5Bobject%20Object%5D", "A" * 65]
    )
    def test_a_camera_that_is_not_there_is_not_found(self, surface: Surface, mxid: str) -> None:
        for path in ("", "/streams/", "/streams/CAM_A/config", "/streams/CAM_A/still"):
            answer = surface.get(f"/cameras/{mxid}{path}")
            assert answer.status_code == 404
            assert answer.json()["detail"].endswith("not found")

    def test_an_id_without_any_capital_or_digit_is_invalid(self, surface: Surface) -> None:
        answer = surface.get("/cameras/abc/")

        assert answer.status_code == 422
        assert answer.json() == {
            "detail": [
                {
                    "type": "string_pattern_mismatch",
                    "loc": ["path", "mxid"],
                    "msg": "String should match pattern '[A-Z0-9]+'",
                    "input": "abc",
                    "ctx": {"pattern": "[A-Z0-9]+"},
                }
            ]
        }

    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (WorkerAbsent("no worker"), 409),
            (WorkerSilent("silent"), 409),
            (NotConnected("shut down"), 409),
            (NotActive("off"), 409),
            (NotFound("no such stream"), 404),
            (CameraError("failed"), 502),
            (CameraGone("gone"), 409),
            (Refused("no"), 502),
            (InternalError("oops"), 502),
            (CommandError("newer"), 502),
            (CameraTimeout("late"), 504),
            (DeadlinePassed("late"), 504),
        ],
    )
    def test_a_failed_command_has_the_status_of_its_class(
        self, surface: Surface, error: CommandError, status: int
    ) -> None:
        surface.commander.fail_with("control.get", error)

        answer = surface.get(f"{A}/control")

        assert answer.status_code == status
        assert answer.json() == {"detail": error.message}


class TestStreams:
    def test_they_are_listed_active_or_not(self, surface: Surface) -> None:
        assert surface.get(f"{CAMERA}/streams/").json() == [
            {"name": "CAM_A", "active": True, "replay": False},
            {"name": "CAM_B", "active": True, "replay": False},
            {"name": "CAM_C", "active": True, "replay": False},
            {"name": "DEPTH_B_C", "active": False, "replay": False},
        ]

    def test_the_first_servers_answered_an_object(self, surface: Surface) -> None:
        assert surface.get(f"{CAMERA}/streams/?shape=map").json() == {
            "CAM_A": {"active": True},
            "CAM_B": {"active": True},
            "CAM_C": {"active": True},
            "DEPTH_B_C": {"active": False},
        }
        wrong = surface.get(f"{CAMERA}/streams/?shape=tree")
        assert faults(wrong) == [("enum", ["query", "shape"])]

    def test_depth_and_its_sensors_exclude_each_other(self, surface: Surface, oak: FakeOak) -> None:
        on = surface.post(f"{DEPTH}/")
        assert (on.status_code, on.content) == (201, b"null")
        assert oak.active == {"CAM_A": True, "CAM_B": False, "CAM_C": False, "DEPTH_B_C": True}

        surface.post(B)
        assert oak.active == {"CAM_A": True, "CAM_B": True, "CAM_C": False, "DEPTH_B_C": False}

    def test_switching_off_twice_is_fine(self, surface: Surface, oak: FakeOak) -> None:
        for _ in range(2):
            off = surface.delete(f"{A}/")
            assert (off.status_code, off.content) == (202, b"null")
        assert oak.active["CAM_A"] is False

    @pytest.mark.parametrize("stream", ["CAM_D", "DEPTH_A_B", "XCAM_AX", "CAM_A%20"])
    def test_a_stream_that_is_not_there_is_not_found(
        self, surface: Surface, oak: FakeOak, stream: str
    ) -> None:
        before = dict(oak.active)
        path = f"{CAMERA}/streams/{stream}"

        for answer in (
            surface.post(f"{path}/"),
            surface.delete(f"{path}/"),
            surface.get(f"{path}/config"),
            surface.post(f"{path}/config", json=SEED_COLOR),
            surface.get(f"{path}/control"),
            surface.post(f"{path}/control", json={"contrast": 1}),
            surface.get(f"{path}/still"),
        ):
            assert answer.status_code == 404
            assert isinstance(answer.json()["detail"], str)
        assert oak.active == before

    @pytest.mark.parametrize("stream", ["cam_a", "CAM_Z", "DEPTH_B", "depth"])
    def test_a_name_without_a_stream_in_it_is_invalid(self, surface: Surface, stream: str) -> None:
        answer = surface.post(f"{CAMERA}/streams/{stream}/")

        pattern = "CAM_[A-H]|DEPTH_[A-H]_[A-H]"
        assert answer.status_code == 422
        assert answer.json()["detail"] == [
            {
                "type": "string_pattern_mismatch",
                "loc": ["path", "stream_name"],
                "msg": f"String should match pattern '{pattern}'",
                "input": stream,
                "ctx": {"pattern": pattern},
            }
        ]

    def test_all_faults_of_a_request_are_listed(self, surface: Surface) -> None:
        answer = surface.post("/cameras/abc/streams/x/control", json={"contrast": 11})

        assert faults(answer) == [
            ("string_pattern_mismatch", ["path", "mxid"]),
            ("string_pattern_mismatch", ["path", "stream_name"]),
            ("less_than_equal", ["body", "contrast"]),
        ]


class TestMethods:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/cameras/"),
            ("PUT", f"{CAMERA}/"),
            ("PATCH", f"{CAMERA}/"),
            ("GET", "/cameras/refresh"),
            ("DELETE", "/cameras/refresh"),
            ("POST", f"{CAMERA}/stats"),
            ("DELETE", f"{CAMERA}/ir"),
            ("POST", f"{CAMERA}/streams/"),
            ("POST", f"{A}/config/available"),
            ("POST", f"{A}/control/capabilities"),
            ("GET", f"{A}/control/reset"),
            ("GET", f"{A}/"),
            ("PUT", f"{A}/config"),
            ("DELETE", f"{A}/control"),
            ("POST", f"{A}/still"),
        ],
    )
    def test_a_wrong_method_is_not_allowed(self, surface: Surface, method: str, path: str) -> None:
        answer = surface.call(method, path)

        assert answer.status_code == 405
        assert answer.json() == {"detail": "Method Not Allowed"}
        assert surface.commander.sent == []

    @pytest.mark.parametrize("path", ["/cameras/", f"{A}/control", f"{A}/still"])
    def test_head_is_no_method_of_this_surface(self, surface: Surface, path: str) -> None:
        answer = surface.call("HEAD", path)

        assert (answer.status_code, answer.headers["allow"][:3]) == (405, "GET")
        assert surface.commander.sent == []

    @pytest.mark.parametrize("path", [f"{CAMERA}/nothing", f"{A}/nothing", f"{A}/still/now"])
    def test_an_unknown_path_is_not_found(self, surface: Surface, path: str) -> None:
        answer = surface.get(path)

        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


class TestConfig:
    def test_it_is_shown(self, surface: Surface) -> None:
        assert surface.get(f"{A}/config").json() == COLOR
        assert surface.get(f"{B}/config").json() == MONO

    @pytest.mark.parametrize(
        ("path", "body", "sent"),
        [
            (A, SEED_COLOR, SEED_COLOR),
            (B, {"resolution": "THE_720_P", "fps": "15"}, {"resolution": "THE_720_P", "fps": 15.0}),
            (DEPTH, {"resolution": "THE_400_P", "fps": 30}, {"resolution": "THE_400_P", "fps": 30}),
            (
                A,
                {
                    "resolution": ["1920", 1080],
                    "still_size": [1920, 1080],
                    "preview_size": [300, 300],
                    "video_size": [1920, 1080.0],
                    "fps": 20,
                    "unknown": "ignored",
                },
                {
                    "resolution": [1920, 1080],
                    "still_size": [1920, 1080],
                    "preview_size": [300, 300],
                    "video_size": [1920, 1080],
                    "fps": 20.0,
                },
            ),
            (
                A,
                {"width": 640, "height": "480", "fps": 30},
                {"width": 640, "height": 480, "fps": 30},
            ),
            (
                A,
                {"width": 640, "height": 480, "fps": 30, "resize_mode": "STRETCH"},
                {"width": 640, "height": 480, "fps": 30, "resize_mode": "STRETCH"},
            ),
            (A, {**COLOR, "width": 640}, {**COLOR, "width": 640}),
        ],
    )
    def test_each_of_the_four_forms_is_taken(
        self, surface: Surface, path: str, body: Any, sent: Any
    ) -> None:
        surface.post(f"{path}/")

        answer = surface.post(f"{path}/config", json=body)

        assert answer.status_code == 200, answer.text
        assert surface.commander.asked("config.set")[0]["config"] == sent
        assert answer.json() == surface.get(f"{path}/config").json()

    def test_a_part_of_a_form_is_refused_once_for_each(self, surface: Surface) -> None:
        camera, color, mono, still = (
            *("CameraConfigProperties", "ColorCameraConfigProperties"),
            *("MonoCameraConfigProperties", "StillConfig"),
        )
        sizes = ("resolution", "still_size", "preview_size", "video_size")

        answer = surface.post(f"{A}/config", json={"fps": 30})

        assert faults(answer) == [
            *(("missing", ["body", camera, field]) for field in sizes),
            *(("missing", ["body", color, field]) for field in (*sizes, "sensor_crop")),
            ("missing", ["body", mono, "resolution"]),
            ("missing", ["body", still, "width"]),
            ("missing", ["body", still, "height"]),
        ]

    def test_a_resolution_of_another_sensor_is_refused(self, surface: Surface) -> None:
        answer = surface.post(f"{B}/config", json={"resolution": "THE_1200_P", "fps": 30})

        assert faults(answer) == [("value_error", ["body", "resolution"])]

    @pytest.mark.parametrize("body", [[], "text", 5])
    def test_what_is_no_object_is_refused(self, surface: Surface, body: Any) -> None:
        answer = surface.post(f"{A}/config", json=body)

        assert {kind for kind, _ in faults(answer)} == {"model_attributes_type"}


class TestControl:
    def test_it_is_shown_whole(self, surface: Surface) -> None:
        assert surface.get(f"{A}/control").json() == CONTROL

    @pytest.mark.parametrize("body", [{}, {"unknown": 1}, {"focus": None}])
    def test_nothing_to_change_changes_nothing(self, surface: Surface, body: Any) -> None:
        answer = surface.post(f"{A}/control", json=body)

        assert (answer.status_code, answer.json()) == (200, CONTROL)
        assert surface.commander.asked("control.set") == []

    @pytest.mark.parametrize(
        ("body", "changes"),
        [
            ({"exposure_time": 33000}, {"exposure_time": 33000}),
            ({"exposure_time": "9000"}, {"exposure_time": 9000}),
            ({"exposure_time": 10.0}, {"exposure_time": 10}),
            ({"auto_exposure_enable": "false"}, {"auto_exposure_enable": False}),
            ({"auto_exposure_lock": 1}, {"auto_exposure_lock": True}),
            ({"auto_exposure_limit": 0}, {"auto_exposure_limit": 0}),
            ({"auto_whitebalance_mode": "OFF"}, {"auto_whitebalance_mode": "OFF"}),
            (
                {"focus": {"lens_position": 0.5}},
                {
                    "focus": {
                        "auto_focus_mode": "CONTINUOUS_VIDEO",
                        "auto_focus_trigger": False,
                        "lens_position": 0.5,
                    }
                },
            ),
        ],
    )
    def test_only_what_was_sent_changes(self, surface: Surface, body: Any, changes: Any) -> None:
        answer = surface.post(f"{A}/control", json=body)

        assert answer.json() == {**CONTROL, **changes}
        assert surface.commander.asked("control.set") == [{"stream": "CAM_A", "changes": changes}]

    def test_the_whole_object_can_be_sent_back(self, surface: Surface) -> None:
        body = {**surface.get(f"{A}/control").json(), "contrast": 3}

        assert surface.post(f"{A}/control", json=body).json() == body

    @pytest.mark.parametrize(("field", "least", "most"), SEED_LIMITS)
    def test_limits_hold_to_the_digit(
        self, surface: Surface, field: str, least: int, most: int
    ) -> None:
        for value in (least, most):
            assert surface.post(f"{A}/control", json={field: value}).status_code == 200

        low = surface.post(f"{A}/control", json={field: least - 1})
        high = surface.post(f"{A}/control", json={field: most + 1})

        assert (low.status_code, high.status_code) == (422, 422)
        assert low.json()["detail"] == [
            {
                "type": "greater_than_equal",
                "loc": ["body", field],
                "msg": f"Input should be greater than or equal to {least}",
                "input": least - 1,
                "ctx": {"ge": least},
            }
        ]
        assert high.json()["detail"] == [
            {
                "type": "less_than_equal",
                "loc": ["body", field],
                "msg": f"Input should be less than or equal to {most}",
                "input": most + 1,
                "ctx": {"le": most},
            }
        ]

    @pytest.mark.parametrize(
        ("body", "kind", "loc", "msg"),
        [
            (
                {"focus": {"lens_position": 1.5}},
                "less_than_equal",
                ["body", "focus", "lens_position"],
                "Input should be less than or equal to 1",
            ),
            (
                {"contrast": 1.5},
                "int_from_float",
                ["body", "contrast"],
                "Input should be a valid integer, got a number with a fractional part",
            ),
            (
                {"contrast": "much"},
                "int_parsing",
                ["body", "contrast"],
                "Input should be a valid integer, unable to parse string as an integer",
            ),
            (
                {"contrast": None},
                "int_type",
                ["body", "contrast"],
                "Input should be a valid integer",
            ),
            (
                {"auto_exposure_limit": -5},
                "greater_than_equal",
                ["body", "auto_exposure_limit"],
                "Input should be greater than or equal to 0",
            ),
            (
                {"auto_whitebalance_mode": "SUNNY"},
                "enum",
                ["body", "auto_whitebalance_mode"],
                "Input should be 'AUTO', 'CLOUDY_DAYLIGHT', 'DAYLIGHT', 'FLUORESCENT', "
                "'INCANDESCENT', 'OFF', 'SHADE', 'TWILIGHT' or 'WARM_FLUORESCENT'",
            ),
            (
                [1],
                "model_attributes_type",
                ["body"],
                "Input should be a valid dictionary or object to extract fields from",
            ),
        ],
    )
    def test_a_fault_is_described_as_fastapi_does(
        self, surface: Surface, body: Any, kind: str, loc: list[str], msg: str
    ) -> None:
        answer = surface.post(f"{A}/control", json=body)

        assert answer.status_code == 422
        (entry,) = answer.json()["detail"]
        assert (entry["type"], entry["loc"], entry["msg"]) == (kind, loc, msg)

    def test_a_missing_body_is_missing(self, surface: Surface) -> None:
        assert surface.post(f"{A}/control").json() == {
            "detail": [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}]
        }

    @pytest.mark.parametrize(
        ("content", "position"),
        [
            (b"{", 1),
            (b"nothing", 0),
            (b'{"contrast": NaN}', 0),
            (b"\xff\xff\xff", 0),
            (b"[" * 100_000, 0),
            (b"1" * 5000, 0),
        ],
    )
    def test_what_is_not_json_is_said_so(
        self, surface: Surface, content: bytes, position: int
    ) -> None:
        answer = surface.post(f"{A}/control", content=content)

        assert answer.status_code == 422
        (entry,) = answer.json()["detail"]
        assert (entry["type"], entry["loc"]) == ("json_invalid", ["body", position])
        assert (entry["msg"], entry["input"]) == ("JSON decode error", {})
        assert entry["ctx"]["error"]

    @pytest.mark.parametrize(
        ("kind", "status"),
        [
            ("application/json; charset=utf-8", 200),
            ("application/merge-patch+json", 200),
            ("text/plain", 422),
            ("application/x-www-form-urlencoded", 422),
        ],
    )
    def test_only_json_changes_anything(self, surface: Surface, kind: str, status: int) -> None:
        answer = surface.post(
            f"{A}/control", content=b'{"contrast": 1}', headers={"content-type": kind}
        )

        assert answer.status_code == status
        if status == 422:
            assert faults(answer) == [("model_attributes_type", ["body"])]
            assert answer.json()["detail"][0]["input"] == '{"contrast": 1}'

    def test_what_was_sent_can_always_be_shown(self, surface: Surface) -> None:
        for content in (b'{"contrast": 1e999}', b'{"auto_whitebalance_mode": "\\ud800"}'):
            assert surface.post(f"{A}/control", content=content).status_code == 422
        nested = b"[" * 500 + b"]" * 500
        assert surface.post(f"{A}/control", content=nested).status_code == 422

    def test_the_worker_names_the_field_that_it_refuses(self, surface: Surface) -> None:
        surface.commander.fail_with(
            "control.set", BadArguments.of("focus.lens_position", 2, "0 to 1")
        )

        answer = surface.post(f"{A}/control", json={"contrast": 1})

        assert faults(answer) == [("value_error", ["body", "focus", "lens_position"])]

    def test_a_stream_that_is_off_is_in_conflict(self, surface: Surface) -> None:
        answer = surface.get(f"{DEPTH}/control")

        assert (answer.status_code, answer.json()) == (
            409,
            {"detail": "DEPTH_B_C is switched off"},
        )


class TestStill:
    @pytest.mark.parametrize(
        ("query", "format_", "kind"),
        [
            ("", "jpeg", "image/jpeg"),
            ("?format=jpeg", "jpeg", "image/jpeg"),
            ("?format=JPEG", "jpeg", "image/JPEG"),
            ("?format=jpg", "jpeg", "image/jpeg"),
            ("?format=", "jpeg", "image/jpeg"),
            ("?format=png", "png", "image/png"),
            ("?format=WebP", "webp", "image/WebP"),
            ("?format=bmp", "bmp", "image/bmp"),
            ("?format=tiff", "tiff", "image/tiff"),
            ("?format=gif", "gif", "image/gif"),
        ],
    )
    def test_the_format_is_the_callers(
        self, surface: Surface, query: str, format_: str, kind: str
    ) -> None:
        answer = surface.get(f"{A}/still{query}")

        assert answer.status_code == 200
        assert answer.content == JPEG
        assert answer.headers["content-type"] == kind
        assert answer.headers["cache-control"] == "no-store"
        assert surface.commander.asked("still") == [{"stream": "CAM_A", "format": format_}]

    @pytest.mark.parametrize("name", ["heic", "avif", "JPEG%0D%0AX:1", "%C3%A9", "jpeg%20"])
    def test_an_unknown_format_is_told_the_known_ones(self, surface: Surface, name: str) -> None:
        answer = surface.get(f"{A}/still?format={name}")

        assert faults(answer) == [("enum", ["query", "format"])]
        (entry,) = answer.json()["detail"]
        for known in ("jpeg", "png", "webp", "bmp", "tiff", "gif"):
            assert f"'{known}'" in entry["msg"]

    def test_a_stream_that_is_off_has_no_still(self, surface: Surface) -> None:
        assert surface.get(f"{DEPTH}/still").status_code == 409

    def test_a_still_that_does_not_come_is_given_up(self, surface: Surface) -> None:
        surface.commander.fail_with("still", CameraTimeout("no frame"))

        assert surface.get(f"{A}/still").status_code == 504
