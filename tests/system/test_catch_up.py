"""Nothing is lost on the bus: broker and workers die, freeze and restart; followers see it all."""

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import zmq

from kit.bus import (
    LIMIT_MS,
    RunningWorker,
    ask,
    bus_settings,
    client,
    running_broker,
    running_worker,
    short_folder,
)
from kit.fake_driver import FakeDriver
from kit.processes import process, wait_for
from kit.records import event_parts
from lensbus_proto.codec import pack_presence, pack_reply, unpack_command, unpack_presence
from lensbus_proto.following import EARLIEST, Gap, Item, Seen
from lensbus_proto.messages import Command, Heartbeat, Hello, Reply
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.follow import follow, follow_async
from lensbus_proto.runtime.settings import Settings


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers end as slowly as the machine is: nobody waits to shoot them."""
    monkeypatch.setattr("lensbus_services.worker.END_S", 20.0)
    monkeypatch.setattr("lensbus_services.worker.FAREWELL_S", 10.0)


@pytest.fixture
def settings() -> Iterator[Settings]:
    with short_folder() as state:
        yield bus_settings(state)


@contextmanager
def broker_process(settings: Settings, silence_s: float = 0.5) -> Iterator["subprocess.Popen[str]"]:
    """Run a real broker process, there when the block begins."""
    extra = {
        "LENSBUS_SYSTEM_STATE": str(settings.state),
        "LENSBUS_BROKER_HEARTBEAT_S": "0.1",
        "LENSBUS_BROKER_SILENCE_S": str(silence_s),
        "LENSBUS_SYSTEM_LOG_LEVEL": "error",
    }
    with process("lensbus_broker", extra=extra) as child:
        with client(settings, "commands", zmq.REQ) as req:
            ask(req, "", "ping")
        yield child


class Ledger:
    """A follower in a thread, and what it saw."""

    def __init__(self, settings: Settings, after: str | None = EARLIEST) -> None:
        self.items: list[Item] = []
        self._end = threading.Event()
        self._settings, self._after = settings, after
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        endpoints = [self._settings.endpoint(name) for name in ("events", "commands")]
        after = self._after
        while not self._end.is_set():
            for item in follow(*endpoints, after=after, timeout_s=0.3):
                after = str(item.cursor)
                self.items.append(item)
                if self._end.is_set():
                    break

    def seen(self, camera: str = "CAM1", epoch: int | None = None) -> list[int]:
        """Return the numbers of a camera's events, as they came."""
        return [
            item.event.header.seq
            for item in list(self.items)
            if isinstance(item, Seen)
            and item.event.camera == camera
            and not item.event.header.from_broker
            and epoch in (None, item.event.header.epoch)
        ]

    def gaps(self) -> list[object]:
        """Return all declared losses."""
        return [
            item if isinstance(item, Gap) else dict(item.event.data)
            for item in list(self.items)
            if isinstance(item, Gap) or item.event.kind == "gap"
        ]

    def close(self) -> None:
        self._end.set()
        self._thread.join(10)
        assert not self._thread.is_alive()


@contextmanager
def ledger(settings: Settings) -> Iterator[Ledger]:
    opened = Ledger(settings)
    try:
        yield opened
    finally:
        opened.close()


class Source:
    """Has a driver see `rate` things a second, numbered, until it is stopped."""

    def __init__(self, driver: FakeDriver, rate: int) -> None:
        self.count = 0
        self._driver, self._rate = driver, rate
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        started = time.monotonic()
        while not self._end.wait(0.002):
            while self.count < (time.monotonic() - started) * self._rate:
                self.count += 1
                self._driver.observe("warning", n=self.count)

    def stop(self) -> int:
        self._end.set()
        self._thread.join(5)
        return self.count


@contextmanager
def source(driver: FakeDriver, rate: int = 1000) -> Iterator[Source]:
    running = Source(driver, rate)
    try:
        yield running
    finally:
        running.stop()


def test_a_broker_killed_at_full_rate_loses_and_repeats_nothing(settings: Settings) -> None:
    fake = FakeDriver()
    with (
        running_worker(settings, "CAM1", fake),
        ledger(settings) as told,
        source(fake) as running,
    ):
        for _ in range(3):
            with broker_process(settings) as broker:
                before = len(told.seen())
                wait_for(lambda: len(told.seen()) > before + 300)  # noqa: B023
                broker.kill()
                broker.wait(5)
        with broker_process(settings):
            count = running.stop()
            wait_for(lambda: len(told.seen()) >= count)
            assert told.seen() == list(range(1, count + 1))
            assert told.gaps() == []
            positions = [item.cursor.position for item in told.items]
            assert positions == sorted(set(positions))
            assert len({item.cursor.journal for item in told.items}) == 1


def test_a_frozen_broker_makes_events_late_and_loses_none(settings: Settings) -> None:
    fake = FakeDriver()
    with (
        broker_process(settings) as broker,
        running_worker(settings, "CAM1", fake),
        ledger(settings) as told,
        source(fake) as running,
    ):
        wait_for(lambda: len(told.seen()) > 200)
        os.kill(broker.pid, signal.SIGSTOP)
        try:
            time.sleep(2)  # the fault itself: a broker that is away for so long
        finally:
            os.kill(broker.pid, signal.SIGCONT)
        count = running.stop()
        wait_for(lambda: len(told.seen()) >= count)
        assert told.seen() == list(range(1, count + 1))
        assert told.gaps() == []


def test_a_worker_restarted_while_the_broker_is_frozen_is_complete_from_one(
    settings: Settings,
) -> None:
    fake = FakeDriver()
    with broker_process(settings) as broker, ledger(settings) as told:
        with running_worker(settings, "CAM1", FakeDriver()):
            wait_for(lambda: len(told.items) > 0)
            os.kill(broker.pid, signal.SIGSTOP)
        try:
            worker = RunningWorker(settings, "CAM1", fake)
            with source(fake) as running:
                wait_for(lambda: running.count > 1000)
                count = running.stop()
        finally:
            os.kill(broker.pid, signal.SIGCONT)
        try:
            wait_for(lambda: len(told.seen()) >= count)
            newest = max(i.event.header.epoch for i in told.items if isinstance(i, Seen))
            assert told.seen(epoch=newest) == list(range(1, count + 1))
        finally:
            worker.stop()


def wait_until_numbered(settings: Settings, seq: int) -> None:
    """Listen in the broker's place until the worker says that it has so many events."""
    with zmq.Context[zmq.Socket[bytes]]() as context, context.socket(zmq.ROUTER) as router:
        router.linger = 0
        router.rcvtimeo = LIMIT_MS
        router.bind(settings.endpoint("worker_commands"))
        wait_for(lambda: unpack_presence(router.recv_multipart()[1:]).seq == seq)


def test_what_the_outbox_could_not_keep_is_one_gap_with_its_count(settings: Settings) -> None:
    small = bus_settings(settings.state, outbox_events=100)
    fake = FakeDriver()
    with running_worker(small, "CAM1", fake), ledger(settings) as told:
        assert fake.opened.wait(5)
        for number in range(500):
            fake.observe("warning", n=number)
        wait_until_numbered(settings, 500)
        with broker_process(settings):
            wait_for(lambda: len(told.seen()) >= 100)
            assert told.seen() == list(range(401, 501))
            (gap,) = told.gaps()
            assert isinstance(gap, dict)
            assert (gap["from_seq"], gap["to_seq"], gap["count"]) == (1, 400, 400)
            assert gap["reason"] == "expired"


@pytest.mark.usefixtures("unhurried")
def test_the_last_events_before_an_orderly_end_are_not_lost(settings: Settings) -> None:
    for turn in range(5):
        fake = FakeDriver()
        with running_broker(settings), ledger(settings) as told:
            with running_worker(settings, "CAM1", fake) as worker:
                fake.observe("warning")
                wait_for(lambda: len(told.seen()) == turn * 202 + 1)  # noqa: B023
                for _ in range(200):
                    fake.observe("warning")
                worker.stop()
            # With what the driver sees when it closes.
            wait_for(lambda: len(told.seen()) == (turn + 1) * 202)  # noqa: B023
            wait_for(lambda: told.items[-1].event.kind == "worker.stopped")
            assert told.items[-1].event.data["lastSeq"] == 202
            epoch = told.items[-1].event.header.epoch
            assert told.seen(epoch=epoch) == list(range(1, 203))
            assert told.gaps() == []


class BareWorker:
    """A worker in plain sockets that does nothing by itself."""

    def __init__(self, settings: Settings, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        self.epoch = unix_us()
        self.events = context.socket(zmq.XPUB)
        self.broker = context.socket(zmq.DEALER)
        for socket, name in ((self.events, "worker_events"), (self.broker, "worker_commands")):
            socket.linger = 0
            socket.rcvtimeo = LIMIT_MS
            socket.connect(settings.endpoint(name))
        assert self.events.recv() == b"\x01"

    def hello(self, seq: int = 0) -> None:
        hello = Hello("CAM1", self.epoch, seq, "bare", "Bare 1", True)
        self.broker.send_multipart(pack_presence(hello))

    def beat(self, seq: int) -> None:
        self.broker.send_multipart(pack_presence(Heartbeat("CAM1", self.epoch, seq, True)))

    def publish(self, *numbers: int) -> None:
        for number in numbers:
            self.events.send_multipart(event_parts(number, epoch=self.epoch))

    def asked(self) -> tuple[bytes, Command]:
        """Return the broker's next question to the outbox."""
        while True:
            match self.broker.recv_multipart():
                case [b"command", ticket, request]:
                    return ticket, unpack_command(request)

    def answer(self, ticket: bytes, first: int, *numbers: int, newest: int | None = None) -> None:
        """Give what the outbox has from `first` on; it knows of no more unless told."""
        parts = [part for n in numbers for part in event_parts(n, epoch=self.epoch)]
        last = first + len(numbers) - 1
        newest = last if newest is None else newest
        result = {"epoch": self.epoch, "first": first, "last": last, "newest": newest}
        reply = pack_reply(Reply("1", result, parts=tuple(parts)))
        self.broker.send_multipart([b"reply", ticket, *reply])


@contextmanager
def bare_worker(settings: Settings) -> Iterator[BareWorker]:
    with zmq.Context[zmq.Socket[bytes]]() as context:
        worker = BareWorker(settings, context)
        with worker.events, worker.broker:
            yield worker


@pytest.fixture
def told(settings: Settings) -> Iterator[Ledger]:
    """A ledger on a broker in this process."""
    with running_broker(settings), ledger(settings) as opened:
        yield opened


def test_a_hole_is_filled_in_order_from_the_outbox(settings: Settings, told: Ledger) -> None:
    with bare_worker(settings) as worker:
        worker.hello()
        worker.publish(1, 2, 5, 6)
        ticket, command = worker.asked()
        assert command.name == "outbox"
        assert command.arguments == {"epoch": worker.epoch, "from_seq": 3, "limit": 1000}
        worker.answer(ticket, 3, 3, 4, 5, newest=6)
        worker.publish(7)
        wait_for(lambda: len(told.seen()) >= 7)
        assert told.seen() == [1, 2, 3, 4, 5, 6, 7]
        assert told.gaps() == []


def test_a_hole_is_noticed_in_silence(settings: Settings, told: Ledger) -> None:
    with bare_worker(settings) as worker:
        worker.hello()
        worker.publish(1)
        worker.beat(3)
        ticket, command = worker.asked()
        assert command.arguments["from_seq"] == 2
        worker.answer(ticket, 2, 2, 3)
        wait_for(lambda: told.seen() == [1, 2, 3])


def test_what_no_outbox_supplies_becomes_one_gap_and_blocks_nobody_for_long(
    settings: Settings, told: Ledger
) -> None:
    with bare_worker(settings) as worker:
        worker.hello()
        worker.publish(1, 2, 10, 11)
        wait_for(lambda: told.seen() == [1, 2, 10, 11])
        (gap,) = told.gaps()
        assert isinstance(gap, dict)
        assert (gap["from_seq"], gap["count"], gap["reason"]) == (3, 7, "timeout")
        worker.publish(5, 12)  # too late is late: it was declared
        wait_for(lambda: told.seen() == [1, 2, 10, 11, 12])


@pytest.mark.parametrize("forged", [50, 2**62])
def test_an_event_whose_number_was_never_given_costs_nothing(
    settings: Settings, told: Ledger, forged: int
) -> None:
    fake = FakeDriver()
    with running_worker(settings, "CAM1", fake), bare_worker(settings) as forger:
        fake.observe("warning")
        wait_for(lambda: told.seen() == [1])
        (first,) = (one for one in told.items if isinstance(one, Seen) and one.event.header.seq)
        forger.epoch = first.event.header.epoch
        forger.publish(forged)
        for number in range(2, 22):
            fake.observe("warning")
            wait_for(lambda number=number: len(told.seen()) == number)  # type: ignore[misc]
        with client(settings, "commands", zmq.REQ) as req:
            wait_for(lambda: ask(req, "", "metrics").result["junk"].get("false_events") == 1)
        assert told.seen() == list(range(1, 22))
        assert told.gaps() == []


def test_an_event_of_an_epoch_that_never_said_hello_ends_no_life(
    settings: Settings, told: Ledger
) -> None:
    fake = FakeDriver()
    with running_worker(settings, "CAM1", fake), bare_worker(settings) as forger:
        fake.observe("warning")
        wait_for(lambda: told.seen() == [1])
        forger.epoch += 10**12
        forger.publish(1, 2)
        forger.beat(2)
        with client(settings, "commands", zmq.REQ) as req:
            wait_for(lambda: ask(req, "", "metrics").result["junk"].get("early_events") == 2)
        fake.observe("warning")
        wait_for(lambda: told.seen() == [1, 2])
        assert told.gaps() == []


@pytest.mark.usefixtures("unhurried")
def test_a_goodbye_to_a_broker_that_has_just_begun_brings_the_last_events(
    settings: Settings,
) -> None:
    fake = FakeDriver()
    with running_worker(settings, "CAM1", fake) as worker, ledger(settings) as told:
        for _ in range(20):
            fake.observe("warning")
        wait_until_numbered(settings, 20)
        worker.end()
        with broker_process(settings):
            worker.stop()
            # With what the driver sees when it closes.
            wait_for(lambda: told.seen() == list(range(1, 22)))
            wait_for(lambda: told.items[-1].event.kind == "worker.stopped")
            assert told.gaps() == []


def test_what_died_with_its_worker_is_declared_when_another_takes_its_place(
    settings: Settings, told: Ledger
) -> None:
    with bare_worker(settings) as first:
        first.hello()
        first.publish(*range(1, 8))
        first.beat(10)
        wait_for(lambda: len(told.seen()) == 7)
    with bare_worker(settings) as second:
        second.hello()
        second.publish(1)
        wait_for(lambda: told.gaps() and told.seen(epoch=second.epoch) == [1])
        (gap,) = told.gaps()
        assert isinstance(gap, dict)
        assert gap == {
            "epoch": first.epoch,
            "from_seq": 8,
            "to_seq": 10,
            "count": 3,
            "reason": "lost",
        }


def test_events_that_overtake_the_hello_come_behind_worker_started(
    settings: Settings, told: Ledger
) -> None:
    with bare_worker(settings) as worker:
        worker.publish(1, 2)
        worker.hello(2)
        wait_for(lambda: told.seen() == [1, 2])
        kinds = [item.event.kind for item in told.items if isinstance(item, Seen)]
        assert kinds == ["worker.started", "warning", "warning"]


def test_an_outbox_that_answers_nonsense_harms_nobody(settings: Settings, told: Ledger) -> None:
    fake = FakeDriver()
    with bare_worker(settings) as worker, running_worker(settings, "CAM2", fake):
        worker.hello()
        worker.publish(2)
        for reply in ([b"\xc1"], [], pack_reply(Reply("1", {"first": "x"})), [b"\x80", b"x"]):
            ticket, _ = worker.asked()
            worker.broker.send_multipart([b"reply", ticket, *reply])
        fake.observe("warning")
        wait_for(lambda: told.seen("CAM2") == [1])
        wait_for(lambda: told.seen("CAM1") == [2])


def test_asyncio_programs_follow_too(settings: Settings) -> None:
    async def first(count: int) -> list[Item]:
        endpoints = [settings.endpoint(name) for name in ("events", "commands")]
        items: list[Item] = []
        async with asyncio.timeout(10), aclosing(follow_async(*endpoints, after=EARLIEST)) as told:
            async for item in told:
                items.append(item)
                if len(items) == 5:
                    fake.observe("error")
                if len(items) == count:
                    break
        return items

    fake = FakeDriver()
    with running_broker(settings), running_worker(settings, "CAM1", fake):
        for _ in range(4):
            fake.observe("warning")
        items = asyncio.run(first(6))
    kinds = [item.event.kind for item in items if isinstance(item, Seen)]
    assert kinds == ["worker.started", *["warning"] * 4, "error"]


def test_a_storm_of_one_camera_starves_nobody_and_accounts_for_all(settings: Settings) -> None:
    stormy, calm = FakeDriver(), FakeDriver()
    with (
        # As shipped: source and workers are threads of one process here and starve each other.
        broker_process(settings, silence_s=2.0) as broker,
        running_worker(settings, "CAM1", stormy),
        running_worker(settings, "CAM2", calm),
        client(settings, "commands", zmq.REQ) as req,
    ):
        wait_for(lambda: len(ask(req, "", "cameras").result["cameras"]) == 2)
        states: Counter[str] = Counter()
        slowest = 0.0
        with source(stormy, rate=50_000) as running:
            until = time.monotonic() + 1.5
            while time.monotonic() < until:
                for camera in ("CAM1", "CAM2"):
                    started = time.monotonic()
                    ask(req, camera, "echo")
                    slowest = max(slowest, time.monotonic() - started)
                states.update(item["state"] for item in ask(req, "", "cameras").result["cameras"])
            count = running.stop()
        assert set(states) == {"present"}
        assert slowest < 4
        assert rss_mib(broker.pid) < 150
        wait_for(lambda: cameras(req)["CAM1"]["seq"] == count, limit_s=60)
        # On a busy machine the outbox may run over: then what is missing is declared, to the last.
        with ledger(settings) as told:
            wait_for(lambda: accounted(told) >= count, limit_s=60)
            assert accounted(told) == count
            numbers = told.seen()
            assert numbers == sorted(set(numbers))


def accounted(told: Ledger) -> int:
    """Return how many events were seen or declared lost."""
    return len(told.seen()) + sum(gap["count"] for gap in told.gaps() if isinstance(gap, dict))


def cameras(req: "zmq.Socket[bytes]") -> dict[str, Any]:
    return {item["camera"]: item for item in ask(req, "", "cameras").result["cameras"]}


def rss_mib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024
