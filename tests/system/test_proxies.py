"""Through the proxies of `deploy/`: events come at once, pictures flow, cursors pass."""

import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.sync.client import connect

from kit.cli import lensbus
from kit.gateway import gateway_process
from kit.proxies import Proxy, running_proxy
from kit.system import ALPHA, OAK, System
from lensbus_proto.runtime.settings import AccessSettings, Settings, SystemSettings
from lensbus_proto.runtime.tokens import Scope, token_file

AT_ONCE_S = 2.0  # a proxy that buffers holds an event until 4 or 8 KiB are full


@pytest.fixture(scope="module")
def token(system: System) -> Iterator[str]:
    file = token_file(system.state)
    made, text = file.create("behind a proxy", Scope.CONTROL)
    yield text
    file.revoke(made.id)


@pytest.fixture(scope="module")
def gateway(system: System, token: str) -> Iterator[int]:
    """The port of one more gateway of the system, as one behind a proxy has to be set."""
    settings = Settings(
        system=SystemSettings(str(system.state)), access=AccessSettings(demand="always")
    )
    with socket.create_server(("127.0.0.1", 0)) as listener, gateway_process(settings, listener):
        yield listener.getsockname()[1]


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(
    request: pytest.FixtureRequest,
    gateway: int,
    token: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp(request.param)
    with running_proxy(request.param, gateway, folder) as running:
        yield replace(running, token=token)


def bearer(proxy: Proxy) -> dict[str, str]:
    return {"Authorization": f"Bearer {proxy.token}"}


def trusting(proxy: Proxy) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(proxy.authority))


@contextmanager
def opened(
    proxy: Proxy, path: str, headers: dict[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    """Yield an answer whose body may go on for ever."""
    connection = http.client.HTTPSConnection(
        "localhost", proxy.port, timeout=AT_ONCE_S, context=trusting(proxy)
    )
    try:
        connection.request("GET", path, headers={**bearer(proxy), **(headers or {})})
        with connection.getresponse() as answer:
            assert answer.status == 200
            yield answer
    finally:
        connection.close()


def next_event(answer: http.client.HTTPResponse) -> dict[str, str]:
    """Return the fields of the next event; fail when it does not come at once."""
    fields = {}
    while line := answer.readline().decode().rstrip("\n"):
        name, _, value = line.partition(": ")
        fields[name] = value
    return fields


def test_every_event_comes_at_once(system: System, proxy: Proxy) -> None:
    control = f"/cameras/{OAK}/streams/CAM_A/control"
    with opened(proxy, f"/api/events?cameras={OAK}&types=controlChanged") as answer:
        assert next_event(answer)["event"] == "connected"
        for contrast in (1, 2, 3):
            system.json("POST", control, {"contrast": contrast})
            event = next_event(answer)
            assert json.loads(event["data"])["control"]["contrast"] == contrast


def test_a_cursor_passes_in_the_header(system: System, proxy: Proxy) -> None:
    earliest = {"Last-Event-ID": "earliest"}
    with opened(proxy, "/api/events", earliest) as answer:
        assert next_event(answer)["event"] == "connected"
        assert next_event(answer)["event"] == "resumed"
        first, second = next_event(answer), next_event(answer)
    with opened(proxy, "/api/events", {"Last-Event-ID": first["id"]}) as answer:
        assert answer.headers["X-Resumed-From"] == first["id"]
        assert [next_event(answer)["event"] for _ in range(2)] == ["connected", "resumed"]
        assert next_event(answer) == second


def test_events_flow_over_http_2(proxy: Proxy) -> None:
    curl = ["curl", "-sN", "--http2", "--max-time", "2", "--cacert", str(proxy.authority)]
    done = subprocess.run(
        [
            *curl,
            *("-H", f"Authorization: Bearer {proxy.token}"),
            *("-w", "version=%{http_version}", f"{proxy.url}/api/events"),
        ],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert "event: connected" in done.stdout
    assert "version=2" in done.stdout


def test_live_pictures_flow(proxy: Proxy) -> None:
    with opened(proxy, f"/cameras/{OAK}/streams/CAM_A/mjpeg") as answer:
        assert answer.headers.get_content_type() == "multipart/x-mixed-replace"
        pictures = 0
        while pictures < 3:
            line = answer.readline()
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
                while answer.readline().strip():
                    pass
                picture = answer.read(size)
                assert picture.startswith(b"\xff\xd8")
                assert picture.endswith(b"\xff\xd9")
                pictures += 1


def test_a_websocket_is_let_through(proxy: Proxy) -> None:
    url = f"wss://localhost:{proxy.port}/cameras/{OAK}/streams/CAM_A/video"
    with connect(
        url,
        ssl=trusting(proxy),
        additional_headers=bearer(proxy),
        open_timeout=10,
        compression=None,
    ) as video:
        head, first = video.recv(timeout=10), video.recv(timeout=10)
    assert isinstance(head, bytes)
    assert isinstance(first, bytes)
    assert head[4:8] == b"ftyp"
    assert first[4:8] == b"moof"


def test_the_command_line_works_through_it(proxy: Proxy) -> None:
    there = {"LENSBUS_URL": proxy.url, "SSL_CERT_FILE": str(proxy.authority)}
    cameras = lensbus(None, "cameras", "--json", "--token", proxy.token, expect=0, **there).json
    assert {ALPHA, OAK} <= {camera["id"] for camera in cameras}
    assert "wants a token" in lensbus(None, "cameras", expect=6, **there).err
    strange = lensbus(None, "cameras", expect=3, LENSBUS_URL=proxy.url).err
    assert "name the file of its authority in SSL_CERT_FILE" in strange


def test_whoever_comes_through_it_needs_a_token_and_gets_a_cookie_for_tls(proxy: Proxy) -> None:
    connection = http.client.HTTPSConnection(
        "localhost", proxy.port, timeout=60, context=trusting(proxy)
    )
    own = {"Origin": f"https://localhost:{proxy.port}"}
    try:
        connection.request("GET", "/api/cameras")
        assert _read(connection).status == 401
        body = json.dumps({"token": proxy.token})
        connection.request("POST", "/console/session", body, own)
        answer = _read(connection)
        assert answer.status == 200
        field = answer.headers["Set-Cookie"]
        assert "; secure" in field.lower()
        connection.request("GET", "/api/cameras", headers={"Cookie": field.partition(";")[0]})
        assert _read(connection).status == 200
        connection.request("GET", "/api/cameras", headers={"Origin": "https://evil.example"})
        assert _read(connection).status == 403
    finally:
        connection.close()


def _read(connection: http.client.HTTPSConnection) -> http.client.HTTPResponse:
    answer = connection.getresponse()
    answer.read()
    return answer


def test_what_comes_without_tls_is_sent_to_it(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("localhost", proxy.plain_port, timeout=5)
    try:
        connection.request("POST", "/api/cameras", headers={"Host": "localhost"})
        answer = connection.getresponse()
        assert answer.status == 308
        assert answer.headers["Location"].startswith("https://localhost")
    finally:
        connection.close()


def test_a_proxy_without_a_system_is_told(tmp_path: Path) -> None:
    with running_proxy("nginx", 9, tmp_path) as alone:
        done = lensbus(
            None,
            "status",
            expect=3,
            LENSBUS_URL=alone.url,
            SSL_CERT_FILE=str(alone.authority),
        )
    assert f"a proxy answers at {alone.url}, but no system behind it (502)" in done.err
