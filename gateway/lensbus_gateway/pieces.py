"""Files on their way from a worker to a client, piece by piece.

A piece is asked for when the one before has been handed on, so that a client that reads slowly
holds two: one on the line, one behind it. One that is faster than the bus has several on their
way. All downloads of a gateway share a
number of pieces: what is on its way at once delays the replies to other commands.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from typing import Final

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from lensbus_gateway.connection import HAND_OVER
from lensbus_proto.errors import CommandError

logger = logging.getLogger(__name__)

PIECE_BYTES: Final = 1024 * 1024
AHEAD: Final = 4
ON_THE_WAY: Final = 8
# Whoever takes no piece for so long gives its place to others, and may come back for the rest.
STALLED_S: Final = 60.0

Read = Callable[[int, int], Awaitable[bytes]]


class Broken(Exception):
    """The rest of a file cannot be given: it is another one now."""


class Downloads:
    """The gateway's downloads that are under way. Belongs to one event loop."""

    def __init__(self, limit: int, *, stalled_s: float = STALLED_S) -> None:
        self.stalled_s = stalled_s
        self.on_the_way = asyncio.Semaphore(ON_THE_WAY)
        self._limit = limit
        self._open = 0

    def __len__(self) -> int:
        """Return the number of downloads."""
        return self._open

    def has_room(self) -> bool:
        """Tell whether one more may begin."""
        return self._open < self._limit

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """Count a download while the block runs."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


async def pieces(
    read: Read,
    first: int,
    end: int,
    on_the_way: asyncio.Semaphore,
    now_s: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[bytes, None]:
    """Yield the bytes from `first` up to before `end`, with as many pieces ahead as are used."""

    async def fetch(offset: int) -> bytes:
        async with on_the_way:
            return await read(offset, min(PIECE_BYTES, end - offset))

    offsets = iter(range(first, end, PIECE_BYTES))
    ahead: deque[asyncio.Task[bytes]] = deque()
    depth = 1
    try:
        while True:
            while len(ahead) < depth and (offset := next(offsets, None)) is not None:
                ahead.append(asyncio.create_task(fetch(offset)))
            if not ahead:
                return
            asked_s = now_s()
            piece = await ahead.popleft()
            came_s = now_s()
            yield piece
            client_is_slower = now_s() - came_s > came_s - asked_s
            depth = max(depth - 1, 1) if client_is_slower else min(depth + 1, AHEAD)
    finally:
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


class PiecesResponse(Response):
    """Gives a part of a file whose length is known; cuts the line when it cannot give the rest.

    A client sees from the length that its file is not whole, and may ask for what is missing.
    """

    def __init__(
        self,
        downloads: Downloads,
        read: Read,
        first: int,
        end: int,
        *,
        status: int,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(status_code=status, headers=headers)
        self.headers["Content-Length"] = str(end - first)
        self._downloads = downloads
        self._read = read
        self._first = first
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and the pieces, until the client leaves."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        if scope["method"] == "HEAD" or self._first == self._end:
            await send({"type": "http.response.body"})
            return
        with self._downloads.counted():
            await self._while_there(scope, receive, send)

    async def _while_there(self, scope: Scope, receive: Receive, send: Send) -> None:
        giving = asyncio.create_task(self._give(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((giving, leaving), return_when=asyncio.FIRST_COMPLETED)
            if giving.done():
                giving.result()
        except (CommandError, Broken, TimeoutError) as error:
            extra = {"path": scope["path"], "reason": str(error) or type(error).__name__}
            logger.warning("download cut", extra=extra)
            _cut(scope, at_once=isinstance(error, TimeoutError))
        except asyncio.CancelledError:
            # The gateway's own end, of which uvicorn would make a traceback.
            _cut(scope, at_once=True)
        finally:
            for task in (giving, leaving):
                task.cancel()
            await asyncio.gather(giving, leaving, return_exceptions=True)

    async def _give(self, send: Send) -> None:
        body = pieces(self._read, self._first, self._end, self._downloads.on_the_way)
        given = self._first
        async with contextlib.aclosing(body):
            async for piece in body:
                given += len(piece)
                message: Message = {
                    "type": "http.response.body",
                    "body": piece,
                    "more_body": given < self._end,
                }
                async with asyncio.timeout(self._downloads.stalled_s):
                    await send(message)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _cut(scope: Scope, *, at_once: bool) -> None:
    """End the connection; what the client has not taken yet it still gets, unless it is stuck."""
    transport: asyncio.Transport | None = scope["extensions"][HAND_OVER]["take"](asyncio.Protocol())
    if transport is None:
        return
    if at_once:
        transport.abort()
    else:
        transport.close()
