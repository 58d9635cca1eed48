"""Video of a simulated OAK camera over WebRTC, seen by another implementation of a client."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from starlette.requests import HTTPConnection

from kit.films import film
from kit.oak_rig import STREAMS, OakRig, oak_rig
from kit.processes import wait_for
from lensbus_gateway.robopipe import call
from lensbus_gateway.robopipe.webrtc import address_of

CAM_B = f"{STREAMS}/CAM_B"


@pytest.fixture(scope="module")
def rig() -> Iterator[OakRig]:
    with oak_rig(viewers=3) as running:
        yield running


@dataclass
class Caller:
    """A browser in miniature: it wants video, and has a channel for events."""

    rig: OakRig
    path: str = CAM_B
    told: list[Any] = field(default_factory=list)

    async def call(self) -> int:
        """Send the offer, take the answer; return the status."""
        call._address.set("127.0.0.1")
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.receiver = self.peer.addTransceiver("video", direction="recvonly").receiver
        channel = self.peer.createDataChannel("events")
        channel.on("message", lambda text: self.told.append(json.loads(text)))
        await self.peer.setLocalDescription(await self.peer.createOffer())
        local = self.peer.localDescription
        body = {"sdp": local.sdp, "type": local.type, "candidates": []}
        answer = await asyncio.to_thread(self.rig.ask, "POST", f"{self.path}/video", json=body)
        if answer.status_code == 200:
            self.answer = answer.json()
            description = RTCSessionDescription(self.answer["sdp"], self.answer["type"])
            await self.peer.setRemoteDescription(description)
        return answer.status_code

    async def picture(self) -> Any:
        return await asyncio.wait_for(self.receiver.track.recv(), 10)

    async def last_picture(self) -> None:
        """Raise MediaStreamError at the end of the video."""
        while True:
            await self.picture()


@asynccontextmanager
async def calling(rig: OakRig, path: str = CAM_B) -> AsyncIterator[Caller]:
    caller = Caller(rig, path)
    try:
        assert await caller.call() == 200
        yield caller
    finally:
        await caller.peer.close()


def test_a_caller_gets_moving_pictures(rig: OakRig) -> None:
    async def scenario() -> None:
        async with calling(rig) as caller:
            pictures = [await caller.picture() for _ in range(15)]
        assert {(each.width, each.height) for each in pictures} == {(640, 400)}
        shades = [each.to_ndarray(format="gray").astype(int) for each in pictures]
        assert np.abs(shades[0] - shades[-1]).max() > 40
        times = [float(each.pts * each.time_base) for each in pictures]
        assert abs(np.median(np.diff(times)) - 1 / 30) < 0.01

    asyncio.run(scenario())


def test_the_answer_names_one_address_and_one_codec(rig: OakRig) -> None:
    async def scenario() -> None:
        async with calling(rig) as caller:
            await caller.picture()
        assert set(caller.answer) == {"sdp", "type", "candidates"}
        lines = caller.answer["sdp"].splitlines()
        candidates = {line.split()[4] for line in lines if line.startswith("a=candidate")}
        assert candidates == {"127.0.0.1"}
        codecs = {line.split()[1] for line in lines if line.startswith("a=rtpmap")}
        assert codecs == {"H264/90000"}

    asyncio.run(scenario())


def test_who_opens_the_channel_is_told_the_age(rig: OakRig) -> None:
    async def scenario() -> None:
        async with calling(rig) as caller:
            async with asyncio.timeout(10):
                while not caller.told:
                    await caller.picture()
        assert set(caller.told[0]) == {"event", "seq", "time_us", "age_ms"}
        assert caller.told[0]["event"] == "age"
        assert 0 <= caller.told[0]["age_ms"] < 2000

    asyncio.run(scenario())


async def eof(caller: Caller) -> None:
    """Watch until the end of the film is told."""
    async with asyncio.timeout(15):
        while {"event": "eof"} not in caller.told:
            await caller.picture()


def test_the_end_of_a_film_is_told_to_who_watches_and_to_who_comes_later(
    rig: OakRig, tmp_path: Path
) -> None:
    short = {"video": ("short.mp4", film(tmp_path / "short.mp4", fps=5).read_bytes())}
    long = {"video": ("long.mp4", film(tmp_path / "long.mp4", (90,) * 300).read_bytes())}

    async def scenario() -> None:
        async with calling(rig) as caller:
            for _ in range(2):
                assert rig.ask("POST", f"{CAM_B}/replay", files=short).status_code == 201
                caller.told.clear()
                await eof(caller)
                assert caller.told.count({"event": "eof"}) == 1
            async with calling(rig) as late:
                await eof(late)
            caller.told.clear()
            assert rig.ask("POST", f"{CAM_B}/replay", files=long).status_code == 201
            for _ in range(10):
                await caller.picture()
            assert {"event": "eof"} not in caller.told

    try:
        asyncio.run(scenario())
    finally:
        rig.ask("DELETE", f"{CAM_B}/replay")


def offer(**changes: Any) -> dict[str, Any]:
    return {"sdp": "v=0\r\n", "type": "offer", **changes}


@pytest.mark.parametrize(
    ("body", "kind", "loc"),
    [
        ({"type": "offer"}, "missing", ["body", "sdp"]),
        ({"sdp": "v=0"}, "missing", ["body", "type"]),
        (offer(type="answer"), "literal_error", ["body", "type"]),
        (offer(sdp=5), "string_type", ["body", "sdp"]),
        (offer(), "value_error", ["body", "sdp"]),
        (offer(sdp="nonsense"), "value_error", ["body", "sdp"]),
        (offer(sdp="v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"), "value_error", ["body", "sdp"]),
    ],
)
def test_an_offer_that_is_none_is_said_so(
    rig: OakRig, body: dict[str, Any], kind: str, loc: list[str]
) -> None:
    answer = rig.ask("POST", f"{CAM_B}/video", json=body)
    assert answer.status_code == 422
    assert [(each["type"], each["loc"]) for each in answer.json()["detail"]] == [(kind, loc)]
    assert not rig.gateways[0].app.state.viewers


def test_an_offer_without_our_codec_is_refused(rig: OakRig) -> None:
    async def scenario() -> None:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        call._address.set("127.0.0.1")
        video = peer.addTransceiver("video", direction="recvonly")
        codecs = call.RTCRtpSender.getCapabilities("video").codecs
        video.setCodecPreferences([each for each in codecs if each.mimeType == "video/VP8"])
        await peer.setLocalDescription(await peer.createOffer())
        body = {"sdp": peer.localDescription.sdp, "type": "offer"}
        answer = await asyncio.to_thread(rig.ask, "POST", f"{CAM_B}/video", json=body)
        await peer.close()
        assert answer.status_code == 422

    asyncio.run(scenario())


@pytest.mark.parametrize(("stream", "status"), [("CAM_D", 404), ("DEPTH_B_C", 409), ("cam_a", 422)])
def test_a_stream_that_cannot_be_shown_is_refused(rig: OakRig, stream: str, status: int) -> None:
    assert rig.ask("POST", f"{STREAMS}/{stream}/video", json=offer()).status_code == status


def test_one_caller_too_many_is_refused_until_another_leaves(rig: OakRig) -> None:
    viewers = rig.gateways[0].app.state.viewers

    async def scenario() -> None:
        async with calling(rig) as one, calling(rig) as two:
            async with calling(rig) as third:
                await third.picture()
                refused = Caller(rig)
                assert await refused.call() == 503
                await refused.peer.close()
            await asyncio.to_thread(wait_for, lambda: len(viewers) == 2)
            async with calling(rig) as three:
                for caller in (one, two, three):
                    await caller.picture()

    asyncio.run(scenario())
    wait_for(lambda: len(viewers) == 0)


def test_a_caller_who_never_comes_is_let_go(rig: OakRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "CONNECT_S", 0.3)
    viewers = rig.gateways[0].app.state.viewers

    async def scenario() -> None:
        caller = Caller(rig)
        assert await caller.call() == 200
        for transceiver in caller.peer.getTransceivers():
            await transceiver.receiver.transport.transport.stop()
        assert len(viewers) == 1
        await asyncio.to_thread(wait_for, lambda: len(viewers) == 0)
        await caller.peer.close()

    asyncio.run(scenario())


def test_a_call_ends_with_its_stream(rig: OakRig) -> None:
    async def scenario() -> None:
        async with calling(rig, f"{STREAMS}/CAM_C") as caller:
            await caller.picture()
            assert (await asyncio.to_thread(rig.ask, "DELETE", f"{STREAMS}/CAM_C/")).is_success
            with pytest.raises(MediaStreamError):
                await caller.last_picture()

    asyncio.run(scenario())
    wait_for(lambda: len(rig.gateways[0].app.state.viewers) == 0)
    rig.switch("CAM_A", "CAM_B", "CAM_C")


def test_a_gateway_ends_its_calls_and_then_itself() -> None:
    async def scenario() -> None:
        async with calling(rig) as caller:
            await caller.picture()
            await asyncio.to_thread(rig.gateways[0].stop)
            with pytest.raises(MediaStreamError):
                await caller.last_picture()

    with oak_rig() as rig:
        asyncio.run(scenario())


@pytest.mark.parametrize(
    ("server", "address"),
    [
        (("127.0.0.1", 80), "127.0.0.1"),
        (("::ffff:10.0.0.7", 80), "10.0.0.7"),
        (("fd00::1", 80), "fd00::1"),
        (("/run/gateway.sock", None), "127.0.0.1"),
        (None, "127.0.0.1"),
    ],
)
def test_our_address_is_the_one_that_was_reached(server: Any, address: str) -> None:
    assert address_of(HTTPConnection({"type": "http", "server": server})) == address
