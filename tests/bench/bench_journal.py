"""What the journal costs the relay: events a second and latency, side by side in one run.

Run: `.venv/bin/python tests/bench/bench_journal.py`. Throughput: a process publishes, the relay of
this process takes everything and publishes it again; the figure is events per second of the relay
thread's wall time while its input never runs dry. Rounds alternate and the best of each counts,
because everything else on the machine only makes it slower. Latency: publisher to subscriber at
500 events/s, once directly and once through a broker process with its journal.
"""

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("tests", "proto", "broker", "services")
sys.path[:0] = [str(Path(__file__).parents[2] / folder) for folder in FOLDERS]

import zmq  # noqa: E402  # the path comes first

from kit.bus import ask, bus_settings, client, short_folder  # noqa: E402
from kit.processes import process  # noqa: E402
from kit.records import event_parts  # noqa: E402
from lensbus_broker import journal as journal_module  # noqa: E402
from lensbus_broker.journal import Journal  # noqa: E402
from lensbus_broker.records import position_of  # noqa: E402
from lensbus_broker.relay import Relay  # noqa: E402
from lensbus_broker.store import Checkpoint, Store  # noqa: E402
from lensbus_broker.tally import Tally  # noqa: E402
from lensbus_proto.codec import pack_presence, stamp_header  # noqa: E402
from lensbus_proto.messages import Hello  # noqa: E402
from lensbus_proto.runtime.settings import JournalSettings  # noqa: E402

EVENTS, ROUNDS, SIZE = 60_000, 3, 100
SAMPLES = 1500


def publish(endpoint: str) -> None:
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        socket.sndhwm = 0
        socket.linger = 10_000
        socket.connect(endpoint)
        socket.recv()  # the subscription
        events = [event_parts(number, size=SIZE) for number in range(1, EVENTS + 1)]
        for parts in events:
            socket.send_multipart(parts)
        sys.stdin.read()


@dataclass
class SegmentOfRows:
    last: int = 0


class SqliteStore:
    """The same store on SQLite: one table, WAL, one commit for each batch."""

    segment_bytes, segment_events, oldest = 2**62, 2**62, 1

    def __init__(self, folder: Path, *_: object) -> None:
        self._path = folder / "journal.db"
        self._base: sqlite3.Connection | None = None
        self.segments = [SegmentOfRows()]

    def write(self, items: Sequence[bytes | Checkpoint]) -> int:
        if self._base is None:
            self._base = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.execute("CREATE TABLE event (position INTEGER PRIMARY KEY, record BLOB)")
        rows = [(position_of(item), item) for item in items if isinstance(item, bytes)]
        self._base.execute("BEGIN")
        self._base.executemany("INSERT INTO event VALUES (?, ?)", rows)
        self._base.execute("COMMIT")
        if rows:
            self.segments[0].last = rows[-1][0]
        return len(items)

    def expire(self, now: float) -> None:
        pass

    def sync(self) -> None:
        pass

    def close(self) -> None:
        if self._base is not None:
            self._base.close()


Step = Callable[[], None]


@contextmanager
def stamping(source: zmq.Socket[bytes], out: zmq.Socket[bytes], _: Path) -> Iterator[Step]:
    position = 0

    def step() -> None:
        nonlocal position
        try:
            while True:
                parts = source.recv_multipart(zmq.NOBLOCK)
                position += 1
                parts[1] = stamp_header(parts[1], 7, position)
                out.send_multipart(parts)
        except zmq.Again:
            pass

    yield step


def journaled(store: type | None) -> Callable[..., object]:
    @contextmanager
    def relaying(source: zmq.Socket[bytes], out: zmq.Socket[bytes], folder: Path) -> Iterator[Step]:
        journal_module.Store = store or Store
        journal = Journal(JournalSettings(enabled=store is not None), folder)
        relay = Relay(journal, out, Tally())
        life = relay.life("CAM1", 10, 0.0)
        relay.greet(life, 0, 0.0)

        def step() -> None:
            try:
                for _ in range(256):
                    relay.take(source.recv_multipart(zmq.NOBLOCK), 0.0)
            except zmq.Again:
                pass
            relay.flush()
            journal.keep_time(time.monotonic())

        try:
            yield step
            wrong = journal.keep_time(time.monotonic())
            assert not wrong, wrong
        finally:
            journal.close()

    return relaying


WAYS = {
    "bare relay that only stamps": stamping,
    "relay, journal off": journaled(None),
    "relay + segment files": journaled(Store),
    "relay + SQLite WAL": journaled(SqliteStore),
}


def throughput(way: Callable[..., object]) -> float:
    with (
        tempfile.TemporaryDirectory(prefix="lb-") as name,
        zmq.Context() as context,
        context.socket(zmq.SUB) as source,
        context.socket(zmq.PUB) as out,
        context.socket(zmq.SUB) as reader,
    ):
        folder = Path(name)
        source.rcvhwm = out.sndhwm = reader.rcvhwm = 0
        for socket in (source, out, reader):
            socket.linger = 0
        source.subscribe(b"")
        source.bind(f"ipc://{folder}/in")
        out.bind(f"ipc://{folder}/out")
        reader.subscribe(b"")
        reader.connect(f"ipc://{folder}/out")
        child = subprocess.Popen(
            [sys.executable, __file__, "publish", f"ipc://{folder}/in"], stdin=subprocess.PIPE
        )
        try:
            source.poll(20_000)
            time.sleep(2.5)  # the publisher is done: what is measured is the relay alone
            (folder / "j").mkdir()
            with way(source, out, folder / "j") as step:
                started = time.monotonic()
                while source.poll(0):
                    step()
                took_s = time.monotonic() - started
            got = 0
            while reader.poll(200):
                reader.recv_multipart()
                got += 1
            assert got == EVENTS, got
            return EVENTS / took_s
        finally:
            child.communicate()


def latency(publisher: zmq.Socket[bytes], reader: zmq.Socket[bytes]) -> list[float]:
    times: dict[int, float] = {}
    took: list[float] = []

    def read() -> None:
        number = 0
        while number < SAMPLES:
            parts = reader.recv_multipart()
            now = time.perf_counter()
            number = int.from_bytes(parts[1][16:24])
            if number in times:
                took.append((now - times[number]) * 1000)

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(1, SAMPLES + 1):
        parts = event_parts(number, size=SIZE)
        times[number] = time.perf_counter()
        publisher.send_multipart(parts)
        time.sleep(0.002)
    thread.join()
    return took


def show_latency(name: str, took: list[float]) -> float:
    cuts = statistics.quantiles(took, n=100)
    print(f"{name:32} p50 {cuts[49]:.3f} ms  p99 {cuts[98]:.3f} ms")
    return cuts[49]


def main() -> None:
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, way in WAYS.items():
            best[name] = max(best.get(name, 0), throughput(way))
    bare = best["bare relay that only stamps"]
    for name, rate in best.items():
        print(f"{name:32} {rate:8.0f} events/s  {rate / bare:.2f} x bare")
    with short_folder() as state, zmq.Context() as context:
        settings = bus_settings(state)
        with context.socket(zmq.XPUB) as publisher, context.socket(zmq.SUB) as reader:
            publisher.bind(f"ipc://{state}/direct")
            reader.subscribe(b"")
            reader.connect(f"ipc://{state}/direct")
            publisher.recv()
            direct = show_latency("PUB to SUB", latency(publisher, reader))
        with (
            process("lensbus_broker", extra={"LENSBUS_SYSTEM_STATE": str(state)}),
            context.socket(zmq.XPUB) as publisher,
            context.socket(zmq.SUB) as reader,
        ):
            publisher.connect(settings.endpoint("worker_events"))
            reader.subscribe(b"CAM1/")
            reader.connect(settings.endpoint("events"))
            publisher.recv()
            with client(settings, "worker_commands", zmq.DEALER) as worker:
                worker.send_multipart(pack_presence(Hello("CAM1", 10, 0, "bench", "Bench 1", True)))
                assert worker.recv_multipart()[0] == b"welcome"
            with client(settings, "commands", zmq.REQ) as req:
                ask(req, "", "ping")
            took = latency(publisher, reader)
            through = show_latency("PUB, broker with journal, SUB", took[len(took) // 3 :])
        print(f"added by broker and journal: p50 {through - direct:.3f} ms")


if __name__ == "__main__":
    if sys.argv[1:2] == ["publish"]:
        publish(sys.argv[2])
    else:
        main()
