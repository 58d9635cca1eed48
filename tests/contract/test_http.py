"""The gateway's HTTP: limits, refusals, and what holds for every path."""

import json
import logging
import select
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from kit.bus import bus_settings, short_folder
from kit.fake_broker import fake_broker
from kit.gateway import FakeBus, RunningGateway, Wire, running_gateway
from kit.processes import wait_for
from lensbus_gateway.connection import FORM_BYTES, REST_S, GatewayProtocol
from lensbus_proto.runtime.settings import AccessSettings, GatewaySettings, Settings

BODY_LIMIT = 100_000


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with short_folder() as state:
        gateway = GatewaySettings(body_limit_bytes=BODY_LIMIT, head_limit_bytes=8192)
        # As the old servers, whose answers every page may read, these refusals too.
        access = AccessSettings(origins=("*",))
        yield replace(bus_settings(state), gateway=gateway, access=access)


@pytest.fixture(scope="module")
def bus(settings: Settings) -> Iterator[FakeBus]:
    with fake_broker(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def gateway(settings: Settings, bus: FakeBus) -> Iterator[RunningGateway]:
    with running_gateway(settings) as running:
        yield running


@pytest.fixture
def wire(gateway: RunningGateway) -> Iterator[Wire]:
    with Wire(gateway.address) as opened:
        yield opened


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/api/nothing", 404, {"success": False, "message": "Not Found"}),
        ("GET", "/api", 404, {"success": False, "message": "Not Found"}),
        ("PATCH", "/api/events", 405, {"success": False, "message": "Method Not Allowed"}),
        ("GET", "/cameras/a/b/c/d", 404, {"detail": "Not Found"}),
        ("PUT", "/size", 405, {"detail": "Method Not Allowed"}),
        ("GET", "/api/crash", 500, {"success": False, "message": "Internal Server Error"}),
        ("POST", "/api/crash", 400, {"success": False, "message": "Internal Server Error"}),
        ("GET", "/cameras/crash", 500, {"detail": "Internal Server Error"}),
    ],
)
def test_an_unshaped_error_has_the_shape_of_its_surface(
    wire: Wire, method: str, path: str, status: int, body: object
) -> None:
    wire.request(path, method)
    got, headers, text = wire.answer()
    assert (got, json.loads(text)) == (status, body)
    assert headers["access-control-allow-origin"] == "*"
    assert headers["content-type"] == "application/json"
    wire.request("/")
    assert wire.answer()[0] == 200, "the connection is still good for the next request"


def test_a_failed_handler_leaves_a_traceback(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        wire.request("/api/crash")
        assert wire.answer()[0] == 500
    assert [record.getMessage() for record in caplog.records] == ["handler failed"]
    assert "ZeroDivisionError" in caplog.text


def test_a_strange_host_is_no_reason_to_fail(wire: Wire) -> None:
    wire.request("/api/nothing", headers={"Host": "[::1"})
    assert wire.answer()[0] == 421


def test_the_root_greets(wire: Wire) -> None:
    wire.request("/")
    status, headers, body = wire.answer()
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    assert body.startswith(b"lensbus")


def test_a_head_over_the_limit_is_refused(wire: Wire) -> None:
    wire.request("/", headers={"X-Big": "x" * 8192})
    assert wire.answer()[0] == 431
    assert wire.rest() == b""


def test_an_endless_head_is_refused_before_it_ends(wire: Wire) -> None:
    wire.send(b"GET / HTTP/1.1\r\nX-Big: ")
    for _ in range(1000):
        wire.send(b"x" * 65536)
        if has_answer(wire):
            break
    assert b" 431 " in wire.until(b"\r\n")


def has_answer(wire: Wire) -> bool:
    ready, _, _ = select.select([wire.socket], [], [], 0)
    return bool(ready)


def test_a_body_within_the_limit_arrives_whole(wire: Wire) -> None:
    wire.request("/size", "POST", body=b"x" * BODY_LIMIT)
    assert json.loads(wire.answer()[2]) == {"size": BODY_LIMIT}


def test_an_announced_body_over_the_limit_is_refused(wire: Wire) -> None:
    wire.request("/size", "POST", headers={"Content-Length": str(10**12)})
    status, headers, body = wire.answer()
    assert status == 413
    assert json.loads(body)["success"] is False
    assert headers["access-control-allow-origin"] == "*"


def test_the_refusal_is_read_although_the_body_was_sent(wire: Wire) -> None:
    wire.request("/size", "POST", body=b"x" * 2_000_000)
    assert wire.answer()[0] == 413


def test_a_body_in_chunks_over_the_limit_is_refused(wire: Wire) -> None:
    wire.request("/size", "POST", headers={"Transfer-Encoding": "chunked"})
    for _ in range(3):
        wire.send(b"c350\r\n" + b"x" * 50_000 + b"\r\n")
    assert wire.answer()[0] == 413
    assert wire.rest() == b""


def test_what_is_not_http_is_refused(wire: Wire) -> None:
    wire.send(b"\x16\x03\x01\x02\x00nonsense\r\n\r\n")
    assert wire.answer()[0] == 400
    assert wire.rest() == b""


def test_junk_behind_a_good_request_does_not_spoil_its_answer(wire: Wire) -> None:
    wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n\x00junk")
    assert wire.answer()[0] == 200
    assert wire.rest() == b""


def test_an_upgrade_that_is_not_offered_is_served_as_plain_http(wire: Wire) -> None:
    wire.request("/", headers={"Connection": "Upgrade", "Upgrade": "h2c"})
    status, headers, _ = wire.answer()
    assert (status, headers["connection"]) == (200, "close")
    assert wire.rest() == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"POST /size HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf",
    ],
)
def test_a_request_that_does_not_arrive_is_closed(
    settings: Settings, bus: FakeBus, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(GatewayProtocol, "request_s", 0.2)
    with running_gateway(settings) as gateway, Wire(gateway.address) as wire:
        wire.send(sent)
        assert wire.rest() == b""
        wait_for(lambda: not gateway.server.server_state.connections)


def test_a_stream_outlives_the_time_for_a_request(
    settings: Settings, bus: FakeBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GatewayProtocol, "request_s", 2.0)
    hub = replace(settings.hub, keepalive_s=2.5)
    with running_gateway(replace(settings, hub=hub)) as gateway, Wire(gateway.address) as wire:
        wire.request("/api/events")
        wire.until(b"*")
        wire.until(b": keepalive")


def test_an_action_under_way_at_the_end_is_answered_and_not_repeated(
    settings: Settings, bus: FakeBus
) -> None:
    with running_gateway(settings) as gateway, Wire(gateway.address) as wire:
        wire.request("/api/wait", "POST")
        wait_for(lambda: gateway.server.server_state.tasks)
        gateway.stop()
        status, _, body = wire.answer()
    assert status == 400, "the published client repeats a POST on 5xx and on a dropped line"
    assert "stopping" in json.loads(body)["message"]


UPLOAD = "/cameras/14442C10D13EABCE00/streams/CAM_A/replay"


@pytest.mark.parametrize("path", [UPLOAD, f"{UPLOAD}/?filename=belt.mp4"])
def test_where_files_come_in_a_body_may_be_larger(
    wire: Wire, settings: Settings, path: str
) -> None:
    wire.request(path, "POST", body=b"x" * (BODY_LIMIT + 1))
    assert wire.answer()[0] == 404, "this application serves no such path"


def test_json_is_not_larger_there_than_elsewhere(wire: Wire) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    wire.request(UPLOAD, "POST", headers=headers, body=b"x" * (BODY_LIMIT + 1))
    assert wire.answer()[0] == 413


def test_a_file_that_is_too_large_is_refused_from_its_head(wire: Wire, settings: Settings) -> None:
    size = settings.oak.upload_limit_bytes + FORM_BYTES + 1
    wire.send(
        f"POST {UPLOAD} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode(
            "ascii"
        )
    )
    assert wire.answer()[0] == 413


def test_a_file_may_take_longer_than_other_requests_as_long_as_it_goes_on(
    settings: Settings, bus: FakeBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GatewayProtocol, "request_s", 2.0)
    monkeypatch.setattr(GatewayProtocol, "upload_rate", 1)
    with running_gateway(settings) as gateway, Wire(gateway.address) as wire:
        upload_slowly(wire)
        wire.request("/")
        assert wire.answer()[0] == 200, "the connection is still there"


def test_a_file_that_comes_too_slowly_is_cut(
    settings: Settings, bus: FakeBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GatewayProtocol, "request_s", 0.3)
    with running_gateway(settings) as gateway, Wire(gateway.address) as wire:
        with pytest.raises((OSError, AssertionError)):
            upload_slowly(wire)  # the last read finds it closed
        wait_for(lambda: not gateway.server.server_state.connections)


def test_a_connection_that_sends_too_much_is_read_later(settings: Settings, bus: FakeBus) -> None:
    few = replace(settings, gateway=replace(settings.gateway, requests_per_s=1.0))
    with running_gateway(few) as gateway, Wire(gateway.address) as wire:
        statuses = []
        begun_s = time.monotonic()
        for _ in range(22):
            wire.request("/")
            statuses.append(wire.answer()[0])
        took_s = time.monotonic() - begun_s
        rests = statuses[:-1].count(429)
        assert rests >= 15
        assert took_s >= rests * REST_S / 2
        # Many at once wait for each other, and none is lost.
        wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
        assert {wire.answer()[0] for _ in range(50)} <= {200, 429}
        # What is never refused is never held back for long either.
        wire.request("/livez")
        assert wire.answer()[0] == 200


def upload_slowly(wire: Wire) -> None:
    size = 1000
    wire.send(
        f"POST {UPLOAD} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()
    )
    begun_s = time.monotonic()
    while time.monotonic() - begun_s < 2.5:
        time.sleep(0.01)  # the fault itself: a body that trickles
        wire.send(b"x")
        size -= 1
    wire.send(b"x" * size)
    assert wire.answer()[0] == 404
