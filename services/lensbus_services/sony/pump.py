"""What the SDK calls back, carried into the state of the connection and to the outlet."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lensbus_services.driver import Observation
from lensbus_services.sony.callbacks import Queue
from lensbus_services.sony.codes import Property
from lensbus_services.sony.connection import Signal, State, is_connected
from lensbus_services.sony.folding import Fold
from lensbus_services.sony.observations import (
    RECONNECTING,
    TEXTS_CHANGED,
    TEXTS_READY,
    disconnected,
    reason_of,
)
from lensbus_services.sony.outlet import Outlet
from lensbus_services.sony.present import Notice, Present
from lensbus_services.sony.telling import Teller
from lensbus_services.sony.values import Found, Kind, Seen
from lensbus_services.threads import spawn

logger = logging.getLogger(__name__)

PUMP_S: Final = 60.0

NOTICES: Final[Mapping[int, Notice]] = {
    TEXTS_READY: Notice.TEXTS_READY,
    **dict.fromkeys(TEXTS_CHANGED, Notice.TEXTS_CHANGED),
}

# Told even when the end of the connection has been told already.
_LATE: Final = (Kind.DOWNLOADED, Kind.CONTENTS, Kind.TRANSFER, Kind.ERROR)


class Pump:
    """A thread that reads the queue of callbacks until that is closed."""

    def __init__(
        self, present: Present, found: Found, queue: Queue, teller: Teller, outlet: Outlet
    ) -> None:
        self._present = present
        self._found = found
        self._queue = queue
        self._teller = teller
        self._outlet = outlet
        self._thread = spawn(self._work, "sony-pump")

    def close(self, limit_s: float) -> bool:
        """Close the queue and wait for the thread; return whether it has ended."""
        self._queue.close()
        self._thread.join(limit_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        """Thread: read, fold, take."""
        fold = Fold()
        while True:
            now = time.monotonic()
            due_s = fold.due_in(now)
            try:
                seen = self._queue.next(PUMP_S if due_s is None else due_s, fold.rest_s(now))
            except EOFError:
                return
            if seen is not None and seen.dropped:
                logger.error("callbacks lost", extra={"lost": seen.dropped})
            now = time.monotonic()
            for one in fold.flush(now) if seen is None else fold.feed(seen, now):
                if one.link == self._present.number:
                    self._take(one)

    def _take(self, seen: Seen) -> None:
        told = list(self._teller.tell(seen))  # before the lock: whole files are read here
        present = self._present
        with present.changed:
            before = present.state
            signal = signal_of(seen)
            if seen.kind in (Kind.ERROR, Kind.DISCONNECTED):
                present.error = seen.code
                present.error_told = seen.kind is Kind.ERROR
            if seen.kind is Kind.PROPERTIES and Property.STORE_DESTINATION in seen.codes:
                present.noticed.add(Notice.DESTINATION)
            if seen.kind is Kind.WARNING and seen.code in NOTICES:
                present.noticed.add(NOTICES[seen.code])
            if signal is not None:
                present.advance(signal)
            if before is State.CONNECTING and present.state is State.UP:
                present.noticed.add(Notice.BEGAN)
            if before is State.RECOVERING and present.state is State.UP:
                present.noticed.add(Notice.CAME_BACK)
            if present.noticed:
                present.changed.notify_all()
            for observation in self._filter(seen, before, told):
                self._outlet.put(observation)

    def _filter(
        self, seen: Seen, before: State, told: Sequence[Observation]
    ) -> Iterator[Observation]:
        if seen.kind is Kind.DISCONNECTED:
            if is_connected(before):
                self._present.lost = self._present.wish
                yield from self._teller.lose(seen.time_us, reason_of(seen.code))
                yield disconnected(self._found, seen.time_us, seen.code)
            return
        if seen.kind in _LATE or before is State.CONNECTING or is_connected(before):
            yield from told
        if seen.kind is Kind.WARNING and seen.code == RECONNECTING:
            yield from self._teller.lose(seen.time_us, "reconnecting")


def signal_of(seen: Seen) -> Signal | None:
    """Return how a callback moves the state of the connection, if it does."""
    match seen.kind:
        case Kind.CONNECTED:
            return Signal.OPENED
        case Kind.DISCONNECTED:
            return Signal.DROPPED
        case Kind.ERROR:
            return Signal.FAILED
        case Kind.WARNING if seen.code == RECONNECTING:
            return Signal.INTERRUPTED
    return None
