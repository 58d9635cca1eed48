"""The hub: every open event stream, served without a task, a queue or an encoding of its own.

A client that keeps up is in the fast set of its audience: whatever is published goes to it as one
write of bytes that all share. A client whose transport pauses leaves the fast set with its place in
the ring and is served from the ring when it resumes; when the ring has moved past its place, it
is closed and has to come back.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from lensbus_gateway import sse
from lensbus_gateway.ring import Ring
from lensbus_gateway.sse import Block
from lensbus_proto.runtime.settings import HubSettings

logger = logging.getLogger(__name__)

CATCH_UP_BYTES: Final = 64 * 1024

Take = Callable[[asyncio.Protocol], asyncio.Transport | None]


class Audience(NamedTuple):
    """Who gets the same bytes: the streams of one camera (None: of all), with or without chunks."""

    camera: str | None
    chunked: bool

    def frame(self, chunks: Sequence[bytes]) -> bytes:
        """Return the chunks as this audience reads them."""
        if self.chunked:
            return b"".join(chunks)
        return b"".join(map(sse.unchunk, chunks))


class Client(asyncio.Protocol):
    """One open stream: what its connection does, told to the hub."""

    __slots__ = ("_hub", "audience", "paused", "transport")

    transport: asyncio.Transport

    def __init__(self, hub: "Hub", audience: Audience) -> None:
        self._hub = hub
        self.audience = audience
        self.paused = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client at once."""
        self._hub.forget(self)

    def pause_writing(self) -> None:
        """Stop writing: the client does not read as fast as events come."""
        self.paused = True
        self._hub.fall_behind(self)

    def resume_writing(self) -> None:
        """Go on where the client stopped."""
        self.paused = False
        self._hub.catch_up(self)


class Hub:
    """The gateway's set of open event streams. Belongs to one event loop."""

    def __init__(self, settings: HubSettings, cors_origin: str) -> None:
        self._keepalive_s = settings.keepalive_s
        self._cors_origin = cors_origin
        self._ring = Ring(settings.ring_events)
        self._fast: dict[Audience, set[Client]] = {}
        self._behind: dict[Client, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False
        self.closed_behind = 0

    def __len__(self) -> int:
        """Return the number of open streams."""
        return len(self._behind) + sum(map(len, self._fast.values()))

    @property
    def behind(self) -> int:
        """The number of clients that wait for the ring."""
        return len(self._behind)

    def join(self, take: Take, camera: str | None, *, chunked: bool) -> None:
        """Take a connection over and open a stream on it: head, handshake, then live events."""
        audience = Audience(camera, chunked)
        client = Client(self, audience)
        transport = take(client)
        if transport is None:
            return
        client.transport = transport
        self._fast.setdefault(audience, set()).add(client)
        transport.write(
            sse.head(self._cors_origin, chunked=chunked)
            + audience.frame([sse.chunk(sse.handshake(camera))])
        )
        if self._closing:
            self._end(client)
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._keepalive_s, self._keep_alive, loop)

    def publish(self, blocks: Sequence[Block]) -> None:
        """Send the blocks to everybody who listens: one write for each client."""
        chunks: dict[str | None, list[bytes]] = {None: [block.chunk for block in blocks]}
        for block in blocks:
            self._ring.append(block)
            chunks.setdefault(block.camera, []).append(block.chunk)
        for camera, of_camera in chunks.items():
            for audience in (Audience(camera, True), Audience(camera, False)):
                if audience in self._fast and of_camera:
                    self._write(audience, audience.frame(of_camera))
        self._drop_the_lost()

    def _write(self, audience: Audience, data: bytes) -> None:
        # A copy, because a write can pause a client, which then leaves the set.
        for client in tuple(self._fast[audience]):
            client.transport.write(data)

    def _keep_alive(self, loop: asyncio.AbstractEventLoop) -> None:
        for audience in tuple(self._fast):
            self._write(audience, audience.frame([sse.KEEPALIVE]))
        self._timer = loop.call_later(self._keepalive_s, self._keep_alive, loop)

    def forget(self, client: Client) -> None:
        """Let go of a client whose connection is gone."""
        self._leave_fast(client)
        self._behind.pop(client, None)

    def _leave_fast(self, client: Client) -> None:
        clients = self._fast.get(client.audience)
        if clients is not None:
            clients.discard(client)
            if not clients:
                del self._fast[client.audience]

    def fall_behind(self, client: Client) -> None:
        """Remember the place of a client that has to wait; all before it was written."""
        if client not in self._behind and not self._closing:
            self._leave_fast(client)
            self._behind[client] = self._ring.next

    def catch_up(self, client: Client) -> None:
        """Serve a client from the ring until it has everything or pauses again."""
        while not client.paused and client in self._behind:
            place = self._behind[client]
            if place == self._ring.next:
                del self._behind[client]
                self._fast.setdefault(client.audience, set()).add(client)
                return
            try:
                chunks, place = self._ring.read(place, client.audience.camera, CATCH_UP_BYTES)
            except LookupError:
                self._drop(client)
                return
            self._behind[client] = place
            if chunks:
                client.transport.write(client.audience.frame(chunks))

    def _drop_the_lost(self) -> None:
        oldest = self._ring.oldest
        for client in [client for client, place in self._behind.items() if place < oldest]:
            self._drop(client)

    def _drop(self, client: Client) -> None:
        del self._behind[client]
        self.closed_behind += 1
        logger.info("client too far behind, closed", extra={"total": self.closed_behind})
        # What waits in the transport would never be read: no orderly close.
        client.transport.abort()

    def close(self) -> None:
        """End every body cleanly, and those of later comers as well."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for client in self.clients():
            self._end(client)

    def _end(self, client: Client) -> None:
        if client.audience.chunked:
            client.transport.write(sse.LAST_CHUNK)
        client.transport.close()

    def abort(self) -> None:
        """Cut the connections that are still there: their clients do not read."""
        for client in self.clients():
            client.transport.abort()

    def clients(self) -> list[Client]:
        """Return the open streams."""
        fast = [client for clients in self._fast.values() for client in clients]
        return fast + list(self._behind)
