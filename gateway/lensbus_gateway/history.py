"""The broker's journal and registry, asked for by a gateway that has to look back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from lensbus_gateway import sse
from lensbus_gateway.reader import Junk
from lensbus_gateway.sse import Block
from lensbus_gateway.wish import EVERYTHING, Selection
from lensbus_proto import cursor as cursors
from lensbus_proto.codec import unpack_event
from lensbus_proto.cursor import EARLIEST, Cursor
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.messages import Reply
from lensbus_proto.topics import is_camera_id, is_name

ASK_S: Final = 2.0
PAGE_EVENTS: Final = 500
PAGES: Final = 32  # kept ready for others who ask for the same
PART_COUNT: Final = 3

# No journal has this id: what a client brings and nobody understands is as good as this.
NOWHERE: Final = "00000000.0"


class Gap(NamedTuple):
    """What is gone for good: `missing` events (None if nobody knows) up to `end`."""

    begin: Cursor | None
    end: Cursor
    missing: int | None
    reason: str

    def block(self) -> Block:
        """Return the gap as clients are told of it."""
        return sse.gap_block(self.begin, self.end, self.missing, self.reason)

    def up_to(self, end: Cursor) -> "Gap":
        """Return the gap with everything up to a later place in it."""
        missing = None
        if self.begin is not None and self.begin.journal == end.journal:
            missing = end.position - self.begin.position
        return Gap(self.begin, end, missing, self.reason)


class Page(NamedTuple):
    """A piece of the journal: what follows `begin`; everything up to `next` was considered."""

    begin: Cursor
    gap: Gap | None
    blocks: Sequence[Block]
    next: Cursor
    more: bool


class State(NamedTuple):
    """Every camera's entry in the registry at one place of the journal."""

    cursor: Cursor
    cameras: Sequence[Mapping[str, Any]]


class Commander(Protocol):
    """Sends one command and waits for its reply; raises CommandError."""

    async def send(
        self,
        camera: str,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        deadline_s: float = 5.0,
    ) -> Reply:
        """Return the reply; an empty camera addresses the broker."""


class History:
    """Asks the broker. Every method raises CommandError, and RemoteProtocolError for nonsense."""

    def __init__(self, commander: Commander) -> None:
        self.junk = Junk("history")
        self._commander = commander
        self._pages: dict[tuple[str, Selection], Page] = {}

    async def newest(self) -> Cursor:
        """Return the newest place of the journal."""
        reply = await self._commander.send("", "ping", deadline_s=ASK_S)
        return _place(reply.result or {})

    async def state(self) -> State:
        """Return the registry and the place that it belongs to."""
        reply = await self._commander.send("", "cameras", deadline_s=ASK_S)
        result = reply.result or {}
        return State(_place(result), result.get("cameras", []))

    async def page(self, after: str, selection: Selection = EVERYTHING) -> Page:
        """Return what follows a cursor; `earliest` is before everything that is kept."""
        if (after, selection) in self._pages:
            return self._pages[after, selection]
        page = await self._fetch(after, selection)
        # The past does not change: after an outage many clients come back to the same place.
        if page.more and page.gap is None and after != EARLIEST:
            if len(self._pages) == PAGES:
                del self._pages[next(iter(self._pages))]
            self._pages[after, selection] = page
        return page

    async def _fetch(self, after: str, selection: Selection) -> Page:
        begin = cursors.parse(after)
        arguments: dict[str, Any] = {"limit": PAGE_EVENTS, **_filter(selection)}
        arguments["after"] = after if begin is not None or after == EARLIEST else NOWHERE
        reply = await self._commander.send("", "history", arguments, deadline_s=ASK_S)
        result = reply.result or {}
        gap = None if result.get("gap") is None else _gap(begin, result["gap"])
        if gap is not None:
            begin = gap.end
        elif begin is None:
            begin = _before_oldest(result)
        return Page(
            begin=begin,
            gap=gap,
            blocks=selection.pick(self._blocks(reply.parts)),
            next=_cursor(result.get("next")),
            more=bool(result.get("more")),
        )

    def _blocks(self, parts: Sequence[bytes]) -> Sequence[Block]:
        blocks = []
        for first in range(0, len(parts), PART_COUNT):
            made = read_block(parts[first : first + PART_COUNT], self.junk)
            if made is not None:
                blocks.append(made)
        return blocks


def read_block(parts: Sequence[bytes], junk: Junk) -> Block | None:
    """Return the event in these parts as it goes to clients; junk is counted."""
    try:
        event = unpack_event(parts)
        if not event.header.journal or not event.header.position:
            raise RemoteProtocolError("an event without a position")
    except RemoteProtocolError as error:
        junk.add(error)
        return None
    try:
        return sse.block(event)
    except RemoteProtocolError as error:
        # It had a position: to whom nothing stands there, an event seems to be missing.
        junk.add(error)
        return sse.placeholder(event)


def _filter(selection: Selection) -> dict[str, list[str]]:
    """Return the arguments that spare the broker sending what would not pass."""
    arguments = {}
    if selection.cameras and all(map(is_camera_id, selection.cameras)):
        arguments["cameras"] = sorted(selection.cameras)
    if selection.kinds and all(map(is_name, selection.kinds)):
        arguments["kinds"] = sorted(selection.kinds | {sse.GAP})
    return arguments


def _gap(begin: Cursor | None, gap: Mapping[str, Any]) -> Gap:
    count = gap.get("count")
    end = _cursor(gap.get("to"))
    return Gap(begin, end, count if type(count) is int else None, str(gap.get("reason")))


def _place(result: Mapping[str, Any]) -> Cursor:
    journal, position = result.get("journal"), result.get("position")
    if type(journal) is not int or type(position) is not int:
        raise RemoteProtocolError("the broker does not tell its place")
    return Cursor(journal, position)


def _before_oldest(result: Mapping[str, Any]) -> Cursor:
    journal, oldest = result.get("journal"), result.get("oldest")
    if type(journal) is not int or type(oldest) is not int:
        raise RemoteProtocolError("the broker does not tell its oldest place")
    return Cursor(journal, max(0, oldest - 1))


def _cursor(text: object) -> Cursor:
    found = cursors.parse(text) if isinstance(text, str) else None
    if found is None:
        raise RemoteProtocolError(f"{str(text)[:40]!r} is not a cursor")
    return found
