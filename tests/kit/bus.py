"""A broker in a thread, workers in threads, and plain clients of the bus."""

import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import zmq

from lensbus_broker.broker import Broker
from lensbus_broker.pictures import start_relay
from lensbus_proto.codec import pack_command, unpack_event, unpack_reply
from lensbus_proto.errors import error_from_map
from lensbus_proto.messages import Command, Event, Reply
from lensbus_proto.runtime.settings import (
    BrokerSettings,
    Settings,
    SystemSettings,
    WorkerSettings,
)
from lensbus_services.driver import Driver
from lensbus_services.saved import SavedFiles
from lensbus_services.worker import Worker

Socket = zmq.Socket[bytes]
ids = count(1)
LIMIT_MS = 20_000  # for what comes at once on a machine that is not loaded


@contextmanager
def short_folder() -> Iterator[Path]:
    """Yield a temporary folder whose path is short enough for unix sockets."""
    with tempfile.TemporaryDirectory(prefix="lb-") as name:
        (Path(name) / "run").mkdir()
        yield Path(name)


def bus_settings(state: Path, **worker: Any) -> Settings:
    """Return settings with everything in one folder and a quick heartbeat."""
    return Settings(
        system=SystemSettings(state=str(state)),
        broker=BrokerSettings(heartbeat_s=0.1, silence_s=0.5),
        worker=WorkerSettings(**worker),
    )


@contextmanager
def running_broker(settings: Settings) -> Iterator[None]:
    """Run the broker in threads of this process."""
    context = zmq.Context[Socket]()
    read, write = os.pipe()
    start_relay(context, settings)
    broker = Broker(context, settings)

    def serve() -> None:
        broker.run(read)
        broker.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        os.write(write, b"x")
        thread.join(LIMIT_MS / 1000)
        assert not thread.is_alive()
        context.term()
        os.close(read)
        os.close(write)


class RunningWorker:
    """A worker in a thread; `code` is its exit code once it has ended."""

    def __init__(
        self, settings: Settings, camera: str, driver: Driver, saved: SavedFiles | None = None
    ) -> None:
        self.code: int | None = None
        self._read, self._write = os.pipe()
        self._context = zmq.Context[Socket]()
        self._settings, self._camera, self._driver = settings, camera, driver
        self._saved = saved
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        worker = Worker(
            self._context, self._settings, self._camera, self._driver, saved=self._saved
        )
        self.code = worker.run(self._read)

    def end(self) -> None:
        """Have it end as SIGTERM would."""
        if self._thread.is_alive():
            os.write(self._write, b"x")

    def stop(self) -> int | None:
        """End it and wait for it; return its exit code."""
        self.end()
        return self.join()

    def join(self) -> int | None:
        """Wait for its end; return its exit code."""
        self._thread.join(LIMIT_MS / 1000)
        assert not self._thread.is_alive()
        if not self._context.closed:
            self._context.destroy(linger=0)
            os.close(self._read)
            os.close(self._write)
        return self.code


@contextmanager
def running_worker(
    settings: Settings, camera: str, driver: Driver, saved: SavedFiles | None = None
) -> Iterator[RunningWorker]:
    """Run a worker with this driver, and perhaps saved files, in threads of this process."""
    worker = RunningWorker(settings, camera, driver, saved)
    try:
        yield worker
    finally:
        worker.stop()


@contextmanager
def client(settings: Settings, name: str, kind: zmq.SocketType) -> Iterator[Socket]:
    """Yield a plain socket connected to one endpoint of the broker."""
    with zmq.Context[Socket]() as context, context.socket(kind) as socket:
        socket.linger = 0
        socket.rcvtimeo = LIMIT_MS
        socket.connect(settings.endpoint(name))
        yield socket


def ask(
    socket: Socket,
    camera: str,
    name: str,
    arguments: Mapping[str, Any] | None = None,
    deadline_ms: int = 5000,
    key: str | None = None,
) -> Reply:
    """Send a command over a REQ socket; return the reply or raise its error."""
    command = Command(str(next(ids)), name, arguments or {}, deadline_ms, key)
    socket.send_multipart([camera.encode(), pack_command(command)])
    reply = unpack_reply(socket.recv_multipart())
    assert reply.id == command.id
    if reply.error is not None:
        raise error_from_map(reply.error)
    return reply


class Tap:
    """Everything that the events socket said, as messages."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        socket.subscribe(b"")
        self.events: list[Event] = []

    def until(self, kind: str, camera: str | None = None) -> Event:
        """Read on until an event of this kind comes; return it."""
        while True:
            event = unpack_event(self._socket.recv_multipart())
            self.events.append(event)
            if event.kind == kind and camera in (None, event.camera):
                return event


@contextmanager
def tap(settings: Settings) -> Iterator[Tap]:
    """Yield a tap on all events; with a broker there, it misses none from now on."""
    with client(settings, "events", zmq.SUB) as socket:
        opened = Tap(socket)
        if Path(settings.endpoint("events").removeprefix("ipc://")).exists():
            # The subscription is on its way; what the broker answers later comes behind it.
            socket.poll(50)
            with client(settings, "commands", zmq.REQ) as req:
                ask(req, "", "ping")
        yield opened
