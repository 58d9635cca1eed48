"""One video stream and 1, 10 and 50 viewers: what worker and gateway take, how old pictures are.

python tests/bench/bench_oak_viewers.py [--seconds 5] [--stream CAM_A]

One encoding for all: the worker's share must not rise with the viewers. Viewers are plain sockets
in this process that count messages and look at nothing else; it shares the cores with the system.
"""

import argparse
import base64
import json
import os
import selectors
import socket
import statistics
import sys
import time
from pathlib import Path

FOLDERS = ("proto", "broker", "gateway", "services", "deploy", "tests")
sys.path[:0] = [str(Path(__file__).parents[2] / folder) for folder in FOLDERS]

from kit.system import (  # noqa: E402  # the path comes first
    OAK,
    System,
    command_of,
    running_system,
    wait_for_cameras,
)

COUNTS = (1, 10, 50)
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--stream", default="CAM_A")
    arguments = parser.parse_args()
    with running_system(sony_enabled="false", gateway_processes="1") as system:
        wait_for_cameras(system, {OAK})
        worker = system.worker_pid(OAK)
        assert worker is not None
        (gateway,) = [pid for pid in system.pids() if "lensbus_gateway" in command_of(pid)]
        for count in COUNTS:
            viewers = [Viewer(system, arguments.stream) for _ in range(count)]
            try:
                run(viewers, 1.0)
                for viewer in viewers:
                    viewer.forget()
                before = (cpu_s(worker), cpu_s(gateway))
                began = time.monotonic()
                run(viewers, arguments.seconds)
                took = time.monotonic() - began
                shares = [
                    (after - earlier) / took * 100
                    for earlier, after in zip(before, (cpu_s(worker), cpu_s(gateway)), strict=True)
                ]
                report(viewers, took, *shares)
            finally:
                for viewer in viewers:
                    viewer.socket.close()


def report(viewers: list["Viewer"], took: float, worker: float, gateway: float) -> None:
    numbers = {seq for viewer in viewers for seq in viewer.seqs}
    encoded = (max(numbers) - min(numbers) + 1) / took
    rate = statistics.median(len(viewer.seqs) for viewer in viewers) / took
    ages = sorted(age for viewer in viewers for age in viewer.ages_ms)
    print(
        f"{len(viewers):3} viewers: encoded {encoded:.1f}/s, each is shown {rate:.1f}/s, "
        f"age p50 {statistics.median(ages):.0f} p99 {ages[len(ages) * 99 // 100]:.0f} ms, "
        f"worker {worker:.0f} %, gateway {gateway:.0f} % of a core"
    )


class Viewer:
    """A WebSocket that reads frames by their lengths."""

    def __init__(self, system: System, stream: str) -> None:
        self.seqs: list[int] = []
        self.ages_ms: list[float] = []
        self._unread = bytearray()
        self._skip = 0
        self.socket = socket.create_connection(("127.0.0.1", system.port))
        key = base64.b64encode(os.urandom(16)).decode("ascii")
        lines = (
            f"GET /cameras/{OAK}/streams/{stream}/video?age=1 HTTP/1.1",
            "Host: localhost",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            "",
            "",
        )
        self.socket.sendall("\r\n".join(lines).encode("ascii"))
        while b"\r\n\r\n" not in self._unread:
            self._unread += self.socket.recv(65536)
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head

    def forget(self) -> None:
        """Begin to count."""
        self.seqs.clear()
        self.ages_ms.clear()

    def read(self) -> None:
        """Take what has come; keep the texts, skip the pictures."""
        data = self.socket.recv(262_144)
        assert data, "the gateway has closed"
        if self._skip >= len(data):
            self._skip -= len(data)
            return
        self._unread += data[self._skip :]
        self._skip = 0
        while len(self._unread) >= 10:
            length, at = self._unread[1], 2
            if length == 126:
                length, at = int.from_bytes(self._unread[2:4]), 4
            elif length == 127:
                length, at = int.from_bytes(self._unread[2:10]), 10
            is_text = self._unread[0] & 0x0F == 1
            if is_text and len(self._unread) < at + length:
                return
            if is_text:
                told = json.loads(self._unread[at : at + length])
                self.seqs.append(told["seq"])
                self.ages_ms.append(told["age_ms"])
            self._skip = max(0, at + length - len(self._unread))
            del self._unread[: at + length]


def run(viewers: list[Viewer], seconds: float) -> None:
    """Read whatever comes, for so long."""
    with selectors.DefaultSelector() as selector:
        for viewer in viewers:
            selector.register(viewer.socket, selectors.EVENT_READ, viewer)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for key, _ in selector.select(0.1):
                key.data.read()


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
