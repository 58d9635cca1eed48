"""All pictures of a page through one WebSocket.

Browsers open six connections to one origin, and a wall has more cameras than that. The page names
a stream (`<camera>/<stream>`) whenever it can take its next picture, and is given the newest as
one message: a line of JSON (`topic`, `seq`, `time_us`, `age_ms`), then the JPEG. When none came
in time the line has only `topic`. So a page sets its own pace, one that is slow sees fewer
pictures and never older ones, and what it does not look at is not encoded.
"""

import asyncio
import json
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from lensbus_gateway.access.guard import sees
from lensbus_gateway.pictures import PictureWatcher
from lensbus_gateway.viewers import Viewers
from lensbus_proto.messages import Picture
from lensbus_proto.runtime.clock import unix_us

TRY_LATER: Final = 1013
NONSENSE: Final = 1003
SILENCE_S: Final = 2.0
TOPICS: Final = 256  # of one page
TOPIC_LIMIT: Final = 160


async def watch(socket: WebSocket) -> None:
    """Answer each wish with the newest picture of that stream, until the page is left."""
    viewers: Viewers = socket.app.state.viewers
    await socket.accept()
    if not viewers.has_room():
        await socket.close(TRY_LATER, "Too many watch already")
        return
    with viewers.seated():
        page = _Page(socket)
        try:
            await page.serve()
        finally:
            await page.close()


class _Page:
    """One page: what it was given last of each stream, and what it waits for."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._pictures: PictureWatcher = socket.app.state.pictures
        self._given: dict[str, Picture] = {}
        self._waits: dict[str, asyncio.Task[None]] = {}
        self._line = asyncio.Lock()

    async def serve(self) -> None:
        """Read wishes; one for a stream that is waited for already changes nothing."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            topic = message.get("text") or ""  # whatever comes as bytes is no name
            camera, _, stream = topic.partition("/")
            if len(topic) > TOPIC_LIMIT or not stream or len(self._waits) >= TOPICS:
                await self._socket.close(NONSENSE)
                return
            if topic not in self._waits:
                task = asyncio.create_task(self._give(topic, camera, stream))
                self._waits[topic] = task

    async def _give(self, topic: str, camera: str, stream: str) -> None:
        last = self._given.get(topic)
        try:
            picture = await self._newest(camera, stream, last)
        finally:
            del self._waits[topic]
        if picture is None:
            self._given.pop(topic, None)
        else:
            self._given[topic] = picture
        try:
            async with self._line:
                await self._socket.send_bytes(told(topic, picture))
        except (WebSocketDisconnect, RuntimeError):
            pass  # it has left; of one that left a moment ago uvicorn says it cannot be sent to

    async def _newest(self, camera: str, stream: str, last: Picture | None) -> Picture | None:
        if not sees(self._socket, camera):
            await asyncio.sleep(SILENCE_S)  # as if nobody had such a camera
            return None
        return await self._pictures.newest(camera, stream, newer_than=last, timeout_s=SILENCE_S)

    async def close(self) -> None:
        """Stop waiting for pictures."""
        tasks = list(self._waits.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def told(topic: str, picture: Picture | None) -> bytes:
    """Return what a page is sent: a line that says what follows, and the picture."""
    said: dict[str, object] = {"topic": topic}
    if picture is None:
        return json.dumps(said).encode() + b"\n"
    taken_us = picture.header.time_us
    said |= {"seq": picture.header.seq, "time_us": taken_us}
    said["age_ms"] = round((unix_us() - taken_us) / 1000, 1)
    return json.dumps(said).encode() + b"\n" + picture.image
