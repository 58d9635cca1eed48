"""What one delivery of an event costs the gateway, and what an idle client does.

    PYTHONPATH=proto:broker:gateway:services:deploy:tests python tests/bench/bench_sse.py

Two servers in turn, each a process of its own on the first core, with the same uvicorn settings
and the same event feed: the hub, and a Starlette StreamingResponse with a queue per client. The
readers are a C program, compiled here, on the last core together with the publisher. Needs `cc`.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from kit.bus import bus_settings, short_folder
from kit.fake_broker import FakeBroker, fake_broker
from kit.gateway import event
from kit.processes import environ
from lensbus_gateway import sse
from lensbus_gateway.app import create_app
from lensbus_gateway.server import GatewayServer
from lensbus_gateway.sse import Block
from lensbus_gateway.stream import stream_response

PATH: Final = "/api/events"
SERVERS: Final = ("hub", "starlette")
CORES: Final = sorted(os.sched_getaffinity(0))


async def through_hub(request: Request) -> Response:
    return stream_response(request, None)


class Queues:
    """The usual way to write it: a task and a queue for every client."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[bytes]] = set()

    def publish(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            text = sse.unchunk(block.chunk)
            for queue in self._queues:
                queue.put_nowait(text)

    async def respond(self, request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            queue: asyncio.Queue[bytes] = asyncio.Queue()
            self._queues.add(queue)
            try:
                yield sse.handshake(None, 1000)
                while True:
                    yield await queue.get()
            finally:
                self._queues.discard(queue)

        return StreamingResponse(body(), media_type="text/event-stream")


def serve(kind: str, state: Path) -> None:
    """Be one of the servers, on the listening socket that is descriptor 0."""
    os.sched_setaffinity(0, CORES[:1])
    settings = bus_settings(state)
    queues = Queues()
    endpoint = through_hub if kind == "hub" else queues.respond
    app = create_app(settings, [Route(PATH, endpoint)])
    if kind == "starlette":
        app.state.hub.publish = queues.publish
    GatewayServer(app, settings, app.state.hub).run([socket.socket(fileno=0)])


class Server:
    """One server process, measured from outside."""

    def __init__(self, bus: FakeBroker, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.bus, self.port = bus, port
        self._proc = Path("/proc") / str(process.pid)

    def cpu_s(self) -> float:
        """Return the time that all its threads spent on a core."""
        tasks = (self._proc / "task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def resident_kib(self) -> int:
        for line in (self._proc / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")


@contextmanager
def running(kind: str) -> Iterator[Server]:
    with (
        short_folder() as state,
        fake_broker(bus_settings(state)) as bus,
        socket.create_server(("127.0.0.1", 0), backlog=2048) as listener,
    ):
        command = [sys.executable, __file__, "--serve", kind, "--state", str(state)]
        path = {"PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(command, stdin=listener.fileno(), env=environ() | path)
        try:
            assert bus.events.recv() == b"\x01"
            yield Server(bus, process, listener.getsockname()[1])
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def readers(
    program: Path, count: int, seconds: float, port: int, path: str = PATH
) -> Iterator["subprocess.Popen[str]"]:
    """Yield the readers once all streams are open; wait for their end afterwards."""
    command = [str(program), str(count), str(seconds), str(port), path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.sched_setaffinity(process.pid, CORES[-1:])
    assert process.stderr is not None
    watchdog = threading.Timer(seconds + 60, process.kill)
    watchdog.start()
    try:
        assert process.stderr.readline() == "READY\n"
        yield process
        process.wait()
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()


def delivery(
    server: Server, program: Path, clients: int, rate: int, seconds: float, path: str
) -> dict[str, Any]:
    """Publish at a rate to all clients; return what arrived and what it cost."""
    with readers(program, clients, seconds + 0.5, server.port, path) as process:
        assert process.stdout is not None
        cpu_s, begin_s = server.cpu_s(), time.monotonic()
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, begin_s + number / rate - time.monotonic()))
            sent = event(seq=number, t=time.monotonic_ns(), text="x" * 100)
            server.bus.publish(sent)
        result: dict[str, Any] = json.loads(process.stdout.readline())
        cpu_s = server.cpu_s() - cpu_s
    result["us_per_delivery"] = cpu_s * 1e6 / max(result["events"], 1)
    result["expected"] = clients * int(rate * seconds)
    return result


def idle(server: Server, program: Path, clients: int) -> float:
    """Return the resident KiB that each of many idle clients adds."""
    with readers(program, 200, 0.5, server.port):
        pass  # so that the first growth of everything else is not counted
    before = server.resident_kib()
    with readers(program, clients, 2, server.port):
        return (server.resident_kib() - before) / clients


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--idle", type=int, default=4000)
    parser.add_argument("--path", default=PATH, help="with ?ids=0, ?types=... or the like")
    parser.add_argument("--serve", choices=SERVERS)
    parser.add_argument("--state", type=Path)
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if arguments.serve:
        serve(arguments.serve, arguments.state)
        return
    os.sched_setaffinity(0, CORES[-1:])
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "sse_readers"
        source = Path(__file__).with_name("sse_readers.c")
        subprocess.run(["cc", "-O2", "-o", str(program), str(source)], check=True)
        print(f"{arguments.clients} clients x {arguments.rate} events/s, {arguments.seconds:g} s")
        for kind in SERVERS:
            with running(kind) as server:
                got = delivery(
                    server,
                    program,
                    arguments.clients,
                    arguments.rate,
                    arguments.seconds,
                    arguments.path,
                )
            with running(kind) as server:
                idle_kib = idle(server, program, arguments.idle)
            print(
                f"{kind:10} {got['us_per_delivery']:6.2f} us CPU per delivery, "
                f"p50 {got['p50_ms']:.1f} ms, p99 {got['p99_ms']:.1f} ms, "
                f"{got['events']} of {got['expected']} delivered, "
                f"{idle_kib:.1f} KiB per idle client"
            )


if __name__ == "__main__":
    main()
