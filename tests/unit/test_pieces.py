import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import pytest

from lensbus_gateway import pieces as module
from lensbus_gateway.pieces import AHEAD, Downloads, pieces

SIZE = 10


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE_BYTES", SIZE)


class Bus:
    """Answers reads; each takes a second of a clock that only this file moves."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.now_s = 0.0
        self.asked: list[tuple[int, int]] = []
        self.answers = 1000
        self.all_wait = asyncio.Event()
        self.open = 0
        self.most = 0

    async def read(self, offset: int, limit: int) -> bytes:
        self.asked.append((offset, limit))
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            if len(self.asked) > self.answers:
                if len(self.asked) == self.answers + AHEAD:
                    self.all_wait.set()
                await asyncio.Event().wait()
            await asyncio.sleep(0)
            self.now_s += 1
            return self.content[offset : offset + limit]
        finally:
            self.open -= 1

    def body(self, first: int, end: int, shared: int = 8) -> AsyncGenerator[bytes, None]:
        return pieces(self.read, first, end, asyncio.Semaphore(shared), lambda: self.now_s)


async def collect(body: AsyncGenerator[bytes, None], taken: list[bytes] | None = None) -> bytes:
    taken = [] if taken is None else taken
    async with aclosing(body):
        async for piece in body:
            taken.append(piece)
    return b"".join(taken)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await test()
        assert len(asyncio.all_tasks()) == 1, "something is left on its way"

    asyncio.run(whole())


@pytest.mark.parametrize(("first", "end"), [(0, 95), (3, 95), (90, 95), (0, 10), (7, 7), (15, 16)])
def test_the_pieces_make_exactly_what_was_asked_for(first: int, end: int) -> None:
    async def test() -> None:
        bus = Bus(bytes(range(95)))
        assert await collect(bus.body(first, end)) == bus.content[first:end]
        assert sum(limit for _, limit in bus.asked) == end - first

    run(test)


def test_a_client_that_waits_for_the_bus_has_several_on_their_way() -> None:
    async def test() -> None:
        bus = Bus(bytes(500))
        await collect(bus.body(0, 500))
        assert bus.most == AHEAD

    run(test)


def test_a_client_that_is_slower_than_the_bus_has_none_ahead_of_it() -> None:
    async def test() -> None:
        bus = Bus(bytes(500))
        async with aclosing(bus.body(0, 500)) as body:
            for number in range(1, 21):
                await anext(body)
                bus.now_s += 60
                assert len(bus.asked) == number
        assert bus.most == 1

    run(test)


def test_a_client_that_becomes_slow_holds_less_and_less() -> None:
    async def test() -> None:
        bus = Bus(bytes(1000))
        async with aclosing(bus.body(0, 1000)) as body:
            for _ in range(20):
                await anext(body)
            for _ in range(20):
                await anext(body)
                bus.now_s += 60
            assert len(bus.asked) == 40

    run(test)


def test_all_downloads_share_what_may_be_on_its_way() -> None:
    async def test() -> None:
        bus = Bus(bytes(500))
        shared = asyncio.Semaphore(2)
        bodies = [collect(pieces(bus.read, 0, 500, shared)) for _ in range(5)]
        assert [len(body) for body in await asyncio.gather(*bodies)] == [500] * 5
        assert bus.most == 2

    run(test)


def test_a_download_that_is_given_up_leaves_nothing_on_its_way() -> None:
    async def test() -> None:
        bus = Bus(bytes(500))
        bus.answers = 12
        task = asyncio.ensure_future(collect(bus.body(0, 500)))
        await bus.all_wait.wait()
        assert bus.open == AHEAD
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert bus.open == 0

    run(test)


def test_an_error_of_the_bus_ends_the_download_and_what_is_ahead() -> None:
    async def test() -> None:
        async def read(offset: int, limit: int) -> bytes:
            if offset >= 50:
                raise ValueError("the worker is gone")
            return bytes(limit)

        taken: list[bytes] = []
        with pytest.raises(ValueError, match="worker is gone"):
            await collect(pieces(read, 0, 500, asyncio.Semaphore(8)), taken)
        assert b"".join(taken) == bytes(50)

    run(test)


def test_downloads_are_counted() -> None:
    downloads = Downloads(2)
    with downloads.counted():
        assert downloads.has_room()
        with downloads.counted():
            assert (len(downloads), downloads.has_room()) == (2, False)
    assert (len(downloads), downloads.has_room()) == (0, True)
