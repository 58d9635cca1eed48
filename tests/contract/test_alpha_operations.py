"""Every operation of the Alpha surface in one table: what holds for all of them."""

from dataclasses import dataclass
from typing import Any

import pytest

from kit.fake_commander import Surface
from kit.fake_oak import FakeOak
from kit.fake_sony import FakeSony, card_file
from lensbus_gateway.alpha.routes import routes
from lensbus_proto.errors import (
    CameraBusy,
    CameraError,
    CameraGone,
    CameraTimeout,
    CommandError,
    DeadlinePassed,
    InternalError,
    Refused,
    Unsupported,
    WorkerAbsent,
    WorkerSilent,
)

ID = "D10F60149B0C"
PLACEHOLDERS = ("", "{cameraId}", "%7BcameraId%7D", "%257bCAMERAID%257d")
ERRORS = (
    DeadlinePassed("no answer", began=True),
    WorkerAbsent("no worker"),
    WorkerSilent("silent"),
    CameraBusy("busy", vendor_code=0x820B),
    CameraError("no", detail={"error": "x"}),
    CameraGone("gone", began=True),
    CameraTimeout("timeout", began=True),
    InternalError("oops"),
    Refused("no", vendor_code=0x8402),
    Unsupported("never"),
    CommandError("a newer code"),
)


@dataclass(frozen=True)
class Operation:
    """One method of one path: the worker's command behind it, and what it answers."""

    method: str
    path: str
    command: str
    body: Any = None
    success: int = 200
    absent: int = 400  # while the camera is not connected, or unknown
    block: bool = True  # envelope A

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


FILE = "sd-card/slot/1/files/131301/1"

OPERATIONS = (
    Operation("POST", "connection", "connect", {"mode": "remote"}),
    Operation("GET", "connection", "connection"),
    Operation("DELETE", "connection", "disconnect"),
    Operation("GET", "properties/all", "properties.get"),
    Operation("GET", "properties/iso", "properties.get"),
    Operation("PUT", "properties/iso", "property.set", {"value": "ISO 800"}),
    Operation("GET", "priority-key", "properties.get"),
    Operation("PUT", "priority-key", "property.set", {"setting": "pc-remote"}),
    Operation("POST", "actions/shutter", "shutter"),
    Operation("POST", "actions/half-press", "half_press"),
    Operation("POST", "actions/af-shutter", "af_shutter"),
    Operation("POST", "actions/zoom", "zoom", {"speed": 3}),
    Operation("POST", "actions/focus-near-far", "focus_step", {"step": -2}),
    Operation("POST", "actions/movie-rec", "movie_rec"),
    Operation("POST", "actions/button", "button", {"button": "menu"}),
    Operation("POST", "actions/touch", "touch", {"x": 320, "y": 240}),
    Operation("POST", "actions/touch-cancel", "touch_cancel"),
    Operation("POST", "live-view/enable", "live_view.enable"),
    Operation("POST", "live-view/disable", "live_view.disable"),
    Operation("POST", "live-view/start", "live_view.start"),
    Operation("POST", "live-view/stop", "live_view.stop"),
    Operation("GET", "live-view/status", "live_view.status"),
    Operation("POST", "live-view/osd-enable", "osd.set"),
    Operation("POST", "live-view/osd-disable", "osd.set"),
    Operation("GET", "live-view/osd-status", "osd.status"),
    Operation("GET", "live-view/frame", "live_view.status", absent=404),
    Operation("GET", "live-view/osd-frame", "live_view.status", absent=404),
    Operation("GET", "sd-card/slot/1/files", "card.list", absent=404, block=False),
    Operation("POST", f"{FILE}/download", "card.pull", None, 202, 404, block=False),
    Operation("POST", f"{FILE}/thumbnail", "card.pull", None, 202, 404, block=False),
    Operation("POST", f"{FILE}/screennail", "card.pull", None, 202, 404, block=False),
    Operation("GET", "settings/save-info", "save_info.get"),
    Operation("PUT", "settings/save-info", "save_info.set", {"path": "/tmp/p"}),
    Operation("POST", "settings/download", "settings.download", block=False),
    Operation(
        "POST", "settings/upload", "settings.upload", {"filename": "CUMSET.DAT"}, block=False
    ),
    Operation("GET", "settings/files", "settings.files", block=False),
    Operation("POST", "lut/import", "lut.import", {"filePath": "/luts/a.cube"}, 202, block=False),
    Operation("GET", "af-area-position", "af_area.get", absent=404, block=False),
    Operation("PUT", "af-area-position", "af_area.set", {"x": 1, "y": 2}, 200, 404, block=False),
    Operation("GET", "tracking-frame", "tracking.get", absent=404, block=False),
    Operation("GET", "fingerprint", "fingerprint", absent=404, block=False),
)

PICTURES = ("live-view/frame", "live-view/osd-frame")
# These answer without a connection; some even for a camera that nobody knows.
UNCONNECTED = ("connection", "settings/files", "fingerprint")
ACTING = [operation for operation in OPERATIONS if operation.method != "GET"]
JSON = [operation for operation in OPERATIONS if operation.path not in PICTURES]
BOUND = [operation for operation in OPERATIONS if operation.path not in UNCONNECTED]


@pytest.fixture
def sony() -> FakeSony:
    return FakeSony(mode="remote-transfer")


@pytest.fixture
def surface(sony: FakeSony) -> Surface:
    return Surface(routes, sony, FakeOak())


def call(surface: Surface, operation: Operation, camera: str = ID, **more: Any) -> Any:
    path = f"/api/cameras/{camera}/{operation.path}"
    return surface.call(operation.method, path, json=operation.body, **more)


def test_the_table_has_every_operation_of_the_contract() -> None:
    # Besides these: status, logs, shutdown and list of the server, two event streams.
    assert len(OPERATIONS) == 47 - 6
    assert len({str(operation) for operation in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_it_succeeds_in_its_envelope(
    surface: Surface, sony: FakeSony, operation: Operation
) -> None:
    sony.streaming = sony.osd = True
    surface.pictures.newest_seq = 1

    answer = call(surface, operation)

    assert answer.status_code == operation.success, answer.text
    if operation.path in PICTURES:
        assert answer.headers["content-type"] == "image/jpeg"
        return
    body = answer.json()
    assert body["success"] is True
    assert ("camera" in body) == operation.block
    if operation.block:
        assert body["camera"]["id"] == ID
    assert surface.commander.asked(operation.command)


@pytest.mark.parametrize("operation", BOUND, ids=str)
@pytest.mark.parametrize("camera", [ID, "NOBODY", FakeOak().camera, "%C3%A9"])
def test_without_a_connection_it_is_refused(operation: Operation, camera: str) -> None:
    answer = call(Surface(routes, FakeSony(), FakeOak()), operation, camera)

    assert answer.status_code == operation.absent
    body = answer.json()
    assert body["success"] is False
    if operation.path not in PICTURES:
        message = body["message"]
        assert message.startswith("Camera not connected")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_a_wrong_method_acts_on_nothing(
    surface: Surface, operation: Operation, method: str
) -> None:
    if any(other.method == method and other.path == operation.path for other in OPERATIONS):
        return
    answer = surface.call(method, f"/api/cameras/{ID}/{operation.path}", json=operation.body)

    assert answer.status_code == (400 if operation.path.startswith("live-view/") else 405)
    assert answer.json()["success"] is False
    assert surface.commander.sent == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
@pytest.mark.parametrize("camera", PLACEHOLDERS)
def test_a_forgotten_id_is_refused(surface: Surface, operation: Operation, camera: str) -> None:
    answer = call(surface, operation, camera)

    if operation.path == "settings/files" and camera:
        assert answer.json()["files"] == []
        return
    assert answer.status_code == 400
    assert set(answer.json()) == {"success", "message"}
    assert surface.commander.sent == []


@pytest.mark.parametrize("operation", ACTING, ids=str)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_no_failure_invites_a_client_to_act_again(
    surface: Surface, operation: Operation, error: CommandError
) -> None:
    surface.commander.fail_with(operation.command, error)

    answer = call(surface, operation)

    pulls = operation.command == "card.pull" and isinstance(error, CameraBusy)
    assert answer.status_code == (409 if pulls else 400)
    assert answer.json()["success"] is False
    assert answer.json()["message"]


@pytest.mark.parametrize("operation", JSON, ids=str)
@pytest.mark.parametrize("body", [b"\xff\x00{", b"[]", b'"text"', b"[" * 4000, b"null", b""])
def test_a_body_of_nonsense_is_never_an_accident(
    surface: Surface, operation: Operation, body: bytes
) -> None:
    path = f"/api/cameras/{ID}/{operation.path}"

    answer = surface.call(operation.method, path, content=body)

    assert answer.status_code in (operation.success, 400)
    assert answer.json()["success"] is (answer.status_code == operation.success)


@pytest.mark.parametrize("operation", ACTING, ids=str)
def test_a_key_reaches_the_worker(surface: Surface, operation: Operation) -> None:
    headers = {"Idempotency-Key": "a-key"}

    first = call(surface, operation, headers=headers)
    again = call(surface, operation, headers=headers)

    assert (first.status_code, again.status_code) == (operation.success, operation.success)
    assert first.json().get("data") == again.json().get("data")
    assert f"{operation.command}:a-key" in surface.commander.keys
    assert len(surface.commander.asked(operation.command)) == 1


@pytest.mark.parametrize("key", ["", "x" * 101, "a\x7fb", "é".encode()])
def test_a_key_that_cannot_be_one_stops_the_action(surface: Surface, key: str | bytes) -> None:
    raw = key if isinstance(key, bytes) else key.encode("latin-1")

    answer = surface.post(f"/api/cameras/{ID}/actions/shutter", headers={b"Idempotency-Key": raw})

    assert (answer.status_code, surface.commander.sent) == (400, [])
    assert "Idempotency-Key" in answer.json()["message"]


def test_one_key_for_two_actions_does_both(surface: Surface) -> None:
    for action in ("shutter", "half-press"):
        answer = surface.post(
            f"/api/cameras/{ID}/actions/{action}", headers={"Idempotency-Key": "k"}
        )
        assert answer.json()["data"]["action"] == action


def test_a_host_that_cannot_be_parsed_is_no_accident(surface: Surface) -> None:
    for path in (f"/api/cameras/{ID}/x", f"/api/cameras/{ID}/properties/iso"):
        surface.commander.fail_with("properties.get", CameraBusy("busy"))
        answer = surface.get(path, headers={"Host": "[::1"})
        assert answer.status_code in (400, 404)


HOSTILE = 'a\r\n\r\nevent: x\x00\u2028\u2029"\\</script>\ud83d\ude00'


@pytest.mark.parametrize(
    "where", ["model", "error", "file", "text", "settings file", "button", "unknown"]
)
def test_what_a_camera_says_stays_one_json_value(where: str) -> None:
    hostile = HOSTILE.encode("utf-16", "surrogatepass").decode("utf-16")
    sony = FakeSony(mode="remote-transfer", model=hostile, card=[card_file(1, path=hostile)])
    sony.settings_files = [hostile]
    sony.buttons = (hostile,)
    sony.properties[0x0146]["text"] = hostile
    surface = Surface(routes, sony)
    camera = f"/api/cameras/{ID}"
    if where == "error":
        surface.commander.fail_with("shutter", CameraError(hostile))
    asked = {
        "model": lambda: surface.get("/api/cameras").json()["cameras"][0]["model"],
        "error": lambda: surface.post(f"{camera}/actions/shutter").json()["message"],
        "file": lambda: surface.get(f"{camera}/sd-card/slot/1/files").json()["files"][0][
            "file_path"
        ],
        "text": lambda: surface.get(f"{camera}/properties/image-id-string").json()["data"]["value"],
        "settings file": lambda: surface.get(f"{camera}/settings/files").json()["files"][0],
        "button": lambda: surface.post(f"{camera}/actions/button", json={"button": "menu"}).json()[
            "data"
        ]["supported_buttons"],
        "unknown": lambda: surface.post(
            f"{camera}/actions/button", json={"button": hostile}
        ).json()["data"]["button"],
    }
    assert asked[where]() == hostile
