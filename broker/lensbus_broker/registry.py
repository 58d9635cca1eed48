"""Which cameras there are, which worker holds each, and whether it lives. No sockets, no clock.

Every method returns the notices that the world must hear; the caller publishes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lensbus_broker.standing import Lives, Standing
from lensbus_proto.codec import crashes_to_map, ended_to_map, past_to_map
from lensbus_proto.messages import Crashes, Data, Ended, Goodbye, Heartbeat, Hello, Past


class State(StrEnum):
    """How a camera's worker is doing."""

    PRESENT = "present"
    SILENT = "silent"  # it has not been heard for a while; it may only be stalled
    LOST = "lost"  # it has been silent so long that nobody waits for it any more


@dataclass(frozen=True, slots=True)
class Notice:
    """An event that the broker makes itself."""

    camera: str
    kind: str
    epoch: int
    data: Data


@dataclass(slots=True)
class Entry:
    """One camera and its newest worker."""

    hello: Hello
    address: bytes
    seen: float
    seq: int
    connected: bool
    state: State = State.PRESENT
    stuck: str = ""

    @property
    def standing(self) -> Standing:
        """How its worker stands."""
        present = self.state is State.PRESENT
        return Standing(self.hello.epoch, self.seq, present, present and self.connected)

    def describe(self) -> dict[str, Any]:
        """Return the camera as the command `cameras` lists it."""
        entry: dict[str, Any] = {
            "camera": self.hello.camera,
            "vendor": self.hello.vendor,
            "model": self.hello.model,
            "state": self.state.value,
            "connected": self.standing.connected,
            "epoch": self.hello.epoch,
            "seq": self.seq,
            "description": self.hello.description,
        }
        if self.stuck:
            entry["stuck"] = self.stuck
        if self.hello.past is not None and self.hello.past.crashes:
            entry["crashes"] = [crashes_to_map(one) for one in self.hello.past.crashes]
        return entry


@dataclass(slots=True)
class Registry:
    """All cameras by id; `silence_s` of nothing makes a worker silent, ten times that lost."""

    silence_s: float
    entries: dict[str, Entry] = field(default_factory=dict)
    # By camera; they outlive the entry of one whose worker has left.
    crashes: dict[str, tuple[Crashes, ...]] = field(default_factory=dict)
    # Workers that the broker before this one left behind; nothing has been heard of them yet.
    _formers: dict[str, Standing] = field(default_factory=dict)
    _recalled: float = 0.0

    def recall(self, lives: Lives, now: float) -> None:
        """Learn who was there when the broker before this one ended.

        They are told as lost unless they are heard: their end may have passed unseen.
        """
        self._recalled = now
        self._formers = {camera: was for camera, was in lives.items() if was.present}

    def standing(self, camera: str, epoch: int) -> Standing | None:
        """Return how the worker with this epoch stands; None if it is not known."""
        standing = self._newest(camera)
        return standing if standing is not None and standing.epoch == epoch else None

    def get(self, camera: str) -> Entry | None:
        """Return a camera's entry, if the camera is known."""
        return self.entries.get(camera)

    @property
    def present(self) -> int:
        """How many cameras have a worker that is heard."""
        return sum(entry.state is State.PRESENT for entry in self.entries.values())

    def is_stale(self, message: Hello | Heartbeat | Goodbye) -> bool:
        """Tell whether a newer worker than the sender holds the camera."""
        newest = self._newest(message.camera)
        return newest is not None and newest.epoch > message.epoch

    def _newest(self, camera: str) -> Standing | None:
        entry = self.entries.get(camera)
        return self._formers.get(camera) if entry is None else entry.standing

    def hello(self, message: Hello, address: bytes, now: float) -> list[Notice]:
        """Take a worker in, or a new description of one that is in already."""
        old, before = self.entries.get(message.camera), self._newest(message.camera)
        self._formers.pop(message.camera, None)
        notices: list[Notice] = []
        if old is not None and old.hello.epoch == message.epoch:
            notices += self._heard(old, now)
        elif before is None or before.epoch != message.epoch:
            if before is not None and before.present:
                ended = _end_of(old, message.past)
                notices += _lost(message.camera, before, "replaced", ended)
            notices.append(_started(message, message.past))
        if message.past is not None:
            self.crashes[message.camera] = message.past.crashes
        self.entries[message.camera] = Entry(message, address, now, message.seq, message.connected)
        return notices

    def heartbeat(self, message: Heartbeat, address: bytes, now: float) -> list[Notice] | None:
        """Note that a worker lives; None if this worker has not said hello yet."""
        entry = self.entries.get(message.camera)
        if entry is None or entry.hello.epoch != message.epoch or entry.address != address:
            return None
        was_connected = entry.connected
        entry.seq, entry.connected = message.seq, message.connected
        entry.stuck = message.stuck
        return self._heard(entry, now, was_connected and message.connected)

    def goodbye(self, message: Goodbye) -> list[Notice]:
        """Forget a camera whose worker leaves on purpose."""
        before = self._newest(message.camera)
        if before is None or before.epoch != message.epoch:
            return []
        self.entries.pop(message.camera, None)
        self._formers.pop(message.camera, None)
        data = {"lastSeq": message.seq, "reason": message.reason}
        notices = [Notice(message.camera, "worker.stopped", message.epoch, data)]
        if before.connected:
            notices.append(_disconnected(message.camera, before, "worker.stopped"))
        return notices

    def expire(self, now: float) -> list[Notice]:
        """Declare the workers that have been silent for too long."""
        return list(self._expire(now))

    def _expire(self, now: float) -> Iterator[Notice]:
        if self._formers and now - self._recalled > self.silence_s:
            for camera, former in self._formers.items():
                yield from _lost(camera, former, "silent")
            self._formers.clear()
        for entry in self.entries.values():
            silent_s = now - entry.seen
            if entry.state is State.PRESENT and silent_s > self.silence_s:
                standing, entry.state = entry.standing, State.SILENT
                yield from _lost(entry.hello.camera, standing, "silent")
            elif entry.state is State.SILENT and silent_s > 10 * self.silence_s:
                entry.state = State.LOST

    def _heard(self, entry: Entry, now: float, was_connected: bool = False) -> list[Notice]:
        entry.seen = now
        if entry.state is State.PRESENT:
            return []
        # It was only stalled. What was taken back when it fell silent is true again.
        entry.state = State.PRESENT
        notices = [_started(entry.hello)]
        if was_connected:
            data = {"id": entry.hello.camera, "model": entry.hello.model}
            notices.append(Notice(entry.hello.camera, "connected", entry.hello.epoch, data))
        return notices


def _started(hello: Hello, past: Past | None = None) -> Notice:
    data: Data = {"vendor": hello.vendor, "model": hello.model}
    if past is not None:
        data = {**data, **past_to_map(past)}
    return Notice(hello.camera, "worker.started", hello.epoch, data)


def _end_of(old: Entry | None, past: Past | None) -> Ended | None:
    """Return how a worker ended; between it and the next there may have been others."""
    if old is None or past is None or past.ended.pid != old.hello.pid:
        return None
    return past.ended


def _lost(camera: str, worker: Standing, reason: str, ended: Ended | None = None) -> list[Notice]:
    data: Data = {"lastSeq": worker.seq, "reason": reason}
    if ended is not None:
        data = {**data, "ended": ended_to_map(ended)}
    notices = [Notice(camera, "worker.lost", worker.epoch, data)]
    if worker.connected:
        notices.append(_disconnected(camera, worker, "worker.lost"))
    return notices


def _disconnected(camera: str, worker: Standing, reason: str) -> Notice:
    data = {"id": camera, "error": "0x00000000", "errorCode": "0x0", "reason": reason}
    return Notice(camera, "disconnected", worker.epoch, data)
