import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
import uvloop
import zmq

from kit.bus import bus_settings, short_folder
from kit.gateway import FakeBus, fake_bus, picture
from lensbus_gateway.pictures import PictureWatcher
from lensbus_proto.messages import Picture
from lensbus_proto.runtime.settings import Settings


@pytest.fixture
def settings() -> Iterator[Settings]:
    with short_folder() as state:
        yield bus_settings(state)


@asynccontextmanager
async def watcher(
    settings: Settings, keep_s: float, fresh_s: float
) -> AsyncIterator[PictureWatcher]:
    with zmq.Context() as context:
        endpoint = settings.endpoint("pictures")
        made = PictureWatcher(context, endpoint, keep_s=keep_s, fresh_s=fresh_s)
        try:
            yield made
        finally:
            made.close()


def run(
    settings: Settings,
    scenario: Callable[[PictureWatcher, FakeBus], Awaitable[None]],
    keep_s: float = 60,
    fresh_s: float = 60,
) -> None:
    async def main() -> None:
        with fake_bus(settings) as bus:
            async with watcher(settings, keep_s, fresh_s) as made:
                await scenario(made, bus)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


async def heard(bus: FakeBus) -> bytes:
    """Return the next subscription (1) or its end (0)."""
    async with asyncio.timeout(5):
        while True:
            try:
                return bus.pictures.recv(zmq.NOBLOCK)
            except zmq.Again:
                await asyncio.sleep(0.005)


async def ask(made: PictureWatcher, newer_than: Picture | None = None) -> Picture | None:
    return await made.newest("CAM1", "view", newer_than=newer_than, timeout_s=5)


async def first(made: PictureWatcher, bus: FakeBus, *shown: Picture) -> Picture:
    asked = asyncio.create_task(ask(made))
    assert await heard(bus) == b"\x01CAM1/view"
    bus.show(*shown)
    found = await asked
    assert found is not None
    return found


def test_the_first_request_subscribes_and_gets_the_first_picture(settings: Settings) -> None:
    async def scenario(made: PictureWatcher, bus: FakeBus) -> None:
        assert await first(made, bus, picture(1)) == picture(1)

    run(settings, scenario)


def test_a_viewer_gets_each_picture_at_most_once(settings: Settings) -> None:
    async def scenario(made: PictureWatcher, bus: FakeBus) -> None:
        one = await first(made, bus, picture(1))
        assert await ask(made) == one, "without a limit the newest is good at once"
        assert await made.newest("CAM1", "view", newer_than=one, timeout_s=0.05) is None
        bus.show(picture(2))
        assert await ask(made, one) == picture(2)

    run(settings, scenario)


def test_a_worker_that_began_again_is_newer(settings: Settings) -> None:
    async def scenario(made: PictureWatcher, bus: FakeBus) -> None:
        old = await first(made, bus, picture(900))
        bus.show(picture(1, epoch=8))
        assert await ask(made, old) == picture(1, epoch=8)

    run(settings, scenario)


def test_all_who_wait_get_the_same_picture(settings: Settings) -> None:
    async def scenario(made: PictureWatcher, bus: FakeBus) -> None:
        asked = [asyncio.create_task(ask(made)) for _ in range(5)]
        await heard(bus)
        bus.show(picture(1))
        assert await asyncio.gather(*asked) == [picture(1)] * 5

    run(settings, scenario)


def test_without_a_picture_the_time_ends_the_wait(settings: Settings) -> None:
    async def scenario(made: PictureWatcher, bus: FakeBus) -> None:
        assert await made.newest("CAM1", "view", timeout_s=0.02) is None

    run(settings, scenario)


def test_names_that_no_stream_can_have_give_no_picture(settings: Settings) -> None:
    async def scenario(made: PictureWatcher, bus: FakeBus) -> None:
        assert await made.newest("a/b", "view", timeout_s=5) is None
        assert made.watched == frozenset()

    run(settings, scenario)


def test_a_stream_is_let_go_after_the_last_request(settings: Settings) -> None:
    async def scenario(made: PictureWatcher, bus: FakeBus) -> None:
        await first(made, bus, picture(1))
        assert await heard(bus) == b"\x00CAM1/view"
        assert made.watched == frozenset()

    run(settings, scenario, keep_s=0.2)


def test_a_stream_that_went_quiet_does_not_look_frozen(settings: Settings) -> None:
    async def scenario(made: PictureWatcher, bus: FakeBus) -> None:
        await first(made, bus, picture(1))
        for _ in range(1000):
            if await made.newest("CAM1", "view", timeout_s=0.01) is None:
                break
            await asyncio.sleep(0.005)
        else:
            pytest.fail("the old picture is still shown")
        asked = asyncio.create_task(ask(made))
        await asyncio.sleep(0)
        bus.show(picture(2))
        assert await asked == picture(2)

    run(settings, scenario, fresh_s=0.05)


def test_junk_and_longer_names_are_not_taken_for_the_stream(settings: Settings) -> None:
    async def scenario(made: PictureWatcher, bus: FakeBus) -> None:
        asked = asyncio.create_task(ask(made))
        await heard(bus)
        bus.pictures.send_multipart([b"CAM1/view", b"junk"])
        bus.show(picture(1, stream="view2"), picture(2))
        assert await asked == picture(2)
        assert made.watched == {b"CAM1/view"}

    run(settings, scenario)
