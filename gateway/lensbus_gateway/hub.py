"""The hub: every open event stream, served without a task, a queue or an encoding of its own.

A client that keeps up is in the fast set of its audience: whatever is published goes to it as one
write of bytes that all share. A client whose transport pauses leaves the fast set with its place in
the ring and is served from the ring when it resumes; when the ring has moved past its place, it
is closed and has to come back.

Who comes back brings its cursor. If the ring knows the cursor, the client has a place there like
any other that is behind. If not, a replay serves it from the broker's journal until the ring does.
"""

import asyncio
import logging
import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from lensbus_gateway import sse
from lensbus_gateway.client import Audience, Client
from lensbus_gateway.exposition import Histogram
from lensbus_gateway.history import History
from lensbus_gateway.replay import replay
from lensbus_gateway.ring import Ring
from lensbus_gateway.sse import Block
from lensbus_gateway.wish import Wish
from lensbus_proto import cursor as cursors
from lensbus_proto.cursor import Cursor
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import HubSettings

logger = logging.getLogger(__name__)

CATCH_UP_BYTES: Final = 64 * 1024
# No browser adds a spread of its own: after a restart all would be back in the same instant.
RETRY_MS: Final = (1000, 3000)
# So many clients ask for the broker's journal at once; the others wait their turn.
TURNS: Final = 8
MOVED_S: Final = 1.0

Take = Callable[[asyncio.Protocol], asyncio.Transport | None]


class Hub:
    """The gateway's set of open event streams. Belongs to one event loop."""

    def __init__(
        self, settings: HubSettings, readable_by: str = "", history: History | None = None
    ) -> None:
        self.history = history
        self._settings = settings
        self._readable_by = readable_by
        self._ring = Ring(settings.ring_events)
        self._fast: dict[Audience, dict[Client, int]] = {}  # and where to write
        self._behind: dict[Client, int] = {}
        self._replays: dict[Client, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(TURNS)
        self._moved: asyncio.Future[None] | None = None
        self._count = 0
        self._addresses: Counter[str] = Counter()
        self._beating: dict[int, set[Client]] = {}
        self._timers: dict[int | None, asyncio.TimerHandle] = {}
        self._closing = False
        self.closed_behind = 0
        self.deliveries = 0
        self.gaps = 0
        self.opened = 0
        self.refused = 0
        self.latency = Histogram()

    def __len__(self) -> int:
        """Return the number of open streams."""
        return self._count

    @property
    def behind(self) -> int:
        """The number of clients that wait for the ring."""
        return len(self._behind)

    # Coming and going

    def has_room(self, address: str) -> bool:
        """Tell whether one more client from this address may have a stream."""
        return (
            self._count < self._settings.clients
            and self._addresses[address] < self._settings.clients_per_address
        )

    def join(self, take: Take, wish: Wish, *, chunked: bool, address: str = "") -> None:
        """Take a connection over and open a stream on it."""
        client = Client(self, wish, Audience(wish.selection, wish.ids, chunked), address)
        transport = take(client)
        if transport is None:
            return
        client.attach(transport)
        self._count += 1
        self.opened += 1
        self._addresses[address] += 1
        if self._closing:
            self.end(client)
            return
        self._wind(wish.heartbeat_s)
        if wish.heartbeat_s is not None:
            self._beating.setdefault(wish.heartbeat_s, set()).add(client)
        if wish.after is None and not wish.snapshot:
            self._behind[client] = self._ring.next
            self.greet(client)
            self.catch_up(client)
        elif not self._resume(client):
            self._replay(client)

    def greet(self, client: Client, *, resumed_from: Cursor | None = None) -> None:
        """Write head and handshake.

        Who begins now gets the present place with the handshake: should the line break before the
        first event, the client comes back to where it began. Who comes back keeps its own cursor.
        """
        client.greeted = True
        wish = client.wish
        begins_now = wish.after is None and not wish.snapshot
        retry_ms = random.randint(*RETRY_MS)
        opening = sse.handshake(wish.camera, retry_ms, self._ring.newest if begins_now else None)
        client.write(
            sse.head(
                wish.readable_by or self._readable_by,
                chunked=client.audience.chunked,
                resumed_from=resumed_from,
            )
            + client.audience.own(sse.chunk(opening))
        )

    def _resume(self, client: Client) -> bool:
        """Give a client that comes back its place in the ring, if the ring has it."""
        cursor = cursors.parse(client.wish.after or "")
        place = None if cursor is None else self._ring.place(cursor)
        if cursor is None or place is None:
            return False
        self.greet(client, resumed_from=cursor)
        client.tell(sse.resumed(cursor, complete=True))
        self._behind[client] = place
        self.catch_up(client)
        return True

    def _replay(self, client: Client) -> None:
        assert self.history is not None, "set before the first request"
        task = asyncio.get_running_loop().create_task(
            replay(self, client, self.history, self._turns)
        )
        self._replays[client] = task

    def settle(self, client: Client, cursor: Cursor) -> bool:
        """Serve a replayed client from the ring from now on; False if its place is not there."""
        place = self._ring.place(cursor)
        if place is None:
            return False
        del self._replays[client]
        self._behind[client] = place
        self.catch_up(client)
        return True

    async def moved(self, cursor: Cursor) -> bool:
        """Wait a moment for a ring that is short of a cursor; tell whether it has moved."""
        if not self._ring.is_short_of(cursor):
            return False
        if self._moved is None:
            self._moved = asyncio.get_running_loop().create_future()
        done, _ = await asyncio.wait([self._moved], timeout=MOVED_S)
        return bool(done)

    def forget(self, client: Client) -> None:
        """Let go of a client whose connection is gone."""
        self._leave_fast(client)
        self._behind.pop(client, None)
        task = self._replays.pop(client, None)
        if task is not None:
            task.cancel()
        if client.wish.heartbeat_s is not None:
            self._beating.get(client.wish.heartbeat_s, set()).discard(client)
        self._count -= 1
        self._addresses[client.address] -= 1
        if not self._addresses[client.address]:
            del self._addresses[client.address]

    # Events

    def begin(self, cursor: Cursor) -> None:
        """Learn the place after which the events begin."""
        self._ring.begin(cursor)
        self._wake()

    def publish(self, blocks: Sequence[Block]) -> None:
        """Send the blocks to everybody who listens: one write for each client."""
        for block in blocks:
            self._ring.append(block)
        if self._closing:
            return
        has_clients = bool(self._fast)
        for audience in tuple(self._fast):
            if wanted := audience.selection.pick(blocks):
                self.count(wanted, len(self._fast[audience]))
                self._write(audience, audience.frame(wanted))
        if has_clients and blocks and blocks[0].time_us:
            # Once for all of them, of the oldest: nothing here is done for each event or client.
            self.latency.observe((unix_us() - blocks[0].time_us) / 1e6)
        self._drop_the_lost()
        self._wake()

    def count(self, blocks: Sequence[Block], clients: int = 1) -> None:
        """Count what is written to so many clients."""
        self.deliveries += len(blocks) * clients
        self.gaps += sum(block.kind == sse.GAP for block in blocks) * clients

    def _write(self, audience: Audience, data: bytes) -> None:
        size = len(data)
        # A copy, because a write can pause a client, which then leaves the set. The clients are not
        # looked at: after a pause each of them is a cache miss (tests/bench/bench_sse.py).
        for client, descriptor in tuple(self._fast[audience].items()):
            try:
                sent = os.write(descriptor, data)
            except OSError:
                client.write(data)
                continue
            if sent < size:
                client.transport.write(data[sent:])

    def _wake(self) -> None:
        if self._moved is not None:
            self._moved.set_result(None)
            self._moved = None

    # Signs of life

    def _wind(self, every_s: int | None) -> None:
        """Start the clock of the comments (None), or that of one heartbeat, if it stands still."""
        if every_s not in self._timers:
            loop = asyncio.get_running_loop()
            wait_s = self._settings.keepalive_s if every_s is None else every_s
            self._timers[every_s] = loop.call_later(wait_s, self._strike, every_s)

    def _strike(self, every_s: int | None) -> None:
        del self._timers[every_s]
        if every_s is None:
            self._keep_alive()
        elif self._beating[every_s]:
            self._beat(self._beating[every_s])
        else:
            del self._beating[every_s]
            return
        self._wind(every_s)

    def _keep_alive(self) -> None:
        for audience, clients in tuple(self._fast.items()):
            comment = audience.own(sse.KEEPALIVE)
            for client in tuple(clients):
                if client.wish.heartbeat_s is None:
                    client.write(comment)

    def _beat(self, clients: set[Client]) -> None:
        # A client that is behind reads events, and the newest place would skip what it waits for.
        chunk = sse.chunk(sse.heartbeat(self._ring.newest, unix_us()))
        made: dict[Audience, bytes] = {}
        for client in tuple(clients):
            audience = client.audience
            if client in self._fast.get(audience, ()):
                if audience not in made:
                    made[audience] = audience.own(chunk)
                client.write(made[audience])

    # Slow clients

    def _leave_fast(self, client: Client) -> bool:
        clients = self._fast.get(client.audience)
        if clients is None or client not in clients:
            return False
        del clients[client]
        if not clients:
            del self._fast[client.audience]
        return True

    def fall_behind(self, client: Client) -> None:
        """Remember the place of a client that has to wait; all before it was written."""
        if not self._closing and self._leave_fast(client):
            self._behind[client] = self._ring.next

    def catch_up(self, client: Client) -> None:
        """Serve a client from the ring until it has everything or pauses again."""
        while not client.paused and not self._closing and client in self._behind:
            place = self._behind[client]
            if place == self._ring.next:
                del self._behind[client]
                self._fast.setdefault(client.audience, {})[client] = client.descriptor
                return
            selection = client.audience.selection
            try:
                blocks, place = self._ring.read(place, selection, CATCH_UP_BYTES)
            except LookupError:
                self._drop(client)
                return
            self._behind[client] = place
            self.count(blocks)
            client.send(blocks)

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

    # The end

    def close(self) -> None:
        """End every body cleanly, and those of later comers as well."""
        self._closing = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for task in self._replays.values():
            task.cancel()
        for client in self.clients():
            self.end(client)

    def end(self, client: Client) -> None:
        """End one body cleanly."""
        if not client.greeted:
            self.greet(client)
        if client.audience.chunked:
            client.write(sse.LAST_CHUNK)
        client.transport.close()

    def abort(self) -> None:
        """Cut the connections that are still there: their clients do not read."""
        for client in self.clients():
            client.transport.abort()

    def clients(self) -> list[Client]:
        """Return the open streams."""
        fast = [client for clients in self._fast.values() for client in clients]
        return [*fast, *self._behind, *self._replays]
