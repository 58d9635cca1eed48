"""Serves one client from the broker's journal until its place is in the ring."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeVar

from lensbus_gateway import sse
from lensbus_gateway.client import Client
from lensbus_gateway.history import Gap, History, Page
from lensbus_gateway.sse import Block
from lensbus_proto.cursor import Cursor
from lensbus_proto.errors import CommandError, RemoteProtocolError

# Who gets no further for so long is let go: it comes back with its cursor.
PATIENCE_S: Final = 10.0
# Until then the head waits for what it has to tell.
HEAD_S: Final = 1.0
RETRY_S: Final = 0.1

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Seats(Protocol):
    """The hub, as a replay sees it."""

    def greet(self, client: Client, *, resumed_from: Cursor | None = None) -> None:
        """Write head and handshake."""

    def settle(self, client: Client, cursor: Cursor) -> bool:
        """Serve the client from the ring from now on; False if its place is not there."""

    async def moved(self, cursor: Cursor) -> bool:
        """Wait a moment for a ring that is short of a cursor; tell whether it has moved."""

    def count(self, blocks: Sequence[Block]) -> None:
        """Count what is written to the client."""

    def end(self, client: Client) -> None:
        """End the client's body cleanly."""


async def replay(seats: Seats, client: Client, history: History, turns: asyncio.Semaphore) -> None:
    """Open the client's stream, serve what it missed, and give it its seat in the ring."""

    def greet_anyhow() -> None:
        if not client.greeted:
            seats.greet(client)

    timer = asyncio.get_running_loop().call_later(HEAD_S, greet_anyhow)
    try:
        await _Replay(seats, client, history, turns).run()
    except TimeoutError:
        seats.end(client)
    except Exception:  # the edge of a task: the client comes back, and the log has more
        logger.exception("replay failed")
        seats.end(client)
    finally:
        timer.cancel()


class _Replay:
    def __init__(
        self, seats: Seats, client: Client, history: History, turns: asyncio.Semaphore
    ) -> None:
        self._seats = seats
        self._client = client
        self._history = history
        self._turns = turns

    async def run(self) -> None:
        after = self._client.wish.after
        cursor = await (self._begin_with_state() if after is None else self._begin_after(after))
        while not self._seats.settle(self._client, cursor):
            async with asyncio.timeout(PATIENCE_S):
                await self._client.drained()
            if await self._seats.moved(cursor):
                continue
            page = await self._page(str(cursor))
            self._send(page)
            if page.next == cursor:
                await asyncio.sleep(RETRY_S)
            cursor = page.next

    async def _begin_with_state(self, gap: Gap | None = None) -> Cursor:
        """Open the stream with the state of every camera; return the place of that state."""
        state = await self._ask(self._history.state)
        if gap is None:
            self._greet()
        else:
            # What lies before the state is not told any more: it belongs to what is missing.
            wider = gap.up_to(state.cursor)
            self._open(wider.end, complete=False)
            self._write([wider.block()])
        visible = self._client.wish.visible
        cameras = [
            entry for entry in state.cameras if visible is None or entry.get("camera") in visible
        ]
        self._client.tell(sse.snapshot(state.cursor, cameras))
        return state.cursor

    async def _begin_after(self, after: str) -> Cursor:
        """Open the stream with the first page behind a cursor; return the place behind it."""
        page = await self._page(after)
        if page.gap is not None and self._client.wish.snapshot:
            return await self._begin_with_state(page.gap)
        self._open(page.begin, complete=page.gap is None)
        self._send(page)
        return page.next

    def _greet(self, resumed_from: Cursor | None = None) -> None:
        if not self._client.greeted:
            self._seats.greet(self._client, resumed_from=resumed_from)

    def _open(self, begin: Cursor, *, complete: bool) -> None:
        self._greet(begin)
        self._client.tell(sse.resumed(begin, complete=complete))

    def _send(self, page: Page) -> None:
        gap = [] if page.gap is None else [page.gap.block()]
        self._write([*gap, *page.blocks])

    def _write(self, blocks: Sequence[Block]) -> None:
        self._seats.count(blocks)
        self._client.send(blocks)

    async def _page(self, after: str) -> Page:
        selection = self._client.audience.selection
        return await self._ask(lambda: self._history.page(after, selection))

    async def _ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """Ask the broker until it answers; raise TimeoutError when it does not."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    async with self._turns:
                        return await question()
                except (CommandError, RemoteProtocolError):
                    await asyncio.sleep(RETRY_S)
