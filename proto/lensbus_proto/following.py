"""Following the bus without losing or repeating anything: the decisions, without sockets.

A `Follower` is fed with what a SUB socket on `events` and the broker's command `history` say. It
gives back what its user shall see, and says when it has to ask. `runtime.follow` carries it.
"""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lensbus_proto.codec import unpack_event
from lensbus_proto.cursor import EARLIEST, Cursor, parse
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.messages import Event, Header, Reply

PAGE_EVENTS: Final = 1000
_LIVES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Seen:
    """An event, and the cursor behind it: whoever keeps it can go on from there."""

    cursor: Cursor
    event: Event


@dataclass(frozen=True, slots=True)
class Gap:
    """History that nobody has any more; `count` events of all cameras, None if it is not known."""

    cursor: Cursor
    count: int | None
    reason: str


Item = Seen | Gap


@dataclass(slots=True)
class Follower:
    """Knows how far it has followed the bus; `behind` is true while it has to ask.

    Without a cursor it begins with what happens now; `earliest` begins with the oldest kept.
    """

    after: str | None = None
    cameras: Collection[str] | None = None
    kinds: Collection[str] | None = None
    behind: bool = True
    _cursor: Cursor | None = None
    _lives: OrderedDict[tuple[str, int], int] = field(default_factory=OrderedDict)

    def question(self) -> tuple[str, dict[str, Any]]:
        """Return the broker's command that answers what is missing: name and arguments."""
        if self._cursor is None and self.after is None:
            return "ping", {}
        after = str(self._cursor) if self._cursor is not None else self.after
        return "history", {"after": after, "limit": PAGE_EVENTS}

    def answer(self, reply: Reply) -> list[Item]:
        """Take the answer to the question in; return what is new. Raises RemoteProtocolError."""
        result = reply.result
        if result is None:
            raise RemoteProtocolError(f"no history: {reply.error}")
        if self._cursor is None and self.after is None:
            self._cursor = Cursor(_int(result, "journal"), _int(result, "position"))
            self.behind = False
            return []
        items: list[Item] = []
        journal, following = _int(result, "journal"), _cursor(result.get("next"))
        gap = result.get("gap")
        if isinstance(gap, dict):
            count, reason = gap.get("count"), str(gap.get("reason"))
            to = _cursor(gap.get("to"))
            items.append(Gap(to, count if isinstance(count, int) else None, reason))
        if len(reply.parts) % 3:
            raise RemoteProtocolError(f"{len(reply.parts)} parts are no events")
        for at in range(0, len(reply.parts), 3):
            event = unpack_event(reply.parts[at : at + 3])
            items += self._shown(event, Cursor(journal, event.header.position))
        self._cursor = following
        self.behind = result.get("more") is True
        return items

    def hear(self, parts: Sequence[bytes]) -> list[Item]:
        """Take a live event in; return it if it is the next. Raises RemoteProtocolError."""
        event = unpack_event(parts)
        header, cursor = event.header, self._cursor
        if cursor is None or self.behind:
            self.behind = True
        elif header.journal == cursor.journal and header.position <= cursor.position:
            pass  # the history had it
        elif header.journal == cursor.journal and header.position == cursor.position + 1:
            self._cursor = Cursor(header.journal, header.position)
            return self._shown(event, self._cursor)
        else:
            self.behind = True
        return []

    def doubt(self) -> None:
        """Note a silence: the last events may have been lost on the way."""
        self.behind = True

    def _shown(self, event: Event, cursor: Cursor) -> list[Item]:
        if self._repeated(event.camera, event.header):
            return []
        if self.cameras is not None and event.camera not in self.cameras:
            return []
        if self.kinds is not None and event.kind not in self.kinds:
            return []
        return [Seen(cursor, event)]

    def _repeated(self, camera: str, header: Header) -> bool:
        """Tell whether an event was seen before, under another journal perhaps."""
        if header.from_broker:
            return False
        key = camera, header.epoch
        if header.seq <= self._lives.get(key, 0):
            return True
        self._lives[key] = header.seq
        self._lives.move_to_end(key)
        if len(self._lives) > _LIVES:
            self._lives.popitem(last=False)
        return False


def _cursor(text: object) -> Cursor:
    cursor = parse(text) if isinstance(text, str) else None
    if cursor is None:
        raise RemoteProtocolError(f"not a cursor: {str(text)[:40]!r}")
    return cursor


def _int(result: Any, key: str) -> int:
    value = result.get(key)
    if type(value) is not int:
        raise RemoteProtocolError(f"{key} is {str(value)[:40]!r}, expected an integer")
    return value


__all__ = ["EARLIEST", "Follower", "Gap", "Item", "Seen"]
