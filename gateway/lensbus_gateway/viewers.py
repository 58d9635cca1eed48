"""Everybody who watches a stream of pictures: one subscription and one encoding for all of them.

Newest wins. A viewer that has not taken its last picture yet is passed over, and gets the newest
one when it can take more: it is late by what its connection holds and delays nobody.
"""

import asyncio
import contextlib
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from lensbus_gateway import multipart, sse
from lensbus_gateway.pictures import PictureWatcher
from lensbus_proto.messages import Picture

logger = logging.getLogger(__name__)

# No picture for so long: is there still a stream?
SILENCE_S: Final = 1.0
# Whoever takes nothing for so long gives its place to others.
STALLED_S: Final = 20.0
# So much waits in the kernel for a viewer that does not take it: pictures there grow old.
UNSENT_BYTES: Final = 16_384

Take = Callable[[asyncio.Protocol], asyncio.Transport | None]
GoesOn = Callable[[], Awaitable[bool]]


class Viewers:
    """The gateway's set of open picture streams. Belongs to one event loop."""

    def __init__(
        self,
        limit: int,
        readable_by: str = "",
        pictures: PictureWatcher | None = None,
        *,
        silence_s: float = SILENCE_S,
        stalled_s: float = STALLED_S,
    ) -> None:
        self.pictures = pictures
        # By camera and stream: pictures that a viewer was not given, because it was not ready.
        self.passed_over: Counter[tuple[str, str]] = Counter()
        self.cut = 0  # viewers who took nothing for too long
        self.silence_s = silence_s
        self.stalled_s = stalled_s
        self._limit = limit
        self._readable_by = readable_by
        self._shows: dict[tuple[str, str], _Show] = {}
        self._viewers: set[Viewer] = set()
        self._seated = 0
        self._closing = False

    def __len__(self) -> int:
        """Return the number of those who watch."""
        return len(self._viewers) + self._seated

    def has_room(self) -> bool:
        """Tell whether one more may watch."""
        return len(self) < self._limit

    @contextlib.contextmanager
    def seated(self) -> Iterator[None]:
        """Count somebody who watches in a way of their own, as video, while the block runs."""
        self._seated += 1
        try:
            yield
        finally:
            self._seated -= 1

    def join(
        self,
        take: Take,
        camera: str,
        stream: str,
        goes_on: GoesOn,
        *,
        chunked: bool,
        readable_by: str = "",
    ) -> None:
        """Take a connection over and show it a stream.

        `goes_on` is asked in silence; False, or an error, ends the stream for all its viewers.
        `readable_by` is the origin of the page that asks, if it is a foreign one.
        """
        show = self._shows.get((camera, stream)) or _Show(self, camera, stream, goes_on)
        viewer = Viewer(show, chunked=chunked)
        transport = take(viewer)
        if transport is None:
            return
        viewer.begin(transport, multipart.head(readable_by or self._readable_by, chunked=chunked))
        self._viewers.add(viewer)
        show.viewers.add(viewer)
        if self._closing:
            viewer.end()
        elif (camera, stream) not in self._shows:
            self._shows[camera, stream] = show
            show.start()

    def left(self, viewer: "Viewer", show: "_Show") -> None:
        """Let go of a viewer whose connection is gone; nobody fetches pictures for nobody."""
        self._viewers.discard(viewer)
        show.viewers.discard(viewer)
        if not show.viewers:
            self.over(show)

    def over(self, show: "_Show") -> None:
        """Forget a stream: who comes now begins it anew."""
        if self._shows.get(show.source) is show:
            del self._shows[show.source]
        show.stop()

    def close(self) -> None:
        """End every body cleanly, and those of later comers as well."""
        self._closing = True
        for show in tuple(self._shows.values()):
            show.end()

    def abort(self) -> None:
        """Cut the connections that are still there: their clients do not read."""
        for viewer in tuple(self._viewers):
            viewer.transport.abort()


class _Show:
    """One stream of one camera and those who watch it."""

    def __init__(self, host: Viewers, camera: str, stream: str, goes_on: GoesOn) -> None:
        self.source = (camera, stream)
        self.viewers: set[Viewer] = set()
        self.newest: _Encoded | None = None
        self._host = host
        self._goes_on = goes_on
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to fetch pictures."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Fetch no more."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            await self._show()
        except Exception:
            # The edge of a task: its viewers must not wait for a picture that never comes.
            logger.exception("pictures failed", extra={"camera": self.source[0]})
        self.end()

    async def _show(self) -> None:
        """Show picture after picture until there are no more."""
        assert self._host.pictures is not None, "set before the first request"
        camera, stream = self.source
        last: Picture | None = None
        while True:
            picture = await self._host.pictures.newest(
                camera, stream, newer_than=last, timeout_s=self._host.silence_s
            )
            if picture is not None:
                last = picture
                self.newest = _Encoded(picture)
                self._serve()
            elif not await self._goes_on():
                return

    def _serve(self) -> None:
        too_long_ago_s = asyncio.get_running_loop().time() - self._host.stalled_s
        for viewer in tuple(self.viewers):
            if viewer.waits_since_s is None:
                viewer.show_newest()
                continue
            self._host.passed_over[self.source] += 1
            if viewer.waits_since_s < too_long_ago_s:
                self._host.cut += 1
                viewer.transport.abort()

    def left(self, viewer: "Viewer") -> None:
        """Let go of a viewer whose connection is gone."""
        self._host.left(viewer, self)

    def end(self) -> None:
        """End the bodies of all viewers cleanly."""
        self._host.over(self)
        for viewer in tuple(self.viewers):
            viewer.end()


class _Encoded:
    """One picture as the two kinds of readers get it, each made once."""

    __slots__ = ("_chunk", "part")

    def __init__(self, picture: Picture) -> None:
        self.part = multipart.part(picture)
        self._chunk = b""

    def bytes_for(self, *, chunked: bool) -> bytes:
        """Return the picture inside one HTTP chunk, or as it is."""
        if not chunked:
            return self.part
        self._chunk = self._chunk or sse.chunk(self.part)
        return self._chunk


class Viewer(asyncio.Protocol):
    """One open stream of pictures: what its connection does."""

    __slots__ = ("_chunked", "_given", "_show", "transport", "waits_since_s")

    transport: asyncio.Transport

    def __init__(self, show: _Show, *, chunked: bool) -> None:
        self.waits_since_s: float | None = None
        self._show = show
        self._chunked = chunked
        self._given: _Encoded | None = None

    def begin(self, transport: asyncio.Transport, head: bytes) -> None:
        """Open the body on a connection that is this viewer's from now on."""
        self.transport = transport
        # Whatever the kernel does not take at once pauses the viewer: nothing queues up here.
        transport.set_write_buffer_limits(high=0)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        self._write(head, framed=False)
        self._write(multipart.OPENING)

    def show_newest(self) -> None:
        """Write the newest picture, unless the viewer has it."""
        newest = self._show.newest
        if newest is not None and newest is not self._given:
            self._given = newest
            self.transport.write(newest.bytes_for(chunked=self._chunked))

    def end(self) -> None:
        """End the body cleanly."""
        self._write(multipart.ENDING)
        if self._chunked:
            self._write(sse.LAST_CHUNK, framed=False)
        self.transport.close()

    def _write(self, data: bytes, *, framed: bool = True) -> None:
        self.transport.write(sse.chunk(data) if framed and self._chunked else data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the viewer at once."""
        self._show.left(self)

    def pause_writing(self) -> None:
        """Pass over a viewer that has not taken its picture yet."""
        self.waits_since_s = asyncio.get_running_loop().time()

    def resume_writing(self) -> None:
        """Show what is newest by now."""
        self.waits_since_s = None
        self.show_newest()
