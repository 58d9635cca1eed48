"""One open stream: who gets the same bytes, and what the connection does."""

import asyncio
import os
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from lensbus_gateway import sse
from lensbus_gateway.sse import Block
from lensbus_gateway.wish import Selection, Wish

NO_SOCKET: Final = -1  # writing there fails, and then the transport is asked


class Audience(NamedTuple):
    """Who gets the same bytes: same selection, with or without ids, with or without chunks."""

    selection: Selection
    ids: bool
    chunked: bool

    def frame(self, blocks: Sequence[Block]) -> bytes:
        """Return the blocks as this audience reads them."""
        if self.ids and self.chunked:
            return b"".join([block.chunk for block in blocks])
        return b"".join([self.own(block.chunk) for block in blocks if block.chunk])

    def own(self, chunk: bytes) -> bytes:
        """Return one chunk as this audience reads it."""
        if self.ids and self.chunked:
            return chunk
        event = sse.unchunk(chunk)
        if not self.ids:
            event = sse.without_id(event)
        return sse.chunk(event) if self.chunked else event


class Host(Protocol):
    """Who serves the client: the hub."""

    def forget(self, client: "Client") -> None:
        """Let go of a client whose connection is gone."""

    def fall_behind(self, client: "Client") -> None:
        """Stop writing to the client."""

    def catch_up(self, client: "Client") -> None:
        """Go on writing to the client."""


class Client(asyncio.Protocol):
    """One open stream: what its connection does, told to the hub."""

    __slots__ = (
        "_drained",
        "_host",
        "address",
        "audience",
        "descriptor",
        "greeted",
        "paused",
        "transport",
        "wish",
    )

    transport: asyncio.Transport

    def __init__(self, host: Host, wish: Wish, audience: Audience, address: str) -> None:
        self._host = host
        self._drained: asyncio.Future[None] | None = None
        self.wish = wish
        self.audience = audience
        self.descriptor = NO_SOCKET
        self.address = address
        self.greeted = False
        self.paused = False

    def attach(self, transport: asyncio.Transport) -> None:
        """Take over the connection.

        From here on the client is paused whenever anything waits in the transport: then `write`
        may pass the transport by, which is 7 % cheaper (tests/bench/bench_sse.py).
        """
        self.transport = transport
        connection = transport.get_extra_info("socket")
        if connection is not None:
            transport.set_write_buffer_limits(0)
            self.descriptor = connection.fileno()

    def write(self, data: bytes) -> None:
        """Send bytes; what the kernel does not take at once waits in the transport."""
        if self.paused or self.descriptor == NO_SOCKET:
            self.transport.write(data)
            return
        try:
            sent = os.write(self.descriptor, data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.transport.abort()  # the connection is broken, and the transport was not told
            return
        if sent < len(data):
            self.transport.write(data[sent:])

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client at once: after this the descriptor belongs to somebody else."""
        self.descriptor = NO_SOCKET
        self._host.forget(self)

    def pause_writing(self) -> None:
        """Stop writing: the client does not read as fast as events come."""
        self.paused = True
        self._host.fall_behind(self)

    def resume_writing(self) -> None:
        """Go on where the client stopped."""
        self.paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._host.catch_up(self)

    async def drained(self) -> None:
        """Wait until the client can be written to."""
        if self.paused:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def send(self, blocks: Sequence[Block]) -> None:
        """Write blocks that passed the client's selection."""
        if data := self.audience.frame(blocks):
            self.write(data)

    def tell(self, event: bytes) -> None:
        """Write an event that is for this client alone."""
        self.write(self.audience.own(sse.chunk(event)))
