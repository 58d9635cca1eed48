"""Cursors with the real broker and its journal, killed and started anew."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import zmq

from kit.bus import ask, client, running_broker, running_worker
from kit.fake_driver import FakeDriver
from kit.gateway import running_gateway
from kit.processes import environ, wait_for
from kit.sse_reader import Reader, Told
from lensbus_proto.runtime.settings import HubSettings, Settings


def counted(driver: FakeDriver, first: int, last: int) -> None:
    for number in range(first, last + 1):
        driver.observe("counted", n=number)


def until(reader: Reader, last: int) -> list[Told]:
    """Return what comes up to the event that counts to `last`."""
    told = [reader.next()]
    while told[-1].data.get("n") != last:
        told.append(reader.next())
    return told


def numbers(told: list[Told]) -> list[int]:
    return [one.data["n"] for one in told if one.kind == "counted"]


def test_the_journal_and_the_live_stream_meet_without_a_seam(settings: Settings) -> None:
    driver = FakeDriver()
    small = replace(settings, hub=HubSettings(ring_events=64))
    with (
        running_broker(settings),
        running_worker(settings, "CAM1", driver),
        running_gateway(small) as gateway,
    ):
        with Reader(gateway.address) as reader:
            counted(driver, 1, 3000)
            first = next(one for one in until(reader, 3000) if one.kind == "counted")
        with Reader(gateway.address, cursor=first.id) as reader:
            assert reader.next().data == {"cameraId": "*", "from": first.id, "complete": True}
            counted(driver, 3001, 3500)
            assert numbers(until(reader, 3500)) == list(range(2, 3501))


def test_a_snapshot_is_of_the_place_that_it_names(settings: Settings) -> None:
    driver = FakeDriver()
    with (
        running_broker(settings),
        running_worker(settings, "CAM1", driver),
        running_gateway(settings) as gateway,
    ):
        with Reader(gateway.address) as reader:
            counted(driver, 1, 50)
            newest = until(reader, 50)[-1]
        with Reader(gateway.address, "/api/events?snapshot=1") as reader:
            snapshot = reader.next()
            assert (snapshot.kind, snapshot.id) == ("snapshot", newest.id)
            assert [entry["camera"] for entry in snapshot.data["cameras"]] == ["CAM1"]
            counted(driver, 51, 52)
            assert numbers(until(reader, 52)) == [51, 52]


class Killable:
    """A broker process that can be shot and started anew."""

    def __init__(self, settings: Settings) -> None:
        self._environ = environ(
            {
                "LENSBUS_SYSTEM_STATE": settings.system.state,
                "LENSBUS_BROKER_HEARTBEAT_S": "0.1",
                "LENSBUS_BROKER_SILENCE_S": "0.5",
            }
        )
        self._child = self._start()

    def _start(self) -> "subprocess.Popen[Any]":
        command = [sys.executable, "-m", "lensbus_broker"]
        return subprocess.Popen(command, env=self._environ, stderr=subprocess.DEVNULL)

    def kill_and_start(self) -> None:
        self._child.kill()
        self._child.wait(20)
        self._child = self._start()

    def stop(self) -> None:
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(20)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(20)
            raise


@contextmanager
def killable_broker(settings: Settings) -> Iterator[Killable]:
    broker = Killable(settings)
    try:
        # A gateway that is there before the broker begins with what it hears first.
        with client(settings, "commands", zmq.REQ) as line:
            ask(line, "", "ping")
        yield broker
    finally:
        broker.stop()


def test_clients_do_not_notice_that_the_broker_was_shot(settings: Settings) -> None:
    driver = FakeDriver()
    with (
        killable_broker(settings) as broker,
        running_worker(settings, "CAM1", driver),
        running_gateway(settings) as gateway,
        Reader(gateway.address) as reader,
    ):
        wait_for(driver.opened.is_set)
        counted(driver, 1, 100)
        told = until(reader, 100)
        for turn in range(1, 4):
            counted(driver, 100 * turn + 1, 100 * turn + 50)
            broker.kill_and_start()
            counted(driver, 100 * turn + 51, 100 * turn + 100)
            told += until(reader, 100 * turn + 100)
        assert numbers(told) == list(range(1, 401))
        assert not [one for one in told if one.kind == "gap"]
        positions = [int(one.id.partition(".")[2]) for one in told if one.id]
        assert positions == list(range(positions[0], positions[0] + len(positions)))
