"""Who is let in, over real sockets: tokens, cookies, tickets, and pages of strangers."""

import http.client
import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from email.message import Message
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from kit import access
from kit.bus import bus_settings, short_folder
from kit.fake_broker import FakeBroker, fake_broker
from kit.gateway import RunningGateway, Wire, event, running_gateway
from kit.processes import ROOT, wait_for
from lensbus_gateway.access.table import RULES
from lensbus_gateway.app import SURFACES, create_app
from lensbus_proto.runtime.passes import key_of, local_pass
from lensbus_proto.runtime.settings import AccessSettings, Settings
from lensbus_proto.runtime.tokens import Scope, token_file

PAGE = ROOT / "docs" / "access.md"


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with short_folder() as state:
        yield replace(bus_settings(state), access=AccessSettings(demand="always"))


@pytest.fixture(scope="module")
def bus(settings: Settings) -> Iterator[FakeBroker]:
    with fake_broker(settings) as opened:
        opened.publish(event(seq=1), event("CAM2", seq=1), event(seq=2))
        opened.entries = [{"camera": camera, "vendor": "sony"} for camera in ("CAM1", "CAM2")]
        yield opened


@pytest.fixture(scope="module")
def gateway(settings: Settings, bus: FakeBroker) -> Iterator[RunningGateway]:
    with running_gateway(settings, SURFACES) as running:
        yield running


@pytest.fixture(scope="module")
def opened(bus: FakeBroker) -> Iterator[RunningGateway]:
    """A gateway on loopback that demands no token."""
    with short_folder() as state, fake_broker(bus_settings(state)) as own:
        own.publish(event(seq=1))
        with running_gateway(bus_settings(state), SURFACES) as running:
            yield running


def token(settings: Settings, scope: Scope = Scope.VIEW, *cameras: str, days: float = 1) -> str:
    return token_file(settings.state).create("test", scope, cameras=cameras, days=days)[1]


@pytest.fixture(scope="module")
def viewer(settings: Settings) -> str:
    return token(settings)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


Answer = tuple[int, Message, Any]


def ask(
    gateway: RunningGateway,
    path: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: Any = None,
) -> Answer:
    """Return status, header fields and body of one request; a new token is known in a second."""
    connection = http.client.HTTPConnection(*gateway.address, timeout=30)
    try:
        sent = {"Host": "localhost", **(headers or {})}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        content = answer.read()
        is_json = answer.headers.get_content_type() == "application/json" and bool(content)
        return answer.status, answer.headers, json.loads(content) if is_json else content
    finally:
        connection.close()


def until_known(gateway: RunningGateway, text: str) -> str:
    wait_for(lambda: ask(gateway, "/api/nothing", headers=bearer(text))[0] == 404, limit_s=30)
    return text


@contextmanager
def stream(gateway: RunningGateway, path: str, **headers: str) -> Iterator[Wire]:
    with Wire(gateway.address) as wire:
        wire.socket.settimeout(30)
        wire.request(path, headers={key.replace("_", "-"): value for key, value in headers.items()})
        yield wire


# The table


def test_the_page_shows_what_every_route_answers_whom() -> None:
    assert access.shown(PAGE.read_text()) == access.markdown(), "run `python -m kit.access`"


def test_every_route_declares_its_scope_and_every_declaration_has_a_route() -> None:
    declared = {path.rstrip("/") or "/" for path in RULES}
    with short_folder() as state:
        there = {path for path, _ in access.requests(create_app(access.demanding(state)))}
    assert declared == there


# Tokens


def test_without_a_token_both_surfaces_refuse_in_their_own_shape(gateway: RunningGateway) -> None:
    status, headers, body = ask(gateway, "/api/cameras")
    assert (status, headers["WWW-Authenticate"]) == (401, 'Bearer realm="lensbus"')
    assert body["success"] is False
    status, headers, body = ask(gateway, "/cameras")
    assert (status, list(body)) == (401, ["detail"])


def test_a_token_lets_in(gateway: RunningGateway, viewer: str) -> None:
    until_known(gateway, viewer)
    assert ask(gateway, "/api/nothing", headers={"Authorization": f"bearer  {viewer} "})[0] == 404


def test_a_head_request_wants_one_too(gateway: RunningGateway) -> None:
    assert ask(gateway, "/api/events", "HEAD")[0] == 401


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "lensbus_0123456789_" + "a" * 43,
        "local.9999999999." + "a" * 43,
        "e8e5d040c7.9999999999." + "a" * 43,
    ],
)
def test_a_wrong_token_is_told_from_none(gateway: RunningGateway, text: str) -> None:
    status, headers, body = ask(gateway, "/api/cameras", headers=bearer(text))
    assert status == 401
    assert 'error="invalid_token"' in headers["WWW-Authenticate"]
    assert body["message"] == "Not let in: the token is not valid, or was revoked"


def test_another_secret_of_a_good_id_opens_nothing(gateway: RunningGateway, viewer: str) -> None:
    until_known(gateway, viewer)
    changed = viewer[:-1] + ("a" if viewer[-1] != "a" else "b")
    assert ask(gateway, "/api/cameras", headers=bearer(changed))[0] == 401


def test_an_expired_token_is_told(gateway: RunningGateway, settings: Settings) -> None:
    text = token(settings, days=1e-6)

    def says() -> str:
        message: str = ask(gateway, "/api/cameras", headers=bearer(text))[2]["message"]
        return message

    wait_for(lambda: says() == "Not let in: the token has expired", limit_s=30)


def test_a_revoked_token_is_worthless_and_its_stream_ends(
    gateway: RunningGateway, settings: Settings
) -> None:
    text = until_known(gateway, token(settings))
    with stream(gateway, "/api/events", **bearer(text)) as wire:
        assert b" 200 " in wire.head()
        token_file(settings.state).revoke(text.split("_")[1])
        with suppress(ConnectionResetError):  # it is cut, however that is told
            wire.rest()
    assert ask(gateway, "/api/cameras", headers=bearer(text))[0] == 401


def test_a_scope_that_is_too_small_is_named(gateway: RunningGateway, viewer: str) -> None:
    until_known(gateway, viewer)
    path = "/api/cameras/CAM1/actions/shutter"
    status, _, body = ask(gateway, path, "POST", bearer(viewer))
    assert status == 403
    assert body["message"] == "This needs the scope control; the token has view"


def test_who_may_read_the_state_folder_needs_no_token(
    gateway: RunningGateway, settings: Settings
) -> None:
    key_of(settings.state)
    text = local_pass(settings.state)
    assert text is not None
    assert ask(gateway, "/api/nothing", headers=bearer(text))[0] == 404


def test_a_password_for_a_proxy_is_not_taken_for_a_token(gateway: RunningGateway) -> None:
    headers = ask(gateway, "/api/cameras", headers={"Authorization": "Basic YTpi"})[1]
    assert headers["WWW-Authenticate"] == 'Bearer realm="lensbus"'


def test_probes_and_the_page_need_none(gateway: RunningGateway) -> None:
    assert ask(gateway, "/livez")[0] == 200
    with Wire(gateway.address) as wire:
        wire.request("/", headers={"Accept": "text/html"})
        assert wire.answer()[0] == 200


# Cameras of others


def test_events_of_other_cameras_are_neither_streamed_nor_replayed(
    gateway: RunningGateway, settings: Settings, bus: FakeBroker
) -> None:
    text = until_known(gateway, token(settings, Scope.VIEW, "CAM2"))
    for path in ("/api/events", "/api/events?cameras=CAM1,CAM2", "/api/cameras/CAM2/events"):
        fields = {**bearer(text), "Last-Event-ID": "7f3a0001.0"}
        with stream(gateway, path, **fields) as wire:
            assert b" 200 " in wire.head()
            told = wire.chunk() + wire.chunk() + wire.chunk()
            assert b'"cameraId":"CAM2"' in told
            bus.publish(event(seq=3), event("CAM2", seq=2))
            assert b'"cameraId":"CAM2"' in wire.chunk()
            assert b"CAM1" not in told
    with stream(gateway, "/api/events?cameras=CAM1&last_event_id=earliest", **bearer(text)) as wire:
        assert b" 200 " in wire.head()
        bus.publish(event(seq=4))
        told = wire.chunk() + wire.chunk()
        assert b"CAM1" not in told


def test_a_snapshot_has_the_visible_cameras_alone(
    gateway: RunningGateway, settings: Settings
) -> None:
    def cameras(text: str) -> list[str]:
        with stream(gateway, "/api/events?snapshot=1", **bearer(text)) as wire:
            wire.head()
            wire.chunk()
            data = re.search(rb"data: (.*)\n", wire.chunk())
        assert data
        return [entry["camera"] for entry in json.loads(data[1])["cameras"]]

    every = cameras(until_known(gateway, token(settings)))
    assert len(every) > 1, every
    assert cameras(until_known(gateway, token(settings, Scope.VIEW, every[0]))) == every[:1]
    assert cameras(until_known(gateway, token(settings, Scope.VIEW, "NOBODY"))) == []


def test_another_camera_answers_as_one_that_nobody_has(
    gateway: RunningGateway, settings: Settings
) -> None:
    text = until_known(gateway, token(settings, Scope.ADMIN, "CAM2"))
    for path in ("/api/cameras/{}/connection", "/api/cameras/{}/events", "/cameras/{}/streams"):
        other, nobody = (ask(gateway, path.format(one), "GET", bearer(text)) for one in "AB")
        assert other[0] == nobody[0] == 404
        assert json.dumps(other[2]).replace("A n", "B n") == json.dumps(nobody[2])


# Browsers


def sign_in(gateway: RunningGateway, text: str, **headers: str) -> tuple[int, str]:
    fields = {key.replace("_", "-"): value for key, value in headers.items()}
    answer = ask(gateway, "/console/session", "POST", fields, {"token": text})
    return answer[0], answer[1].get("Set-Cookie", "")


def cookie_of(field: str) -> dict[str, str]:
    return {"Cookie": field.partition(";")[0]}


def test_a_browser_signs_in_once(gateway: RunningGateway, viewer: str) -> None:
    until_known(gateway, viewer)
    before = ask(gateway, "/console/session")[2]
    assert before == {"demanded": True, "signed_in": False, "reason": ""}
    status, field = sign_in(gateway, viewer)
    assert status == 200
    attributes = {part.strip().lower() for part in field.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= attributes
    assert "secure" not in attributes
    told = ask(gateway, "/console/session", headers=cookie_of(field))[2]
    assert (told["signed_in"], told["scope"], told["cameras"]) == (True, "view", None)
    assert ask(gateway, "/api/nothing", headers=cookie_of(field))[0] == 404
    assert ask(gateway, "/api/nothing", "POST", cookie_of(field))[0] == 404
    assert ask(gateway, "/cameras/refresh", "POST", cookie_of(field))[0] == 403


def test_the_cookie_is_not_the_token_and_behind_tls_it_stays_there(
    gateway: RunningGateway, viewer: str
) -> None:
    until_known(gateway, viewer)
    _, field = sign_in(gateway, viewer, X_Forwarded_Proto="https")
    assert "; secure" in field.lower()
    assert viewer.split("_", 2)[2] not in field


def test_a_changed_cookie_opens_nothing(gateway: RunningGateway, viewer: str) -> None:
    until_known(gateway, viewer)
    cookie = cookie_of(sign_in(gateway, viewer)[1])["Cookie"]
    name, _, value = cookie.partition("=")
    id_, ends, mac = value.split(".")
    for forged in (f"{id_}.{int(ends) + 1}.{mac}", f"{'0' * 10}.{ends}.{mac}", "x", ""):
        assert ask(gateway, "/api/cameras", headers={"Cookie": f"{name}={forged}"})[0] == 401
    assert ask(gateway, "/api/nothing", headers={"Cookie": f"a=b; {cookie}; c=d"})[0] == 404


def test_a_session_ends_with_its_token(gateway: RunningGateway, settings: Settings) -> None:
    text = until_known(gateway, token(settings))
    cookie = cookie_of(sign_in(gateway, text)[1])
    assert ask(gateway, "/api/nothing", headers=cookie)[0] == 404
    token_file(settings.state).revoke(text.split("_")[1])
    wait_for(lambda: ask(gateway, "/api/nothing", headers=cookie)[0] == 401, limit_s=30)


def test_signing_out_takes_the_cookie_away(gateway: RunningGateway) -> None:
    status, headers, _ = ask(gateway, "/console/session", "DELETE")
    assert status == 204
    assert "max-age=0" in headers["Set-Cookie"].lower()


@pytest.mark.parametrize(
    ("body", "status"), [({"token": "x"}, 401), ({}, 422), ([], 422), (3, 422), ({"token": 3}, 422)]
)
def test_what_is_no_token_signs_nobody_in(gateway: RunningGateway, body: Any, status: int) -> None:
    answer = ask(gateway, "/console/session", "POST", body=body)
    assert answer[0] == status
    assert "Set-Cookie" not in answer[1]


def ticket(gateway: RunningGateway, text: str) -> str:
    status, _, body = ask(gateway, "/access/tickets", "POST", bearer(text))
    assert (status, body["expires_in_s"]) == (201, 30)
    found: str = body["ticket"]
    return found


def test_a_ticket_opens_one_stream_once_whichever_gateway_is_asked(
    gateway: RunningGateway, settings: Settings, viewer: str
) -> None:
    until_known(gateway, viewer)
    with running_gateway(settings, SURFACES) as other:
        for first, second in ((gateway, other), (other, gateway)):
            path = f"/api/events?ticket={ticket(gateway, viewer)}"
            with stream(first, path) as wire:
                assert b" 200 " in wire.head()
            for again in (second, first):
                status, _, body = ask(again, path)
                assert status == 401
                assert body["message"].startswith("Not let in: the ticket was used")


def test_a_ticket_carries_the_cameras_of_its_token(
    gateway: RunningGateway, settings: Settings
) -> None:
    text = until_known(gateway, token(settings, Scope.VIEW, "CAM2"))
    path = f"/api/cameras/CAM1/events?ticket={ticket(gateway, text)}"
    assert ask(gateway, path)[0] == 404
    path = f"/api/events?ticket={ticket(gateway, text)}&last_event_id=7f3a0001.0"
    with stream(gateway, path) as wire:
        wire.head()
        told = wire.chunk() + wire.chunk() + wire.chunk()
    assert b"CAM2" in told
    assert b"CAM1" not in told


def test_a_ticket_opens_nothing_but_streams(gateway: RunningGateway, viewer: str) -> None:
    until_known(gateway, viewer)
    unused = ticket(gateway, viewer)
    assert ask(gateway, f"/api/cameras?ticket={unused}")[0] == 401
    assert ask(gateway, f"/api/server/logs?ticket={unused}")[0] == 401
    assert ask(gateway, f"/cameras/A/streams/B/video?ticket={unused}", "POST")[0] == 401
    with stream(gateway, f"/api/events?ticket={unused}") as wire:
        assert b" 200 " in wire.head()


def pictures_url(gateway: RunningGateway, query: str = "") -> str:
    return f"ws://localhost:{gateway.address[1]}/console/pictures{query}"


def refused_with(url: str, **headers: str) -> int:
    fields = {key.replace("_", "-"): value for key, value in headers.items()}
    with (
        pytest.raises(InvalidStatus) as caught,
        connect(url, additional_headers=fields, open_timeout=30),
    ):
        pass
    return caught.value.response.status_code


def test_a_websocket_wants_a_token_a_cookie_or_a_ticket(
    gateway: RunningGateway, viewer: str
) -> None:
    until_known(gateway, viewer)
    url = pictures_url(gateway)
    assert refused_with(url) == 401
    for headers in (bearer(viewer), cookie_of(sign_in(gateway, viewer)[1])):
        with connect(url, additional_headers=headers, open_timeout=30):
            pass
    with_ticket = pictures_url(gateway, f"?ticket={ticket(gateway, viewer)}")
    with connect(with_ticket, open_timeout=30):
        pass
    assert refused_with(with_ticket) == 401


def test_a_websocket_ends_with_its_token(gateway: RunningGateway, settings: Settings) -> None:
    text = until_known(gateway, token(settings))
    with connect(pictures_url(gateway), additional_headers=bearer(text)) as opened:
        token_file(settings.state).revoke(text.split("_")[1])
        with pytest.raises(ConnectionClosed):
            opened.recv(timeout=30)
        assert opened.close_code == 1008


# Pages of strangers, where no token is demanded


def test_a_program_on_loopback_is_not_asked_for_anything(opened: RunningGateway) -> None:
    status, headers, _ = ask(opened, "/api/nothing")
    assert status == 404
    assert "Access-Control-Allow-Origin" not in headers
    with stream(opened, "/api/events") as wire:
        assert b"Access-Control" not in wire.head()


@pytest.mark.parametrize(
    "path", ["/api/events", "/api/cameras", "/cameras", "/metrics", "/", "/nowhere"]
)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
    ],
)
def test_what_a_stranger_s_page_sends_is_refused(
    opened: RunningGateway, path: str, headers: dict[str, str], status: int
) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = ask(opened, path, method, headers)
        assert answer[0] == status
        assert "Access-Control-Allow-Origin" not in answer[1]


def test_a_stranger_s_websocket_is_refused(opened: RunningGateway) -> None:
    url = pictures_url(opened)
    assert refused_with(url, Origin="http://evil.example") == 403
    own = f"http://localhost:{opened.address[1]}"
    with connect(url, additional_headers={"Origin": own}, open_timeout=30):
        pass


def test_a_preflight_of_a_listed_page_is_answered_with_its_origin(bus: FakeBroker) -> None:
    with short_folder() as state, fake_broker(bus_settings(state)):
        listed = AccessSettings(origins=("http://studio",))
        with running_gateway(replace(bus_settings(state), access=listed)) as gateway:
            asks = {
                "Origin": "http://studio",
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "authorization,content-type",
            }
            status, headers, _ = ask(gateway, "/api/events", "OPTIONS", asks)
            assert status == 204
            assert headers["Access-Control-Allow-Origin"] == "http://studio"
            assert headers["Access-Control-Allow-Headers"] == "*, Authorization"
            assert headers["Vary"] == "Origin"
            read = ask(gateway, "/api/cameras", headers={"Origin": "http://studio"})[1]
            assert read["Access-Control-Expose-Headers"] == "*", "ETag and Content-Range too"
            assert ask(gateway, "/api/events", "OPTIONS", {"Origin": "http://x"})[0] == 403


# What is written down


def test_what_acts_is_written_down_and_what_reads_is_not(opened: RunningGateway) -> None:
    settings: Settings = opened.app.state.settings
    path = settings.state / "logs" / "audit.jsonl"
    assert ask(opened, "/api/cameras")[0] == 200
    assert ask(opened, "/cameras/refresh", "POST", {"X-Forwarded-For": "1.2.3.4"})[0] == 200
    wait_for(lambda: path.exists() and path.read_text().endswith("\n"), limit_s=30)
    (line,) = map(json.loads, path.read_text().splitlines())
    del line["time"]
    assert line == {
        **{"by": "local", "name": "", "address": "127.0.0.1", "forwarded_for": "1.2.3.4"},
        **{"method": "POST", "route": "/cameras/refresh", "path": "/cameras/refresh"},
        **{"camera": None, "status": 200, "commands": []},
    }


def test_a_refusal_of_somebody_known_is_written_down_and_of_a_stranger_is_not(
    gateway: RunningGateway, settings: Settings, viewer: str
) -> None:
    until_known(gateway, viewer)
    path = settings.state / "logs" / "audit.jsonl"
    target = "/api/cameras/CAM9/actions/shutter"
    assert ask(gateway, target, "POST")[0] == 401
    assert ask(gateway, target, "POST", bearer(viewer))[0] == 403
    wait_for(lambda: path.exists() and "CAM9" in path.read_text(), limit_s=30)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    (line,) = (line for line in lines if line["camera"] == "CAM9")
    assert (line["by"], line["name"], line["status"]) == (viewer.split("_")[1], "test", 403)


def test_the_door_is_closed_where_tokens_are_demanded(gateway: RunningGateway) -> None:
    with socket.create_connection(gateway.address, timeout=30) as line:
        line.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.recv(65536).startswith(b"HTTP/1.1 401 ")
