"""The gateway's ends of the bus: events flow in, commands go out and their replies come back."""

import asyncio
import itertools
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

import zmq

from lensbus_gateway.exposition import Histogram
from lensbus_gateway.history import read_block
from lensbus_gateway.reader import Junk, Parts, SocketReader
from lensbus_gateway.sse import Block
from lensbus_proto.codec import DEADLINE_LIMIT_MS, pack_command, unpack_reply
from lensbus_proto.errors import (
    BadArguments,
    CameraUnknown,
    CommandError,
    DeadlinePassed,
    LocalProtocolError,
    RemoteProtocolError,
    WorkerAbsent,
    error_from_map,
)
from lensbus_proto.messages import Command, Reply
from lensbus_proto.runtime import sockets
from lensbus_proto.runtime.records import known
from lensbus_proto.topics import is_camera_id

logger = logging.getLogger(__name__)

# The broker watches the deadline; this much longer the gateway waits for its word.
GRACE_S: Final = 0.5
# A broker that is away longer is not waited for: a shutter must not open when nobody expects it.
ABSENT_S: Final = 2.0
RETRY_S: Final = 0.02
# Of round trips, in seconds: a camera may take long.
TRIPS: Final = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

Context = zmq.Context[zmq.Socket[bytes]]


class Sent(NamedTuple):
    """One command that was sent while a request was served."""

    id: str
    name: str
    camera: str
    arguments: Mapping[str, Any]


# Set while somebody keeps a record of what a request has cameras do.
SENT: Final[ContextVar[list[Sent] | None]] = ContextVar("sent", default=None)


class EventFeed:
    """Turns what the broker publishes into blocks."""

    def __init__(
        self, context: Context, endpoint: str, take: Callable[[Sequence[Block]], None]
    ) -> None:
        self.junk = Junk("events")
        self._take = take
        socket = sockets.dial(context, zmq.SUB, endpoint, "events")
        socket.subscribe(b"")
        self._reader = SocketReader(socket, self._deliver)

    def _deliver(self, batch: Sequence[Parts]) -> None:
        blocks = [read_block(parts, self.junk) for parts in batch]
        self._take([block for block in blocks if block is not None])

    def close(self) -> None:
        """Let go of the bus."""
        self._reader.close()


class Commander:
    """Sends commands and waits for their replies, many at a time over one socket."""

    def __init__(self, context: Context, endpoint: str, *, absent_s: float = ABSENT_S) -> None:
        self.junk = Junk("replies")
        self.trips: dict[str, Histogram] = {}
        self.failures: Counter[tuple[str, str]] = Counter()  # by name and code
        self._absent_s = absent_s
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._ids = map(f"{secrets.token_hex(6)}-{{}}".format, itertools.count(1))
        self._socket = sockets.dial(context, zmq.DEALER, endpoint, "commands", immediate=True)
        self._reader = SocketReader(self._socket, self._deliver)

    async def send(
        self,
        camera: str,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        deadline_s: float = 5.0,
        key: str | None = None,
    ) -> Reply:
        """Return the reply to one command, its result set; an empty camera is the broker.

        Raises CommandError: what the reply says, or what became of a command without one.
        """
        begun_s = time.monotonic()
        try:
            return await self._send(camera, name, arguments or {}, deadline_s, key)
        except CommandError as error:
            self.failures[name, error.code] += 1
            raise
        finally:
            if name not in self.trips:
                self.trips[name] = Histogram(TRIPS)
            self.trips[name].observe(time.monotonic() - begun_s)

    async def _send(
        self,
        camera: str,
        name: str,
        arguments: Mapping[str, Any],
        deadline_s: float,
        key: str | None,
    ) -> Reply:
        if camera and not is_camera_id(camera):
            raise CameraUnknown(f"{camera!r} cannot be the id of a camera")
        command_id = next(self._ids)
        known(command_id=command_id)  # what this task logs from here on has to do with it
        if (record := SENT.get()) is not None:
            record.append(Sent(command_id, name, camera, arguments))
        deadline_ms = min(max(round(deadline_s * 1000), 1), DEADLINE_LIMIT_MS)
        try:
            request = pack_command(Command(command_id, name, arguments, deadline_ms, key))
        except LocalProtocolError as error:
            raise BadArguments(f"the arguments of {name} {error}") from error
        arrival: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[command_id] = arrival
        try:
            await self._post([b"", camera.encode("ascii"), request], deadline_ms / 1000)
            async with asyncio.timeout(deadline_ms / 1000 + GRACE_S):
                reply = await arrival
        except TimeoutError:
            raise DeadlinePassed(
                f"no answer to {name} within {deadline_ms / 1000:g} s", began=True
            ) from None
        finally:
            del self._waiting[command_id]
        if reply.error is not None:
            raise error_from_map(reply.error)
        return reply

    async def _post(self, parts: Sequence[bytes], patience_s: float) -> None:
        """Send at once, or within a moment: a broker that is starting anew is soon there."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + min(patience_s, self._absent_s)
        while True:
            try:
                self._socket.send_multipart(parts, zmq.NOBLOCK)
                return
            except zmq.Again:
                if loop.time() >= until_s:
                    raise WorkerAbsent("the broker cannot be reached") from None
            finally:
                self._reader.look()
            await asyncio.sleep(RETRY_S)

    def _deliver(self, batch: Sequence[Parts]) -> None:
        for parts in batch:
            try:
                reply = unpack_reply(parts[1:])
            except RemoteProtocolError as error:
                self.junk.add(error)
                continue
            arrival = self._waiting.get(reply.id)
            # Without a waiter the reply is later than its deadline.
            if arrival is not None and not arrival.done():
                arrival.set_result(reply)

    def close(self) -> None:
        """Let go of the bus; whoever still waits is told that nobody knows the outcome."""
        self._reader.close()
        for arrival in self._waiting.values():
            if not arrival.done():
                arrival.set_exception(DeadlinePassed("the gateway is stopping", began=True))
