"""The broker's events in their order, without holes.

What comes over the SUB socket is checked against the broker's positions. What is missing (the
socket was connecting, its queue was full, the broker was another one) is fetched from the broker's
journal, and what came meanwhile is held back: nobody behind the follower ever sees a hole. What the
broker cannot give either becomes one gap.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Final, Protocol

from lensbus_gateway import sse
from lensbus_gateway.history import History, Page
from lensbus_gateway.sse import Block
from lensbus_proto.cursor import Cursor
from lensbus_proto.errors import CommandError, CommandUnknown, RemoteProtocolError

logger = logging.getLogger(__name__)

START_S: Final = 1.0  # better to serve a little later than to know nothing
PAST_S: Final = 3.0
FIRST_LOOK_S: Final = 0.1
LOOK_S: Final = 1.0  # so often the broker is asked whether it has said anything unheard
LATE_S: Final = 0.25  # what was said so long ago and is not here does not come by itself
PATIENCE_S: Final = 5.0  # so long events are held back for others that are missing
HELD_EVENTS: Final = 100_000
RETRY_S: Final = 0.05


class Audience(Protocol):
    """Whom the events are for: the hub."""

    def begin(self, cursor: Cursor) -> None:
        """Learn the place after which the events begin; called once, before all others."""

    def publish(self, blocks: Sequence[Block]) -> None:
        """Take the next events."""


class Follower:
    """Hands the audience every event once and in order, whatever the socket makes of them."""

    def __init__(self, history: History, audience: Audience, backfill: int) -> None:
        self._history = history
        self._audience = audience
        self._backfill = backfill
        self._newest: Cursor | None = None
        self._left: set[int] = set()
        self._held: list[Block] = []
        self._is_starting = True
        self._filling: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take in the newest past, so that who comes back finds it here; then begin to follow."""
        try:
            async with asyncio.timeout(START_S):
                newest = await self._history.newest()
        except (CommandError, RemoteProtocolError, TimeoutError) as error:
            logger.warning("started without the broker", extra={"why": str(error)})
        else:
            begin, blocks = await self._past(newest)
            self._begin(begin)
            self._publish(blocks)
        self._is_starting = False
        self._take_held()
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop following."""
        for task in (self._watching, self._filling):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _past(self, newest: Cursor) -> tuple[Cursor, Sequence[Block]]:
        """Return the events that lead up to a place, and the place before the first of them."""
        begin = place = Cursor(newest.journal, max(0, newest.position - self._backfill))
        blocks: list[Block] = []
        with contextlib.suppress(CommandError, RemoteProtocolError, TimeoutError):
            async with asyncio.timeout(PAST_S):
                while _is_behind(place, newest):
                    page = await self._history.page(str(place))
                    if page.gap is not None:
                        begin, blocks = page.gap.end, []
                    blocks += page.blocks
                    if page.next == place or page.next.journal != newest.journal:
                        break
                    place = page.next
        return (newest, []) if _is_behind(place, newest) else (begin, blocks)

    def _begin(self, cursor: Cursor) -> None:
        self._newest = cursor
        self._audience.begin(cursor)

    def _publish(self, blocks: Sequence[Block]) -> None:
        if blocks:
            self._newest = blocks[-1].cursor
            self._audience.publish(blocks)

    def take(self, blocks: Sequence[Block]) -> None:
        """Take in what the socket has received."""
        if self._is_starting or self._filling is not None:
            self._held += blocks
            return
        if self._newest is None and blocks:
            first = blocks[0].cursor
            self._begin(Cursor(first.journal, first.position - 1))
        ready: list[Block] = []
        newest = self._newest
        for number, block in enumerate(blocks):
            assert newest is not None, "there is a block"
            cursor = block.cursor
            if cursor.journal == newest.journal:
                if cursor.position == newest.position + 1:
                    ready.append(block)
                    newest = cursor
                    continue
                if cursor.position <= newest.position:
                    continue
            elif cursor.journal in self._left:
                continue
            self._publish(ready)
            self._held = list(blocks[number:])
            self._fill(cursor)
            return
        self._publish(ready)

    def _take_held(self) -> None:
        held, self._held = self._held, []
        self.take(held)

    def _fill(self, goal: Cursor) -> None:
        self._filling = asyncio.create_task(self._fill_up_to(goal))

    async def _fill_up_to(self, goal: Cursor) -> None:
        """Fetch what is missing before `goal`; what does not come in time is declared lost."""
        began = self._newest
        until_s = asyncio.get_running_loop().time() + PATIENCE_S
        try:
            while not self._has_reached(goal):
                if asyncio.get_running_loop().time() > until_s or len(self._held) > HELD_EVENTS:
                    self._declare(goal)
                    break
                await self._fetch()
        except CommandUnknown:
            self._declare(goal)
        finally:
            self._filling = None
        logger.info("caught up", extra={"after": str(began), "newest": str(self._newest)})
        self._take_held()

    async def _fetch(self) -> None:
        try:
            page = await self._history.page(str(self._newest))
        except CommandUnknown:
            raise
        except (CommandError, RemoteProtocolError):
            await asyncio.sleep(RETRY_S)
        else:
            if not self._take_page(page):
                await asyncio.sleep(RETRY_S)

    def _has_reached(self, goal: Cursor) -> bool:
        newest = self._newest
        assert newest is not None, "there is no hole before the beginning"
        return newest.journal == goal.journal and newest.position >= goal.position - 1

    def _take_page(self, page: Page) -> bool:
        """Publish a page; tell whether it led any further."""
        assert self._newest is not None, "there is no hole before the beginning"
        if page.next.journal != self._newest.journal:
            self._move_on_to(page.next.journal)
        gap = [] if page.gap is None else [page.gap.block()]
        self._publish([*gap, *page.blocks])
        led_on = page.next != self._newest or bool(gap or page.blocks)
        self._newest = page.next
        return led_on

    def _move_on_to(self, journal: int) -> None:
        assert self._newest is not None, "there is no hole before the beginning"
        self._left.add(self._newest.journal)
        self._left.discard(journal)

    def _declare(self, goal: Cursor) -> None:
        begin = self._newest
        assert begin is not None, "there is no hole before the beginning"
        count = None
        if begin.journal == goal.journal:
            count = goal.position - 1 - begin.position
        else:
            self._move_on_to(goal.journal)
        end = Cursor(goal.journal, goal.position - 1)
        logger.warning("events lost", extra={"after": str(begin), "to": str(end)})
        self._publish([sse.gap_block(begin, end, count, "unanswered")])

    async def _watch(self) -> None:
        """Notice what is missing although nothing comes behind it."""
        while True:
            before = self._newest
            await asyncio.sleep(FIRST_LOOK_S if before is None else LOOK_S)
            if before is None or self._newest == before:
                with contextlib.suppress(CommandError, RemoteProtocolError):
                    await self._look()

    async def _look(self) -> None:
        there = await self._history.newest()
        here = self._newest
        if here is None:
            self._begin(there)
        elif here.journal != there.journal or _is_behind(here, there):
            await asyncio.sleep(LATE_S)
            if self._newest == here and self._filling is None:
                self._left.discard(there.journal)
                self._fill(Cursor(there.journal, there.position + 1))


def _is_behind(cursor: Cursor, other: Cursor) -> bool:
    return cursor.journal == other.journal and cursor.position < other.position
