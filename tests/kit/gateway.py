"""A gateway in a thread, a fake bus before it, and plain sockets behind it."""

import asyncio
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import uvloop
import zmq
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kit.bus import LIMIT_MS, Socket
from kit.processes import environ, wait_for
from lensbus_gateway.app import create_app
from lensbus_gateway.hub import Hub
from lensbus_gateway.server import GatewayServer
from lensbus_gateway.stream import stream_response
from lensbus_proto.codec import pack_event, pack_picture, stamp_header
from lensbus_proto.messages import Event, Header, HeaderType, Picture
from lensbus_proto.runtime.settings import Settings


def event(camera: str = "CAM1", kind: str = "warning", seq: int = 1, **data: Any) -> Event:
    """Return an event of epoch 7, time 9."""
    return Event(camera, kind, Header(HeaderType.EVENT, 7, seq, 9), data)


def picture(seq: int, camera: str = "CAM1", stream: str = "view", epoch: int = 7) -> Picture:
    """Return a picture whose image is its number."""
    header = Header(HeaderType.PICTURE, epoch, seq, 9)
    info = {"format": "jpeg", "width": 1, "height": 1}
    return Picture(camera, stream, header, info, str(seq).encode())


class FakeBus:
    """The broker's endpoints for readers, under the control of a test.

    What it sends while nobody has subscribed to it reaches nobody: `until_read` and `until_watched`
    wait for who is on the way.
    """

    def __init__(self, settings: Settings) -> None:
        self.context = zmq.Context[Socket]()
        self.events = self._bind(settings, "events", zmq.XPUB)
        self.pictures = self._bind(settings, "pictures", zmq.XPUB)
        self.commands = self._bind(settings, "commands", zmq.ROUTER)
        self.journal = 0x7F3A0001
        self.position = 0
        self._wanted: dict[Socket, set[bytes]] = {self.events: set(), self.pictures: set()}

    def _bind(self, settings: Settings, name: str, kind: zmq.SocketType) -> Socket:
        made = self.context.socket(kind)
        made.linger = 0
        made.sndhwm = 0
        made.rcvtimeo = LIMIT_MS
        made.bind(settings.endpoint(name))
        return made

    def publish(self, *events: Event) -> None:
        """Send events as the broker does: with the next positions."""
        for one in events:
            self.events.send_multipart(self.stamp(one))

    def stamp(self, one: Event) -> list[bytes]:
        """Return the parts of an event with the next position."""
        self.position += 1
        topic, header, body = pack_event(one)
        return [topic, stamp_header(header, self.journal, self.position), body]

    def show(self, *pictures: Picture) -> None:
        """Send pictures as the broker does."""
        for one in pictures:
            self.pictures.send_multipart(pack_picture(one))

    def until_read(self) -> None:
        """Wait until somebody reads all events."""
        self._until(self.events, {b""})

    def until_watched(self, *topics: bytes) -> None:
        """Wait until each of these streams of pictures is wanted by somebody."""
        self._until(self.pictures, set(topics))

    def _until(self, socket: Socket, topics: set[bytes]) -> None:
        wanted = self._wanted[socket]
        while socket.poll(0) or not topics <= wanted:
            said = socket.recv()
            (wanted.add if said[0] else wanted.discard)(said[1:])

    def close(self) -> None:
        for one in (self.events, self.pictures, self.commands):
            one.close()
        self.context.term()


@contextmanager
def fake_bus(settings: Settings) -> Iterator[FakeBus]:
    """Yield a bus with nobody on it yet."""
    bus = FakeBus(settings)
    try:
        yield bus
    finally:
        bus.close()


async def _all(request: Request) -> Response:
    return stream_response(request, None)


async def _one(request: Request) -> Response:
    return stream_response(request, request.path_params["camera"])


async def _size(request: Request) -> Response:
    return JSONResponse({"size": len(await request.body())})


async def _crash(request: Request) -> Response:
    raise ZeroDivisionError


async def _wait(request: Request) -> Response:
    await asyncio.sleep(60)
    return Response()


ROUTES: Sequence[BaseRoute] = (
    Route("/api/events", _all),
    Route("/api/cameras/{camera}/events", _one),
    Route("/size", _size, methods=["POST"]),
    Route("/api/crash", _crash, methods=["GET", "POST"]),
    Route("/cameras/crash", _crash),
    Route("/api/wait", _wait, methods=["POST"]),
)


class RunningGateway:
    """A gateway in a thread of this process."""

    def __init__(self, settings: Settings, routes: Sequence[BaseRoute]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        self.app = create_app(settings, routes)
        self.hub: Hub = self.app.state.hub
        self.server = GatewayServer(self.app, settings, self.hub, self.app.state.viewers)
        self.loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        wait_for(lambda: self.server.started)

    def _run(self) -> None:
        self.loop.run_until_complete(self.server.serve([self._listener]))
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def stop(self) -> None:
        """End it as SIGTERM would."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self.server.stop)
            self._thread.join(LIMIT_MS / 1000)
        assert not self._thread.is_alive()


@contextmanager
def running_gateway(
    settings: Settings, routes: Sequence[BaseRoute] = ROUTES
) -> Iterator[RunningGateway]:
    """Yield a gateway with these routes."""
    gateway = RunningGateway(settings, routes)
    try:
        yield gateway
    finally:
        gateway.stop()


@contextmanager
def gateway_process(
    settings: Settings, listener: socket.socket
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a gateway as a process manager does: the listening socket is its descriptor 0."""
    variables = {
        "LENSBUS_SYSTEM_STATE": settings.system.state,
        "LENSBUS_ACCESS_DEMAND": settings.access.demand,
        "LENSBUS_ACCESS_ORIGINS": json.dumps(settings.access.origins),
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "lensbus_gateway", "--fd", "0"],
        env=environ(variables),
        stdin=listener.fileno(),
    )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(LIMIT_MS / 1000)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise


class Wire:
    """One connection to the gateway, byte by byte."""

    def __init__(
        self, address: tuple[str, int], receive_buffer: int | None = None, source: str = ""
    ) -> None:
        self.socket = socket.socket()
        if source:
            self.socket.bind((source, 0))
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(LIMIT_MS / 1000)
        self.socket.connect(address)
        self.unread = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def request(
        self,
        path: str,
        method: str = "GET",
        version: str = "1.1",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        """Send one request."""
        sent = {"Host": "localhost", **(headers or {})}
        if body:
            sent["Content-Length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        self.send(f"{method} {path} HTTP/{version}\r\n{lines}\r\n".encode() + body)

    def until(self, mark: bytes) -> bytes:
        """Return what comes, up to and with the mark."""
        while mark not in self.unread:
            data = self.socket.recv(65536)
            assert data, f"closed before {mark!r}, after {self.unread!r}"
            self.unread += data
        found, _, self.unread = self.unread.partition(mark)
        return found + mark

    def head(self) -> bytes:
        """Return a response head."""
        return self.until(b"\r\n\r\n")

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers (names in lower case) and body of a response with a length."""
        status, *lines = self.head().decode("latin-1").split("\r\n")[:-2]
        headers = {key.lower(): value for key, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(self.unread) < length:
            self.unread += self.socket.recv(65536)
        body, self.unread = self.unread[:length], self.unread[length:]
        return int(status.split()[1]), headers, body

    def chunk(self) -> bytes:
        """Return the inside of the next HTTP chunk; empty for the last."""
        size = int(self.until(b"\r\n"), 16)
        while len(self.unread) < size + 2:
            data = self.socket.recv(65536)
            assert data, "closed inside a chunk"
            self.unread += data
        inside, self.unread = self.unread[:size], self.unread[size + 2 :]
        return inside

    def rest(self) -> bytes:
        """Return everything up to the close."""
        while data := self.socket.recv(65536):
            self.unread += data
        rest, self.unread = self.unread, b""
        return rest

    def reset(self) -> None:
        """Close with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


SEQ = re.compile(rb'"seq":(\d+)')
