"""What every answer below `/cameras` carries, whatever it says: the whole application."""

import asyncio
from typing import Any

import httpx
import pytest

from kit.fake_commander import FakeCommander
from kit.fake_oak import FakeOak
from lensbus_gateway.app import create_app
from lensbus_proto.errors import CameraTimeout, Refused
from lensbus_proto.runtime.settings import AccessSettings, Settings

CAMERA = "/cameras/14442C10D13EABCE00"
A = f"{CAMERA}/streams/CAM_A"


def call(method: str, path: str, error: Any = None, **request: Any) -> httpx.Response:
    """Send one request to an application that has no bus."""
    app = create_app(Settings(access=AS_THE_OLD_SERVERS))
    app.state.commander = app.state.finder = FakeCommander(FakeOak())
    if error is not None:
        app.state.commander.fail_with("control.get", error)

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **request)

    return asyncio.run(send())


AS_THE_OLD_SERVERS = AccessSettings(origins=("*",))
ORIGIN = {"Origin": "http://studio"}


@pytest.mark.parametrize(
    ("status", "method", "path", "request_"),
    [
        (200, "GET", "/cameras/", {}),
        (200, "POST", "/cameras/refresh", {}),
        (200, "DELETE", CAMERA, {}),
        (200, "PATCH", f"{CAMERA}/streams", {"json": {}}),
        (201, "POST", A, {}),
        (202, "DELETE", A, {}),
        (404, "GET", "/cameras/NOBODY/", {}),
        (404, "POST", f"{CAMERA}/streams/CAM_H", {}),
        (404, "GET", f"{CAMERA}/nonsense", {}),
        (405, "HEAD", f"{A}/config", {}),
        (405, "PUT", f"{A}/config", {}),
        (409, "GET", f"{CAMERA}/streams/DEPTH_B_C/control", {}),
        (422, "GET", "/cameras/abc", {}),
        (422, "POST", f"{A}/control", {"json": {"contrast": 11}}),
        (422, "POST", f"{A}/config", {}),
        (502, "GET", f"{A}/control", {"error": Refused("no")}),
        (504, "GET", f"{A}/control", {"error": CameraTimeout("late")}),
    ],
)
def test_pages_of_other_origins_may_read_every_answer(
    status: int, method: str, path: str, request_: dict[str, Any]
) -> None:
    answer = call(method, path, headers=ORIGIN, **request_)

    assert answer.status_code == status
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert answer.headers["content-type"] == "application/json"
    if status >= 400 and method != "HEAD":
        assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/cameras", A, f"{CAMERA}/streams/", f"{A}/control"])
def test_a_preflight_allows_what_the_surface_has(method: str, path: str) -> None:
    asks = {**ORIGIN, "Access-Control-Request-Method": method}

    answer = call("OPTIONS", path, headers=asks)

    assert answer.status_code in (200, 204)
    assert method in answer.headers["access-control-allow-methods"].split(", ")
    assert answer.headers["access-control-allow-headers"] == "*"


def test_the_root_greets_in_plain_text() -> None:
    answer = call("GET", "/")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "/cameras" in answer.text


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/cameras", "GET"),
        ("/cameras/refresh", "POST"),
        (CAMERA, "GET, POST, DELETE"),
        (f"{CAMERA}/stats", "GET"),
        (f"{CAMERA}/ir", "GET, POST"),
        (f"{CAMERA}/streams", "GET, PATCH"),
        (A, "POST, DELETE"),
        (f"{A}/config", "GET, POST"),
        (f"{A}/config/available", "GET"),
        (f"{A}/control", "GET, POST"),
        (f"{A}/control/capabilities", "GET"),
        (f"{A}/control/reset", "POST"),
        (f"{A}/still", "GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(path: str, allowed: str) -> None:
    answer = call("PUT", path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json() == {"detail": "Method Not Allowed"}
