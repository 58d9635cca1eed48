"""`lensbus reload`: the gateways are replaced under load; nobody is refused, nothing is lost."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.bus import bus_settings, running_worker, short_folder
from kit.fake_driver import FakeDriver
from kit.processes import environ, wait_for
from kit.system import System, command_of, running_system

CLIENTS = 20
CAMERA = "RELOADCAM"


def reload(state: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "lensbus_deploy.cli", "reload", "--state", str(state)],
        env=environ(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def gateways(system: System) -> set[int]:
    return {pid for pid in system.pids() if "-m lensbus_gateway" in command_of(pid)}


class Watcher(threading.Thread):
    """A client as browsers are: it comes back with its cursor, and notes what it was told."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.numbers: list[int] = []
        self.kinds: set[str] = set()
        self.returns = 0
        self.failures: list[str] = []
        self.done = threading.Event()
        self._port = port
        self._cursor = ""

    @property
    def last(self) -> int:
        return self.numbers[-1] if self.numbers else 0

    def run(self) -> None:
        while not self.done.is_set():
            try:
                self._watch()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
            self.returns += 1

    def _watch(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {"Last-Event-ID": self._cursor} if self._cursor else {}
        connection.request("GET", "/api/events?heartbeat=1", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        fields: dict[str, str] = {}
        for line in answer:
            if line.strip():
                name, value = line.decode("ascii").rstrip("\n").split(": ", 1)
                fields[name] = value
            else:
                self._take(fields)
                fields = {}
            if self.done.is_set():
                break
        connection.close()

    def _take(self, fields: dict[str, str]) -> None:
        self._cursor = fields.get("id", self._cursor)
        self.kinds.add(fields["event"])
        if fields["event"] == "counted":
            self.numbers.append(json.loads(fields["data"])["n"])


class Asker(threading.Thread):
    """Sends plain requests all along, each on a line of its own or all on one kept open."""

    def __init__(self, port: int, *, keep: bool) -> None:
        super().__init__()
        self.answers = 0
        self.failures: list[str] = []
        self.done = threading.Event()
        self._port, self._keep = port, keep

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        while not self.done.wait(0.005):
            try:
                connection.request("GET", "/api/server/status")
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200, answer.status
                self.answers += 1
                if not self._keep:
                    connection.close()
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failures.append(repr(error))
                connection.close()
        connection.close()


@contextmanager
def running(threads: list[Watcher] | list[Asker]) -> Iterator[None]:
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.done.set()
        for thread in threads:
            thread.join(20)


class Counter(threading.Thread):
    """Has a camera see 200 things a second."""

    def __init__(self, driver: FakeDriver) -> None:
        super().__init__()
        self.count = 0
        self.done = threading.Event()
        self._driver = driver

    def run(self) -> None:
        while not self.done.wait(0.005):
            self.count += 1
            self._driver.observe("counted", n=self.count)


@dataclass
class Load:
    """A system with one busy camera, and clients that watch it."""

    system: System
    counter: Counter
    watchers: list[Watcher]

    def wait_for_all(self) -> None:
        """Wait until everybody has seen what the camera sees now."""
        now = self.counter.count
        wait_for(lambda: all(one.last >= now for one in self.watchers), limit_s=20)

    def check(self) -> None:
        """Stop the camera; everybody must have seen everything, once and in order."""
        self.counter.done.set()
        self.counter.join(5)
        self.wait_for_all()
        for watcher in self.watchers:
            assert watcher.numbers == list(range(1, self.counter.count + 1))
            assert "gap" not in watcher.kinds


@contextmanager
def under_load() -> Iterator[Load]:
    driver = FakeDriver()
    with (
        running_system(sony_enabled="false", oak_enabled="false") as system,
        running_worker(bus_settings(system.state), CAMERA, driver),
    ):
        wait_for(driver.opened.is_set)
        watchers = [Watcher(system.port) for _ in range(CLIENTS)]
        counter = Counter(driver)
        with running(watchers):
            wait_for(lambda: all("connected" in watcher.kinds for watcher in watchers))
            counter.start()
            try:
                wait_for(lambda: all(watcher.last > 20 for watcher in watchers))
                yield Load(system, counter, watchers)
            finally:
                counter.done.set()
                counter.join(5)


@pytest.mark.slow
def test_a_reload_under_load_refuses_nobody_and_loses_nothing() -> None:
    with under_load() as load:
        before = gateways(load.system)
        assert len(before) == 2
        askers = [Asker(load.system.port, keep=keep) for keep in (False, False, True)]
        with running(askers):
            for _ in range(2):
                done = reload(load.system.state)
                assert done.returncode == 0, done.stderr + load.system.logs()
                assert done.stdout == "gateway-0 replaced\ngateway-1 replaced\n"
        load.check()
        after = gateways(load.system)
        assert len(after) == 2
        assert not before & after
        assert sum(watcher.returns for watcher in load.watchers) >= 2 * CLIENTS
        assert [watcher.failures for watcher in load.watchers] == [[]] * CLIENTS
        assert [asker.failures for asker in askers] == [[], [], []]
        assert all(asker.answers > 100 for asker in askers)


@pytest.mark.slow
def test_shot_gateways_cost_nobody_an_event() -> None:
    with under_load() as load:
        for _ in range(3):
            shot = gateways(load.system)
            for pid in shot:
                os.kill(pid, signal.SIGKILL)
            load.wait_for_all()
        load.check()


def test_without_a_system_there_is_one_sentence() -> None:
    with short_folder() as state:
        done = reload(state)
    assert done.returncode == 2
    assert done.stderr == f"lensbus: no system runs on the state folder {state}\n"
