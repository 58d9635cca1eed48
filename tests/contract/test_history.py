"""The command `history` over real sockets."""

from collections.abc import Iterator
from typing import Any

import pytest
import zmq

from kit.bus import Socket, ask, client, running_broker, running_worker
from kit.fake_driver import FakeDriver
from kit.processes import wait_for
from lensbus_proto.codec import unpack_event
from lensbus_proto.errors import BadArguments
from lensbus_proto.messages import Event
from lensbus_proto.runtime.settings import Settings


@pytest.fixture
def req(settings: Settings) -> Iterator[Socket]:
    """A client of a broker that has relayed 1 + 20 events."""
    fake = FakeDriver()
    with (
        running_broker(settings),
        running_worker(settings, "CAM1", fake),
        client(settings, "commands", zmq.REQ) as socket,
    ):
        for number in range(1, 21):
            fake.observe("warning" if number % 2 else "afStatus", n=number)
        wait_for(lambda: ask(socket, "", "ping").result["position"] == 21)
        yield socket


def page(req: Socket, after: str, **arguments: Any) -> tuple[dict[str, Any], list[Event]]:
    reply = ask(req, "", "history", {"after": after, **arguments})
    parts = reply.parts
    events = [unpack_event(parts[index : index + 3]) for index in range(0, len(parts), 3)]
    return dict(reply.result or {}), events


def test_pages_follow_one_another_to_the_newest(req: Socket) -> None:
    positions, after, more = [], "earliest", True
    while more:
        result, events = page(req, after, limit=8)
        assert result["gap"] is None
        positions += [event.header.position for event in events]
        after, more = result["next"], result["more"]
    assert positions == list(range(1, 22))
    assert after == result["newest"]
    assert page(req, after)[1] == []


def test_what_is_filtered_out_counts_as_considered(req: Socket) -> None:
    result, events = page(req, "earliest", kinds=["afStatus"], cameras=["CAM1"])
    assert [event.data["n"] for event in events] == list(range(2, 21, 2))
    assert result["next"] == result["newest"]
    assert not page(req, "earliest", cameras=["CAM2"])[1]


@pytest.mark.parametrize("after", ["", "nonsense", "00000000.3", "\x00", "9" * 1000])
def test_a_cursor_that_nobody_knows_is_a_gap_and_not_an_error(req: Socket, after: str) -> None:
    result, events = page(req, after)
    assert (result["gap"]["reason"], result["gap"]["count"]) == ("unknown", None)
    assert events[0].header.position == 1


def test_a_cursor_beyond_the_newest_is_one_that_nobody_knows(req: Socket) -> None:
    result, _ = page(req, "earliest")
    beyond = f"{result['journal']:08x}.1000"
    assert page(req, beyond)[0]["gap"]["reason"] == "unknown"


@pytest.mark.parametrize("bad", [{"limit": 0}, {"limit": 1001}, {"cameras": "CAM1"}, {"after": 7}])
def test_wrong_arguments_are_refused(req: Socket, bad: dict[str, Any]) -> None:
    with pytest.raises(BadArguments):
        ask(req, "", "history", {"after": "earliest", **bad})
