"""Follow the bus from a program of your own, through restarts of everything, without a loss.

    for item in follow(events, commands, after=cursor):
        match item:
            case Seen(cursor, event):
                ...
            case Gap(cursor, count, reason):
                ...

`events` and `commands` are the broker's endpoints. `follow_async` is the same for asyncio.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterator
from itertools import count
from typing import Final

import zmq
import zmq.asyncio

from lensbus_proto.codec import pack_command, unpack_reply
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.following import EARLIEST, Follower, Gap, Item, Seen
from lensbus_proto.messages import Command, Reply
from lensbus_proto.runtime.sockets import dial

__all__ = ["EARLIEST", "Gap", "Item", "Seen", "follow", "follow_async"]

ANSWER_S: Final = 1.0  # an answer that is not here by then is asked for again
SILENCE_S: Final = 1.0  # after so long without an event, look whether one was missed

_ids = count(1)


def follow(
    events: str,
    commands: str,
    *,
    after: str | None = None,
    cameras: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    timeout_s: float | None = None,
) -> Iterator[Item]:
    """Yield every event behind the cursor `after`, in order, each once, and gaps.

    Without a cursor it begins now, with `EARLIEST` at the oldest event kept. It waits for a broker
    that is away and never ends, unless nothing is there to yield for `timeout_s`.
    """
    follower = Follower(after, cameras, kinds)
    with (
        zmq.Context[zmq.Socket[bytes]]() as context,
        dial(context, zmq.SUB, events, "events") as live,
    ):
        live.subscribe(b"")
        yielded = time.monotonic()
        while timeout_s is None or time.monotonic() - yielded < timeout_s:
            items = _ask(context, commands, follower) if follower.behind else _hear(live, follower)
            yield from items
            if items:
                yielded = time.monotonic()


def _ask(
    context: "zmq.Context[zmq.Socket[bytes]]", commands: str, follower: Follower
) -> list[Item]:
    name, arguments = follower.question()
    command = Command(f"follow-{next(_ids)}", name, arguments)
    # A REQ socket that got no answer is of no further use: each question has its own.
    with dial(context, zmq.REQ, commands, "commands") as socket:
        socket.send_multipart([b"", pack_command(command)])
        if not socket.poll(round(ANSWER_S * 1000)):
            return []
        return _take(follower, command, socket.recv_multipart())


def _take(follower: Follower, command: Command, parts: list[bytes]) -> list[Item]:
    try:
        reply: Reply = unpack_reply(parts)
        return follower.answer(reply) if reply.id == command.id else []
    except RemoteProtocolError:
        return []


def _hear(live: "zmq.Socket[bytes]", follower: Follower) -> list[Item]:
    if not live.poll(round(SILENCE_S * 1000)):
        follower.doubt()
        return []
    items: list[Item] = []
    while not follower.behind and len(items) < 1000:
        try:
            items += follower.hear(live.recv_multipart(zmq.NOBLOCK))
        except zmq.Again:
            break
        except RemoteProtocolError:
            continue
    return items


async def follow_async(
    events: str,
    commands: str,
    *,
    after: str | None = None,
    cameras: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
) -> AsyncIterator[Item]:
    """Yield what `follow` yields. Close the iterator, or cancel its task, to end it."""
    follower = Follower(after, cameras, kinds)
    context = zmq.asyncio.Context()
    live = context.socket(zmq.SUB)
    try:
        live.linger = 0
        live.rcvhwm = 100_000
        live.connect(events)
        live.subscribe(b"")
        while True:
            if follower.behind:
                items = await _ask_async(context, commands, follower)
            else:
                items = await _hear_async(live, follower)
            for item in items:
                yield item
    finally:
        live.close()
        context.destroy(linger=0)


async def _ask_async(context: zmq.asyncio.Context, commands: str, follower: Follower) -> list[Item]:
    name, arguments = follower.question()
    command = Command(f"follow-{next(_ids)}", name, arguments)
    socket = context.socket(zmq.REQ)
    try:
        socket.linger = 0
        socket.connect(commands)
        async with asyncio.timeout(ANSWER_S):
            await socket.send_multipart([b"", pack_command(command)])
            parts = await socket.recv_multipart()
    except TimeoutError:
        return []
    finally:
        socket.close()
    return _take(follower, command, parts)


async def _hear_async(live: zmq.asyncio.Socket, follower: Follower) -> list[Item]:
    if not await live.poll(round(SILENCE_S * 1000)):
        follower.doubt()
        return []
    try:
        return follower.hear(await live.recv_multipart())
    except RemoteProtocolError:
        return []
