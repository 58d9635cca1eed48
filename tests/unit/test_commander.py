import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop
import zmq

from kit.bus import bus_settings, short_folder
from kit.gateway import FakeBus, fake_bus
from lensbus_gateway.bus import Commander
from lensbus_proto.codec import pack_reply, unpack_command
from lensbus_proto.errors import (
    BadArguments,
    CameraBusy,
    CameraUnknown,
    DeadlinePassed,
    WorkerAbsent,
    error_to_map,
)
from lensbus_proto.messages import Command, Reply
from lensbus_proto.runtime.settings import Settings


@pytest.fixture
def settings() -> Iterator[Settings]:
    with short_folder() as state:
        yield bus_settings(state)


@asynccontextmanager
async def commander(settings: Settings) -> AsyncIterator[Commander]:
    with zmq.Context() as context:
        made = Commander(context, settings.endpoint("commands"))
        try:
            yield made
        finally:
            made.close()


async def connected(made: Commander) -> None:
    """Wait until a command can leave; nobody answers it."""
    async with asyncio.timeout(5):
        while True:
            try:
                await made.send("", "ping", deadline_s=0.001)
            except WorkerAbsent:
                await asyncio.sleep(0.005)
            except DeadlinePassed:
                return


class Requests:
    """What reaches the fake broker."""

    def __init__(self, bus: FakeBus) -> None:
        self._socket = bus.commands

    async def next(self) -> tuple[list[bytes], str, Command]:
        """Return route, camera and command of the next request that is not a ping."""
        async with asyncio.timeout(5):
            while True:
                try:
                    route, empty, camera, request = self._socket.recv_multipart(zmq.NOBLOCK)
                except zmq.Again:
                    await asyncio.sleep(0.005)
                    continue
                command = unpack_command(request)
                if command.name != "ping":
                    return [route, empty], camera.decode(), command

    def answer(self, route: list[bytes], reply: Reply) -> None:
        self.answer_raw(route, *pack_reply(reply))

    def answer_raw(self, route: list[bytes], *parts: bytes) -> None:
        self._socket.send_multipart([*route, *parts])


def run(settings: Settings, scenario: Callable[[Commander, Requests], Awaitable[None]]) -> None:
    async def main() -> None:
        with fake_bus(settings) as bus:
            async with commander(settings) as made:
                await connected(made)
                await scenario(made, Requests(bus))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def test_a_command_gets_its_reply_with_files(settings: Settings) -> None:
    async def scenario(made: Commander, requests: Requests) -> None:
        sent = asyncio.create_task(
            made.send("CAM1", "still", {"stream": "CAM_A"}, deadline_s=3, key="once")
        )
        route, camera, command = await requests.next()
        assert (camera, command.name, command.arguments) == ("CAM1", "still", {"stream": "CAM_A"})
        assert (command.deadline_ms, command.key) == (3000, "once")
        requests.answer(route, Reply(command.id, result={"width": 4}, parts=(b"jpeg",)))
        reply = await sent
        assert (reply.result, reply.parts) == ({"width": 4}, (b"jpeg",))

    run(settings, scenario)


def test_replies_find_their_commands_in_any_order(settings: Settings) -> None:
    async def scenario(made: Commander, requests: Requests) -> None:
        sent = [asyncio.create_task(made.send("CAM1", f"n{number}")) for number in range(20)]
        received = [await requests.next() for _ in sent]
        assert len({command.id for _, _, command in received}) == 20
        for route, _, command in reversed(received):
            requests.answer(route, Reply(command.id, result={"name": command.name}))
        replies = await asyncio.gather(*sent)
        assert [reply.result for reply in replies] == [{"name": f"n{n}"} for n in range(20)]

    run(settings, scenario)


def test_an_error_comes_back_as_its_class(settings: Settings) -> None:
    async def scenario(made: Commander, requests: Requests) -> None:
        sent = asyncio.create_task(made.send("CAM1", "card.list"))
        route, _, command = await requests.next()
        error = CameraBusy("indexing", vendor_code=0x8D05, operation="List")
        requests.answer(route, Reply(command.id, error=error_to_map(error)))
        with pytest.raises(CameraBusy, match="indexing") as caught:
            await sent
        assert (caught.value.vendor_code, caught.value.operation) == (0x8D05, "List")

    run(settings, scenario)


def test_silence_ends_at_the_deadline_and_a_late_reply_harms_nobody(settings: Settings) -> None:
    async def scenario(made: Commander, requests: Requests) -> None:
        sent = asyncio.create_task(made.send("CAM1", "slow", deadline_s=0.05))
        route, _, command = await requests.next()
        with pytest.raises(DeadlinePassed) as caught:
            await sent
        assert caught.value.began
        requests.answer(route, Reply(command.id, result={}))
        after = asyncio.create_task(made.send("CAM1", "next"))
        route, _, command = await requests.next()
        requests.answer(route, Reply(command.id, result={"fine": True}))
        assert (await after).result == {"fine": True}

    run(settings, scenario)


def test_junk_from_the_broker_is_counted_and_nothing_else(settings: Settings) -> None:
    async def scenario(made: Commander, requests: Requests) -> None:
        sent = asyncio.create_task(made.send("CAM1", "echo"))
        route, _, command = await requests.next()
        requests.answer_raw(route, b"\xc1")
        requests.answer(route, Reply("somebody-else", result={}))
        requests.answer(route, Reply(command.id, result={}))
        await sent
        assert made.junk.total == 1

    run(settings, scenario)


@pytest.mark.parametrize("camera", ["no/such", "ä", "x" * 65, " "])
def test_an_impossible_camera_is_unknown(settings: Settings, camera: str) -> None:
    async def scenario(made: Commander, requests: Requests) -> None:
        with pytest.raises(CameraUnknown):
            await made.send(camera, "describe")

    run(settings, scenario)


@pytest.mark.parametrize("value", [2**70, object(), "x" * 2_000_000])
def test_arguments_that_cannot_travel_are_bad_arguments(settings: Settings, value: Any) -> None:
    async def scenario(made: Commander, requests: Requests) -> None:
        with pytest.raises(BadArguments):
            await made.send("CAM1", "property.set", {"value": value})

    run(settings, scenario)


def test_without_a_broker_a_command_fails_at_once_and_never_acts_later(settings: Settings) -> None:
    async def main() -> None:
        async with commander(settings) as made:
            with pytest.raises(WorkerAbsent):
                await made.send("CAM1", "shutter")
            with fake_bus(settings) as bus:
                await connected(made)
                sent = asyncio.create_task(made.send("CAM1", "echo"))
                _, _, command = await Requests(bus).next()
                assert command.name == "echo"
                sent.cancel()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def test_whoever_waits_at_the_end_is_told(settings: Settings) -> None:
    async def scenario(made: Commander, requests: Requests) -> None:
        sent = asyncio.create_task(made.send("CAM1", "slow"))
        await requests.next()
        made.close()
        with pytest.raises(DeadlinePassed, match="stopping"):
            await sent

    run(settings, scenario)
