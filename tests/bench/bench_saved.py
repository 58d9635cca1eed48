"""The bytes of a saved file over HTTP, beside a plain copy and beside servers that do only that.

python tests/bench/bench_saved.py [--megabytes 200] [--rounds 5] [--parallel 4]

One file that a simulated camera has saved is read by a client, whole, from the gateway: through
worker, broker and gateway. In turns the same file is copied (`shutil.copyfile`), and read by the
same client from `python -m http.server` and from a server that does nothing but `sendfile`. Client
and servers share the cores, all comes from the page cache. Then several clients read at once while
another one asks for a property, again and again.
"""

import argparse
import hashlib
import http.client
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench_card import CAMERA, MB, pull, put_on_the_card

from kit.processes import free_port, wait_for
from kit.system import ALPHA, System, command_of, running_system, stream, wait_for_cameras

BLOCK = 1 << 20
MARKS = {
    "worker": f"--camera {ALPHA}",
    "broker": "-m lensbus_broker",
    "gateway": "-m lensbus_gateway",
}
PROPERTY = f"{CAMERA}/properties/iso"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--read", metavar="PORT/PATH", help="only read this, again and again")
    options = parser.parse_args()
    if options.read:
        port, _, path = options.read.partition("/")
        while True:
            fetch(int(port), f"/{path}")
    print("$", *sys.argv)
    with running_system(oak_enabled="false", sony_simulator_time_scale="0.001") as system:
        wait_for_cameras(system, {ALPHA})
        system.json("POST", f"{CAMERA}/connection", {"mode": "remote-transfer"})
        raw = put_on_the_card(system, options.megabytes * MB)
        with stream(system, f"{CAMERA}/events") as events:
            pull(system, events, raw, keep=True)
        file = system.json("GET", f"{CAMERA}/saved?limit=1")["files"][0]
        saved = Path(file["path"])
        with python_server(saved) as plain, sendfile_server(saved) as bare:
            ways: dict[str, Callable[[], float]] = {
                "gateway": lambda: fetch(system.port, file["url"], saved.stat().st_size),
                "gateway, SHA-256": lambda: fetch(system.port, file["url"], digest=file["sha256"]),
                "http.server": lambda: fetch(plain, f"/{saved.name}", saved.stat().st_size),
                "sendfile": lambda: fetch(bare, "/", saved.stat().st_size),
                "copy": lambda: copy(saved, system.state / "copy"),
                "copy, SHA-256": lambda: copy(saved, system.state / "copy", file["sha256"]),
            }
            taken: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(options.rounds):
                for way, run in ways.items():
                    taken[way].append(run())
            print_processor_time(system, ways["gateway"], options.rounds, options.megabytes)
        for way, times in taken.items():
            rates = [saved.stat().st_size / MB / time_s for time_s in times]
            low, high = min(rates), max(rates)
            print(f"  {way:17} {statistics.median(rates):6.0f} MB/s  ({low:.0f} to {high:.0f})")
        beside(system, file["url"], options.parallel)


def fetch(port: int, path: str, size: int | None = None, digest: str = "") -> float:
    """Return the seconds that a download took; check its size or its hash."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begun = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    measured, got, block = hashlib.sha256(), 0, bytearray(BLOCK)
    while count := answer.readinto(block):
        got += count
        if digest:
            measured.update(memoryview(block)[:count])
    taken = time.perf_counter() - begun
    connection.close()
    assert size in (None, got)
    assert digest in ("", measured.hexdigest())
    return taken


def copy(source: Path, target: Path, digest: str = "") -> float:
    """Return the seconds that a copy took, with a hash of the copy if it is to be checked."""
    begun = time.perf_counter()
    shutil.copyfile(source, target)
    if digest:
        with target.open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == digest
    taken = time.perf_counter() - begun
    target.unlink()
    return taken


@contextmanager
def python_server(file: Path) -> Iterator[int]:
    """Serve the folder of a file with `python -m http.server`; yield the port."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    child = subprocess.Popen([*command, "--directory", str(file.parent)], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: _answers(port), limit_s=10)
        yield port
    finally:
        child.terminate()
        child.wait(5)


@contextmanager
def sendfile_server(file: Path) -> Iterator[int]:
    """Serve one file in a process that does nothing but `sendfile`; yield the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if child == 0:
        while True:
            connection, _ = listener.accept()
            with connection, file.open("rb") as content:
                connection.recv(65536)
                size = os.fstat(content.fileno()).st_size
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
                connection.sendfile(content)
    try:
        yield listener.getsockname()[1]
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        listener.close()


def print_processor_time(
    system: System, run: Callable[[], float], rounds: int, megabytes: int
) -> None:
    """Print what downloads cost the parts that they pass; this depends little on other load."""
    before = _used_s(system)
    for _ in range(rounds):
        run()
    after = _used_s(system)
    each_ms = {part: (after[part] - before[part]) * 1000 / rounds for part in before}
    told = ", ".join(f"{part} {used * 100 / megabytes:.0f} ms" for part, used in each_ms.items())
    print(f"  processor time for 100 MB: {told}")


def _used_s(system: System) -> dict[str, float]:
    used = dict.fromkeys(("worker", "broker", "gateway"), 0.0)
    for pid in system.pids():
        command = command_of(pid)
        part = next((part for part, mark in MARKS.items() if mark in command), None)
        if part is not None:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used[part] += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def beside(system: System, url: str, parallel: int) -> None:
    """Print how long a property takes while nobody and while several clients download."""
    for readers in (0, 1, parallel):
        command = [sys.executable, __file__, "--read", f"{system.port}{url}"]
        clients = [subprocess.Popen(command) for _ in range(readers)]
        time.sleep(1)  # until they read
        connection = http.client.HTTPConnection("127.0.0.1", system.port, timeout=60)
        times = []
        until = time.monotonic() + 5
        while time.monotonic() < until:
            begun = time.perf_counter()
            connection.request("GET", PROPERTY)
            assert connection.getresponse().read()
            times.append((time.perf_counter() - begun) * 1000)
            time.sleep(0.01)
        for one in clients:
            one.terminate()
            one.wait()
        connection.close()
        p99 = statistics.quantiles(times, n=100)[98]
        print(
            f"  property beside {readers} downloads: p50 {statistics.median(times):.2f} ms,"
            f" p99 {p99:.1f} ms, longest {max(times):.1f} ms"
        )


if __name__ == "__main__":
    main()
