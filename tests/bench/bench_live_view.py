"""Live view of one simulated body to 1, 10 and 100 viewers of the multipart stream.

python tests/bench/bench_live_view.py [--seconds 5] [--viewers 1 10 100]

The readers are a process of their own on the same machine. Age: wall clock at the end of a part
minus its X-Timestamp. CPU: 100 % is one core.
"""

import argparse
import os
import re
import selectors
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kit.system import ALPHA, System, command_of, running_system, wait_for_cameras
from lensbus_proto.runtime.clock import unix_us

API = f"/api/cameras/{ALPHA}"
STREAM = f"{API}/live-view/stream"
PARTS = re.compile(rb"Content-Length: (\d+)\r\nX-Timestamp: ([0-9.]+)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--viewers", type=int, nargs="*", default=[1, 10, 100])
    parser.add_argument("--read", type=int, help="be the readers of a gateway on this port")
    options = parser.parse_args()
    if options.read is not None:
        read(options.read, options.viewers[0], options.seconds)
        return
    print("$", *sys.argv)
    with running_system(oak_enabled="false") as system:
        wait_for_cameras(system, {ALPHA})
        system.json("POST", f"{API}/connection", {"mode": "remote"})
        system.json("POST", f"{API}/live-view/start")
        for viewers in options.viewers:
            print(f"{viewers:4} viewers  {measure(system, viewers, options.seconds)}", flush=True)


def measure(system: System, viewers: int, seconds: float) -> str:
    """Return what a process full of readers got, and what gateways and worker spent on it."""
    gateways = [pid for pid in system.pids() if "-m lensbus_gateway" in command_of(pid)]
    worker = system.worker_pid(ALPHA)
    assert worker is not None
    command = [sys.executable, __file__, "--read", str(system.port)]
    begun, before = time.monotonic(), [sum(map(cpu_s, gateways)), cpu_s(worker)]
    done = subprocess.run(
        [*command, "--viewers", str(viewers), "--seconds", str(seconds)],
        check=True,
        capture_output=True,
        text=True,
    )
    after, took = [sum(map(cpu_s, gateways)), cpu_s(worker)], time.monotonic() - begun
    shares = [(end - start) / took * 100 for start, end in zip(before, after, strict=True)]
    return f"{done.stdout.strip()}  CPU: gateways {shares[0]:.1f} %, worker {shares[1]:.1f} %"


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has spent."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Reader:
    """One viewer: counts the pictures that it got whole, and how old they were."""

    socket: socket.socket
    unread: bytearray = field(default_factory=bytearray)
    ages_ms: list[float] = field(default_factory=list)

    def take(self) -> None:
        self.unread += self.socket.recv(1 << 20)
        while match := PARTS.search(self.unread):
            end = match.end() + 4 + int(match[1])
            if len(self.unread) < end:
                return
            self.ages_ms.append(unix_us() / 1e3 - float(match[2]) * 1e3)
            del self.unread[:end]


def read(port: int, viewers: int, seconds: float) -> None:
    """Watch, and print what was seen."""
    readers = []
    with selectors.DefaultSelector() as selector:
        for _ in range(viewers):
            opened = socket.create_connection(("127.0.0.1", port))
            opened.sendall(f"GET {STREAM} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            readers.append(Reader(opened))
            selector.register(opened, selectors.EVENT_READ, readers[-1])
        until, began = time.monotonic() + 1, False
        while True:
            for key, _ in selector.select(0.1):
                key.data.take()
            if time.monotonic() < until:
                continue
            if began:
                break
            for reader in readers:  # what came while the others joined does not count
                reader.ages_ms.clear()
            until, began = time.monotonic() + seconds, True
    ages = sorted(age for reader in readers for age in reader.ages_ms)
    fewest = min(len(reader.ages_ms) for reader in readers) / seconds
    print(
        f"{len(ages) / seconds / viewers:5.1f} pictures/s each (fewest {fewest:.1f})"
        f"  age p50 {statistics.median(ages):5.1f} ms  p99 {ages[len(ages) * 99 // 100]:6.1f} ms"
    )
    for reader in readers:
        reader.socket.close()


if __name__ == "__main__":
    main()
