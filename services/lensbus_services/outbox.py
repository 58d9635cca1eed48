"""The newest events of one worker, numbered, and which of them still have to leave."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from lensbus_proto.messages import Event, Header, HeaderType
from lensbus_services.driver import Observation


@dataclass(slots=True)
class Outbox:
    """Numbers observations and keeps the newest `limit` events.

    Past the limit the oldest go, sent or not; the step in `seq` tells every reader.
    """

    camera: str
    epoch: int
    limit: int
    seq: int = 0
    _events: deque[Event] = field(default_factory=deque)
    _sent: int = 0

    def number(self, observation: Observation) -> None:
        """Give an observation the next number and keep it."""
        self.seq += 1
        header = Header(HeaderType.EVENT, self.epoch, self.seq, observation.time_us)
        self._events.append(Event(self.camera, observation.kind, header, observation.data))
        if len(self._events) > self.limit:
            self._events.popleft()

    def unsent(self) -> Iterator[Event]:
        """Hand out what has not left yet, in order; each counts as sent once it is handed out."""
        waiting = min(self.seq - self._sent, len(self._events))
        for index in range(len(self._events) - waiting, len(self._events)):
            event = self._events[index]
            self._sent = event.header.seq
            yield event
