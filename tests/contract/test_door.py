"""A request that comes whole and one that comes in pieces take two ways to the same stream."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from kit.bus import bus_settings, short_folder
from kit.fake_broker import FakeBroker, fake_broker
from kit.gateway import RunningGateway, Wire, event, running_gateway
from kit.processes import wait_for
from lensbus_proto.runtime.settings import HubSettings, Settings

RETRY = re.compile(rb"retry: \d+")


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with short_folder() as state:
        yield replace(bus_settings(state), hub=HubSettings(clients=2))


@pytest.fixture(scope="module")
def bus(settings: Settings) -> Iterator[FakeBroker]:
    with fake_broker(settings) as opened:
        opened.publish(event(seq=1), event("CAM2", seq=1), event(seq=2))
        yield opened


@pytest.fixture(scope="module")
def gateway(settings: Settings, bus: FakeBroker) -> Iterator[RunningGateway]:
    with pytest.MonkeyPatch.context() as patch, running_gateway(settings) as running:
        patch.setattr("lensbus_gateway.replay.HEAD_S", 60.0)  # heads are compared
        yield running


def request(path: str, headers: Mapping[str, str], method: str = "GET") -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode()


def opening(gateway: RunningGateway, sent: bytes, chunks: int, *, whole: bool) -> list[bytes]:
    """Return the head and the first chunks of what a request gets."""
    wait_for(lambda: len(gateway.hub) == 0)
    with Wire(gateway.address) as wire:
        if whole:
            wire.send(sent)
        else:
            wire.send(sent[:1])
            wait_for(lambda: gateway.server.server_state.connections)
            wire.send(sent[1:])
        return [wire.head(), *(RETRY.sub(b"", wire.chunk()) for _ in range(chunks))]


@pytest.mark.parametrize(
    ("path", "headers", "chunks"),
    [
        ("/api/events", {}, 1),
        ("/api/events", {"Accept": "*/*", "Connection": "keep-alive"}, 1),
        ("/api/events", {"Last-Event-ID": "7f3a0001.1"}, 4),
        ("/api/events?last_event_id=earliest&ids=0", {}, 5),
        ("/api/events?last_event_id=earliest", {"Last-Event-ID": "7f3a0001.2"}, 3),
        ("/api/events?cameras=CAM2&lastEventId=7f3a0001.0", {}, 3),
        ("/api/cameras/CAM1/events?last_event_id=7f3a0001.0", {}, 4),
        ("/api/cameras/CAM1/events?types=other&last_event_id=7f3a0001.0", {}, 2),
        ("/api/events?snapshot=1", {}, 2),
        ("/api/events?heartbeat=1", {}, 2),
    ],
)
def test_both_ways_open_the_same_stream(
    gateway: RunningGateway, path: str, headers: dict[str, str], chunks: int
) -> None:
    sent = request(path, headers)
    first, second = (opening(gateway, sent, chunks, whole=whole) for whole in (True, False))
    time_of_beat = re.compile(rb'"timeUs":\d{10,}')
    assert [time_of_beat.sub(b"", one) for one in first] == [
        time_of_beat.sub(b"", one) for one in second
    ]


def test_a_full_gateway_asks_both_to_come_back_later(gateway: RunningGateway) -> None:
    wait_for(lambda: len(gateway.hub) == 0)
    sent = request("/api/events", {})
    with Wire(gateway.address) as first, Wire(gateway.address) as second:
        for wire in (first, second):
            wire.send(sent)
            wire.head()
        with Wire(gateway.address) as third:
            third.send(sent)
            status, _, body = third.answer()
    assert status == 200
    assert body.startswith(b"event: busy\n")


def test_a_connection_that_asked_for_nothing_does_not_hold_up_the_end() -> None:
    with (
        short_folder() as state,
        fake_broker(bus_settings(state)),
        running_gateway(bus_settings(state)) as gateway,
    ):
        with Wire(gateway.address) as wire:
            wait_for(lambda: gateway.server.server_state.connections)
            gateway.loop.call_soon_threadsafe(gateway.server.stop)
            assert wire.rest() == b""
        gateway.stop()
