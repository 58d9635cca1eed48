"""Commands on their way: who asked, which worker has it, when it is too late. No sockets."""

import heapq
from dataclasses import dataclass, field
from itertools import count

from lensbus_proto.messages import Command


@dataclass(frozen=True, slots=True)
class Pending:
    """One command that a worker has and has not answered."""

    ticket: bytes
    envelope: tuple[bytes, ...]
    command_id: str
    camera: str
    worker: bytes
    deadline: float


@dataclass(slots=True)
class Tickets:
    """All pending commands, by the ticket that their worker sends back."""

    _pending: dict[bytes, Pending] = field(default_factory=dict)
    _deadlines: list[tuple[float, bytes]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def issue(
        self,
        envelope: tuple[bytes, ...],
        command: Command,
        camera: str,
        worker: bytes,
        now: float,
    ) -> Pending:
        """Note a command that goes to a worker now."""
        ticket = next(self._numbers).to_bytes(8)
        deadline = now + command.deadline_ms / 1000
        pending = Pending(ticket, envelope, command.id, camera, worker, deadline)
        self._pending[ticket] = pending
        heapq.heappush(self._deadlines, (deadline, ticket))
        return pending

    def __len__(self) -> int:
        """Return how many commands wait for their answer."""
        return len(self._pending)

    def redeem(self, ticket: bytes, worker: bytes) -> Pending | None:
        """Return the command that a reply belongs to; None if it is late, unknown or not his."""
        pending = self._pending.get(ticket)
        if pending is None or pending.worker != worker:
            return None
        return self._pending.pop(ticket)

    def overdue(self, now: float) -> list[Pending]:
        """Take out and return the commands whose deadline has passed."""
        late = []
        while self._deadlines and self._deadlines[0][0] <= now:
            _, ticket = heapq.heappop(self._deadlines)
            if (pending := self._pending.pop(ticket, None)) is not None:
                late.append(pending)
        return late

    def abandon(self, camera: str, keep: bytes | None = None) -> list[Pending]:
        """Take out and return a camera's commands, but not those of the worker to keep."""
        gone = [
            pending
            for pending in self._pending.values()
            if pending.camera == camera and pending.worker != keep
        ]
        for pending in gone:
            del self._pending[pending.ticket]
        return gone

    def next_deadline(self) -> float | None:
        """Return when `overdue` has something to return, at the earliest."""
        return self._deadlines[0][0] if self._deadlines else None
