"""Streams of pictures on the wire: exact bytes, many viewers, slow and leaving ones, the end."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import zmq
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kit.bus import bus_settings, short_folder
from kit.fake_broker import FakeBroker
from kit.fake_commander import FakeCommander
from kit.fake_sony import FakeSony
from kit.gateway import RunningGateway, Wire, picture, running_gateway
from kit.processes import wait_for
from lensbus_gateway.alpha import routes as alpha
from lensbus_gateway.stream import picture_response
from lensbus_gateway.viewers import Viewers
from lensbus_proto.messages import Picture
from lensbus_proto.runtime.settings import AccessSettings, Settings

HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: multipart/x-mixed-replace; boundary=lensbus-picture\r\n"
    b"Cache-Control: no-store\r\n"
    b"Connection: close\r\n"
    b"Access-Control-Allow-Origin: *\r\n"
    b"X-Accel-Buffering: no\r\n"
)
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
OPENING = b"--lensbus-picture\r\n"
ENDING = b"\r\n--lensbus-picture--\r\n"


def part(image: bytes) -> bytes:
    return (
        b"Content-Type: image/jpeg\r\nContent-Length: %d\r\nX-Timestamp: 0.000009\r\n\r\n%b\r\n"
        b"--lensbus-picture\r\n" % (len(image), image)
    )


class Stage:
    """What the routes of these tests know: whether the stream goes on, and how often they asked."""

    def __init__(self) -> None:
        self.goes_on = True
        self.asked = 0
        self.error: Exception | None = None

    async def show(self, request: Request) -> Response:
        viewers: Viewers = request.app.state.viewers
        if not viewers.has_room():
            return Response(status_code=503)
        return picture_response(request, "CAM1", "view", self._goes_on)

    async def _goes_on(self) -> bool:
        self.asked += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self.goes_on


@pytest.fixture
def settings() -> Iterator[Settings]:
    with short_folder() as state:
        made = bus_settings(state)
        # The exact bytes are those of the old servers, which let every page read them.
        access = AccessSettings(origins=("*",))
        yield replace(made, gateway=replace(made.gateway, viewers=12), access=access)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def gateway(settings: Settings, bus: FakeBroker, stage: Stage) -> Iterator[RunningGateway]:
    with running_gateway(settings, [Route("/view", stage.show)]) as running:
        yield running


def viewers_of(gateway: RunningGateway) -> Viewers:
    viewers: Viewers = gateway.app.state.viewers
    return viewers


def watching(gateway: RunningGateway, receive_buffer: int | None = None) -> Wire:
    """Return a viewer that has read the opening."""
    wire = Wire(gateway.address, receive_buffer)
    wire.request("/view")
    assert wire.head() == CHUNKED
    assert wire.chunk() == OPENING
    return wire


def big(seq: int, size: int) -> Picture:
    made = picture(seq)
    return replace(made, image=b"%08d" % seq + bytes(size))


def test_pictures_come_as_parts_with_their_time(gateway: RunningGateway, bus: FakeBroker) -> None:
    with watching(gateway) as wire:
        bus.until_watched(b"CAM1/view")
        bus.show(picture(1))
        assert wire.chunk() == part(b"1")
        bus.show(picture(2))
        assert wire.chunk() == part(b"2")


def test_many_viewers_share_one_subscription(gateway: RunningGateway, bus: FakeBroker) -> None:
    wires = [watching(gateway) for _ in range(10)]
    bus.until_watched(b"CAM1/view")
    bus.show(picture(1))
    assert {wire.chunk() for wire in wires} == {part(b"1")}
    bus.pictures.rcvtimeo = 50
    with pytest.raises(zmq.Again):
        bus.pictures.recv()
    for wire in wires:
        wire.socket.close()
    wait_for(lambda: not len(viewers_of(gateway)))


def test_an_old_reader_gets_its_body_ended_by_the_close(
    gateway: RunningGateway, bus: FakeBroker, stage: Stage
) -> None:
    with Wire(gateway.address) as wire:
        wire.request("/view", version="1.0")
        assert wire.head() == HEAD + b"\r\n"
        bus.until_watched(b"CAM1/view")
        bus.show(picture(1))
        stage.goes_on = False
        assert wire.rest() == OPENING + part(b"1") + ENDING


def test_a_head_request_gets_the_head_alone(gateway: RunningGateway) -> None:
    with Wire(gateway.address) as wire:
        wire.request("/view", method="HEAD")
        status, headers, body = wire.answer()
    assert (status, body) == (200, b"")
    assert headers["content-type"] == "multipart/x-mixed-replace; boundary=lensbus-picture"
    assert not len(viewers_of(gateway))


def test_a_slow_viewer_misses_pictures_and_delays_nobody(
    gateway: RunningGateway, bus: FakeBroker
) -> None:
    size = 400_000
    with watching(gateway, receive_buffer=4096) as slow, watching(gateway) as quick:
        bus.until_watched(b"CAM1/view")
        for seq in range(1, 31):
            bus.show(big(seq, size))
            assert b"%08d" % seq in quick.chunk()
        seen = []
        while not seen or seen[-1] != 30:
            seen.append(int(slow.chunk().split(b"\r\n\r\n")[1][:8]))
        assert seen == sorted(set(seen))
        assert len(seen) <= 6


def test_a_viewer_that_takes_nothing_loses_its_place(
    gateway: RunningGateway, bus: FakeBroker
) -> None:
    viewers_of(gateway).stalled_s = 0.2
    with watching(gateway, receive_buffer=4096), watching(gateway) as quick:
        bus.until_watched(b"CAM1/view")
        seq = 0
        limit = time.monotonic() + 20
        while len(viewers_of(gateway)) == 2:
            assert time.monotonic() < limit
            seq += 1
            bus.show(big(seq, 400_000))
            assert b"%08d" % seq in quick.chunk()


def test_a_viewer_that_leaves_is_noticed_at_once(gateway: RunningGateway, bus: FakeBroker) -> None:
    viewers_of(gateway).silence_s = 60  # and not when the next picture comes, or none
    wire = watching(gateway)
    bus.until_watched(b"CAM1/view")
    assert len(viewers_of(gateway)) == 1
    wire.reset()
    wait_for(lambda: not len(viewers_of(gateway)))


def test_the_stream_ends_when_the_camera_goes(
    gateway: RunningGateway, bus: FakeBroker, stage: Stage
) -> None:
    with watching(gateway) as one, watching(gateway) as other:
        bus.until_watched(b"CAM1/view")
        bus.show(picture(1))
        for wire in (one, other):
            wire.chunk()
        wait_for(lambda: stage.asked)  # silent, but the camera is there
        stage.goes_on = False
        for wire in (one, other):
            assert wire.chunk() == ENDING
            assert wire.chunk() == b""
            assert wire.rest() == b""
    stage.goes_on, asked = True, stage.asked
    with watching(gateway) as later:
        wait_for(lambda: stage.asked > asked)
        bus.until_watched(b"CAM1/view")
        bus.show(picture(2))
        assert later.chunk() == part(b"2")


def test_a_fault_of_the_question_ends_the_stream(
    gateway: RunningGateway, bus: FakeBroker, stage: Stage
) -> None:
    stage.error = ZeroDivisionError()
    with watching(gateway) as wire:
        assert wire.chunk() == ENDING
        assert wire.chunk() == b""


def test_there_is_room_for_so_many(gateway: RunningGateway, bus: FakeBroker) -> None:
    wires = [watching(gateway) for _ in range(12)]
    with Wire(gateway.address) as one_more:
        one_more.request("/view")
        assert one_more.answer()[0] == 503
    wires.pop().socket.close()
    wait_for(lambda: len(viewers_of(gateway)) == 11)
    watching(gateway).socket.close()
    for wire in wires:
        wire.socket.close()


def test_sigterm_ends_every_body_and_waits_for_nobody_who_takes_nothing(
    gateway: RunningGateway, bus: FakeBroker
) -> None:
    with watching(gateway) as wire, watching(gateway, receive_buffer=4096) as stuck:
        bus.until_watched(b"CAM1/view")
        bus.show(big(1, 2_000_000))
        wire.chunk()
        gateway.stop()
        assert wire.chunk() == ENDING
        assert wire.chunk() == b""
        with pytest.raises((AssertionError, OSError)):
            stuck.chunk()


def test_live_view_is_shown_as_a_stream(settings: Settings, bus: FakeBroker) -> None:
    with running_gateway(settings, alpha.routes) as gateway:
        gateway.app.state.commander = FakeCommander(sony := FakeSony(mode="remote"))
        path = f"/api/cameras/{sony.camera}/live-view/stream"
        with Wire(gateway.address) as early:
            early.request(path)
            status, _, body = early.answer()
            assert (status, json.loads(body)["message"]) == (404, "No live view frame available")
        sony.streaming = True
        with Wire(gateway.address) as wire:
            wire.request(path)
            assert wire.head() == CHUNKED
            assert wire.chunk() == OPENING
            bus.until_watched(f"{sony.camera}/liveview".encode())
            bus.show(picture(1, sony.camera, "liveview"))
            assert wire.chunk() == part(b"1")
            sony.streaming = False
            assert wire.chunk() == ENDING
