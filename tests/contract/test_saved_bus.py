"""Saved files over the bus: real sockets, real files, a driver without a camera."""

import hashlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import zmq

from kit.bus import (
    Socket,
    ask,
    client,
    running_broker,
    running_worker,
    tap,
)
from kit.fake_driver import FakeDriver
from kit.processes import wait_for
from lensbus_proto.codec import pack_command, unpack_reply
from lensbus_proto.errors import BadArguments, CommandUnknown, NotFound
from lensbus_proto.messages import Command
from lensbus_proto.runtime.settings import Settings
from lensbus_services.driver import Result
from lensbus_services.record import Record, record_path
from lensbus_services.saved import Folders, SavedFiles

CONTENT = bytes(range(256)) * 8192


class SlowFiles(SavedFiles):
    """Saved files on a disk that answers when the test says so."""

    def __init__(self, folders: Folders, record: Record) -> None:
        super().__init__(folders, record)
        self.answers = threading.Event()
        self.answers.set()
        self.reading = 0

    def execute(self, name: str, arguments: Mapping[str, Any]) -> Result:
        self.reading += 1
        assert self.answers.wait(60)
        return super().execute(name, arguments)


@pytest.fixture
def files(settings: Settings) -> SlowFiles:
    pictures = settings.state / "pictures"
    pictures.mkdir(parents=True)
    folders = Folders(pictures, (pictures,), ())
    return SlowFiles(folders, Record(record_path(settings.state, "CAM1")))


@pytest.fixture
def driver(settings: Settings, files: SlowFiles) -> Iterator[FakeDriver]:
    fake = FakeDriver()
    with (
        running_broker(settings),
        tap(settings) as events,
        running_worker(settings, "CAM1", fake, files),
    ):
        events.until("worker.started")
        yield fake
        files.answers.set()


@pytest.fixture
def req(settings: Settings, driver: FakeDriver) -> Iterator[Socket]:
    with client(settings, "commands", zmq.REQ) as socket:
        socket.rcvtimeo = 60_000
        yield socket


def save(settings: Settings, driver: FakeDriver, name: str) -> Path:
    path = settings.state / "pictures" / name
    path.write_bytes(CONTENT)
    driver.observe(
        "downloadComplete", savedPath=str(path), sha256=hashlib.sha256(CONTENT).hexdigest()
    )
    return path


def test_a_file_is_known_as_soon_as_its_event_is_told(
    settings: Settings, driver: FakeDriver, req: Socket
) -> None:
    with tap(settings) as events:
        path = save(settings, driver, "A.ARW")
        events.until("downloadComplete")
    (file,) = ask(req, "CAM1", "saved.list").result["files"]
    assert (file["path"], file["size"]) == (str(path), len(CONTENT))
    assert file["sha256"] == hashlib.sha256(CONTENT).hexdigest()


def test_pieces_make_the_file(settings: Settings, driver: FakeDriver, req: Socket) -> None:
    save(settings, driver, "A.ARW")
    got = b""
    while len(got) < len(CONTENT):
        place = {"name": "A.ARW", "offset": len(got), "limit": 500_000}
        reply = ask(req, "CAM1", "saved.read", place)
        assert reply.result["size"] == len(CONTENT)
        got += reply.parts[0]
    assert got == CONTENT


@pytest.mark.parametrize(
    ("arguments", "error"),
    [({"name": "B.ARW"}, NotFound), ({"name": "../CAM2/A"}, NotFound), ({}, BadArguments)],
)
def test_what_is_not_there_is_refused_typed(
    req: Socket, arguments: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask(req, "CAM1", "saved.read", arguments)


def test_a_fault_while_reading_is_answered(req: Socket, files: SlowFiles) -> None:
    files._record = None  # type: ignore[assignment]  # a fault of our own
    with pytest.raises(Exception, match=r"saved\.list failed in the worker"):
        ask(req, "CAM1", "saved.list")


def test_a_disk_that_does_not_answer_delays_no_other_command(
    settings: Settings, driver: FakeDriver, files: SlowFiles, req: Socket
) -> None:
    save(settings, driver, "A.ARW")
    files.answers.clear()
    with client(settings, "commands", zmq.DEALER) as reader:
        reader.rcvtimeo = 60_000
        for number in range(20):
            command = Command(str(number), "saved.read", {"name": "A.ARW"}, 60_000)
            reader.send_multipart([b"", b"CAM1", pack_command(command)])
        wait_for(lambda: files.reading > 0, limit_s=30)
        for _ in range(10):
            assert ask(req, "CAM1", "echo", {"pressed": True}).result == {"pressed": True}
        assert not files.answers.is_set()
        files.answers.set()
        replies = [unpack_reply(reader.recv_multipart()[1:]) for _ in range(20)]
    assert sorted(int(reply.id) for reply in replies) == list(range(20))
    assert {reply.parts[0] for reply in replies} == {CONTENT}


def test_a_key_keeps_no_piece(
    settings: Settings, driver: FakeDriver, files: SlowFiles, req: Socket
) -> None:
    save(settings, driver, "A.ARW")
    with client(settings, "commands", zmq.REQ) as keyed:
        keyed.rcvtimeo = 60_000
        for number in range(2):
            command = Command(str(number), "saved.read", {"name": "A.ARW"}, 60_000, "one key")
            keyed.send_multipart([b"CAM1", pack_command(command)])
            assert unpack_reply(keyed.recv_multipart()).parts == (CONTENT,)
    assert files.reading == 2


def test_a_worker_without_a_place_for_files_has_no_such_command(settings: Settings) -> None:
    with (
        running_broker(settings),
        tap(settings) as events,
        running_worker(settings, "CAM1", FakeDriver()),
        client(settings, "commands", zmq.REQ) as socket,
    ):
        events.until("worker.started")
        with pytest.raises(CommandUnknown):
            ask(socket, "CAM1", "saved.list")
