"""The Alpha surface over fake workers: every operation and every refusal of its contract."""

from typing import Any

import pytest

from kit.fake_commander import Surface
from kit.fake_oak import FakeOak
from kit.fake_sony import CAPTURE, FakeSony
from lensbus_gateway.alpha import live_view
from lensbus_gateway.alpha.catalogue import CATALOGUE
from lensbus_gateway.alpha.routes import routes
from lensbus_gateway.alpha.server import platform_name
from lensbus_proto.errors import (
    CameraBusy,
    CameraError,
    CameraGone,
    CameraTimeout,
    CommandError,
    DeadlinePassed,
    InternalError,
    NotWritable,
    Refused,
    Unsupported,
    WorkerAbsent,
    WorkerSilent,
)

CAMERA = "/api/cameras/D10F60149B0C"
BLANK = {"connected": False, "model": "", "id": ""}
HERE = {"connected": True, "model": "ILCE-7M4", "id": "D10F60149B0C"}
GONE = {"connected": False, "model": "", "id": "D10F60149B0C"}
NOT_CONNECTED = {"success": False, "message": "Camera not connected", "camera": BLANK}


@pytest.fixture
def sony() -> FakeSony:
    return FakeSony(mode="remote-transfer")


@pytest.fixture
def surface(sony: FakeSony) -> Surface:
    return Surface(routes, sony, FakeOak())


def value_of(surface: Surface, name: str) -> Any:
    return surface.get(f"{CAMERA}/properties/{name}").json()["data"]["value"]


class TestServer:
    def test_the_status_comes_from_the_registry_alone(self, surface: Surface) -> None:
        answer = surface.get("/api/server/status")

        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        body = answer.json()
        assert body["server"].pop("platform") in (
            *("darwin-arm64", "darwin-x64", "linux-arm64"),
            *("linux-arm", "linux-x64", "win32-x64", "unknown"),
        )
        assert body == {
            "success": True,
            "server": {"version": "3.0.0", "sdkVersion": "V2.02.00", "uptime": 12},
            "cameras": {"connected": 1, "discovered": 1},
        }
        assert {camera for camera, _, _ in surface.commander.sent} == {""}

    def test_without_a_sony_camera_there_is_no_sdk_version(self) -> None:
        body = Surface(routes, FakeOak()).get("/api/server/status").json()

        assert body["server"]["sdkVersion"] == ""
        assert body["cameras"] == {"connected": 0, "discovered": 0}

    def test_the_list_has_the_sony_cameras_only(self, surface: Surface) -> None:
        assert surface.get("/api/cameras").json() == {
            "success": True,
            "message": "Camera discovery completed",
            "cameras": [
                {
                    "id": "D10F60149B0C",
                    "model": "ILCE-7M4",
                    "connectionType": "USB",
                    "connected": True,
                }
            ],
        }

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
    def test_any_method_lists_the_cameras(self, surface: Surface, method: str) -> None:
        assert surface.call(method, "/api/cameras").json()["success"] is True

    @pytest.mark.parametrize("path", ["/api/server/status", "/api/cameras"])
    def test_a_broker_that_does_not_answer_is_said_so(self, surface: Surface, path: str) -> None:
        surface.commander.fail_with("cameras", WorkerAbsent("the broker cannot be reached"))

        answer = surface.get(path)

        assert answer.status_code == 503
        assert answer.json() == {
            "success": False,
            "message": "The broker does not answer: the broker cannot be reached",
        }

    def test_platforms_have_the_names_of_the_contract(self) -> None:
        assert platform_name("linux", "x86_64") == "linux-x64"
        assert platform_name("linux", "armv7l") == "linux-arm"
        assert platform_name("darwin", "arm64") == "darwin-arm64"
        assert platform_name("win32", "AMD64") == "win32-x64"
        assert platform_name("sunos5", "sparc") == "unknown"


class TestConnection:
    def test_connecting_without_a_body_is_for_remote_transfer(self) -> None:
        surface = Surface(routes, FakeSony())

        answer = surface.post(f"{CAMERA}/connection")

        assert answer.status_code == 200
        assert answer.json() == {
            "success": True,
            "message": "Camera connected successfully in remote-transfer mode",
            "camera": HERE,
        }
        assert surface.commander.asked("connect") == [
            {"mode": "remote-transfer", "reconnecting": False}
        ]
        assert surface.commander.deadlines["connect"] == 20

    def test_the_body_says_how_to_connect(self) -> None:
        surface = Surface(routes, FakeSony())
        body = {
            "mode": "remote",
            "reconnecting": "on",
            "username": "older",
            "password": "secret",
            "auth": {"username": "newer", "fingerprint": "AB:CD"},
        }

        surface.post(f"{CAMERA}/connection", json=body)

        assert surface.commander.asked("connect") == [
            {
                "mode": "remote",
                "reconnecting": True,
                "username": "newer",
                "password": "secret",
                "fingerprint": "AB:CD",
            }
        ]

    def test_connecting_twice_changes_nothing(self, surface: Surface) -> None:
        answer = surface.post(f"{CAMERA}/connection", json={"mode": "remote"})

        assert answer.status_code == 200
        assert answer.json()["message"] == "Camera already connected"
        mode = surface.get(f"{CAMERA}/connection").json()["data"]["mode"]
        assert mode == "remote-transfer"

    @pytest.mark.parametrize("mode", ["usb", "Remote", "", 5, ["remote"], {}])
    def test_an_unknown_mode_is_refused_first(self, surface: Surface, mode: object) -> None:
        answer = surface.post(f"{CAMERA}/connection", json={"mode": mode})

        assert answer.status_code == 400
        assert answer.json() == {
            "success": False,
            "message": ("Invalid connection mode. Use: 'remote', 'contents', or 'remote-transfer'"),
            "camera": BLANK,
        }

    def test_an_unknown_camera_is_told_from_none_at_all(self, surface: Surface) -> None:
        unknown = surface.post("/api/cameras/NOBODY/connection")
        nothing = Surface(routes, FakeOak()).post("/api/cameras/NOBODY/connection")

        assert (unknown.status_code, nothing.status_code) == (400, 400)
        assert unknown.json()["message"] == "Camera with ID 'NOBODY' not found"
        assert nothing.json()["message"].startswith("No cameras found.")

    def test_an_oak_camera_is_none_of_this_surface(self, surface: Surface) -> None:
        answer = surface.post("/api/cameras/14442C10D13EABCE00/connection")

        assert answer.status_code == 400
        assert answer.json()["message"] == "Camera with ID '14442C10D13EABCE00' not found"

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            (0x8208, "timed out"),
            (0x820B, "busy"),
            (0x8215, "fingerprint"),
            (0x8216, "user name or the password"),
            (0x8219, "Remote transfer is not possible now"),
            (0x8402, "Camera refused the connection (0x8402)"),
        ],
    )
    def test_a_refusal_of_the_sdk_is_explained(
        self, surface: Surface, code: int, words: str
    ) -> None:
        surface.commander.fail_with("connect", Refused("Connect answered", vendor_code=code))

        answer = surface.post(f"{CAMERA}/connection")

        assert answer.status_code == 400
        assert words in answer.json()["message"]
        assert answer.json()["data"] == {"error_code": f"0x{code:08X}"}
        assert answer.json()["camera"] == BLANK

    @pytest.mark.parametrize("error", [CameraTimeout("late"), DeadlinePassed("late")])
    def test_a_camera_that_does_not_call_back_is_given_up(
        self, surface: Surface, error: CommandError
    ) -> None:
        surface.commander.fail_with("connect", error)

        answer = surface.post(f"{CAMERA}/connection")

        assert answer.status_code == 400
        assert answer.json()["message"].startswith("Connection did not complete within 15s.")

    def test_the_connection_can_always_be_asked_for(self, surface: Surface) -> None:
        connected = surface.get(f"{CAMERA}/connection")
        nobody = surface.get("/api/cameras/NOBODY/connection")

        assert connected.json() == {
            "success": True,
            "message": "Camera connected",
            "camera": HERE,
            "data": {"mode": "remote-transfer"},
        }
        assert nobody.status_code == 200
        assert nobody.json() == {
            "success": True,
            "message": "No camera connected",
            "camera": {"connected": False, "model": "", "id": "NOBODY"},
        }

    def test_disconnecting_twice_is_fine(self, surface: Surface) -> None:
        first = surface.delete(f"{CAMERA}/connection")
        second = surface.delete(f"{CAMERA}/connection")
        nobody = surface.delete("/api/cameras/NOBODY/connection")

        assert first.json() == {
            "success": True,
            "message": "Camera disconnected successfully",
            "camera": GONE,
        }
        assert second.json()["message"] == "Camera not connected"
        assert second.json()["camera"] == GONE
        assert nobody.status_code == 200

    def test_a_disconnect_that_hangs_is_refused(self, surface: Surface) -> None:
        surface.commander.fail_with("disconnect", CameraTimeout("Disconnect timed out"))

        answer = surface.delete(f"{CAMERA}/connection")

        assert (answer.status_code, answer.json()["message"]) == (400, "Disconnect timed out")


class TestProperties:
    def test_one_property_has_its_value_and_what_can_be_set(self, surface: Surface) -> None:
        assert surface.get(f"{CAMERA}/properties/focus-mode").json() == {
            "success": True,
            "message": "Property focus-mode retrieved",
            "camera": HERE,
            "data": {
                "property": "focus-mode",
                "value": "0x2",
                "formatted": "AF_S",
                "writable": True,
                "available_values": [
                    {"value": "0x1", "formatted": "MF"},
                    {"value": "0x2", "formatted": "AF_S"},
                    {"value": "0x3", "formatted": "AF_C"},
                ],
            },
        }

    def test_numbers_with_a_sign_are_written_as_their_bits(self, surface: Surface) -> None:
        data = surface.get(f"{CAMERA}/properties/exposure-compensation").json()["data"]

        assert data["available_values"][0] == {"value": "0xf830", "formatted": "-2.0 EV"}

    def test_a_range_has_three_entries(self, surface: Surface) -> None:
        kelvin = surface.get(f"{CAMERA}/properties/white-balance-color-temp").json()["data"]
        level = surface.get(f"{CAMERA}/properties/audio-input-master-level").json()["data"]

        assert kelvin["available_values"] == [
            {"value": "0x9c4", "formatted": "2500K"},
            {"value": "0x26ac", "formatted": "9900K"},
            {"value": "0x64", "formatted": "100K"},
        ]
        assert kelvin["writable"] is False
        texts = [entry["formatted"] for entry in level["available_values"]]
        assert texts == ["min: 0", "max: 31", "step: 1"]

    def test_the_image_id_is_text_throughout(self, surface: Surface) -> None:
        text = surface.get(f"{CAMERA}/properties/image-id-string").json()["data"]
        number = surface.get(f"{CAMERA}/properties/image-id-num").json()["data"]

        assert text == {
            "property": "image-id-string",
            "value": "",
            "formatted": "(empty)",
            "writable": True,
        }
        assert number == {
            "property": "image-id-num",
            "value": "7",
            "formatted": "7",
            "writable": True,
            "min": "0",
            "max": "9007199254740993",
            "step": "1",
        }

    def test_what_a_camera_lacks_is_shown_empty(self, surface: Surface, sony: FakeSony) -> None:
        del sony.properties[0x0146]

        flagged = surface.get(f"{CAMERA}/properties/raw-compression")
        absent = surface.get(f"{CAMERA}/properties/shutter-angle")
        text = surface.get(f"{CAMERA}/properties/image-id-string")

        assert (flagged.status_code, absent.status_code) == (200, 200)
        assert flagged.json()["data"] == {
            "property": "raw-compression",
            "value": "",
            "formatted": "",
            "writable": False,
            "available_values": [],
        }
        assert text.status_code == 400

    def test_the_iso_that_can_be_set_speaks_for_iso(self, surface: Surface, sony: FakeSony) -> None:
        sony.properties[0x0729]["value"] = 640
        assert value_of(surface, "iso") == "0x190"

        del sony.properties[0x0104]
        assert value_of(surface, "iso") == "0x280"

    def test_an_unknown_name_is_refused(self, surface: Surface) -> None:
        for method in ("GET", "PUT"):
            answer = surface.call(method, f"{CAMERA}/properties/nope", json={"value": 1})
            assert answer.status_code == 400
            assert answer.json()["message"] == "Unknown property: nope"

    def test_all_properties_come_at_once(self, surface: Surface, sony: FakeSony) -> None:
        data = surface.get(f"{CAMERA}/properties/all").json()["data"]

        assert data["total_properties"] == len(sony.properties)
        assert list(data["properties"]) == sorted(data["properties"])
        assert set(data["properties"]) < set(CATALOGUE)
        assert data["properties"]["aperture"] == {
            "current_value": 280,
            "current_hex_value": "0x118",
            "current_formatted": "F2.8",
            "writable": True,
            "available_values": [
                {"value": 280, "hex_value": "0x118", "formatted": "F2.8"},
                {"value": 400, "hex_value": "0x190", "formatted": "F4"},
                {"value": 560, "hex_value": "0x230", "formatted": "F5.6"},
                {"value": 800, "hex_value": "0x320", "formatted": "F8"},
            ],
        }
        numbered = data["properties"]["image-id-num"]["available_values"]
        assert [entry["formatted"] for entry in numbered] == [
            "min: 0",
            "max: 9007199254740993",
            "step: 1",
        ]
        assert data["properties"]["flash-compensation"]["current_value"] == 63536
        assert data["properties"]["image-id-string"]["current_formatted"] == "(empty)"
        assert "raw-compression" not in data["properties"]

    @pytest.mark.parametrize(
        ("name", "value", "shown"),
        [
            ("iso", "ISO 800", "0x320"),
            ("iso", "auto", "0xffffff"),
            ("iso", 200, "0xc8"),
            ("iso", 200.0, "0xc8"),
            ("aperture", "f/8", "0x320"),
            ("aperture", 5.6, "0x230"),
            ("shutter-speed", "1/60", "0x1003c"),
            ("shutter-speed", "2s", "0x14000a"),
            ("shutter-speed", '1.3"', "0xd000a"),
            ("shutter-speed", "bulb", "0x0"),
            ("exposure-compensation", "+0.7 EV", "0x2bc"),
            ("exposure-compensation", -2000, "0xf830"),
            ("flash-compensation", "-2.0 EV", "0xf830"),
            ("drive-mode", "CrDrive_Timer_2s", "0x30001"),
            ("focus-area", "center", "0x3"),
            ("focus-area", "Tracking Wide", "0x11"),
            ("still-image-store-destination", "Host PC & Memory Card", "0x3"),
            ("movie-recording-frame-rate", "24p", "0x7"),
            ("movie-recording-frame-rate", "0x107", "0x7"),
            ("priority-key", "camera-position", "0x1"),
            ("audio-input-master-level", "31", "0x1f"),
        ],
    )
    def test_a_property_is_set_from_any_notation(
        self, surface: Surface, name: str, value: Any, shown: str
    ) -> None:
        answer = surface.put(f"{CAMERA}/properties/{name}", json={"value": value})

        assert answer.status_code == 200, answer.text
        requested = str(int(value)) if value == 200.0 else str(value)
        assert answer.json()["data"] == {
            "property": name,
            "requested_value": requested,
            "value": shown,
        }
        assert value_of(surface, name) == shown

    def test_iso_and_aperture_have_messages_of_their_own(self, surface: Surface) -> None:
        iso = surface.put(f"{CAMERA}/properties/iso", json={"value": "800"})
        aperture = surface.put(f"{CAMERA}/properties/aperture", json={"value": "f/8"})
        mode = surface.put(f"{CAMERA}/properties/focus-mode", json={"value": "mf"})

        assert iso.json()["message"] == "ISO set to 800"
        assert aperture.json()["message"] == "Aperture set to f/8"
        assert mode.json()["message"] == "Property focus-mode set successfully"

    def test_the_image_id_is_set_as_text(self, surface: Surface) -> None:
        named = surface.put(f"{CAMERA}/properties/image-id-string", json={"value": "Set é"})
        cleared = surface.put(f"{CAMERA}/properties/image-id-string", json={"value": ""})
        number = surface.put(f"{CAMERA}/properties/image-id-num", json={"value": 9007199254740993})

        assert named.json()["data"]["value"] == "Set é"
        assert cleared.json()["data"]["value"] == ""
        assert number.json()["data"]["value"] == "9007199254740993"

    @pytest.mark.parametrize("text", ["x" * 65, "two\nlines"])
    def test_a_text_that_does_not_fit_is_refused(self, surface: Surface, text: str) -> None:
        answer = surface.put(f"{CAMERA}/properties/image-id-string", json={"value": text})

        assert answer.status_code == 400
        assert surface.commander.asked("property.set") == []

    def test_a_word_that_is_not_understood_is_answered_with_those_that_are(
        self, surface: Surface
    ) -> None:
        answer = surface.put(f"{CAMERA}/properties/focus-area", json={"value": "wombat"})

        assert answer.status_code == 400
        assert "flexible-spot-s" in answer.json()["message"]
        assert "data" not in answer.json()

    def test_a_value_that_is_not_offered_can_be_tried_again(self, surface: Surface) -> None:
        answer = surface.put(f"{CAMERA}/properties/iso", json={"value": "999999"})

        assert answer.status_code == 400
        assert "(sdk: 0xf423f)" in answer.json()["message"]
        assert "available values" in answer.json()["message"]
        assert answer.json()["data"] == {"retryable": "true"}

    @pytest.mark.parametrize(
        ("name", "value", "retryable"),
        [
            ("white-balance-color-temp", "5500K", True),
            ("battery-remain", "5", True),
            ("raw-compression", "lossless", False),
            ("shutter-angle", "180", False),
        ],
    )
    def test_what_is_not_writable_now_may_be_later(
        self, surface: Surface, name: str, value: str, retryable: bool
    ) -> None:
        answer = surface.put(f"{CAMERA}/properties/{name}", json={"value": value})

        assert answer.status_code == 400
        assert answer.json()["message"].startswith(f"Property {name} is not writable (")
        assert answer.json().get("data") == ({"retryable": "true"} if retryable else None)

    @pytest.mark.parametrize(
        ("error", "message", "data"),
        [
            (
                Refused("no", vendor_code=0x8402),
                "Failed to set property: SDK error 33794",
                None,
            ),
            (NotWritable("not now"), "not now", {"retryable": "true"}),
            (CameraGone("the cable"), "the cable", None),
        ],
    )
    def test_a_set_that_fails_says_why(
        self, surface: Surface, error: CommandError, message: str, data: Any
    ) -> None:
        surface.commander.fail_with("property.set", error)

        answer = surface.put(f"{CAMERA}/properties/iso", json={"value": "800"})

        assert answer.status_code == 400
        assert answer.json()["message"] == message
        assert answer.json().get("data") == data

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "Empty request body"),
            (b"  ", "Empty request body"),
            (b"{", "Failed to parse JSON body"),
            (b"[1]", "Failed to parse JSON body"),
            (b"\xff", "Failed to parse JSON body"),
            (b'{"value": NaN}', "Failed to parse JSON body"),
            (b'{"value": "\\ud800"}', "Failed to parse JSON body"),
            (b"[" * 100_000, "Failed to parse JSON body"),
            (b'{"value": 1' + b"0" * 5000 + b"}", "Failed to parse JSON body"),
            (b"{}", "Missing 'value' in request body"),
            (b'{"value": null}', "Missing 'value' in request body"),
            (b'{"value": true}', "'value' must be a text or a number"),
            (b'{"value": [1]}', "'value' must be a text or a number"),
        ],
    )
    def test_a_body_that_cannot_be_used_is_refused(
        self, surface: Surface, content: bytes, message: str
    ) -> None:
        answer = surface.put(f"{CAMERA}/properties/iso", content=content)

        assert answer.status_code == 400
        assert answer.json() == {"success": False, "message": message}

    def test_without_a_connection_there_are_no_properties(self) -> None:
        surface = Surface(routes, FakeSony())

        one = surface.get(f"{CAMERA}/properties/iso")
        every = surface.get(f"{CAMERA}/properties/all")
        spoken = surface.put(f"{CAMERA}/properties/iso", json={"value": 100})
        plain = surface.put(f"{CAMERA}/properties/focus-mode", json={"value": "mf"})

        assert {answer.status_code for answer in (one, every, spoken, plain)} == {400}
        assert one.json() == every.json() == plain.json() == NOT_CONNECTED
        assert spoken.json()["message"] == "Camera not connected: D10F60149B0C"


class TestPriorityKey:
    def test_it_is_shown_and_changed(self, surface: Surface) -> None:
        before = surface.get(f"{CAMERA}/priority-key").json()
        changed = surface.put(f"{CAMERA}/priority-key", json={"setting": "camera-position"})
        after = surface.get(f"{CAMERA}/priority-key").json()

        assert before["data"] == {"setting": "pc-remote", "rawValue": "2"}
        assert before["camera"] == HERE
        assert changed.json()["data"] == {"setting": "camera-position"}
        assert after["data"] == {"setting": "camera-position", "rawValue": "1"}

    def test_a_cinema_body_has_none(self, surface: Surface, sony: FakeSony) -> None:
        del sony.properties[0x011A]

        shown = surface.get(f"{CAMERA}/priority-key")
        changed = surface.put(f"{CAMERA}/priority-key", json={"setting": "pc-remote"})

        assert shown.status_code == 400
        assert shown.json()["message"] == "Failed to get priority key setting"
        assert changed.status_code == 400
        assert changed.json()["message"] == "Failed to set priority key. Error code: 0x8402"
        assert changed.json()["data"] == {"retryable": "true"}

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({}, "Missing 'setting' in request body"),
            ({"setting": "auto"}, "Invalid setting. Use: 'pc-remote' or 'camera-position'"),
            ({"setting": [2]}, "Invalid setting. Use: 'pc-remote' or 'camera-position'"),
        ],
    )
    def test_only_two_words_are_settings(self, surface: Surface, body: Any, message: str) -> None:
        answer = surface.put(f"{CAMERA}/priority-key", json=body)

        assert (answer.status_code, answer.json()["message"]) == (400, message)


class TestActions:
    @pytest.mark.parametrize(
        ("action", "body", "method", "captures", "sent"),
        [
            ("shutter", None, "release_press", True, {"action": "press"}),
            ("shutter", {"action": "down"}, "release_down", True, {"action": "down"}),
            ("shutter", {"action": "up"}, "release_up", False, {"action": "up"}),
            ("shutter", {"action": "sideways"}, "release_press", True, {"action": "press"}),
            ("shutter", [1], "release_press", True, {"action": "press"}),
            ("half-press", None, "s1", False, {}),
            ("af-shutter", None, "s1_and_release", True, {}),
        ],
    )
    def test_an_action_is_done_by_the_worker(
        self, surface: Surface, action: str, body: Any, method: str, captures: bool, sent: Any
    ) -> None:
        answer = surface.post(f"{CAMERA}/actions/{action}", json=body)

        command = action.replace("-", "_")
        assert answer.status_code == 200
        assert answer.json() == {
            "success": True,
            "message": f"Action {action} completed",
            "camera": HERE,
            "data": {"action": action, "method": method}
            | ({"capture": CAPTURE} if captures else {}),
        }
        assert surface.commander.asked(command) == [sent]
        assert surface.commander.deadlines[command] == 10

    def test_manual_focus_cannot_be_shot_with_autofocus(
        self, surface: Surface, sony: FakeSony
    ) -> None:
        sony.properties[0x0109]["value"] = 1

        answer = surface.post(f"{CAMERA}/actions/af-shutter")

        assert answer.status_code == 400
        assert "Manual Focus" in answer.json()["message"]
        assert answer.json()["data"] == {"error": "focus_mode_not_af"}

    @pytest.mark.parametrize(
        "error",
        [
            DeadlinePassed("no answer", began=True),
            WorkerAbsent("no worker"),
            WorkerSilent("silent"),
            CameraBusy("busy", vendor_code=0x820B),
            CameraGone("gone"),
            CameraTimeout("timeout"),
            InternalError("oops"),
            Refused("no", vendor_code=0x8402),
            Unsupported("never"),
            CommandError("a newer code"),
        ],
    )
    @pytest.mark.parametrize("action", ["shutter", "half-press", "af-shutter"])
    def test_no_failure_invites_a_client_to_press_again(
        self, surface: Surface, action: str, error: CommandError
    ) -> None:
        surface.commander.fail_with(action.replace("-", "_"), error)

        answer = surface.post(f"{CAMERA}/actions/{action}")

        assert answer.status_code == 400
        assert answer.json()["success"] is False
        assert answer.json()["camera"] == BLANK

    def test_an_unknown_action_is_refused(self, surface: Surface) -> None:
        answer = surface.post(f"{CAMERA}/actions/dance")

        assert (answer.status_code, answer.json()["message"]) == (400, "Unknown action: dance")

    @pytest.mark.parametrize("action", ["shutter", "half-press", "af-shutter"])
    def test_a_get_takes_no_picture(self, surface: Surface, action: str) -> None:
        answer = surface.get(f"{CAMERA}/actions/{action}")

        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        assert surface.commander.sent == []

    def test_without_a_connection_nothing_is_pressed(self) -> None:
        answer = Surface(routes, FakeSony()).post(f"{CAMERA}/actions/shutter")

        assert (answer.status_code, answer.json()) == (400, NOT_CONNECTED)


class TestLiveView:
    def test_it_is_switched_and_asked_for(self, surface: Surface) -> None:
        def post(action: str) -> Any:
            answer = surface.post(f"{CAMERA}/live-view/{action}")
            assert answer.status_code == 200
            return answer.json()

        assert post("enable")["message"] == "Live view enabled"
        assert surface.get(f"{CAMERA}/live-view/status").json()["data"] == {
            "enabled": True,
            "streaming": False,
        }
        assert post("start") == {
            "success": True,
            "message": "Live view streaming started",
            "camera": HERE,
        }
        assert post("start")["message"] == "Live view streaming already running"
        assert post("stop")["message"] == "Live view streaming stopped"
        again = post("stop")
        assert again["message"] == "Live view streaming not running"
        assert again["camera"] == BLANK
        assert post("disable")["message"] == "Live view disabled"

    @pytest.mark.parametrize(
        ("method", "action"),
        [("POST", "dance"), ("GET", "start"), ("POST", "status"), ("DELETE", "frame")],
    )
    def test_what_is_no_action_is_refused(self, surface: Surface, method: str, action: str) -> None:
        answer = surface.call(method, f"{CAMERA}/live-view/{action}")

        assert answer.status_code == 400
        assert answer.json() == {
            "success": False,
            "message": f"Unknown live-view action: {action}",
        }

    def test_before_the_first_picture_there_is_none(self, surface: Surface) -> None:
        for camera in ("D10F60149B0C", "NOBODY"):
            answer = surface.get(f"/api/cameras/{camera}/live-view/frame")
            assert answer.status_code == 404
            assert answer.json() == {
                "success": False,
                "message": "No live view frame available",
            }
        assert surface.pictures.waits == []

    def test_a_picture_is_waited_for_while_it_streams(
        self, surface: Surface, sony: FakeSony
    ) -> None:
        sony.do_live_view_start()
        surface.pictures.newest_seq = 7

        first = surface.get(f"{CAMERA}/live-view/frame")
        again = surface.get(f"{CAMERA}/live-view/frame")
        surface.pictures.newest_seq = 8
        newer = surface.get(f"{CAMERA}/live-view/frame")

        assert first.headers["content-type"] == "image/jpeg"
        assert first.headers["cache-control"] == "no-store"
        assert first.content == again.content == b"\xff\xd8 7"
        assert newer.content == b"\xff\xd8 8"
        assert surface.pictures.waits == [(False, 1.0), (True, 0.1), (True, 0.1)]

    def test_the_last_picture_outlives_the_stream_a_while_but_not_the_connection(
        self, surface: Surface, sony: FakeSony, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sony.do_live_view_start()
        surface.pictures.newest_seq = 7
        surface.get(f"{CAMERA}/live-view/frame")

        sony.do_live_view_stop()
        assert surface.get(f"{CAMERA}/live-view/frame").status_code == 200
        with monkeypatch.context() as later:
            later.setattr(live_view, "LAST_S", 0)
            assert surface.get(f"{CAMERA}/live-view/frame").status_code == 404
        sony.do_live_view_start()
        assert surface.get(f"{CAMERA}/live-view/frame").status_code == 200
        sony.do_disconnect()
        assert surface.get(f"{CAMERA}/live-view/frame").status_code == 404


class TestCard:
    FILES = f"{CAMERA}/sd-card/slot/1/files"
    FILE = f"{FILES}/131301/1"

    def test_a_slot_is_listed(self, surface: Surface) -> None:
        assert surface.get(self.FILES).json() == {
            "success": True,
            "slot": 1,
            "file_count": 1,
            "total": 1,
            "files": [
                {
                    "content_id": 131301,
                    "file_id": 1,
                    "file_path": "DCIM/100MSDCF/DSC00001.ARW",
                    "file_size": 25_000_000,
                    "creation_year": 2026,
                    "creation_month": 3,
                    "creation_day": 1,
                    "creation_hour": 10,
                    "creation_minute": 0,
                    "creation_second": 5,
                }
            ],
        }
        empty = surface.get(f"{CAMERA}/sd-card/slot/2/files")
        assert empty.json() == {
            "success": True,
            "slot": 2,
            "file_count": 0,
            "total": 0,
            "files": [],
        }

    def test_the_card_is_closed_in_the_mode_remote(self, surface: Surface, sony: FakeSony) -> None:
        sony.mode = "remote"

        answer = surface.get(self.FILES)

        assert answer.status_code == 400
        assert "remote" in answer.json()["message"]

    def test_a_listing_that_the_sdk_refuses_is_refused(self, surface: Surface) -> None:
        surface.commander.fail_with("card.list", CameraBusy("indexing", vendor_code=0x8D05))

        answer = surface.get(self.FILES)

        assert answer.status_code == 400
        assert answer.json() == {
            "success": False,
            "message": "Failed to get contents list from SD card",
        }

    @pytest.mark.parametrize(
        ("kind", "what", "more"),
        [
            ("download", "file", {}),
            ("thumbnail", "thumbnail", {"type": "thumbnail"}),
            ("screennail", "screennail", {"type": "screennail"}),
        ],
    )
    def test_a_pull_is_taken_up(
        self, surface: Surface, kind: str, what: str, more: dict[str, str]
    ) -> None:
        answer = surface.post(f"{self.FILE}/{kind}", json={"save_path": "/tmp/x"})

        assert answer.status_code == 202
        body = answer.json()
        assert body.pop("message").startswith(f"{kind.capitalize()} started")
        assert body == {"success": True, **more}
        assert surface.commander.asked("card.pull") == [
            {
                "slot": 1,
                "content_id": 131301,
                "file_id": 1,
                "what": what,
                "save_path": "/tmp/x",
            }
        ]

    def test_the_folder_may_be_left_out(self, surface: Surface) -> None:
        assert surface.post(f"{self.FILE}/download", content=b"{").status_code == 202
        assert "save_path" not in surface.commander.asked("card.pull")[0]

    def test_one_pull_at_a_time(self, surface: Surface, sony: FakeSony) -> None:
        sony.pulling = True

        plain = surface.post(f"{self.FILE}/download")
        small = surface.post(f"{self.FILE}/thumbnail")

        assert (plain.status_code, small.status_code) == (409, 409)
        assert plain.json() == {
            "success": False,
            "message": "a transfer is already running (0x8D03)",
            "retryable": True,
        }
        assert small.json()["type"] == "thumbnail"

    @pytest.mark.parametrize(
        ("path", "code"), [("7/1", "0x8D02"), ("99999999999/1", "99999999999")]
    )
    def test_what_is_not_on_the_card_cannot_be_pulled(
        self, surface: Surface, path: str, code: str
    ) -> None:
        answer = surface.post(f"{self.FILES}/{path}/download")

        assert answer.status_code == 400
        assert answer.json()["retryable"] is False
        assert code in answer.json()["message"]

    def test_a_folder_must_be_a_text(self, surface: Surface) -> None:
        answer = surface.post(f"{self.FILE}/download", json={"save_path": 5})

        assert (answer.status_code, answer.json()["retryable"]) == (400, False)

    def test_without_a_connection_there_is_no_card(self) -> None:
        surface = Surface(routes, FakeSony())

        for answer in (surface.get(self.FILES), surface.post(f"{self.FILE}/download")):
            assert answer.status_code == 404
            assert answer.json() == {"success": False, "message": "Camera not connected"}

    @pytest.mark.parametrize(
        "path",
        ["slot/3/files", "slot/x/files", "slot/1/files/a/1/download", "slot/1/files/1/-1/download"],
    )
    def test_a_path_of_other_shape_does_not_exist(self, surface: Surface, path: str) -> None:
        method = "POST" if path.endswith("download") else "GET"

        assert surface.call(method, f"{CAMERA}/sd-card/{path}").status_code == 404


class TestSaveInfo:
    PATH = f"{CAMERA}/settings/save-info"

    def test_it_is_shown_and_changed(self, surface: Surface, sony: FakeSony) -> None:
        body = {"path": "/tmp/p", "prefix": "A", "startNo": 7}

        shown = surface.get(self.PATH).json()["data"]
        changed = surface.put(self.PATH, json=body)

        assert shown == {"path": "/pictures", "prefix": "Not set", "startNo": -1}
        assert changed.json()["data"] == body
        assert sony.save == {"path": "/tmp/p", "prefix": "A", "start_number": 7}

    def test_what_is_left_out_goes_back_to_its_default(self, surface: Surface) -> None:
        data = surface.put(self.PATH, json={"path": "/tmp/p"}).json()["data"]

        assert data == {"path": "/tmp/p", "prefix": "", "startNo": -1}

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"path": 5},
            {"path": "/tmp/p", "prefix": 5},
            {"path": "/tmp/p", "startNo": "7"},
            {"path": "/tmp/p", "startNo": 2**70},
            {"path": "/tmp/p", "startNo": True},
        ],
    )
    def test_a_wrong_field_is_refused(self, surface: Surface, body: Any) -> None:
        answer = surface.put(self.PATH, json=body)

        assert answer.status_code == 400
        assert surface.commander.asked("save_info.set") == []

    def test_a_refusal_of_the_sdk_has_its_number(self, surface: Surface) -> None:
        surface.commander.fail_with("save_info.set", CameraError("no", vendor_code=0x8101))

        answer = surface.put(self.PATH, json={"path": "/tmp/p"})

        assert answer.status_code == 400
        assert answer.json()["data"] == {"error_code": "0x00008101"}


class TestPaths:
    @pytest.mark.parametrize("camera", ["", "{cameraId}", "%7BcameraId%7D", "%257bCAMERAID%257d"])
    @pytest.mark.parametrize("path", ["connection", "properties/iso", "live-view/frame"])
    def test_a_forgotten_id_is_refused(self, surface: Surface, camera: str, path: str) -> None:
        answer = surface.get(f"/api/cameras/{camera}/{path}")

        assert answer.status_code == 400
        assert answer.json()["success"] is False
        assert set(answer.json()) == {"success", "message"}

    @pytest.mark.parametrize("path", ["/api/nothing", "/api/", f"{CAMERA}/x", "/api/cameras/"])
    @pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
    def test_an_unknown_path_is_answered_in_json(
        self, surface: Surface, method: str, path: str
    ) -> None:
        answer = surface.call(method, path)

        assert answer.status_code == 404
        assert answer.json() == {"success": False, "message": f"Not found: {path}"}

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PUT", "connection", "GET, HEAD, POST, DELETE"),
            ("POST", "properties/iso", "GET, HEAD, PUT"),
            ("DELETE", "settings/save-info", "GET, HEAD, PUT"),
            ("POST", "priority-key", "GET, HEAD, PUT"),
            ("PUT", "sd-card/slot/1/files", "GET, HEAD"),
            ("GET", "sd-card/slot/1/files/1/1/download", "POST"),
        ],
    )
    def test_a_wrong_method_is_told_the_right_ones(
        self, surface: Surface, method: str, path: str, allowed: str
    ) -> None:
        answer = surface.call(method, f"{CAMERA}/{path}")

        assert answer.status_code == 405
        assert answer.json() == {"success": False, "message": f"Method {method} not allowed"}
        assert answer.headers["allow"] == allowed

    @pytest.mark.parametrize("path", ["/api/cameras", f"{CAMERA}/actions/shutter", "/api/x"])
    def test_a_preflight_is_answered_everywhere(self, surface: Surface, path: str) -> None:
        answer = surface.call("OPTIONS", path)

        assert (answer.status_code, answer.content) == (204, b"")
        assert surface.commander.sent == []

    @pytest.mark.parametrize(
        "path", ["/api/events", f"{CAMERA}/events", "/api/cameras/%7BcameraId%7D/events"]
    )
    def test_events_are_a_stream_for_any_camera(self, surface: Surface, path: str) -> None:
        answer = surface.call("HEAD", path)

        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")

    def test_an_id_that_cannot_be_one_never_reaches_the_bus(self, surface: Surface) -> None:
        for camera in ("%C3%A9", "a%20b", "..%2e", "x" * 200):
            answer = surface.get(f"/api/cameras/{camera}/properties/iso")
            assert answer.json() == NOT_CONNECTED


WORKER_COMMANDS = [
    ("POST", "connection", "connect", {}),
    ("DELETE", "connection", "disconnect", None),
    ("GET", "properties/iso", "properties.get", None),
    ("GET", "properties/all", "properties.get", None),
    ("PUT", "properties/iso", "property.set", {"value": "800"}),
    ("GET", "priority-key", "properties.get", None),
    ("PUT", "priority-key", "property.set", {"setting": "pc-remote"}),
    ("POST", "live-view/enable", "live_view.enable", None),
    ("POST", "live-view/disable", "live_view.disable", None),
    ("POST", "live-view/start", "live_view.start", None),
    ("POST", "live-view/stop", "live_view.stop", None),
    ("GET", "live-view/status", "live_view.status", None),
    ("GET", "sd-card/slot/1/files", "card.list", None),
    ("POST", "sd-card/slot/1/files/131301/1/download", "card.pull", None),
    ("GET", "settings/save-info", "save_info.get", None),
    ("PUT", "settings/save-info", "save_info.set", {"path": "/tmp/p"}),
]


@pytest.mark.parametrize(
    "error",
    [
        DeadlinePassed("no answer", began=True),
        WorkerAbsent("no worker"),
        WorkerSilent("silent"),
        CameraGone("gone", began=True),
        CameraTimeout("timeout", began=True),
        InternalError("oops"),
        Refused("no", vendor_code=0x8000),
    ],
)
@pytest.mark.parametrize(("method", "path", "command", "body"), WORKER_COMMANDS)
def test_what_was_handed_to_a_worker_fails_with_400(
    surface: Surface, method: str, path: str, command: str, body: Any, error: CommandError
) -> None:
    surface.commander.fail_with(command, error)

    answer = surface.call(method, f"{CAMERA}/{path}", json=body)

    assert answer.status_code == 400
    assert answer.json()["success"] is False
    assert answer.json()["message"]
