"""Broker and worker runtime over real sockets, with a driver that has no camera."""

import threading
from collections.abc import Iterator
from typing import Any

import msgpack
import pytest
import zmq

from kit.bus import (
    LIMIT_MS,
    Tap,
    ask,
    bus_settings,
    client,
    running_broker,
    running_worker,
    tap,
)
from kit.fake_driver import FakeDriver
from kit.processes import wait_for
from lensbus_proto.codec import pack_command, pack_presence, unpack_picture, unpack_reply
from lensbus_proto.errors import (
    CameraBusy,
    CameraGone,
    CameraUnknown,
    CommandUnknown,
    DeadlinePassed,
    InternalError,
    WorkerSilent,
)
from lensbus_proto.messages import Command, Goodbye, Hello
from lensbus_proto.runtime.settings import Settings
from lensbus_services.driver import Description


@pytest.fixture
def broker(settings: Settings) -> Iterator[Settings]:
    with running_broker(settings):
        yield settings


@pytest.fixture
def events(broker: Settings) -> Iterator[Tap]:
    with tap(broker) as opened:
        yield opened


@pytest.fixture
def driver(events: Tap, broker: Settings) -> Iterator[FakeDriver]:
    """A driver whose worker is on the bus."""
    fake = FakeDriver()
    with running_worker(broker, "CAM1", fake):
        events.until("worker.started")
        yield fake


@pytest.fixture
def req(broker: Settings) -> Iterator["zmq.Socket[bytes]"]:
    with client(broker, "commands", zmq.REQ) as socket:
        yield socket


def test_events_arrive_numbered_and_positioned(driver: FakeDriver, events: Tap) -> None:
    for _ in range(100):
        driver.observe("warning", code="0x20011")
    driver.observe("error")
    events.until("error")
    told = [event for event in events.events if not event.header.from_broker]
    assert [event.header.seq for event in told] == list(range(1, 102))
    positions = [event.header.position for event in events.events]
    assert positions == list(range(positions[0], positions[0] + len(positions)))
    assert len({event.header.journal for event in events.events}) == 1
    assert events.events[-2].data == {"code": "0x20011"}


def test_a_command_is_answered_with_its_result_and_its_files(
    driver: FakeDriver, req: "zmq.Socket[bytes]"
) -> None:
    reply = ask(req, "CAM1", "echo", {"a": [1, "ä"]})
    assert reply.result == {"a": [1, "ä"]}
    assert reply.parts == (b"part",)


def test_what_a_command_caused_is_told_before_its_answer(
    driver: FakeDriver, req: "zmq.Socket[bytes]", events: Tap, broker: Settings
) -> None:
    for _ in range(50):
        ask(req, "CAM1", "observe", {"kind": "afStatus"})
        # The answer and the event travel on different sockets: the number is what proves it.
        heard = len([event for event in events.events if event.kind == "afStatus"])
        events.until("afStatus")
        assert len([e for e in events.events if e.kind == "afStatus"]) == heard + 1


@pytest.mark.parametrize(
    ("name", "error"),
    [("busy", CameraBusy), ("crash", InternalError), ("nonsense", CommandUnknown)],
)
def test_an_error_of_the_driver_reaches_the_caller_typed(
    driver: FakeDriver, req: "zmq.Socket[bytes]", name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask(req, "CAM1", name)


def test_the_vendors_number_travels_along(driver: FakeDriver, req: "zmq.Socket[bytes]") -> None:
    with pytest.raises(CameraBusy) as caught:
        ask(req, "CAM1", "busy")
    assert (caught.value.vendor_code, caught.value.operation) == (0x8D05, "List")


def test_describe_is_answered_by_the_runtime(driver: FakeDriver, req: "zmq.Socket[bytes]") -> None:
    result = ask(req, "CAM1", "describe").result
    assert result == {"vendor": "fake", "model": "Fake 1", "details": {"answer": 42}}


def test_a_camera_that_nobody_knows_is_not_a_silent_one(
    broker: Settings, req: "zmq.Socket[bytes]"
) -> None:
    with pytest.raises(CameraUnknown):
        ask(req, "CAM9", "echo")


def test_a_deadline_is_kept_and_others_are_served_meanwhile(
    driver: FakeDriver, req: "zmq.Socket[bytes]"
) -> None:
    with pytest.raises(DeadlinePassed) as caught:
        ask(req, "CAM1", "wait", deadline_ms=100)
    assert caught.value.began
    assert ask(req, "CAM1", "echo").result == {}
    driver.release.set()


def told(req: "zmq.Socket[bytes]") -> list[Any]:
    """What the worker says of its camera, and what the broker knows of it."""
    result = ask(req, "", "cameras").result
    assert result is not None
    [entry] = result["cameras"]
    described = ask(req, "CAM1", "describe").result
    assert described is not None
    return [described["details"], entry["description"]]


@pytest.mark.parametrize("kind", ["connected", "disconnected"])
def test_a_camera_that_came_or_went_is_described_anew(
    driver: FakeDriver, req: "zmq.Socket[bytes]", kind: str
) -> None:
    assert told(req) == [{"answer": 42}] * 2
    driver.answer = 43
    driver.observe("warning")
    driver.observe(kind)
    wait_for(lambda: told(req) == [{"answer": 43}] * 2)


def test_a_camera_that_cannot_be_described_is_what_it_was(
    driver: FakeDriver, req: "zmq.Socket[bytes]", events: Tap, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Description:
        raise ZeroDivisionError

    monkeypatch.setattr(driver, "describe", fail)
    driver.observe("disconnected")
    driver.observe("warning")
    events.until("warning")
    assert told(req) == [{"answer": 42}] * 2


def test_a_command_with_a_key_acts_once(driver: FakeDriver, req: "zmq.Socket[bytes]") -> None:
    first = ask(req, "CAM1", "count", key="shot-1")
    assert ask(req, "CAM1", "count", key="shot-1").result == first.result == {"counted": 1}
    assert ask(req, "CAM1", "count", key="shot-2").result == {"counted": 2}


def test_the_broker_lists_its_cameras(driver: FakeDriver, req: "zmq.Socket[bytes]") -> None:
    driver.observe("connected")

    def listed() -> dict[str, Any] | None:
        (camera,) = ask(req, "", "cameras").result["cameras"]
        return camera if camera["connected"] else None

    camera = wait_for(listed)
    assert (camera["camera"], camera["vendor"], camera["model"]) == ("CAM1", "fake", "Fake 1")
    assert (camera["state"], camera["seq"]) == ("present", 1)
    assert camera["description"] == {"answer": 42}
    assert ask(req, "", "ping").result["version"] == 1


def test_an_orderly_end_tells_the_last_event_first(broker: Settings, events: Tap) -> None:
    fake = FakeDriver()
    with running_worker(broker, "CAM1", fake) as worker:
        fake.observe("connected")
        events.until("connected")
        assert worker.stop() == 0
    events.until("worker.stopped")
    kinds = [event.kind for event in events.events]
    assert kinds == ["worker.started", "connected", "disconnected", "worker.stopped"]
    assert fake.closed.is_set()


def test_events_before_the_broker_is_there_are_not_lost(settings: Settings) -> None:
    fake = FakeDriver()
    with running_worker(settings, "CAM1", fake):
        assert fake.opened.wait(5)
        for _ in range(20):
            fake.observe("warning")
        fake.observe("error")
        with running_broker(settings), tap(settings) as events:
            # The tap may come after the events; what it sees must end with the last one.
            with client(settings, "commands", zmq.REQ) as req:
                wait_for(lambda: ask(req, "", "cameras").result["cameras"])
                wait_for(lambda: ask(req, "", "ping").result["position"] >= 22)
            fake.observe("connected")
            assert events.until("connected").header.seq == 22


def test_a_camera_that_cannot_be_opened_ends_its_worker(broker: Settings) -> None:
    fake = FakeDriver()
    fake.open_error = CameraGone("not on USB")
    with running_worker(broker, "CAM1", fake) as worker:
        assert worker.join() == 1


def test_a_second_worker_replaces_the_first(broker: Settings, events: Tap) -> None:
    with running_worker(broker, "CAM1", FakeDriver()) as first:
        old = events.until("worker.started").header.epoch
        with running_worker(broker, "CAM1", FakeDriver()):
            lost = events.until("worker.lost")
            assert (lost.header.epoch, lost.data["reason"]) == (old, "replaced")
            assert events.until("worker.started").header.epoch > old
            assert first.join() == 3


def test_a_stuck_driver_ends_its_worker(events: Tap, settings: Settings) -> None:
    fake = FakeDriver()
    stuck = bus_settings(settings.state, stuck_s=0.1, stop_s=0.2)
    with (
        running_worker(stuck, "CAM1", fake) as worker,
        client(settings, "commands", zmq.REQ) as req,
    ):
        events.until("worker.started")
        with pytest.raises((DeadlinePassed, WorkerSilent)):
            ask(req, "CAM1", "wait", deadline_ms=50)
        assert worker.join() == 4
    fake.release.set()


def test_pictures_are_made_only_while_somebody_looks(driver: FakeDriver, broker: Settings) -> None:
    assert driver.watched == frozenset()
    with client(broker, "pictures", zmq.SUB) as viewer:
        viewer.subscribe(b"CAM1/view")
        first, second = (unpack_picture(viewer.recv_multipart()) for _ in range(2))
        assert (first.camera, first.stream, first.image) == ("CAM1", "view", b"\xff\xd8")
        assert second.header.seq > first.header.seq
        assert driver.watched == {"view"}
    wait_for(lambda: not driver.watched)


def test_no_subscription_of_many_at_once_is_lost(driver: FakeDriver, broker: Settings) -> None:
    streams = {f"view{number}" for number in range(500)}
    with client(broker, "pictures", zmq.SUB) as viewer:
        for stream in streams:
            viewer.subscribe(f"CAM1/{stream}")
        wait_for(lambda: driver.watched == streams)
    wait_for(lambda: not driver.watched)


JUNK = [
    [b""],
    [b"\x00" * 40],
    [b"CAM1/warning", b"short", b"\x80"],
    [b"hello", b"\xc1"],
    [b"reply", b"12345678", b"\x80"],
    [b"", b"", b""],
    [b"CAM1", b"\xff" * 100],
    [b"x"] * 50,
]


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("worker_events", zmq.PUB),
        ("worker_commands", zmq.DEALER),
        ("commands", zmq.DEALER),
        ("worker_pictures", zmq.PUB),
        ("pictures", zmq.XSUB),
    ],
)
def test_junk_on_a_socket_disturbs_nobody(
    driver: FakeDriver,
    req: "zmq.Socket[bytes]",
    broker: Settings,
    events: Tap,
    endpoint: str,
    kind: zmq.SocketType,
) -> None:
    with client(broker, endpoint, kind) as vandal:
        for _ in range(20):
            for parts in JUNK:
                vandal.send_multipart(parts)
            assert ask(req, "CAM1", "echo").result == {}
    driver.observe("warning")
    events.until("warning")


def test_an_unreadable_request_is_answered(broker: Settings, req: "zmq.Socket[bytes]") -> None:
    for request in ([b"CAM1", b"\xc1"], [b"CAM1"], [b"\xff", pack_command(Command("7", "x"))]):
        req.send_multipart(request)
        reply = unpack_reply(req.recv_multipart())
        assert reply.error is not None
        assert reply.error["code"] == "protocol.remote"


def test_descriptions_that_are_too_much_for_one_answer_leave_the_broker_alive(
    broker: Settings, req: "zmq.Socket[bytes]"
) -> None:
    with (
        client(broker, "worker_commands", zmq.DEALER) as one,
        client(broker, "worker_commands", zmq.DEALER) as other,
    ):
        for camera, worker in (("BIG1", one), ("BIG2", other)):
            hello = Hello(camera, 10, 0, "sony", "m", True, {"x": "y" * 700_000})
            worker.send_multipart(pack_presence(hello))
            assert worker.recv_multipart()[0] == b"welcome"
        with pytest.raises(InternalError, match="cannot be sent"):
            ask(req, "", "cameras")
        other.send_multipart(pack_presence(Goodbye("BIG2", 10, 0, "exit 0")))
        assert other.recv_multipart()[0] == b"farewell"
        cameras = ask(req, "", "cameras").result["cameras"]
        assert [one["camera"] for one in cameras] == ["BIG1"]


def test_a_request_without_the_optional_keys_works(
    driver: FakeDriver, req: "zmq.Socket[bytes]"
) -> None:
    req.send_multipart([b"CAM1", msgpack.packb({"v": 1, "id": "1", "name": "echo"})])
    assert unpack_reply(req.recv_multipart()).result == {}


def test_many_clients_at_once_get_their_own_answers(driver: FakeDriver, broker: Settings) -> None:
    wrong: list[Any] = []

    def work(number: int) -> None:
        with client(broker, "commands", zmq.REQ) as socket:
            for index in range(20):
                data = {"n": number, "i": index}
                if ask(socket, "CAM1", "echo", data, deadline_ms=LIMIT_MS).result != data:
                    wrong.append(data)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert wrong == []
