"""The console as a client without a screen sees it: its files, their headers, its pictures."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from kit.bus import bus_settings, short_folder
from kit.fake_broker import FakeBroker, fake_broker
from kit.gateway import RunningGateway, Wire, picture, running_gateway
from kit.processes import wait_for
from lensbus_gateway.alpha.catalogue import CATALOGUE
from lensbus_gateway.console import page
from lensbus_proto.runtime.settings import Settings, SonySettings

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
HERE = Path(page.__file__).parent / page.FOLDER


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with short_folder() as state:
        sony = SonySettings(save_roots=("{state}/pictures",))
        yield replace(bus_settings(state), sony=sony)


@pytest.fixture(scope="module")
def bus(settings: Settings) -> Iterator[FakeBroker]:
    with fake_broker(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def gateway(settings: Settings, bus: FakeBroker) -> Iterator[RunningGateway]:
    with running_gateway(settings, []) as running:
        yield running


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[httpx.Client]:
    host, port = gateway.address
    with httpx.Client(base_url=f"http://{host}:{port}") as opened:
        yield opened


# The page


@pytest.mark.parametrize(
    "accept",
    [
        BROWSER["Accept"],
        "text/html",
        "application/json, text/html;q=0.5",
        "Application/XHTML+XML",
    ],
)
def test_a_browser_gets_the_console(client: httpx.Client, accept: str) -> None:
    answer = client.get("/", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert "<title>lensbus</title>" in answer.text


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/plain", "text/html;q=0"])
def test_a_program_gets_the_greeting(client: httpx.Client, accept: str) -> None:
    answer = client.get("/", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["vary"]) == (200, "Accept")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("lensbus:")


def test_the_page_may_run_nothing_but_files_of_this_gateway(client: httpx.Client) -> None:
    answer = client.get("/", headers=BROWSER)
    policy = dict(
        (rule.split(" ", 1)) for rule in answer.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "img-src", "connect-src")} == {
        "'self'"
    }
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=|https?://", answer.text)


@pytest.mark.parametrize("name", sorted(page.assets()))
def test_every_file_has_its_type_and_is_not_sent_twice(client: httpx.Client, name: str) -> None:
    first = client.get(f"/console/{name}")
    assert first.status_code == 200
    assert first.content == (HERE / name).read_bytes()
    assert first.headers["content-type"] == page.TYPES[Path(name).suffix]
    assert first.headers["content-security-policy"] == page.POLICY
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    again = client.get(f"/console/{name}", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(f"/console/{name}", headers={"If-None-Match": '"other"'}).status_code == 200


def test_every_file_of_the_package_is_served() -> None:
    there = {path.relative_to(HERE).as_posix() for path in HERE.rglob("*") if path.is_file()}
    assert set(page.assets()) == there


def test_modules_import_only_files_that_are_there() -> None:
    for path in HERE.glob("*.js"):
        for name in re.findall(r'from "(.+?)"', path.read_text()):
            assert (path.parent / name).is_file(), (path.name, name)


def test_nothing_of_a_camera_is_written_as_html() -> None:
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    for path in HERE.glob("*.js"):
        assert not re.search(ways, path.read_text()), path.name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nothing.js",
        "page.py",
        "../page.py",
        "%2e%2e/page.py",
        "..%2f..%2f__init__.py",
        "/etc/passwd",
        "vendor",
        "vendor/",
        "vendor/../main.js",
        "main.js%00",
        "main.js/",
    ],
)
def test_no_path_leads_out_of_the_page(gateway: RunningGateway, name: str) -> None:
    # As it is spelled: other clients would tidy the path up first.
    with Wire(gateway.address) as wire:
        wire.request(f"/console/{name}")
        assert wire.answer()[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_the_page_is_only_read(client: httpx.Client, method: str) -> None:
    assert client.request(method, "/console/main.js").status_code == 405


# All pictures through one socket


@pytest.fixture
def socket(gateway: RunningGateway) -> Iterator[ClientConnection]:
    host, port = gateway.address
    with connect(f"ws://{host}:{port}/console/pictures", compression=None) as opened:
        yield opened


def given(socket: ClientConnection) -> tuple[dict[str, Any], bytes]:
    message = socket.recv(timeout=5)
    assert isinstance(message, bytes)
    said, _, image = message.partition(b"\n")
    return json.loads(said), image


def test_one_socket_shows_many_streams(bus: FakeBroker, socket: ClientConnection) -> None:
    socket.send("CAM1/view")
    socket.send("CAM2/depth")
    bus.until_watched(b"CAM1/view", b"CAM2/depth")
    bus.show(picture(1), picture(4, camera="CAM2", stream="depth"))
    both: dict[str, int] = {}
    for _ in range(2):
        said, image = given(socket)
        assert image == str(said["seq"]).encode()
        assert said["time_us"] == 9
        assert said["age_ms"] > 0
        both[said["topic"]] = said["seq"]
    assert both == {"CAM1/view": 1, "CAM2/depth": 4}


def test_a_page_that_asks_again_gets_only_what_is_newer(
    bus: FakeBroker, socket: ClientConnection
) -> None:
    socket.send("CAM3/view")
    bus.until_watched(b"CAM3/view")
    bus.show(picture(1, camera="CAM3"))
    assert given(socket)[1] == b"1"
    socket.send("CAM3/view")
    bus.show(picture(1, camera="CAM3"), picture(2, camera="CAM3"))
    said, image = given(socket)
    assert (said["seq"], image) == (2, b"2")


def test_a_stream_without_pictures_is_told_and_holds_nothing_up(socket: ClientConnection) -> None:
    socket.send("CAM4/view")
    assert given(socket) == ({"topic": "CAM4/view"}, b"")
    socket.send("no camera/has such a name")
    assert given(socket) == ({"topic": "no camera/has such a name"}, b"")


@pytest.mark.parametrize("wish", ["nonsense", "", "CAM1/", "x/" + "y" * 200])
def test_nonsense_closes_the_socket(socket: ClientConnection, wish: str) -> None:
    socket.send(wish)
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1003


def test_bytes_close_the_socket_too(socket: ClientConnection) -> None:
    socket.send(b"CAM1/view")
    with pytest.raises(ConnectionClosed):
        socket.recv(timeout=5)


def test_a_page_counts_as_one_viewer_until_it_is_left(gateway: RunningGateway) -> None:
    host, port = gateway.address
    viewers = gateway.app.state.viewers
    wait_for(lambda: len(viewers) == 0)
    with connect(f"ws://{host}:{port}/console/pictures") as opened:
        opened.send("CAM5/view")
        wait_for(lambda: len(viewers) == 1)
    wait_for(lambda: len(viewers) == 0)


# Its words


def test_the_page_knows_what_every_code_of_sony_is_called() -> None:
    told = (HERE / "codes.js").read_text()
    known = dict(re.findall(r'"(0x[0-9a-f]+)": "([a-z0-9-]+)"', told))
    assert known == {f"0x{code:x}": one.name for one in CATALOGUE.values() for code in one.codes}


@pytest.mark.parametrize("name", ["nothing.js", "web/index.html", "%0A", "%0D%0Amain.js"])
def test_what_is_no_file_of_the_page_is_refused_in_one_shape(
    client: httpx.Client, name: str
) -> None:
    answer = client.get(f"/console/{name}")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
