"""Clients that note what they get: event streams over plain sockets, and taps on the bus.

They use nothing of lensbus: what they read is what any program would have to read.
"""

import errno
import json
import random
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]  # the package ships no types
import zmq

from kit.judge import Entry, Gap

RETRY_MS: Final = 3000  # what browsers wait as long as nobody tells them otherwise
BUFFER: Final = 262_144
LOOK_S: Final = 0.05

# Blocks are the same bytes for every client: each is read once.
_parsed: dict[bytes, Entry] = {}
_PARSED_LIMIT: Final = 200_000


def read_block(block: bytes) -> Entry:
    """Return one event of a stream as a ledger notes it, without its time."""
    fields: dict[str, str] = {}
    for line in block.decode("ascii").split("\n"):
        name, _, value = line.partition(":")
        fields[name] = value.removeprefix(" ")
    data = json.loads(fields["data"])
    journal, _, position = fields.get("id", "").partition(".")
    return _entry(fields["event"], data, journal, int(position or 0))


def _entry(kind: str, data: Mapping[str, Any], journal: str, position: int) -> Entry:
    gap = None
    if kind == "gap":
        first, last = data.get("from_seq"), data.get("to_seq")
        gap = Gap(data["count"], first, last)
    return Entry(
        camera=data["cameraId"],
        kind=kind,
        epoch=data.get("epoch", 0),
        seq=data.get("seq", 0),
        n=data.get("n"),
        journal=journal,
        position=position,
        emitted_s=data.get("t_ns", 0) / 1e9,
        gap=gap,
    )


class Body:
    """Takes HTTP chunks apart, then events; it may be fed byte by byte."""

    def __init__(self) -> None:
        self._raw = bytearray()
        self._text = bytearray()
        self.ended = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the events that are complete now, each without its empty line."""
        self._raw += data
        while not self.ended:
            end = self._raw.find(b"\r\n")
            if end < 0:
                break
            size = int(self._raw[:end], 16)
            if len(self._raw) < end + 2 + size + 2:
                break
            self._text += self._raw[end + 2 : end + 2 + size]
            del self._raw[: end + 2 + size + 2]
            self.ended = size == 0
        *blocks, rest = bytes(self._text).split(b"\n\n")
        self._text = bytearray(rest)
        return blocks


class Ledger:
    """One client of an event stream: notes every event, and comes back with its cursor."""

    def __init__(self, name: str, query: str = "") -> None:
        self.name = name
        self.query = query
        self.entries: list[Entry] = []
        self.times: list[float] = []  # when each entry came
        self.connects: list[float] = []
        self.ends: list[str] = []  # how each line ended: clean, cut, or a status other than 200
        self.refused = 0
        self.asleep = False  # reads nothing while it is
        self.receive_buffer: int | None = None
        self.highest: dict[tuple[str, int], int] = {}
        self.newest: dict[str, float] = {}  # when the newest of each camera was emitted
        self.cursor = ""
        self.retry_ms = RETRY_MS
        self.due_s = 0.0
        self.socket: socket.socket | None = None
        self.head: bytearray | None = None
        self.body = Body()

    @property
    def is_open(self) -> bool:
        """Whether a stream is open, past its handshake."""
        return self.socket is not None and bool(self.connects) and self.head is None

    def kinds(self, camera: str) -> list[str]:
        """Return the kinds of a camera's events so far."""
        return [entry.kind for entry in list(self.entries) if entry.camera == camera]

    def note(self, block: bytes, now_s: float) -> None:
        """Note one event."""
        entry = _parsed.get(block)
        if entry is None:
            if block.startswith(b":"):
                return
            entry = read_block(block)
            if len(_parsed) > _PARSED_LIMIT:
                _parsed.clear()
            _parsed[block] = entry
        if entry.position:
            self.cursor = f"{entry.journal}.{entry.position}"
        if entry.kind in ("connected", "busy") and entry.camera == "*":
            at = block.rfind(b"\nretry: ")
            if at >= 0:
                self.retry_ms = int(block[at + 8 :].split(b"\n")[0])
            return
        self.add(entry, now_s)

    def add(self, entry: Entry, now_s: float) -> None:
        """Take an entry in."""
        self.times.append(now_s)
        self.entries.append(entry)
        if entry.n is not None:
            key = (entry.camera, entry.epoch)
            if entry.n > self.highest.get(key, 0):
                self.highest[key] = entry.n
            self.newest[entry.camera] = entry.emitted_s

    def known(self, count: int) -> list[tuple[Entry, float]]:
        """Return the first entries and when they came."""
        return list(zip(self.entries[:count], self.times[:count], strict=True))

    def has_emitted_after(self, camera: str, injected_s: float) -> bool:
        """Tell whether an event came that was emitted after an injection."""
        return self.newest.get(camera, 0) >= injected_s

    def heal_ms(self, camera: str, injected_s: float) -> float:
        """Return how long after an injection the first event came that was emitted after it."""
        for entry, time_s in zip(self.entries, self.times, strict=False):
            if entry.camera == camera and entry.emitted_s >= injected_s:
                return (time_s - injected_s) * 1000
        return float("inf")

    def write(self, folder: Path) -> None:
        """Write the ledger to a file, for the reader of a failed test."""
        with (folder / f"{self.name}.ledger").open("w") as file:
            for entry, time_s in zip(self.entries, self.times, strict=False):
                file.write(f"{time_s:.3f} {entry}\n")
            file.write(f"connects={self.connects} ends={self.ends} refused={self.refused}\n")


class Readers:
    """A thread that serves any number of ledgers over plain sockets."""

    def __init__(self, address: tuple[str, int], path: str = "/api/events") -> None:
        self._address = address
        self._path = path
        self.ledgers: list[Ledger] = []
        self._new: list[Ledger] = []
        self._sleeping: list[Ledger] = []
        self._selector = selectors.DefaultSelector()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="readers")
        self._thread.start()

    def add(
        self,
        name: str,
        query: str = "",
        *,
        cursor: str = "",
        known: Sequence[tuple[Entry, float]] = (),
        receive_buffer: int | None = None,
    ) -> Ledger:
        """Open one more stream, from a cursor if one is given, up to which all is known."""
        ledger = Ledger(name, query)
        ledger.cursor = cursor
        for entry, time_s in known:
            ledger.add(entry, time_s)
        ledger.receive_buffer = receive_buffer
        self.ledgers.append(ledger)
        self._new.append(ledger)
        return ledger

    def close(self) -> None:
        """Hang up all."""
        self._ending.set()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def all_open(self) -> bool:
        """Tell whether every stream is open."""
        return all(ledger.is_open for ledger in self.ledgers)

    def _run(self) -> None:
        waiting: list[Ledger] = []
        try:
            while not self._ending.is_set():
                now = time.monotonic()
                while self._new:
                    waiting.append(self._new.pop(0))
                self._wake_up()
                for ledger in [ledger for ledger in waiting if ledger.due_s <= now]:
                    waiting.remove(ledger)
                    if not self._dial(ledger):
                        waiting.append(ledger)
                for key, mask in self._selector.select(0.02):
                    reader: Ledger = key.data
                    if mask & selectors.EVENT_WRITE:
                        ready = self._ask(reader)
                    else:
                        ready = self._read(reader)
                    if not ready:
                        self._hang_up(reader)
                        waiting.append(reader)
        finally:
            for ledger in self.ledgers:
                if ledger.socket is not None:
                    ledger.socket.close()
            self._selector.close()

    def _wake_up(self) -> None:
        """Let those read on that have slept long enough."""
        for ledger in [ledger for ledger in self._sleeping if not ledger.asleep]:
            self._sleeping.remove(ledger)
            assert ledger.socket is not None
            self._selector.register(ledger.socket, selectors.EVENT_READ, ledger)

    def _dial(self, ledger: Ledger) -> bool:
        line = socket.socket()
        line.setblocking(False)
        if ledger.receive_buffer is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ledger.receive_buffer)
        result = line.connect_ex(self._address)
        if result not in (0, errno.EINPROGRESS):
            line.close()
            return self._refuse(ledger, result)
        ledger.socket = line
        ledger.head, ledger.body = bytearray(), Body()
        self._selector.register(line, selectors.EVENT_WRITE, ledger)
        return True

    def _refuse(self, ledger: Ledger, result: int) -> bool:
        if result == errno.ECONNREFUSED:
            ledger.refused += 1
        ledger.due_s = time.monotonic() + ledger.retry_ms / 1000
        return False

    def _ask(self, ledger: Ledger) -> bool:
        assert ledger.socket is not None
        result = ledger.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if result:
            return self._refuse(ledger, result)
        back = f"Last-Event-ID: {ledger.cursor}\r\n" if ledger.cursor else ""
        request = f"GET {self._path}{ledger.query} HTTP/1.1\r\nHost: 127.0.0.1\r\n{back}\r\n"
        ledger.socket.send(request.encode("ascii"))
        self._selector.modify(ledger.socket, selectors.EVENT_READ, ledger)
        return True

    def _read(self, ledger: Ledger) -> bool:
        """Read what is there; tell whether the line goes on."""
        assert ledger.socket is not None
        if ledger.asleep:
            self._selector.unregister(ledger.socket)
            self._sleeping.append(ledger)
            return True
        try:
            data = ledger.socket.recv(BUFFER)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        now = time.monotonic()
        if not data:
            ledger.ends.append("clean" if ledger.body.ended else "cut")
            return False
        if ledger.head is not None:
            ledger.head += data
            head, found, rest = bytes(ledger.head).partition(b"\r\n\r\n")
            if not found:
                return True
            if not head.startswith(b"HTTP/1.1 200 "):
                ledger.ends.append(head.split(b"\r\n")[0].decode("latin-1"))
                return False
            if b"content-length" in head.lower():  # busy: a whole body, and no stream
                for block in rest.split(b"\n\n")[:-1]:
                    ledger.note(block, now)
                ledger.ends.append("busy")
                return False
            ledger.head = None
            ledger.connects.append(now)
            data = rest
        for block in ledger.body.feed(data):
            ledger.note(block, now)
        if ledger.body.ended:
            ledger.ends.append("clean")
            return False
        return True

    def _hang_up(self, ledger: Ledger) -> None:
        assert ledger.socket is not None
        self._selector.unregister(ledger.socket)
        ledger.socket.close()
        ledger.socket = None
        ledger.due_s = time.monotonic() + ledger.retry_ms / 1000


@contextmanager
def readers(address: tuple[str, int], path: str = "/api/events") -> Iterator[Readers]:
    """Yield a thread for ledgers; all are hung up in the end."""
    made = Readers(address, path)
    try:
        yield made
    finally:
        made.close()


HEADER: Final = struct.Struct(">BBBBIQQQq")


class Tap(Ledger):
    """One client of the bus itself: the `events` socket, and the command `history` for holes."""

    def __init__(self, name: str, endpoint: Callable[[str], str]) -> None:
        super().__init__(name)
        self._endpoint = endpoint
        self._place: tuple[int, int] | None = None
        self._ending = threading.Event()
        self._ready = threading.Event()
        self._ids = random.Random(1)
        self._thread = threading.Thread(target=self._run, name="tap")
        self._thread.start()
        self._ready.wait(5)

    def close(self) -> None:
        """Leave the bus."""
        self._ending.set()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        context = zmq.Context[zmq.Socket[bytes]]()
        try:
            with context.socket(zmq.SUB) as events:
                events.linger = 0
                events.rcvhwm = 0
                events.subscribe(b"")
                events.connect(self._endpoint("events"))
                self._follow(context, events)
        finally:
            self._ready.set()
            context.destroy(linger=0)

    def _follow(self, context: "zmq.Context[zmq.Socket[bytes]]", events: Any) -> None:
        looked = 0.0
        while not self._ending.is_set():
            while events.poll(20):
                self._take(context, events.recv_multipart())
            if time.monotonic() - looked > 0.5:
                looked = time.monotonic()
                if self._place is None:
                    self._begin(context)
                else:
                    self._fetch(context)

    def _begin(self, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        answer = self._ask(context, "ping", {})
        if answer is not None:
            self._place = (answer[0]["journal"], answer[0]["position"])
            self._ready.set()

    def _take(self, context: "zmq.Context[zmq.Socket[bytes]]", parts: Sequence[bytes]) -> None:
        header = HEADER.unpack(parts[1])
        place = (header[4], header[7])
        if self._place is None:
            return  # told again by history, once we know where we begin
        if place[0] == self._place[0]:
            if place[1] <= self._place[1]:
                return
            if place[1] == self._place[1] + 1:
                self._note(parts)
                return
        while self._place[0] != place[0] or self._place[1] < place[1]:
            if not self._fetch(context):
                return  # what is missing is asked for again with the next event

    def _fetch(self, context: "zmq.Context[zmq.Socket[bytes]]") -> bool:
        """Ask for one page of what follows our place; tell whether there was an answer."""
        assert self._place is not None
        after = f"{self._place[0]:08x}.{self._place[1]}"
        answer = self._ask(context, "history", {"after": after, "limit": 1000})
        if answer is None:
            return False
        result, parts = answer
        if gap := result["gap"]:
            journal, _, position = gap["to"].partition(".")
            told = {"cameraId": "*", "count": gap["count"]}
            self.add(_entry("gap", told, journal, int(position)), time.monotonic())
        for first in range(0, len(parts), 3):
            self._note(parts[first : first + 3])
        journal, _, position = result["next"].partition(".")
        self._place = (int(journal, 16), int(position))
        return True

    def _ask(
        self, context: "zmq.Context[zmq.Socket[bytes]]", name: str, arguments: Mapping[str, Any]
    ) -> tuple[Any, list[bytes]] | None:
        request = {"v": 1, "id": str(self._ids.random()), "name": name, "args": arguments}
        with context.socket(zmq.REQ) as socket:
            socket.linger = 0
            socket.connect(self._endpoint("commands"))
            socket.send_multipart([b"", msgpack.packb(request)])
            until = time.monotonic() + 1
            while not self._ending.is_set() and time.monotonic() < until:
                if socket.poll(50):
                    first, *parts = socket.recv_multipart()
                    reply = msgpack.unpackb(first)
                    assert reply["ok"], reply
                    return reply["result"], parts
        return None

    def _note(self, parts: Sequence[bytes]) -> None:
        camera, _, kind = parts[0].decode("ascii").partition("/")
        _, _, _, _, journal, epoch, seq, position, _ = HEADER.unpack(parts[1])
        data = {**msgpack.unpackb(parts[2]), "cameraId": camera, "epoch": epoch, "seq": seq}
        self._place = (journal, position)
        self.add(_entry(kind, data, f"{journal:08x}", position), time.monotonic())


@contextmanager
def tap(name: str, endpoint: Callable[[str], str]) -> Iterator[Tap]:
    """Yield a tap, past its beginning."""
    made = Tap(name, endpoint)
    try:
        yield made
    finally:
        made.close()
