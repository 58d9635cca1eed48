"""Event streams on the wire: exact bytes, slow and leaving clients, the end."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from kit.bus import bus_settings, short_folder
from kit.gateway import (
    LIMIT_MS,
    SEQ,
    FakeBus,
    RunningGateway,
    Wire,
    event,
    gateway_process,
    running_gateway,
)
from kit.processes import wait_for
from lensbus_proto.runtime.settings import AccessSettings, HubSettings, Settings

HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/event-stream\r\n"
    b"Cache-Control: no-cache\r\n"
    b"Connection: keep-alive\r\n"
    b"Access-Control-Allow-Origin: *\r\n"
    b"X-Accel-Buffering: no\r\n"
    b"Transfer-Encoding: chunked\r\n"
    b"\r\n"
)
HANDSHAKE = re.compile(
    rb'id: 7f3a0001\.0\nevent: connected\ndata: {"cameraId":"\*"}\nretry: ([123]\d{3})\n\n'
)
WARNING = (
    b'id: 7f3a0001.1\nevent: warning\ndata: {"cameraId":"CAM1","code":"0x20011",'
    b'"message":"Captured_Event","epoch":7,"seq":1,"timeUs":9}\n\n'
)


@pytest.fixture
def settings() -> Iterator[Settings]:
    with short_folder() as state:
        # The exact bytes are those of the old servers, which let every page read them.
        yield replace(bus_settings(state), access=AccessSettings(origins=("*",)))


@pytest.fixture
def gateway(settings: Settings, bus: FakeBus) -> Iterator[RunningGateway]:
    with running_gateway(settings) as running:
        bus.until_read()
        yield running


@pytest.fixture
def wire(gateway: RunningGateway) -> Iterator[Wire]:
    with Wire(gateway.address) as opened:
        yield opened


def opened(gateway: RunningGateway, path: str = "/api/events") -> Wire:
    wire = Wire(gateway.address)
    wire.request(path)
    wire.head()
    wire.chunk()
    return wire


def test_a_stream_begins_with_head_and_handshake(wire: Wire) -> None:
    wire.request("/api/events")
    assert wire.head() == HEAD
    size, _, rest = wire.until(b"\n\n\r\n").partition(b"\r\n")
    assert len(rest.removesuffix(b"\r\n")) == int(size, 16)
    assert HANDSHAKE.fullmatch(rest.removesuffix(b"\r\n"))
    assert wire.unread == b""


def test_every_client_is_told_another_time_to_come_back(gateway: RunningGateway) -> None:
    told = set()
    for _ in range(20):
        with Wire(gateway.address) as wire:
            wire.request("/api/events")
            wire.head()
            found = HANDSHAKE.fullmatch(wire.chunk())
            assert found
            told.add(int(found[1]))
    assert len(told) > 10
    assert 1000 <= min(told) <= max(told) <= 3000


def test_without_ids_the_handshake_and_events_are_as_before(
    gateway: RunningGateway, bus: FakeBus
) -> None:
    with Wire(gateway.address) as wire:
        wire.request("/api/events?ids=0")
        assert wire.head() == HEAD
        assert wire.chunk().startswith(b'event: connected\ndata: {"cameraId":"*"}\nretry: ')
        bus.publish(event(code="0x20011", message="Captured_Event"))
        assert wire.chunk() == WARNING.removeprefix(b"id: 7f3a0001.1\n")


def test_the_handshake_of_one_camera_names_it(wire: Wire) -> None:
    wire.request("/api/cameras/CAM9/events")
    assert wire.head() == HEAD
    assert b'\nevent: connected\ndata: {"cameraId":"CAM9"}\nretry: ' in wire.chunk()


def test_an_event_arrives_in_exactly_these_bytes(gateway: RunningGateway, bus: FakeBus) -> None:
    with opened(gateway) as wire:
        bus.publish(event(code="0x20011", message="Captured_Event"))
        assert wire.chunk() == WARNING


def test_one_camera_is_told_apart_from_the_others(gateway: RunningGateway, bus: FakeBus) -> None:
    with opened(gateway) as every, opened(gateway, "/api/cameras/CAM1/events") as one:
        bus.publish(event("CAM2", seq=1), event("CAM1", seq=2), event("CAM2", seq=3))
        bus.publish(event("CAM1", seq=4))
        assert [SEQ.findall(every.chunk()) for _ in range(4)] == [[b"1"], [b"2"], [b"3"], [b"4"]]
        assert [SEQ.findall(one.chunk()) for _ in range(2)] == [[b"2"], [b"4"]]
        assert one.unread == b""


def test_a_keepalive_is_a_block_of_its_own(settings: Settings, bus: FakeBus) -> None:
    quick = replace(settings, hub=HubSettings(keepalive_s=0.1))
    with running_gateway(quick) as gateway, opened(gateway) as wire:
        assert [wire.chunk() for _ in range(3)] == [b": keepalive\n\n"] * 3


def test_an_old_reader_gets_no_chunks_and_a_close_at_the_end(
    gateway: RunningGateway, bus: FakeBus
) -> None:
    with Wire(gateway.address) as wire:
        wire.request("/api/events", version="1.0")
        head = wire.head()
        assert b"Transfer-Encoding" not in head
        assert b"Connection: close\r\n" in head
        assert HANDSHAKE.fullmatch(wire.until(b"\n\n"))
        bus.publish(event(code="0x20011", message="Captured_Event"))
        assert wire.until(b"\n\n") == WARNING
        gateway.stop()
        assert wire.rest() == b""


@pytest.mark.parametrize("path", ["/api/events", "/api/cameras/CAM1/events"])
def test_head_answers_the_head_and_ends(wire: Wire, gateway: RunningGateway, path: str) -> None:
    wire.request(path, "HEAD")
    status, headers, body = wire.answer()
    assert (status, body) == (200, b"")
    assert headers["content-type"] == "text/event-stream"
    assert headers["x-accel-buffering"] == "no"
    assert "content-length" not in headers
    wire.request("/", "GET")
    assert wire.answer()[0] == 200, "the connection is still good for the next request"
    assert len(gateway.hub) == 0


def test_options_answers_204(wire: Wire) -> None:
    wire.request("/api/events", "OPTIONS")
    status, headers, body = wire.answer()
    assert (status, headers["content-type"], body) == (204, "text/plain", b"")
    assert headers["access-control-allow-origin"] == "*"
    assert headers["access-control-allow-methods"] == "GET, POST, PUT, PATCH, DELETE, OPTIONS"
    assert headers["access-control-allow-headers"] == "*"


def test_junk_on_the_bus_reaches_nobody(gateway: RunningGateway, bus: FakeBus) -> None:
    with opened(gateway) as wire:
        for parts in ([b""], [b"CAM1/x"], [b"\xff/x", b"", b""], [b"CAM1/x", b"L" * 40, b"\xc1"]):
            bus.events.send_multipart(parts)
        bus.publish(event(code="0x20011", message="Captured_Event"))
        assert wire.chunk() == WARNING


def test_what_waits_goes_out_in_order(gateway: RunningGateway, bus: FakeBus) -> None:
    with opened(gateway) as wire:
        bus.publish(*(event(seq=seq) for seq in range(1, 3001)))
        read = [SEQ.findall(wire.chunk()) for _ in range(3000)]
        assert read == [[b"%d" % seq] for seq in range(1, 3001)]


def slow_wire(gateway: RunningGateway) -> Wire:
    """A client that has asked for events and reads nothing."""
    wire = Wire(gateway.address, receive_buffer=4096)
    wire.request("/api/events")
    wait_for(lambda: len(gateway.hub) == 1)
    return wire


def small(settings: Settings, ring_events: int) -> Settings:
    return replace(settings, hub=HubSettings(ring_events=ring_events, send_buffer_bytes=4096))


def test_a_slow_reader_is_served_from_the_ring(settings: Settings, bus: FakeBus) -> None:
    with running_gateway(small(settings, 2000)) as gateway, slow_wire(gateway) as wire:
        bus.until_read()
        bus.publish(*(event(seq=seq, text="x" * 1000) for seq in range(1, 1001)))
        wait_for(lambda: gateway.hub.behind == 1)
        wire.head()
        wire.chunk()
        read = [SEQ.findall(wire.chunk()) for _ in range(1000)]
        assert read == [[b"%d" % seq] for seq in range(1, 1001)]
        wait_for(lambda: gateway.hub.behind == 0)
        bus.publish(event(seq=1001))
        assert SEQ.findall(wire.chunk()) == [b"1001"]


def test_a_reader_past_the_ring_is_closed_and_the_others_are_not(
    settings: Settings, bus: FakeBus
) -> None:
    with running_gateway(small(settings, 100)) as gateway, slow_wire(gateway) as slow:
        bus.until_read()
        with opened(gateway) as good:
            for seq in range(1, 1001):
                bus.publish(event(seq=seq, text="x" * 1000))
                assert SEQ.findall(good.chunk()) == [b"%d" % seq]
            wait_for(lambda: len(gateway.hub) == 1)
            assert gateway.hub.closed_behind == 1
            with pytest.raises((AssertionError, ConnectionResetError), match=r"closed|reset"):
                slow.until(b'"seq":1000,')


def test_who_leaves_is_forgotten_at_once(gateway: RunningGateway) -> None:
    first, second = opened(gateway), opened(gateway)
    assert len(gateway.hub) == 2
    first.socket.close()
    wait_for(lambda: len(gateway.hub) == 1)
    second.reset()
    wait_for(lambda: len(gateway.hub) == 0)


def test_a_storm_of_resets_leaves_nothing_behind(gateway: RunningGateway) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(300):
        wire = Wire(gateway.address)
        wire.request("/api/events")
        wire.reset()
    wait_for(lambda: len(gateway.hub) == 0)
    wait_for(lambda: not gateway.server.server_state.connections)
    wait_for(lambda: len(os.listdir("/proc/self/fd")) <= before)


def test_what_a_client_says_on_an_open_stream_is_ignored(
    gateway: RunningGateway, bus: FakeBus
) -> None:
    with Wire(gateway.address) as wire:
        wire.send(
            b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        assert wire.head() == HEAD
        assert HANDSHAKE.fullmatch(wire.chunk())
        wire.send(b"\x00junk" * 1000)
        bus.publish(event(code="0x20011", message="Captured_Event"))
        assert wire.chunk() == WARNING


def test_accepted_sockets_notice_dead_peers(gateway: RunningGateway) -> None:
    with opened(gateway):
        client = gateway.hub.clients()[0]
        accepted = socket.socket(fileno=os.dup(client.transport.get_extra_info("socket").fileno()))
        with accepted:
            timeout_ms = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            nodelay = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert (timeout_ms, bool(nodelay)) == (20_000, True)


def test_a_reader_that_takes_nothing_for_too_long_is_cut(settings: Settings, bus: FakeBus) -> None:
    own = replace(settings, hub=HubSettings(user_timeout_s=1, send_buffer_bytes=4096))
    with running_gateway(own) as gateway, slow_wire(gateway):
        bus.until_read()
        bus.publish(*(event(seq=seq, text="x" * 1000) for seq in range(1, 1001)))
        wait_for(lambda: gateway.hub.behind == 1)
        wait_for(lambda: len(gateway.hub) == 0)
        assert gateway.hub.closed_behind == 0


def test_a_listed_origin_is_in_the_head_of_its_own_pages(settings: Settings, bus: FakeBus) -> None:
    own = replace(settings, access=AccessSettings(origins=("http://studio", "http://lab")))
    with running_gateway(own) as gateway:
        with Wire(gateway.address) as wire:
            wire.request("/api/events", headers={"Origin": "http://lab"})
            head = wire.head()
        assert b"Access-Control-Allow-Origin: http://lab\r\nVary: Origin\r\n" in head
        with Wire(gateway.address) as wire:
            wire.request("/api/events")
            assert b"Access-Control" not in wire.head()


def test_the_end_closes_every_body_cleanly(gateway: RunningGateway) -> None:
    with opened(gateway) as wire:
        gateway.stop()
        assert wire.chunk() == b""
        assert wire.rest() == b"\r\n" or wire.unread == b""


def test_sigterm_ends_streams_and_process(settings: Settings, bus: FakeBus) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with gateway_process(settings, listener) as child:
            bus.until_read()
            with Wire(listener.getsockname()) as wire:
                wire.request("/api/events")
                assert wire.head() == HEAD
                assert HANDSHAKE.fullmatch(wire.chunk())
                child.send_signal(signal.SIGTERM)
                assert wire.chunk() == b""
                assert child.wait(LIMIT_MS / 1000) == 0
        # The kept socket outlives the process: a client that comes now waits for the next one.
        Wire(listener.getsockname()).socket.close()
