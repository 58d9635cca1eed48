"""Any history, cut at any place, under any filter: every client has the same list in the end."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.gateway import event
from lensbus_gateway import sse
from lensbus_gateway.client import Client
from lensbus_gateway.follower import Follower
from lensbus_gateway.history import Gap, History, Page, State
from lensbus_gateway.hub import Hub
from lensbus_gateway.sse import Block
from lensbus_gateway.wish import EVERYTHING, Selection, Wish
from lensbus_proto.cursor import EARLIEST, Cursor, parse
from lensbus_proto.errors import CommandError
from lensbus_proto.messages import Event, Header, HeaderType, Reply
from lensbus_proto.runtime.settings import HubSettings

JOURNAL = 7
PAGE = 5
RING = 16
ROOM = 400
CAMERAS = ("A", "B", "C")
KINDS = ("warning", "afStatus")


def made(position: int) -> Block:
    """Return the event at a position; camera and kind follow from it."""
    header = Header(HeaderType.EVENT, 1, position, 9, JOURNAL, position)
    camera, kind = CAMERAS[position % 3], KINDS[position // 3 % 2]
    return sse.block(Event(camera, kind, header, {}))


class Nobody:
    async def send(self, *_: Any, **__: Any) -> Reply:
        raise AssertionError("nothing is sent")


class Memory(History):
    """A broker's journal without a broker."""

    def __init__(self) -> None:
        super().__init__(Nobody())
        self.oldest = 1
        self.position = 0

    async def newest(self) -> Cursor:
        await asyncio.sleep(0)
        return Cursor(JOURNAL, self.position)

    async def state(self) -> State:
        return State(await self.newest(), [])

    async def page(self, after: str, selection: Selection = EVERYTHING) -> Page:
        await asyncio.sleep(0)
        first = self.oldest - 1
        begin = Cursor(JOURNAL, first) if after == EARLIEST else parse(after)
        gap = None
        if begin is None or begin.journal != JOURNAL or begin.position > self.position:
            gap = Gap(begin, Cursor(JOURNAL, first), None, "unknown")
        elif begin.position < first:
            gap = Gap(begin, Cursor(JOURNAL, first), first - begin.position, "expired")
        if gap is not None or begin is None:
            begin = Cursor(JOURNAL, first)
        end = min(begin.position + PAGE, self.position)
        blocks = [made(position) for position in range(begin.position + 1, end + 1)]
        more = end < self.position
        return Page(begin, gap, selection.pick(blocks), Cursor(JOURNAL, end), more)


class Line(asyncio.Transport):
    """A connection that takes ROOM bytes until its client reads."""

    def __init__(self) -> None:
        super().__init__()
        self.client: Client | None = None
        self.waiting = b""
        self.gone = False

    def take(self, client: asyncio.Protocol) -> asyncio.Transport:
        assert isinstance(client, Client)
        self.client = client
        return self

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert self.client is not None
        if self.gone:
            return
        self.waiting += data
        if len(self.waiting) > ROOM and not self.client.paused:
            self.client.pause_writing()

    def read(self) -> bytes:
        assert self.client is not None
        data, self.waiting = self.waiting, b""
        if self.client.paused:
            self.client.resume_writing()
        return data

    def hang_up(self) -> None:
        assert self.client is not None
        if not self.gone:
            self.gone = True
            self.client.connection_lost(None)

    abort = close = hang_up


@dataclass
class Viewer:
    """A client that keeps its cursor and what it was told."""

    selection: Selection
    cursor: str | None = None
    told: list[tuple[str, Any]] = field(default_factory=list)
    line: Line = field(default_factory=Line)
    unread: bytes = b""

    def connect(self, hub: Hub) -> None:
        self.line, self.unread = Line(), b""
        wish = Wish(selection=self.selection, after=self.cursor)
        hub.join(self.line.take, wish, chunked=False)

    def read(self) -> None:
        while self.line.waiting:
            self._take(self.line.read())

    def _take(self, data: bytes) -> None:
        self.unread += data
        head, mark, body = self.unread.partition(b"\r\n\r\n")
        if mark:
            assert head.startswith(b"HTTP/1.1 200 ")
            self.unread = body
        while b"\n\n" in self.unread and not self.unread.startswith(b"HTTP"):
            block, _, self.unread = self.unread.partition(b"\n\n")
            fields = dict(line.split(": ", 1) for line in block.decode("ascii").split("\n"))
            self.cursor = fields.get("id", self.cursor)
            self.told.append((fields["event"], json.loads(fields["data"])))

    def break_off(self, share: float) -> None:
        """Lose the line, with so much of what was on its way read."""
        waiting = self.line.waiting
        self._take(waiting[: round(len(waiting) * share)])
        self.line.hang_up()

    def positions(self) -> list[int]:
        return [data["seq"] for kind, data in self.told if kind in KINDS]

    def missing(self) -> set[int]:
        """Return what was declared as gone; nothing twice, and with the right counts."""
        found: set[int] = set()
        for kind, data in self.told:
            if kind == "gap":
                begin, end = parse(data["from"]), parse(data["to"])
                assert begin is not None
                assert end is not None
                span = set(range(begin.position + 1, end.position + 1))
                assert len(span) == data["count"]
                assert not span & found
                found |= span
        return found


class Gateway:
    """Hub and follower, without sockets."""

    def __init__(self, journal: Memory) -> None:
        self.hub = Hub(HubSettings(ring_events=RING), "*", journal)
        self.follower = Follower(journal, self.hub, backfill=RING // 2)

    async def stop(self) -> None:
        await self.follower.close()
        self.hub.close()
        for client in self.hub.clients():
            client.connection_lost(None)


SELECTIONS = [
    EVERYTHING,
    Selection(frozenset("A")),
    Selection(frozenset("BC")),
    Selection(None, frozenset(("warning",))),
    Selection(frozenset("AB"), frozenset(("afStatus",))),
]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 30)),
        st.tuples(st.just("lose"), st.integers(1, 30)),
        st.tuples(st.just("forget"), st.integers(1, 20)),
        st.tuples(st.just("read"), st.just(0)),
        st.tuples(st.just("turn"), st.integers(1, 20)),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("break"), st.floats(0, 1)),
    ),
    max_size=30,
)


async def play(steps: Sequence[tuple[str, float]], viewers: Sequence[Viewer]) -> Memory:
    journal = Memory()
    gateway = Gateway(journal)
    await gateway.follower.start()
    for viewer in viewers:
        viewer.connect(gateway.hub)
        viewer.read()
    for step, amount in [*steps, ("publish", 1)]:
        match step:
            case "publish" | "lose":
                for _ in range(int(amount)):
                    journal.position += 1
                    if step == "publish":
                        gateway.follower.take([made(journal.position)])
            case "forget":
                journal.oldest = min(journal.oldest + int(amount), journal.position + 1)
            case "read":
                for viewer in viewers:
                    viewer.read()
            case "turn":
                for _ in range(int(amount)):
                    await asyncio.sleep(0)
            case "restart":
                for viewer in viewers:
                    viewer.line.hang_up()
                await gateway.stop()
                gateway = Gateway(journal)
                await gateway.follower.start()
                for viewer in viewers:
                    viewer.connect(gateway.hub)
            case "break":
                for viewer in viewers:
                    viewer.break_off(amount)
                    viewer.connect(gateway.hub)
    await finish(journal, gateway, viewers)
    await gateway.stop()
    return journal


async def finish(journal: Memory, gateway: Gateway, viewers: Sequence[Viewer]) -> None:
    """Have everybody read to the end; who was cut off comes back."""
    end = Cursor(JOURNAL, journal.position)
    async with asyncio.timeout(10):
        while True:
            for viewer in viewers:
                viewer.read()
                if viewer.line.gone:
                    viewer.connect(gateway.hub)
            fast = sum(map(len, gateway.hub._fast.values()))
            if gateway.hub._ring.newest == end and fast == len(viewers):
                break
            await asyncio.sleep(0)
    for viewer in viewers:
        viewer.read()


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_everybody_is_told_everything_once_and_in_order_or_how_much_is_gone(
    steps: list[tuple[str, float]],
) -> None:
    viewers = [Viewer(selection) for selection in SELECTIONS]
    journal = asyncio.run(play(steps, viewers))
    for viewer in viewers:
        gone = viewer.missing()
        expected = [
            position
            for position in range(1, journal.position + 1)
            if position not in gone and viewer.selection.wants(made(position))
        ]
        assert viewer.positions() == expected
    if not any(step == "forget" for step, _ in steps):
        assert not any(viewer.missing() for viewer in viewers)


@given(st.integers(0, 60))
def test_every_cursor_of_the_journal_leads_to_the_rest_of_it(position: int) -> None:
    journal = Memory()
    journal.position = 60

    async def main() -> list[int]:
        gateway = Gateway(journal)
        await gateway.follower.start()
        viewer = Viewer(EVERYTHING, str(Cursor(JOURNAL, position)))
        viewer.connect(gateway.hub)
        await finish(journal, gateway, [viewer])
        await gateway.stop()
        return viewer.positions()

    assert asyncio.run(main()) == list(range(position + 1, 61))


@given(st.text(max_size=40) | st.sampled_from(["earliest", "00000007.61", "00000008.1"]))
def test_any_text_as_a_cursor_leads_to_everything_that_is_kept(text: str) -> None:
    journal = Memory()
    journal.position = 30

    async def main() -> Viewer:
        gateway = Gateway(journal)
        await gateway.follower.start()
        viewer = Viewer(EVERYTHING, text or "-")
        viewer.connect(gateway.hub)
        await finish(journal, gateway, [viewer])
        await gateway.stop()
        return viewer

    viewer = asyncio.run(main())
    assert viewer.positions() == list(range(1, 31))
    gaps = [data for kind, data in viewer.told if kind == "gap"]
    assert len(gaps) == (0 if text == EARLIEST else 1)


def test_a_journal_that_cannot_be_read_ends_the_body_and_the_client_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lensbus_gateway.replay.PATIENCE_S", 0.05)
    monkeypatch.setattr("lensbus_gateway.replay.RETRY_S", 0.01)

    class Broken(Memory):
        async def page(self, after: str, selection: Selection = EVERYTHING) -> Page:
            raise CommandError("the disk is gone")

    async def main() -> Viewer:
        gateway = Gateway(Broken())
        viewer = Viewer(EVERYTHING, "00000007.1")
        viewer.connect(gateway.hub)
        for _ in range(500):
            if viewer.line.gone:
                break
            await asyncio.sleep(0.01)
        viewer.read()
        assert len(gateway.hub) == 0
        return viewer

    viewer = asyncio.run(main())
    assert [kind for kind, _ in viewer.told] == ["connected"]
    assert viewer.cursor == "00000007.1"


def test_one_event_with_no_text_leaves_no_hole() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    odd = event(deep=deep)
    place = sse.placeholder(
        Event("A", "warning", Header(HeaderType.EVENT, 1, 2, 9, JOURNAL, 2), odd.data)
    )

    async def main() -> Viewer:
        journal = Memory()
        gateway = Gateway(journal)
        await gateway.follower.start()
        viewer = Viewer(EVERYTHING)
        viewer.connect(gateway.hub)
        journal.position = 3
        gateway.follower.take([made(1), place, made(3)])
        viewer.read()
        await gateway.stop()
        return viewer

    assert asyncio.run(main()).positions() == [1, 3]
