"""Sockets of the gateway's own server: what becomes of them that are refused, bad or too early."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from kit.fake_broker import FakeBroker
from kit.gateway import RunningGateway, Wire, picture, running_gateway
from lensbus_gateway.robopipe import video
from lensbus_proto.runtime.settings import Settings

KEY = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


@pytest.fixture
def gateway(settings: Settings, bus: FakeBroker) -> Iterator[RunningGateway]:
    routes = [
        WebSocketRoute("/echo", echo),
        WebSocketRoute("/{mxid}/{stream_name}", video.show_video),
    ]
    with running_gateway(settings, routes) as running:
        yield running


def url(gateway: RunningGateway, path: str) -> str:
    host, port = gateway.address
    return f"ws://{host}:{port}{path}"


def test_a_line_of_requests_may_become_a_socket(gateway: RunningGateway) -> None:
    with Wire(gateway.address) as wire:
        wire.request("/nothing")
        assert wire.answer()[0] == 404
        wire.request("/echo", headers=KEY)
        assert wire.head().startswith(b"HTTP/1.1 101 ")
        wire.send(b"\x81\x82\0\0\0\0hi")
        assert wire.until(b"hi") == b"\x81\x02hi"


def test_no_socket_opens_while_an_answer_is_under_way(gateway: RunningGateway) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in KEY.items())
    upgrade = f"GET /echo HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode()
    with Wire(gateway.address) as wire:
        wire.send(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n" + upgrade)
        assert b" 101 " not in wire.rest()


@pytest.mark.parametrize("path", ["/nothing", "/api/events"])
def test_a_path_without_a_socket_is_refused(gateway: RunningGateway, path: str) -> None:
    with Wire(gateway.address) as wire:
        wire.request(path, headers=KEY)
        assert wire.head().startswith(b"HTTP/1.1 403 ")


def test_a_message_that_is_too_long_closes_the_socket(gateway: RunningGateway) -> None:
    with connect(url(gateway, "/echo"), proxy=None) as socket:
        socket.send("x" * 70_000)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_what_is_no_video_closes_the_socket(
    gateway: RunningGateway, bus: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_there(socket: WebSocket) -> None:
        pass

    monkeypatch.setattr(video, "check_shown", is_there)
    with connect(url(gateway, "/CAM1/CAM_A"), proxy=None) as socket:
        bus.until_watched(b"CAM1/h264.CAM_A")
        bus.show(replace(picture(1, stream="h264.CAM_A")))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
