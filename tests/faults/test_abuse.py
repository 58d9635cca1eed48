"""Rows in which clients abuse the gateway: slowness, size, floods, cursors; and what is left of it.

One gateway process on one broker, so that what it holds can be counted.
"""

import json
import os
import select
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from kit.gateway import Wire
from kit.processes import ROOT, environ, wait_for
from kit.rig import Bare, bare
from lensbus_gateway.connection import CHUNK_BYTES, REQUEST_S

MIB = 1024 * 1024
UPLOAD = "/cameras/14442C10D13EABCE00/streams/CAM_A/nn"
QUIET = "/api/server/status"
HEAD = b"GET /api/server/status HTTP/1.1\r\nHost: localhost\r\n"


class Abused:
    """The gateway under abuse, as a process is seen from outside."""

    def __init__(self, plant: Bare, temporary: Path) -> None:
        self.address = plant.address
        self._temporary = temporary
        (self.pid,) = [
            pid
            for pid in plant.pids()
            if "lensbus_gateway" in Path(f"/proc/{pid}/cmdline").read_text()
        ]

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def threads(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def rss_mib(self) -> float:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / MIB

    def temporary_files(self) -> int:
        """Return how many temporary files it has, named or not."""
        named = len(list(self._temporary.iterdir()))
        held = 0
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                held += os.readlink(entry).startswith(str(self._temporary))
            except OSError:  # closed meanwhile
                continue
        return named + held

    def wire(self) -> Wire:
        made = Wire(self.address)
        made.socket.settimeout(60)
        return made

    def answer_ms(self) -> float:
        """Return how long one ordinary request takes."""
        begun_s = time.monotonic()
        with self.wire() as wire:
            wire.request(QUIET)
            assert wire.answer()[0] in (200, 503)
        return (time.monotonic() - begun_s) * 1000


@pytest.fixture(scope="module")
def abused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Abused]:
    temporary = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        made = bare()
        with made as plant:
            patch.undo()  # for the children alone, which have it by now
            plant.start_broker()
            plant.start_gateway()
            wait_for(lambda: _is_served(plant.address), limit_s=60)
            yield Abused(plant, temporary)


@contextmanager
def opened(abused: Abused, count: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """Open connections that have said so much and no more."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            one = stack.enter_context(socket.create_connection(abused.address, 10))
            if sent:
                one.sendall(sent)
            made.append(one)
        yield made


def closed_after_s(lines: Sequence[socket.socket], limit_s: float, drip: bytes = b"") -> float:
    """Return when the last of these was closed; each is sent a byte now and then."""
    begun_s = time.monotonic()
    still = set(lines)
    while still and time.monotonic() - begun_s < limit_s:
        for one in select.select(list(still), [], [], 0.2)[0]:
            try:
                is_closed = not one.recv(4096)
            except OSError:
                is_closed = True
            if is_closed:
                still.discard(one)
        for one in still if drip else ():
            try:
                one.sendall(drip)
            except OSError:
                continue
    assert not still, f"{len(still)} of {len(lines)} are still open after {limit_s} s"
    return time.monotonic() - begun_s


SLOW = {
    "silent": (b"", b""),
    "half a head": (HEAD, b""),
    "a byte at a time": (HEAD + b"X-Slow: ", b"x"),
    "half a body": (
        b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf",
        b"",
    ),
    "half a handshake": (
        b"GET /console/pictures HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
        b"",
    ),
    "a file at a trickle": (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n".encode(),
        b"x",
    ),
}


def test_a09_slow_requests_are_closed_and_cost_the_others_nothing(abused: Abused) -> None:
    """All kinds at once, and the real limit of ten seconds."""
    each = 40
    with ExitStack() as stack:
        lines = {
            name: stack.enter_context(opened(abused, each, sent))
            for name, (sent, _) in SLOW.items()
        }
        others_ms = [abused.answer_ms() for _ in range(20)]
        slowest: dict[str, float] = {}
        threads = [
            threading.Thread(
                target=lambda name=name: slowest.update(  # type: ignore[misc]  # bound here
                    {name: closed_after_s(lines[name], 3 * REQUEST_S, SLOW[name][1])}
                )
            )
            for name in lines
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    worst = max(slowest.values(), default=0.0)
    print(
        f"row=A09 open={each * len(SLOW)} closed_after_s={worst:.1f}"
        f" others_p100_ms={max(others_ms):.0f}"
    )
    assert set(slowest) == set(SLOW)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a09_a_thousand_slow_requests_leave_room_for_others(abused: Abused) -> None:
    with opened(abused, 1000, HEAD) as lines:
        others_ms = sorted(abused.answer_ms() for _ in range(50))
        worst_s = closed_after_s(lines, 3 * REQUEST_S, b"x")
    print(f"row=A09 open=1000 closed_after_s={worst_s:.1f} others_p50_ms={others_ms[25]:.1f}")
    assert worst_s < 2 * REQUEST_S


def pushed(abused: Abused, begin: bytes, piece: bytes, total_bytes: int) -> tuple[int, float]:
    """Send more and more until the line is cut; return the first status, and the MiB sent."""
    status, sent = 0, 0
    with abused.wire() as wire:
        try:
            wire.send(begin)
            while sent < total_bytes:
                wire.send(piece)
                sent += len(piece)
                if not status and select.select([wire.socket], [], [], 0)[0]:
                    status = int(wire.until(b"\r\n").split()[1])
        except (OSError, AssertionError):
            return status, sent / MIB
    return status, sent / MIB


BLOCK = b"x" * 65536
FIELDS = b"".join(b"X-%d: y\r\n" % number for number in range(5000))
CHUNKED = b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
HUGE = {
    "header": (HEAD + b"X-Big: ", BLOCK),
    "fields": (HEAD, FIELDS),
    "query": (b"GET /api/server/status?q=", BLOCK),
    "path": (b"GET /", BLOCK),
    "extension of a chunk": (CHUNKED + b"1;x=", BLOCK),
    "trailer": (CHUNKED + b"1\r\nx\r\n0\r\nX-Big: ", BLOCK),
    "trailers": (CHUNKED + b"1\r\nx\r\n0\r\n", FIELDS),
}


def test_a10_a_huge_head_is_refused_before_it_is_there(abused: Abused) -> None:
    before_mib = abused.rss_mib()
    answers = {name: pushed(abused, *what, 64 * MIB) for name, what in HUGE.items()}
    grown_mib = abused.rss_mib() - before_mib
    sent_mib = sum(sent for _, sent in answers.values())
    print(f"row=A10 heads={len(HUGE)} sent_mib={sent_mib:.0f} grown_mib={grown_mib:.1f}")
    for name, (status, _) in answers.items():
        # There is no such path: who sends a body may have heard that first.
        expected = (0, 404, 431) if "chunk" in name or "trailer" in name else (0, 431)
        assert status in expected, (name, status)
    assert answers["fields"][0] == 431
    assert grown_mib < 16
    abused.answer_ms()


TRICKS = {
    "two lengths": (b"Content-Length: 1\r\nContent-Length: 2\r\n", b"xy"),
    "length and chunks": (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "chunks that are no chunks": (b"Transfer-Encoding: chunked\r\n", b"zz\r\nxy\r\n0\r\n\r\n"),
    "a negative chunk": (b"Transfer-Encoding: chunked\r\n", b"-5\r\nhello\r\n0\r\n\r\n"),
    "a chunk beyond 64 bits": (b"Transfer-Encoding: chunked\r\n", b"f" * 17 + b"\r\nx"),
    "a negative length": (b"Content-Length: -1\r\n", b""),
    "a length that is no number": (b"Content-Length: 1e3\r\n", b""),
    "a length beyond 64 bits": (b"Content-Length: 99999999999999999999999\r\n", b""),
    "chunks said twice": (b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n"),
}


@pytest.mark.parametrize("name", TRICKS)
def test_a11_no_length_is_taken_for_another(abused: Abused, name: str) -> None:
    """Behind each comes a request that must never be served as one of its own."""
    fields, body = TRICKS[name]
    begin = b"POST /api/x HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n" + body
    with abused.wire() as wire:
        wire.send(begin + b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        told = wire.rest()
    assert b'"alive"' not in told
    assert told == b"" or told.split()[1] in (b"400", b"413"), told[:200]


def test_a11_a_gibibyte_is_refused_from_its_head_and_leaves_no_file(abused: Abused) -> None:
    before_mib = abused.rss_mib()
    with abused.wire() as wire:
        wire.send(
            f"POST {UPLOAD} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {1024 * MIB}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n".encode()
        )
        status = wire.answer()[0]
    assert status == 413
    most = 0
    for _ in range(3):
        most = max(most, half_an_upload(abused))
    wait_for(lambda: abused.temporary_files() == 0, limit_s=30)
    grown_mib = abused.rss_mib() - before_mib
    print(f"row=A11 status={status} files_meanwhile={most} files_left=0 grown_mib={grown_mib:.1f}")
    assert most >= 1, "else nothing was tested"
    assert grown_mib < 32


def half_an_upload(abused: Abused) -> int:
    """Send half of a model and go; return how many temporary files there were meanwhile."""
    part = b'--x\r\nContent-Disposition: form-data; name="model"; filename="a"\r\n\r\n'
    # From an address of its own: that of the other abuse may have used up its requests.
    with Wire(abused.address, source="127.0.0.3") as wire:
        wire.send(
            f"POST {UPLOAD} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {16 * MIB}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n".encode()
            + part
        )
        for _ in range(8 * MIB // len(BLOCK)):
            wire.send(BLOCK)
        wait_for(abused.temporary_files, limit_s=30)
        found = abused.temporary_files()
        wire.reset()
    return found


@contextmanager
def flood(
    abused: Abused, what: str, rate: float, for_s: float
) -> Iterator[Callable[[], dict[str, int]]]:
    """Have a client of another address ask for too much; yield how to wait for what it got."""
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "kit.flood", what),
            *("--port", str(abused.address[1])),
            *("--rate", str(rate), "--for-s", str(for_s)),
        ],
        env={**environ(), "PYTHONPATH": str(ROOT / "tests")},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield lambda: json.loads(child.communicate(timeout=for_s + 60)[0])
    finally:
        if child.poll() is None:
            child.kill()
        child.wait(10)
        assert child.stdout is not None
        child.stdout.close()


def p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def during(abused: Abused, for_s: float) -> list[float]:
    """Ask as somebody else does, for so long; return the times."""
    times = []
    with abused.wire() as wire:
        until_s = time.monotonic() + for_s
        while time.monotonic() < until_s:
            begun_s = time.monotonic()
            wire.request(QUIET)
            assert wire.answer()[0] == 200, "the others are never refused"
            times.append((time.monotonic() - begun_s) * 1000)
            time.sleep(0.005)
    return times


def flooded(abused: Abused, rounds: int) -> float:
    """Measure without and with a flood, turn about; return by how much the others' p99 grew."""
    calm_ms, flooded_ms = [], []
    for _ in range(rounds):
        calm_ms.append(p99(during(abused, 3)))
        with flood(abused, "requests", 2000, 6) as wait, abused.wire() as stream:
            stream.request("/api/events")
            stream.until(b"connected")
            time.sleep(2)  # its burst is used up by then
            flooded_ms.append(p99(during(abused, 3)))
            got = wait()
        assert got.get("429", 0) > 0
        assert set(got) <= {"200", "429", "sent"}
    factor = statistics.median(flooded_ms) / statistics.median(calm_ms)
    print(
        f"row=A12 rounds={rounds} calm_p99_ms={statistics.median(calm_ms):.1f}"
        f" flooded_p99_ms={statistics.median(flooded_ms):.1f} factor={factor:.2f}"
        f" sent={got['sent']} admitted={got.get('200', 0)} refused={got.get('429', 0)}"
    )
    return factor


def test_a12_a_flood_of_requests_is_refused_and_the_others_are_not(abused: Abused) -> None:
    flooded(abused, 1)


@pytest.mark.slow
def test_a12_a_flood_of_requests_at_most_doubles_the_time_of_the_others(abused: Abused) -> None:
    assert flooded(abused, 7) <= 2


def test_a12_the_refusal_says_when_to_come_back_and_spares_streams(abused: Abused) -> None:
    with abused.wire() as wire:
        statuses = []
        # More than its burst, faster than any limit: answers are read behind all the requests.
        for _ in range(30):
            wire.send((HEAD + b"\r\n") * 100)
            for _ in range(100):
                status, headers, body = wire.answer()
                statuses.append(status)
                if status == 429:
                    assert int(headers["retry-after"]) >= 1
                    assert json.loads(body)["success"] is False
        assert 429 in statuses
        assert set(statuses) == {200, 429}
    # The same address, at once:
    with abused.wire() as wire:
        wire.request("/api/events")
        assert b" 200 OK" in wire.head()
    with abused.wire() as wire:
        wire.request("/livez")
        assert wire.answer()[0] == 200
    assert abused.answer_ms() >= 0


def test_a12_a_flood_of_connections_takes_no_place_from_others(tmp_path: Path) -> None:
    limit = 200
    with bare(gateway_connections_per_address=str(limit)) as plant:
        plant.start_broker()
        plant.start_gateway()
        wait_for(lambda: _is_served(plant.address), limit_s=60)
        seen = Abused(plant, tmp_path)
        before = seen.descriptors()
        with flood(seen, "connections", 400, 4) as wait:
            times = during(seen, 3)
            most = seen.descriptors()
            got = wait()
        wait_for(lambda: seen.descriptors() <= before + 2, limit_s=30)
    print(
        f"row=A12 connections={got['sent']} closed={got.get('closed', 0)}"
        f" descriptors={before}->{most} others_p99_ms={p99(times):.1f}"
    )
    assert got.get("refused", 0) == 0
    assert got["closed"] >= got["sent"] - limit - 50
    assert most <= before + limit + 50


def _is_served(address: tuple[str, int]) -> bool:
    try:
        with Wire(address) as wire:
            wire.request(QUIET)
            return wire.answer()[0] == 200
    except OSError:  # it is only beginning
        return False


CURSORS = {
    "negative": "-1",
    "negative place": "00000001.-7",
    "huge": "ffffffff." + "9" * 300,
    "foreign": "deadbeef.12",
    "empty": "%20",
    "binary": "%00%ff%fe",
    "text": "../../etc/passwd",
    "a line end": "1%0d%0aSet-Cookie:x",
    "arabic digits": "%D9%A1.%D9%A2",
}


def test_a16_a_cursor_is_never_an_error(abused: Abused) -> None:
    for name, cursor in CURSORS.items():
        for path in (
            f"/api/events?last_event_id={cursor}",
            f"/api/cameras/A/events?lastEventId={cursor}",
        ):
            assert is_stream(abused, path, {}), name
    for raw in ("-1", "\x7f", "a b", "9" * 3000, "é".encode().decode("latin-1")):
        assert is_stream(abused, "/api/events", {"Last-Event-ID": raw}), raw
    before_mib = abused.rss_mib()
    for name in ("Last-Event-ID", "last-event-id"):
        assert is_stream(abused, "/api/events", {name: "x" * MIB})
    assert is_stream(abused, "/api/events?last_event_id=" + "9" * MIB, {})
    cursors = 2 * len(CURSORS) + 5 + 3
    print(f"row=A16 cursors={cursors} errors=0 grown_mib={abused.rss_mib() - before_mib:.1f}")


def is_stream(abused: Abused, path: str, headers: dict[str, str]) -> bool:
    """Tell whether this is answered with events, a gap of unknown size among them."""
    with abused.wire() as wire:
        with suppress(OSError):  # it has its answer, and nobody waits for the rest
            wire.request(path, headers=headers)
        head = wire.head()
        told = wire.until(b"event: gap\n") + wire.until(b"\n")
        return b" 200 OK\r\n" in head and b'"reason":"unknown"' in told


def abuse(abused: Abused, rounds: int) -> None:
    """Do a little of everything, again and again."""
    for number in range(rounds):
        with (
            opened(abused, 20, b""),
            opened(abused, 20, HEAD),
            opened(abused, 5, CHUNKED + b"5\r\n"),
        ):
            pushed(abused, HEAD + b"X-Big: ", BLOCK, MIB)
            for cursor in list(CURSORS.values())[number % 3 :: 3]:
                with abused.wire() as wire:
                    wire.request(f"/api/events?last_event_id={cursor}")
                    wire.reset()
            with abused.wire() as wire:
                wire.send((HEAD + b"\r\n") * 50)
                wire.reset()
            with abused.wire() as wire:
                wire.send(b"\x16\x03\x01junk\r\n\r\n")
        if number % 4 == 0:
            half_an_upload(abused)


def leaves_nothing(abused: Abused, rounds: int) -> None:
    abuse(abused, 10)  # what is made once and kept is there after these
    wait_for(lambda: abused.temporary_files() == 0, limit_s=30)
    time.sleep(REQUEST_S / 10)
    wait_idle(abused)
    before = abused.descriptors(), abused.threads(), abused.rss_mib()
    begun_s = time.monotonic()
    abuse(abused, rounds)
    took_s = time.monotonic() - begun_s
    wait_for(lambda: abused.descriptors() <= before[0] + 2, limit_s=3 * REQUEST_S)
    wait_idle(abused)
    after = abused.descriptors(), abused.threads(), abused.rss_mib()
    print(
        f"row=A20 rounds={rounds} took_s={took_s:.0f} descriptors={before[0]}->{after[0]}"
        f" threads={before[1]}->{after[1]} rss_mib={before[2]:.1f}->{after[2]:.1f}"
    )
    assert after[0] <= before[0] + 2
    assert after[1] <= before[1] + 1
    assert after[2] - before[2] < 8


def wait_idle(abused: Abused) -> None:
    """Wait until nothing comes and goes any more."""
    seen = [-1]

    def is_steady() -> bool:
        seen.append(abused.descriptors())
        return seen[-1] == seen[-2]

    wait_for(is_steady, limit_s=3 * REQUEST_S, every_s=1.0)


def test_a20_abuse_leaves_nothing_behind(abused: Abused) -> None:
    leaves_nothing(abused, rounds=15)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a20_ten_minutes_of_abuse_leave_nothing_behind(abused: Abused) -> None:
    abuse(abused, 300)  # a process keeps memory for what has come this often
    until_s = time.monotonic() + 600
    while time.monotonic() < until_s:
        leaves_nothing(abused, rounds=200)


def test_the_room_for_chunks_is_that_of_a_chunk() -> None:
    assert len(b"ffffffff\r\n\r\n") <= CHUNK_BYTES
