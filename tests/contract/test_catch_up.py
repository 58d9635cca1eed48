"""Nothing is lost on the bus: broker and workers die, freeze and restart; followers see it all."""

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import zmq

from kit.bus import (
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
from lensbus_proto.following import EARLIEST, Gap, Item, Seen
from lensbus_proto.runtime.follow import follow
from lensbus_proto.runtime.settings import Settings


@pytest.fixture
def settings() -> Iterator[Settings]:
    with short_folder() as state:
        yield bus_settings(state)


@contextmanager
def broker_process(settings: Settings) -> Iterator["subprocess.Popen[str]"]:
    """Run a real broker process, there when the block begins."""
    extra = {
        "LENSBUS_SYSTEM_STATE": str(settings.state),
        "LENSBUS_BROKER_HEARTBEAT_S": "0.1",
        "LENSBUS_BROKER_SILENCE_S": "0.5",
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


def test_what_the_outbox_could_not_keep_is_one_gap_with_its_count(settings: Settings) -> None:
    small = bus_settings(settings.state, outbox_events=100)
    fake = FakeDriver()
    with running_worker(small, "CAM1", fake), ledger(settings) as told:
        assert fake.opened.wait(5)
        for number in range(500):
            fake.observe("warning", n=number)
        wait_for(lambda: fake.observed() == 500)
        time.sleep(0.5)  # nobody can tell from outside when the worker has numbered them
        with broker_process(settings):
            wait_for(lambda: len(told.seen()) >= 100)
            assert told.seen() == list(range(401, 501))
            (gap,) = told.gaps()
            assert isinstance(gap, dict)
            assert (gap["from_seq"], gap["to_seq"], gap["count"]) == (1, 400, 400)
            assert gap["reason"] == "expired"


def test_the_last_events_before_an_orderly_end_are_not_lost(settings: Settings) -> None:
    for turn in range(5):
        fake = FakeDriver()
        with running_broker(settings), ledger(settings) as told:
            with running_worker(settings, "CAM1", fake) as worker:
                fake.observe("warning")
                wait_for(lambda: len(told.seen()) == turn * 202 + 1)  # noqa: B023
                for _ in range(200):
                    fake.observe("warning")
                started = time.monotonic()
                worker.stop()
                assert time.monotonic() - started < 2
            # With what the driver sees when it closes.
            wait_for(lambda: len(told.seen()) == (turn + 1) * 202)  # noqa: B023
            wait_for(lambda: told.items[-1].event.kind == "worker.stopped")
            assert told.items[-1].event.data["lastSeq"] == 202
            epoch = told.items[-1].event.header.epoch
            assert told.seen(epoch=epoch) == list(range(1, 203))
            assert told.gaps() == []


def test_a_storm_of_one_camera_starves_nobody(settings: Settings) -> None:
    stormy, calm = FakeDriver(), FakeDriver()
    with (
        broker_process(settings),
        running_worker(settings, "CAM1", stormy),
        running_worker(settings, "CAM2", calm),
        client(settings, "commands", zmq.REQ) as req,
    ):
        wait_for(lambda: len(ask(req, "", "cameras").result["cameras"]) == 2)
        states: Counter[str] = Counter()
        latencies = []
        with source(stormy, rate=50_000):
            until = time.monotonic() + 3
            while time.monotonic() < until:
                started = time.monotonic()
                ask(req, "CAM2", "echo")
                ask(req, "CAM1", "echo")
                latencies.append(time.monotonic() - started)
                for camera in ask(req, "", "cameras").result["cameras"]:
                    states[camera["state"]] += 1
        assert set(states) == {"present"}
        assert max(latencies) < 2
