"""One viewer's WebRTC connection: pictures go out as the worker encoded them.

Import it when the first viewer calls: the package behind it takes 50 MB.

A viewer's browser reaches us where it has reached us before: that address is our one candidate.
Its own candidates are not looked at. Whoever calls could name any host, and we would knock there.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from fractions import Fraction
from typing import Any, Final

import aioice.ice
import av
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from lensbus_proto.messages import Picture
from lensbus_proto.runtime.clock import unix_us

logger = logging.getLogger(__name__)

NextPicture = Callable[[Picture | None], Awaitable[Picture | None]]

CONNECT_S: Final = 10.0
CLOSE_S: Final = 1.0
TELL_S: Final = 1.0  # the age of a picture, to who opened the channel for it
EVENTS: Final = "events"
TICK: Final = Fraction(1, 1_000_000)

_address: ContextVar[str] = ContextVar("address")


def _our_address(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    return [_address.get()]


# It would offer every address of this host but 127.0.0.1, and there is no other way to say which.
aioice.ice.get_host_addresses = _our_address


class BadOffer(ValueError):
    """An offer that cannot be answered."""


class PictureTrack(MediaStreamTrack):
    """The newest picture whenever the line can take one."""

    kind = "video"

    def __init__(self, next_picture: NextPicture) -> None:
        super().__init__()
        self.last: Picture | None = None
        self.has_ended = False
        self._next = next_picture
        self._began_us = 0

    async def recv(self) -> Any:
        """Return the next picture as it was encoded; there is an end when there are no more."""
        picture = await self._next(self.last)
        if picture is None:
            self.stop()
            raise MediaStreamError
        if self.last is None:
            self._began_us = picture.header.time_us
        self.last = picture
        self._follow(bool(picture.info.get("ended")))
        packet = av.Packet(picture.image)
        packet.pts = max(0, picture.header.time_us - self._began_us)
        packet.time_base = TICK
        return packet

    def _follow(self, has_ended: bool) -> None:
        """Tell of the end of a film; another one may begin and end."""
        begins = has_ended and not self.has_ended
        self.has_ended = has_ended
        if begins:
            self.emit("film_ended")


class Call:
    """One connection from its offer to its end."""

    def __init__(self, next_picture: NextPicture) -> None:
        self._track = PictureTrack(next_picture)
        self._over = asyncio.Event()
        self._connected = asyncio.Event()
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peer.on("connectionstatechange", self._follow)
        self._peer.on("datachannel", self._take_channel)
        self._track.on("ended", self._over.set)
        self._track.on("film_ended", self._tell_end)
        self._channel: RTCDataChannel | None = None
        self._telling: asyncio.Task[None] | None = None

    async def answer(self, offer: str, address: str) -> str:
        """Return the answer to an offer, complete with our candidate."""
        _address.set(address)
        sender = self._peer.addTransceiver(self._track, direction="sendonly")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        sender.setCodecPreferences([codec for codec in codecs if codec.mimeType == "video/H264"])
        description = RTCSessionDescription(sdp=without_candidates(offer), type="offer")
        try:
            await self._peer.setRemoteDescription(description)
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        # Whatever the text of a stranger makes a parser raise.
        except Exception as error:
            raise BadOffer(f"{type(error).__name__}: {error}") from error
        if sender.mid is None:
            raise BadOffer("no video is asked for")
        return self._peer.localDescription.sdp

    async def run(self) -> None:
        """Return when the viewer has left, never came, or there are no more pictures."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._first(self._connected, self._over)
            await self._over.wait()
        except TimeoutError:
            logger.info("viewer never came")

    async def close(self) -> None:
        """Say goodbye and let go of the line."""
        self._track.stop()
        if self._telling is not None:
            self._telling.cancel()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._peer.close()
        except TimeoutError:
            logger.warning("viewer's line does not close")

    @staticmethod
    async def _first(*events: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in events]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _follow(self) -> None:
        state = self._peer.connectionState
        if state == "connected":
            self._connected.set()
        elif state in ("failed", "closed"):
            self._over.set()

    def _take_channel(self, channel: RTCDataChannel) -> None:
        if channel.label == EVENTS and self._telling is None:
            self._channel = channel
            self._telling = asyncio.create_task(self._tell_age(channel))
            if self._track.has_ended:
                self._tell_end()

    def _tell_end(self) -> None:
        if self._channel is not None and self._channel.readyState == "open":
            self._channel.send(json.dumps({"event": "eof"}))

    async def _tell_age(self, channel: RTCDataChannel) -> None:
        while not self._over.is_set():
            picture = self._track.last
            if picture is not None and channel.readyState == "open":
                taken_us = picture.header.time_us
                age_ms = round((unix_us() - taken_us) / 1000, 1)
                told = {"event": "age", "seq": picture.header.seq, "time_us": taken_us}
                channel.send(json.dumps(told | {"age_ms": age_ms}))
            await asyncio.sleep(TELL_S)


def without_candidates(sdp: str) -> str:
    """Return a description without the addresses of its sender."""
    lines = sdp.splitlines()
    kept = [line for line in lines if not line.startswith(("a=candidate", "a=end-of-candidates"))]
    return "\r\n".join((*kept, ""))
