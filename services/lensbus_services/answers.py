"""Commands with a key act at most once: what was answered is remembered, what runs is joined."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from lensbus_proto.messages import Reply

REMEMBERED: Final = 1000
REMEMBERED_BYTES: Final = 64 * 1024 * 1024  # of pictures and files; results are small


@dataclass(slots=True)
class Answers:
    """The answers to the last keyed commands, and who waits for those that still run."""

    _done: OrderedDict[str, Reply] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _waiting: dict[str, list[tuple[bytes, str]]] = field(default_factory=dict)

    def begin(self, key: str, ticket: bytes, command_id: str) -> Reply | bool:
        """Tell what to do with a keyed command: run it (True), wait (False), or the old answer."""
        if (done := self._done.get(key)) is not None:
            return Reply(command_id, done.result, done.error, done.parts)
        if (waiting := self._waiting.get(key)) is not None:
            waiting.append((ticket, command_id))
            return False
        self._waiting[key] = []
        return True

    def finish(self, key: str, reply: Reply) -> list[tuple[bytes, Reply]]:
        """Remember an answer and return it for each of those who asked again meanwhile."""
        self._done[key] = reply
        self._bytes += _size(reply)
        while len(self._done) > REMEMBERED or (
            self._bytes > REMEMBERED_BYTES and len(self._done) > 1
        ):
            self._bytes -= _size(self._done.popitem(last=False)[1])
        return [
            (ticket, Reply(command_id, reply.result, reply.error, reply.parts))
            for ticket, command_id in self._waiting.pop(key, [])
        ]


def _size(reply: Reply) -> int:
    return sum(len(part) for part in reply.parts)
