"""Cursors on the wire: who comes back gets what it missed, and the truth about the rest."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from kit.fake_broker import FakeBroker, fake_broker
from kit.gateway import RunningGateway, Wire, event, running_gateway
from kit.processes import wait_for
from kit.sse_reader import Reader
from lensbus_proto.messages import Event
from lensbus_proto.runtime.settings import HubSettings, Settings

J = "7f3a0001"


@pytest.fixture
def broker(settings: Settings) -> Iterator[FakeBroker]:
    with fake_broker(settings) as opened:
        yield opened


@pytest.fixture
def gateway(settings: Settings, broker: FakeBroker) -> Iterator[RunningGateway]:
    with running_gateway(settings) as running:
        broker.until_read()
        yield running


def hub(settings: Settings, **values: float) -> Settings:
    return replace(settings, hub=HubSettings(**values))  # type: ignore[arg-type]  # whole numbers


def events(*seqs: int, camera: str = "CAM1", kind: str = "warning") -> list[Event]:
    return [event(camera, kind, seq) for seq in seqs]


def test_every_event_has_an_id_and_begins_with_it(
    gateway: RunningGateway, broker: FakeBroker
) -> None:
    with Reader(gateway.address) as reader:
        broker.publish(*events(1, 2, 3))
        told = [reader.handshake, *reader.take(3)]
        assert [one.id for one in told] == [f"{J}.{position}" for position in range(4)]


def test_a_client_comes_back_to_where_it_began_if_nothing_had_happened(
    gateway: RunningGateway, broker: FakeBroker
) -> None:
    with Reader(gateway.address) as reader:
        cursor = reader.handshake.id
    broker.publish(*events(1))
    with Reader(gateway.address, cursor=cursor) as reader:
        assert reader.next().kind == "resumed"
        assert reader.next().seq == 1


def test_who_comes_back_is_told_where_the_replay_begins_and_misses_nothing(
    gateway: RunningGateway, broker: FakeBroker
) -> None:
    with Reader(gateway.address) as witness:
        broker.publish(*events(*range(1, 11)))
        witness.take(10)
        with Reader(gateway.address, cursor=f"{J}.4") as reader:
            assert f"\r\nX-Resumed-From: {J}.4\r\n" in reader.response_head
            assert reader.handshake.id is None
            resumed = reader.next()
            assert (resumed.kind, resumed.id) == ("resumed", None)
            assert resumed.data == {"cameraId": "*", "from": f"{J}.4", "complete": True}
            assert reader.seqs(6) == [5, 6, 7, 8, 9, 10]
            broker.publish(*events(11))
            assert reader.seqs(1) == [11]


@pytest.mark.parametrize("name", ["last_event_id", "lastEventId"])
def test_a_cursor_in_the_query_counts_unless_there_is_one_in_the_header(
    gateway: RunningGateway, broker: FakeBroker, name: str
) -> None:
    with Reader(gateway.address) as witness:
        broker.publish(*events(1, 2, 3))
        witness.take(3)
        path = f"/api/events?{name}={J}.1"
        with Reader(gateway.address, path) as reader:
            assert reader.next().data["from"] == f"{J}.1"
            assert reader.seqs(2) == [2, 3]
        with Reader(gateway.address, path, cursor=f"{J}.2") as reader:
            assert reader.next().data["from"] == f"{J}.2"
            assert reader.seqs(1) == [3]


def test_a_new_gateway_knows_the_past_from_the_beginning(
    settings: Settings, broker: FakeBroker
) -> None:
    broker.publish(*events(*range(1, 1501)))
    with running_gateway(settings) as gateway, Reader(gateway.address, cursor=f"{J}.0") as reader:
        asked = broker.asked.count("history")
        assert reader.next().data["complete"]
        assert reader.seqs(1500) == list(range(1, 1501))
        assert broker.asked.count("history") == asked, "it was in the ring"


def test_what_the_ring_does_not_have_comes_from_the_journal_in_pages(
    settings: Settings, broker: FakeBroker
) -> None:
    broker.page_limit = 7
    broker.publish(*events(*range(1, 101)))
    with (
        running_gateway(hub(settings, ring_events=16)) as gateway,
        Reader(gateway.address, "/api/events?last_event_id=earliest") as reader,
    ):
        broker.until_read()
        assert reader.next().data == {"cameraId": "*", "from": f"{J}.0", "complete": True}
        broker.publish(*events(*range(101, 121)))
        assert reader.seqs(120) == list(range(1, 121))
        broker.publish(*events(121))
        assert reader.seqs(1) == [121]


def test_many_who_come_back_to_the_same_place_are_served_from_the_same_pages(
    settings: Settings, broker: FakeBroker
) -> None:
    broker.page_limit = 10
    broker.publish(*events(*range(1, 101)))
    with running_gateway(hub(settings, ring_events=16)) as gateway:
        for _ in range(20):
            with Reader(gateway.address, cursor=f"{J}.0") as reader:
                assert reader.next().data["complete"]
                assert reader.seqs(100) == list(range(1, 101))
        # Of ten pages only the last, which can still grow, is asked for every time.
        assert broker.asked.count("history") < 2 * 20


def test_what_is_gone_is_one_gap_with_its_count(
    settings: Settings, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lensbus_gateway.replay.HEAD_S", 60.0)
    broker.publish(*events(*range(1, 101)))
    broker.forget(60)
    with (
        running_gateway(settings) as gateway,
        Reader(gateway.address, cursor=f"{J}.10") as reader,
    ):
        assert f"\r\nX-Resumed-From: {J}.60\r\n" in reader.response_head
        resumed, gap, *rest = reader.take(42)
        assert resumed.data == {"cameraId": "*", "from": f"{J}.60", "complete": False}
        assert (gap.kind, gap.id) == ("gap", f"{J}.60")
        assert gap.data == {
            "cameraId": "*",
            "count": 50,
            "from": f"{J}.10",
            "to": f"{J}.60",
            "reason": "expired",
        }
        assert [one.seq for one in rest] == list(range(61, 101))


@pytest.mark.parametrize(
    ("cursor", "begin"),
    [
        ("00000042.3", "00000042.3"),
        (f"{J}.99", f"{J}.99"),
        ("junk", None),
        ("\xff\xfe", None),
        ("7f3a0001." + "9" * 300, None),
    ],
)
def test_a_cursor_that_nobody_knows_is_a_gap_of_unknown_size_and_never_an_error(
    gateway: RunningGateway, broker: FakeBroker, cursor: str, begin: str | None
) -> None:
    broker.publish(*events(1, 2, 3))
    wait_for(lambda: gateway.hub._ring.next == 3)
    with Reader(gateway.address) as witness:
        with Wire(gateway.address) as wire:
            wire.send(
                b"GET /api/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: "
                + cursor.encode("latin-1")
                + b"\r\n\r\n"
            )
            assert wire.head().startswith(b"HTTP/1.1 200 ")
        with Reader(gateway.address, cursor="junk" if begin is None else begin) as reader:
            resumed, gap, *rest = reader.take(5)
            assert not resumed.data["complete"]
            assert (gap.kind, gap.data["count"], gap.data["from"]) == ("gap", None, begin)
            assert [one.seq for one in rest] == [1, 2, 3]
        assert witness.unread == b""


def test_what_the_socket_lost_is_fetched_before_clients_see_a_hole(
    gateway: RunningGateway, broker: FakeBroker
) -> None:
    with Reader(gateway.address) as reader:
        broker.publish(*events(1, 2))
        broker.lose(*events(3, 4, 5))
        broker.publish(*events(6, 7))
        assert reader.seqs(7) == [1, 2, 3, 4, 5, 6, 7]


def test_what_the_socket_lost_is_noticed_in_silence_too(
    gateway: RunningGateway, broker: FakeBroker
) -> None:
    with Reader(gateway.address) as reader:
        broker.publish(*events(1))
        broker.lose(*events(2, 3))
        assert reader.seqs(3) == [1, 2, 3]
        assert reader.unread == b""


def test_a_broker_that_lost_its_journal_is_one_gap_for_everybody(
    gateway: RunningGateway, broker: FakeBroker
) -> None:
    with Reader(gateway.address) as reader:
        broker.publish(*events(1, 2))
        assert reader.seqs(2) == [1, 2]
        broker.begin_anew(0x42)
        broker.publish(*events(3, 4))
        gap, *rest = reader.take(3)
        assert (gap.kind, gap.data["count"], gap.data["reason"]) == ("gap", None, "unknown")
        assert (gap.data["from"], gap.data["to"]) == (f"{J}.2", "00000042.0")
        assert [one.seq for one in rest] == [3, 4]
        with Reader(gateway.address, cursor=f"{J}.1") as other:
            told = other.take(5)
            assert [one.kind for one in told] == ["resumed", "warning", "gap", *["warning"] * 2]


def test_a_broker_that_cannot_be_asked_costs_a_gap_and_not_the_stream(
    gateway: RunningGateway, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lensbus_gateway.follower.PATIENCE_S", 0.2)
    monkeypatch.setattr("lensbus_gateway.history.ASK_S", 0.1)
    with Reader(gateway.address) as reader:
        broker.publish(*events(1))
        assert reader.seqs(1) == [1]
        broker.deaf = True
        broker.lose(*events(2, 3))
        broker.publish(*events(4))
        gap, after = reader.take(2)
        assert (gap.data["count"], gap.data["to"]) == (2, f"{J}.3")
        assert after.seq == 4


def test_the_head_does_not_wait_for_a_broker_that_is_away(
    settings: Settings, broker: FakeBroker
) -> None:
    broker.publish(*events(1, 2, 3))
    with running_gateway(hub(settings, ring_events=16)) as gateway:
        broker.forget(1)
        broker.deaf = True
        with Reader(gateway.address, cursor="00000042.1") as reader:
            assert "X-Resumed-From" not in reader.response_head
            broker.deaf = False
            assert [one.kind for one in reader.take(4)] == ["resumed", "gap", *["warning"] * 2]


FILTERS = [
    ("/api/events?cameras=CAM1", {"CAM1"}, None),
    ("/api/events?cameras=CAM1,CAM3,NOBODY", {"CAM1", "CAM3"}, None),
    ("/api/events?types=warning", None, {"warning"}),
    ("/api/events?cameras=CAM2&types=afStatus,warning", {"CAM2"}, {"afStatus", "warning"}),
    ("/api/events?cameras=CAM1&cameras=CAM2", {"CAM1", "CAM2"}, None),
    ("/api/cameras/CAM1/events?types=afStatus", {"CAM1"}, {"afStatus"}),
    ("/api/cameras/CAM1/events?cameras=CAM2", set(), None),
    ("/api/events?cameras=../%22%00", set(), None),
]


@pytest.mark.parametrize(("path", "cameras", "kinds"), FILTERS)
def test_a_filter_passes_the_same_live_from_the_ring_and_from_the_journal(
    settings: Settings,
    broker: FakeBroker,
    path: str,
    cameras: set[str] | None,
    kinds: set[str] | None,
) -> None:
    everything = [
        event(f"CAM{number % 3 + 1}", ("warning", "afStatus")[number // 3 % 2], number)
        for number in range(60)
    ]
    wanted = [
        one.header.seq
        for one in everything
        if (cameras is None or one.camera in cameras) and (kinds is None or one.kind in kinds)
    ]
    last = event("CAM1", "gap", 999)
    expected = [*wanted, 999] if cameras is None or "CAM1" in cameras else wanted
    with running_gateway(hub(settings, ring_events=64)) as gateway:
        broker.until_read()
        with Reader(gateway.address, path) as live:
            broker.publish(*everything, last)
            assert live.seqs(len(expected)) == expected
            with Reader(gateway.address, path, cursor=f"{J}.0") as replayed:
                replayed.next()
                assert replayed.seqs(len(expected)) == expected
    with (
        running_gateway(hub(settings, ring_events=16)) as gateway,
        Reader(gateway.address, path, cursor=f"{J}.0") as replayed,
    ):
        replayed.next()
        assert replayed.seqs(len(expected)) == expected


def test_a_heartbeat_gives_filtered_clients_a_fresh_cursor(
    gateway: RunningGateway, broker: FakeBroker
) -> None:
    with (
        Reader(gateway.address, "/api/events?cameras=CAM1&heartbeat=0") as reader,
        Reader(gateway.address, "/api/events?heartbeat=1&ids=0&cameras=CAM1") as without,
    ):
        broker.publish(*events(1, 2, camera="CAM2"))
        while (heartbeat := reader.next()).id == f"{J}.0":
            assert heartbeat.kind == "heartbeat", "it came before the events"
        assert (heartbeat.kind, heartbeat.id) == ("heartbeat", f"{J}.2")
        assert heartbeat.data["timeUs"] > 1e15
        bare = without.next()
        assert (bare.kind, bare.id) == ("heartbeat", None)


def test_without_asking_for_it_nobody_gets_a_heartbeat(
    settings: Settings, broker: FakeBroker
) -> None:
    with (
        running_gateway(hub(settings, keepalive_s=0.1)) as gateway,
        Reader(gateway.address, "/api/events?cameras=CAM1") as reader,
    ):
        assert [reader.chunk() for _ in range(2)] == [b": keepalive\n\n"] * 2


ENTRY = {"camera": "CAM1", "vendor": "sony", "model": "ILCE-7M4", "state": "present"}


def test_a_snapshot_is_followed_by_exactly_what_came_after_it(
    gateway: RunningGateway, broker: FakeBroker
) -> None:
    broker.entries = [ENTRY]
    broker.publish(*events(1, 2))
    with Reader(gateway.address, "/api/events?snapshot=1") as reader:
        snapshot = reader.next()
        assert (snapshot.kind, snapshot.id) == ("snapshot", f"{J}.2")
        assert snapshot.data == {"cameraId": "*", "cameras": [ENTRY]}
        broker.publish(*events(3))
        assert reader.seqs(1) == [3]


def test_who_comes_back_needs_no_snapshot_unless_something_is_missing(
    gateway: RunningGateway, broker: FakeBroker
) -> None:
    path = "/api/events?snapshot=1"
    with Reader(gateway.address) as witness:
        broker.publish(*events(1, 2, 3))
        witness.take(3)
        with Reader(gateway.address, path, cursor=f"{J}.2") as reader:
            assert [one.kind for one in reader.take(2)] == ["resumed", "warning"]
        with Reader(gateway.address, path, cursor="00000042.2") as reader:
            resumed, gap, snapshot = reader.take(3)
            assert not resumed.data["complete"]
            assert (gap.data["count"], gap.id, snapshot.id) == (None, f"{J}.3", f"{J}.3")
            broker.publish(*events(4))
            assert reader.seqs(1) == [4]


def test_not_now_is_a_complete_answer_that_says_when_to_come_back(
    settings: Settings, broker: FakeBroker
) -> None:
    with (
        running_gateway(hub(settings, clients=2)) as gateway,
        Reader(gateway.address),
        Reader(gateway.address) as second,
    ):
        with Wire(gateway.address) as wire:
            wire.request("/api/events")
            status, headers, body = wire.answer()
        assert (status, headers["content-type"]) == (200, "text/event-stream")
        assert body.startswith(b'event: busy\ndata: {"cameraId":"*"}\nretry: ')
        assert 3000 <= int(body.split()[-1]) <= 9000
        second.socket.close()
        wait_for(lambda: len(gateway.hub) == 1)
        Reader(gateway.address).socket.close()


def test_one_address_cannot_take_all_the_places(settings: Settings, broker: FakeBroker) -> None:
    with (
        running_gateway(hub(settings, clients_per_address=1)) as gateway,
        Reader(gateway.address),
        Wire(gateway.address) as wire,
    ):
        wire.request("/api/events")
        assert b"event: busy\n" in wire.answer()[2]
        assert gateway.hub.has_room("192.0.2.1")


def test_who_resets_while_it_is_replayed_is_forgotten(
    settings: Settings, broker: FakeBroker
) -> None:
    broker.publish(*events(1, 2, 3))
    with running_gateway(settings) as gateway:
        for _ in range(50):
            wire = Wire(gateway.address)
            wire.request("/api/events?last_event_id=junk&heartbeat=1")
            wire.reset()
        wait_for(lambda: len(gateway.hub) == 0 and not gateway.hub.clients())
        assert gateway.hub.has_room("127.0.0.1")


def test_a_replay_for_a_reader_that_stalls_waits_for_it(
    settings: Settings, broker: FakeBroker
) -> None:
    text = "x" * 1000
    broker.publish(*(event(seq=seq, text=text) for seq in range(1, 2001)))
    small = hub(settings, ring_events=16, send_buffer_bytes=4096)
    with (
        running_gateway(small) as gateway,
        Reader(gateway.address, cursor=f"{J}.0", receive_buffer=4096) as reader,
    ):
        asked = broker.asked.count("history")
        assert asked <= 3, "it is not fetched faster than it is read"
        reader.next()
        assert reader.seqs(2000) == list(range(1, 2001))


def test_the_end_during_a_replay_is_clean(settings: Settings, broker: FakeBroker) -> None:
    broker.publish(*events(1, 2, 3))
    with running_gateway(settings) as gateway:
        broker.deaf = True
        with Wire(gateway.address) as wire:
            wire.request("/api/events?last_event_id=junk")
            wait_for(lambda: len(gateway.hub) == 1)
            gateway.stop()
            assert wire.head().startswith(b"HTTP/1.1 200 ")
            assert b"connected" in wire.chunk()
            assert wire.chunk() == b""
