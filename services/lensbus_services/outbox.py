"""The newest events of one worker, numbered and packed, and which of them still have to leave."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from lensbus_proto.codec import EVENT_LIMIT, pack_header, pack_map
from lensbus_proto.messages import Header, HeaderType
from lensbus_proto.topics import join_topic
from lensbus_services.driver import Observation

Parts = list[bytes]

OUTBOX_BYTES: Final = 32 * 1024 * 1024
PAGE_BYTES: Final = 1024 * 1024


@dataclass(slots=True)
class Outbox:
    """Numbers observations and keeps the newest `limit` events, ready for the wire.

    Past the limit the oldest go, sent or not; the step in `seq` tells every reader.
    """

    camera: str
    epoch: int
    limit: int
    max_bytes: int = OUTBOX_BYTES
    seq: int = 0
    _events: deque[Parts] = field(default_factory=deque)
    _bytes: int = 0
    _sent: int = 0
    _topics: dict[str, bytes] = field(default_factory=dict)

    @property
    def oldest(self) -> int:
        """The number of the oldest event that is kept; one past `seq` if there is none."""
        return self.seq - len(self._events) + 1

    def number(self, observation: Observation) -> None:
        """Give an observation the next number and keep it.

        Raises LocalProtocolError, and takes no number, if it cannot be packed.
        """
        topic = self._topics.get(observation.kind)
        if topic is None:
            topic = self._topics[observation.kind] = join_topic(self.camera, observation.kind)
        body = pack_map(observation.data, EVENT_LIMIT)
        header = Header(HeaderType.EVENT, self.epoch, self.seq + 1, observation.time_us)
        self._events.append([topic, pack_header(header), body])
        self._bytes += _size(self._events[-1])
        self.seq += 1
        while len(self._events) > self.limit or self._bytes > self.max_bytes:
            self._bytes -= _size(self._events.popleft())

    def unsent(self) -> Iterator[Parts]:
        """Hand out what has not left yet, in order; each counts as sent when the next is wanted."""
        first = max(self._sent + 1, self.oldest)
        waiting = list(islice(self._events, first - self.oldest, None))
        for number, parts in enumerate(waiting, first):
            yield parts
            self._sent = number

    def page(self, from_seq: int, limit: int) -> tuple[int, list[Parts]]:
        """Return events from a number on, and the number of the first of them.

        It is higher than asked for where the oldest are gone. A page ends after about 1 MiB.
        """
        first = max(from_seq, self.oldest)
        events: list[Parts] = []
        size = 0
        skip = first - self.oldest
        for parts in islice(self._events, skip, skip + limit):
            if size >= PAGE_BYTES:
                break
            events.append(parts)
            size += _size(parts)
        return first, events


def _size(parts: Parts) -> int:
    return sum(map(len, parts))
