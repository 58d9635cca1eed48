"""The path of an event: check, follow, stamp, keep, publish. It never waits for a worker.

What comes in order takes the short way. What is missing is asked for, and what nobody can supply
any more becomes one `gap`.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import zmq

from lensbus_broker.catchup import Answer
from lensbus_broker.follow import GREET_S, Life, Missing, Parts
from lensbus_broker.journal import Journal
from lensbus_broker.tally import Tally
from lensbus_proto import WIRE_VERSION
from lensbus_proto.codec import EVENT_LIMIT, HEADER_BYTES, pack_event, unpack_header
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.messages import Data, Event, Header, HeaderType
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.topics import BROKER, split_topic

_EPOCH_SEQ: Final = struct.Struct(">QQ")
_PLAIN: Final = bytes((0x4C, WIRE_VERSION, HeaderType.EVENT, 0))
_TOPICS: Final = 10_000
# So many workers at once may be heard before they say hello.
_UNMET: Final = 100
# The last events of a worker may still be on their way when the next one says hello.
GRACE_S: Final = 0.3

Ask = Callable[[Life, int], None]


class Relay:
    """Takes events of workers and makes some of its own; `flush` publishes them."""

    def __init__(self, journal: Journal, out: "zmq.Socket[bytes]", tally: Tally) -> None:
        self._journal = journal
        self._out = out
        self._tally = tally
        self._waiting: list[Parts] = []
        # The newest life of every camera, the older ones that are not over, those to look after.
        self._newest: dict[str, Life] = {}
        self._older: dict[tuple[str, int], Life] = {}
        self._open: dict[tuple[str, int], Life] = {}
        # Lives whose worker has not said hello yet. An event alone cannot end the life before it:
        # a forged epoch would silence the true worker.
        self._unmet: dict[tuple[str, int], Life] = {}
        # Where the events of a topic go: what is in here has been checked.
        self._topics: dict[bytes, Life] = {}
        for camera, before in journal.found.lives.items():
            self._newest[camera] = Life(camera, before.epoch, before.seq, before.seq)

    def lives(self) -> Iterator[Life]:
        """Yield the newest life of every camera."""
        yield from self._newest.values()

    # What comes in

    def take(self, parts: Parts, now: float) -> None:
        """Take one event of a worker."""
        life = self._topics.get(parts[0])
        if life is not None and len(parts) == 3:
            header = parts[1]
            if (
                len(header) == HEADER_BYTES
                and header[:4] == _PLAIN
                and len(parts[2]) <= EVENT_LIMIT
            ):
                epoch, seq = _EPOCH_SEQ.unpack_from(header, 8)
                if seq == life.seq + 1 and epoch == life.epoch and life.greeted and not life.held:
                    life.seq = seq
                    if seq < life.announced or life.since is not None:
                        life.went_on(now)
                    self._journal.stamp(parts)
                    self._waiting.append(parts)
                    return
        try:
            self._take_slowly(parts, now)
        except RemoteProtocolError:
            self._tally.drop("worker_events")

    def _take_slowly(self, parts: Parts, now: float) -> None:
        if len(parts) != 3 or len(parts[2]) > EVENT_LIMIT:
            raise RemoteProtocolError("not an event")
        camera, _ = split_topic(parts[0])
        header = unpack_header(parts[1], HeaderType.EVENT)
        if header.from_broker or camera == BROKER or header.seq == 0:
            raise RemoteProtocolError("a worker speaks as the broker")
        newest = self._newest.get(camera)
        unmet = newest is None or newest.epoch < header.epoch
        life = (self._meet if unmet else self.find)(camera, header.epoch)
        if life is None:
            self._tally.drop("late_events")
            return
        if not life.believes(header.seq):
            self._tally.drop("false_events")
            return
        if life is newest:
            if len(self._topics) >= _TOPICS:
                self._topics.clear()
            self._topics[parts[0]] = life
        self._pass(life.feed(header.seq, parts, now))
        if not unmet:
            self._watch(life)

    def _meet(self, camera: str, epoch: int) -> Life:
        """Return the life of a worker that is heard before its hello."""
        key = camera, epoch
        if key not in self._unmet:
            if len(self._unmet) >= _UNMET:
                self._forget(next(iter(self._unmet)))
            self._unmet[key] = Life(camera, epoch)
        return self._unmet[key]

    def _forget(self, key: tuple[str, int]) -> None:
        # If its worker says hello after all, its outbox has them.
        self._tally.drop("early_events", len(self._unmet.pop(key).held))

    def find(self, camera: str, epoch: int) -> Life | None:
        """Return a life that is known and not over."""
        newest = self._newest.get(camera)
        if newest is not None and newest.epoch == epoch:
            return newest
        return self._older.get((camera, epoch))

    def life(self, camera: str, epoch: int, now: float) -> Life | None:
        """Return the life of a worker that says hello; None if it is over."""
        newest = self._newest.get(camera)
        if newest is not None and newest.epoch >= epoch:
            return self.find(camera, epoch)
        if newest is not None:
            newest.greeted = True
            newest.ends = now + GRACE_S if newest.ends is None else newest.ends
            self._older[camera, newest.epoch] = newest
            self._pass(newest.release(now))
            self._watch(newest)
            self._topics = {
                topic: life for topic, life in self._topics.items() if life is not newest
            }
        key = camera, epoch
        self._newest[camera] = self._unmet.pop(key) if key in self._unmet else Life(*key)
        return self._newest[camera]

    def greet(self, life: Life, seq: int, now: float) -> None:
        """Note that a worker spoke and that its newest event has this number."""
        life.greeted = True
        self._pass(life.release(now))
        life.announce(seq, now)
        self._watch(life)

    def expect_no_more(self, life: Life, by: float) -> None:
        """Note that a worker is gone: what has not come by then is lost."""
        if life.ends is None or by < life.ends:
            life.ends = by
            self._watch(life)

    def answer(self, answer: Answer, now: float) -> None:
        """Take what a worker's outbox had."""
        life = answer.life
        self._tally.drop("false_events", life.disown(answer.newest, now))
        missing = life.answer(answer.first, now)
        if missing is not None:
            self._declare(life, missing)
            self._pass(life.release(now))
        for parts in answer.events:
            header = unpack_header(parts[1], HeaderType.EVENT)
            if split_topic(parts[0])[0] != life.camera or header.epoch != life.epoch:
                raise RemoteProtocolError("an outbox holds what is not its own")
            if len(parts[2]) > EVENT_LIMIT or header.from_broker:
                raise RemoteProtocolError("an outbox holds what is no event")
            self._pass(life.feed(header.seq, parts, now))
        self._watch(life)

    # What goes out

    def announce(self, camera: str, kind: str, epoch: int, data: Data) -> None:
        """Make an event of the broker's own."""
        header = Header(HeaderType.EVENT, epoch, 0, unix_us(), from_broker=True)
        self._pass([pack_event(Event(camera, kind, header, data))])

    def _pass(self, events: Sequence[Parts]) -> None:
        for parts in events:
            self._journal.stamp(parts)
            self._waiting.append(parts)

    def flush(self) -> None:
        """Publish what waits, once the journal has it."""
        if not self._waiting:
            return
        self._journal.commit()
        # Take in new subscriptions now: libzmq looks for them only now and then while it sends.
        self._out.getsockopt(zmq.EVENTS)
        send = self._out.send
        for topic, header, body in self._waiting:
            send(topic, zmq.SNDMORE)
            send(header, zmq.SNDMORE)
            send(body)
        self._waiting.clear()

    def _declare(self, life: Life, missing: Missing) -> None:
        count = missing.to_seq - missing.from_seq + 1
        self._tally.declare(count)
        data = {
            "epoch": life.epoch,
            "from_seq": missing.from_seq,
            "to_seq": missing.to_seq,
            "count": count,
            "reason": missing.reason,
        }
        self.announce(life.camera, "gap", life.epoch, data)

    # Time

    def _watch(self, life: Life) -> None:
        """Look after a life until nothing is missing from it, and an older one until its end."""
        key = (life.camera, life.epoch)
        if life.complete and life.ends is None:
            self._open.pop(key, None)
        else:
            self._open[key] = life

    def open_lives(self) -> Iterator[Life]:
        """Yield the lives that have something missing or come to their end."""
        yield from list(self._open.values())

    def keep_time(self, now: float, ask: Ask) -> None:
        """Ask for what is missing, give up what has been waited for long enough."""
        for key, life in list(self._unmet.items()):
            if life.since is not None and now - life.since > GREET_S:
                self._forget(key)
        for key, life in list(self._open.items()):
            if not life.greeted and life.since is not None and now - life.since > GREET_S:
                self.greet(life, life.seq, now)
            while (missing := life.give_up(now)) is not None:
                self._declare(life, missing)
                self._pass(life.release(now))
            if (seq := life.question(now)) is not None:
                ask(life, seq)
            if life.ends is not None and now >= life.ends:
                life.ends = None
                self._older.pop(key, None)
            self._watch(life)

    def due(self) -> float | None:
        """Return when `keep_time` has something to do, at the earliest."""
        times = [due for life in self._open.values() if (due := life.due()) is not None]
        return min(times, default=None)
