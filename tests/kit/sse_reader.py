"""What a stream says, event by event."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kit.gateway import Wire


@dataclass(frozen=True)
class Told:
    """One event as a client sees it."""

    kind: str
    data: Any
    id: str | None

    @property
    def seq(self) -> int:
        return int(self.data["seq"])


def read_event(text: bytes) -> Told:
    """Return the one event in a text; it must be nothing else."""
    lines = text.decode("ascii").split("\n")
    assert lines[-2:] == ["", ""], text
    fields = dict(line.split(": ", 1) for line in lines[:-2])
    assert fields.keys() <= {"id", "event", "data", "retry"}, text
    return Told(fields["event"], json.loads(fields["data"]), fields.get("id"))


class Reader(Wire):
    """One open stream, past its handshake."""

    def __init__(
        self,
        address: tuple[str, int],
        path: str = "/api/events",
        *,
        cursor: str | None = None,
        receive_buffer: int | None = None,
    ) -> None:
        super().__init__(address, receive_buffer)
        headers: Mapping[str, str] = {} if cursor is None else {"Last-Event-ID": cursor}
        self.request(path, headers=headers)
        self.response_head = self.head().decode("latin-1")
        self.handshake = self.next()
        assert self.handshake.kind == "connected"

    def next(self) -> Told:
        """Return the next event."""
        chunk = self.chunk()
        assert chunk, "the stream has ended"
        return read_event(chunk)

    def take(self, count: int) -> list[Told]:
        """Return the next events."""
        return [self.next() for _ in range(count)]

    def seqs(self, count: int) -> list[int]:
        """Return the numbers of the next events."""
        return [one.seq for one in self.take(count)]
