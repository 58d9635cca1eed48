"""Questions to workers' outboxes, and their answers. No sockets."""

from dataclasses import dataclass, field
from itertools import count
from typing import Final

from lensbus_broker.follow import Life, Parts
from lensbus_proto.codec import pack_command, unpack_reply
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.messages import Command

PAGE_EVENTS: Final = 1000
_MARK: Final = b"outbox-"  # tickets of commands are shorter: the two never meet


@dataclass(frozen=True, slots=True)
class Answer:
    """What an outbox had: the first number that it still has, and events from the one asked on.

    `newest` is the number of the worker's newest event.
    """

    life: Life
    first: int
    newest: int
    events: list[Parts]


@dataclass(slots=True)
class CatchUp:
    """The open questions, at most one for each life, by their tickets."""

    _asked: dict[bytes, tuple[Life, bytes]] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def ask(self, life: Life, seq: int, worker: bytes) -> list[bytes]:
        """Return ticket and request for the events of a life from a number on."""
        for ticket in [ticket for ticket, (asked, _) in self._asked.items() if asked is life]:
            del self._asked[ticket]
        number = next(self._numbers)
        ticket = _MARK + number.to_bytes(8)
        self._asked[ticket] = life, worker
        arguments = {"epoch": life.epoch, "from_seq": seq, "limit": PAGE_EVENTS}
        return [ticket, pack_command(Command(f"outbox-{number}", "outbox", arguments))]

    def owns(self, ticket: bytes) -> bool:
        """Tell whether a ticket was given here."""
        return ticket.startswith(_MARK)

    def redeem(self, ticket: bytes, worker: bytes, parts: list[bytes]) -> Answer | None:
        """Return the answer to an open question; None if it is late or useless."""
        life, asked = self._asked.get(ticket, (None, b""))
        if life is None or asked != worker:
            return None
        del self._asked[ticket]
        reply = unpack_reply(parts)
        if reply.error is not None or reply.result is None:
            return None  # a worker that cannot do it: time will tell
        first, newest = reply.result.get("first"), reply.result.get("newest")
        if type(first) is not int or type(newest) is not int or len(reply.parts) % 3:
            raise RemoteProtocolError("not an answer of an outbox")
        events = [list(reply.parts[at : at + 3]) for at in range(0, len(reply.parts), 3)]
        return Answer(life, first, newest, events)
