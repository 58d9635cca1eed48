"""The newest picture of each stream that somebody asks for.

A worker encodes a stream only while it has a subscriber, so the gateway subscribes at the first
request and lets go a while after the last one.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import zmq

from lensbus_gateway.bus import Context
from lensbus_gateway.exposition import Histogram
from lensbus_gateway.reader import Junk, Parts, SocketReader
from lensbus_proto.codec import unpack_picture
from lensbus_proto.errors import LocalProtocolError, RemoteProtocolError
from lensbus_proto.messages import Picture
from lensbus_proto.runtime import sockets
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.topics import join_topic

KEEP_S: Final = 5.0
# A stream that was switched off must not look frozen: its last picture is not the present.
FRESH_S: Final = 1.0


@dataclass(slots=True)
class _Watch:
    """One subscribed stream: its newest picture, and who waits for the next."""

    asked_s: float
    picture: Picture | None = None
    arrived_s: float = 0.0
    waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def newest(self, newer_than: Picture | None, since_s: float) -> Picture | None:
        picture = self.picture
        if picture is None or self.arrived_s < since_s:
            return None
        if newer_than is not None and _place(picture) <= _place(newer_than):
            return None
        return picture


def missed(before: Picture | None, picture: Picture) -> int:
    """Return how many pictures of the stream there were between these two."""
    if before is None or before.header.epoch != picture.header.epoch:
        return 0
    return max(0, picture.header.seq - before.header.seq - 1)


def _place(picture: Picture) -> tuple[int, int]:
    return picture.header.epoch, picture.header.seq


class PictureWatcher:
    """Subscribes to streams on demand and keeps the newest picture of each."""

    def __init__(
        self, context: Context, endpoint: str, *, keep_s: float = KEEP_S, fresh_s: float = FRESH_S
    ) -> None:
        self.junk = Junk("pictures")
        # By camera and stream, of those that have given a picture: a wish alone counts nothing.
        self.arrived: Counter[tuple[str, str]] = Counter()
        self.skipped: Counter[tuple[str, str]] = Counter()
        self.latency = Histogram()
        self._keep_s = keep_s
        self._fresh_s = fresh_s
        self._watches: dict[bytes, _Watch] = {}
        self._loop = asyncio.get_running_loop()
        self._socket = sockets.dial(context, zmq.SUB, endpoint, "pictures")
        self._reader = SocketReader(self._socket, self._deliver)

    @property
    def watched(self) -> frozenset[bytes]:
        """The topics that are subscribed now."""
        return frozenset(self._watches)

    def ages_s(self) -> dict[tuple[str, str], float]:
        """Return how old the newest picture of each watched stream is."""
        now_us = unix_us()
        return {
            (picture.camera, picture.stream): (now_us - picture.header.time_us) / 1e6
            for watch in self._watches.values()
            if (picture := watch.picture) is not None
        }

    async def newest(
        self,
        camera: str,
        stream: str,
        *,
        newer_than: Picture | None = None,
        timeout_s: float,
    ) -> Picture | None:
        """Return the newest picture, or the first to come; None when none came in time.

        With `newer_than` that picture and all before it do not count.
        """
        try:
            topic = join_topic(camera, stream)
        except LocalProtocolError:
            return None  # no camera and no stream can have such a name
        watch = self._watch(topic)
        until_s = self._loop.time() + timeout_s
        while (picture := watch.newest(newer_than, self._loop.time() - self._fresh_s)) is None:
            arrival = self._loop.create_future()
            watch.waiting.append(arrival)
            try:
                async with asyncio.timeout_at(until_s):
                    await arrival
            except TimeoutError:
                break
            finally:
                watch.asked_s = self._loop.time()
                if arrival in watch.waiting:
                    watch.waiting.remove(arrival)
        return picture

    def _watch(self, topic: bytes) -> _Watch:
        watch = self._watches.get(topic)
        if watch is None:
            watch = self._watches[topic] = _Watch(self._loop.time())
            self._socket.subscribe(topic)
            self._reader.look()
            self._loop.call_later(self._keep_s, self._let_go, topic)
        watch.asked_s = self._loop.time()
        return watch

    def _let_go(self, topic: bytes) -> None:
        watch = self._watches.get(topic)
        if watch is None or self._socket.closed:
            return
        left_s = watch.asked_s + self._keep_s - self._loop.time()
        if watch.waiting or left_s > 0:
            self._loop.call_later(max(left_s, 0.1), self._let_go, topic)
            return
        del self._watches[topic]
        self._socket.unsubscribe(topic)
        self._reader.look()

    def _deliver(self, batch: Sequence[Parts]) -> None:
        # Of each stream only the last is worth unpacking.
        for topic, parts in {parts[0]: parts for parts in batch}.items():
            watch = self._watches.get(topic)
            if watch is None:
                continue  # a longer name that begins like a watched one
            try:
                picture = unpack_picture(parts)
            except RemoteProtocolError as error:
                self.junk.add(error)
                continue
            source = picture.camera, picture.stream
            self.arrived[source] += 1
            self.skipped[source] += missed(watch.picture, picture)
            self.latency.observe((unix_us() - picture.header.time_us) / 1e6)
            watch.picture = picture
            watch.arrived_s = self._loop.time()
            for arrival in watch.waiting:
                if not arrival.done():
                    arrival.set_result(None)
            watch.waiting.clear()

    def close(self) -> None:
        """Let go of the bus; whoever waits gets no picture when its time is over."""
        self._reader.close()
