"""One worker: a driver below, the bus above, and a loop that no vendor call can block.

The loop owns the sockets for events and commands. The driver is called from other threads: its
observations and the outcome of its commands come back through an inbox.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import zmq

from lensbus_proto.codec import (
    REQUEST_LIMIT,
    pack_presence,
    pack_reply,
    unpack_command,
    unpack_map,
)
from lensbus_proto.errors import (
    BadArguments,
    CameraTimeout,
    CommandError,
    DeadlinePassed,
    InternalError,
    LocalProtocolError,
    RemoteProtocolError,
    WorkerAbsent,
    error_to_map,
)
from lensbus_proto.messages import Command, Goodbye, Heartbeat, Hello, Past, Reply
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.records import bound
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.runtime.sockets import dial
from lensbus_services.answers import Answers
from lensbus_services.driver import Description, Driver, Observation, Stuck
from lensbus_services.outbox import Outbox
from lensbus_services.pictures import publish_pictures
from lensbus_services.saved import COMMANDS, SavedFiles
from lensbus_services.threads import Inbox, Pool, spawn

logger = logging.getLogger(__name__)

LINK: Final = ("connected", "disconnected")
DRAIN_S: Final = 0.2
TELL_S: Final = 0.1
RETRY_S: Final = 0.02
LINGER_MS: Final = 200
# Past so many observations that are not numbered yet, the driver has to keep its own.
INBOX_LIMIT: Final = 20_000
# A slow disk must not delay the camera: what reads saved files has threads of its own.
FILE_THREADS: Final = 2
FULL_S: Final = 0.005  # the broker takes no more: look again so soon
END_S: Final = 1.8  # SIGTERM ends a worker within 2 s, whoever does not answer
LEAST_S: Final = 0.1
FAREWELL_S: Final = 1.0  # so long an ending worker stays to supply its last events
OUTBOX_PAGE: Final = 1000
EXIT_STOPPED: Final = 0
EXIT_NOT_OPENED: Final = 1
EXIT_REPLACED: Final = 3
EXIT_STUCK: Final = 4


@dataclass(frozen=True, slots=True)
class Opened:
    """The driver has its camera, or has not got it."""

    description: Description | None


@dataclass(frozen=True, slots=True)
class Described:
    """The camera is, or can do, something else than before."""

    description: Description


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command has come to its end in the driver."""

    ticket: bytes
    command: Command
    reply: Reply


@dataclass(frozen=True, slots=True)
class Closed:
    """The driver has let go of its camera."""


Happening = Opened | Described | Observation | Outcome | Closed


class Worker:
    """Carries one driver on the bus. One thread makes and runs it."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        settings: Settings,
        camera: str,
        driver: Driver,
        opened: Callable[[Description], None] = lambda _: None,
        past: Past | None = None,
        saved: SavedFiles | None = None,
    ) -> None:
        self._context = context
        self._opened = opened
        self._past = past
        self._settings = settings
        self._camera = camera
        self._driver = driver
        self._epoch = unix_us()
        self._outbox = Outbox(camera, self._epoch, settings.worker.outbox_events)
        self._answers = Answers()
        self._inbox: Inbox[Happening] = Inbox()
        self._pool = Pool(settings.worker.command_threads, "command")
        self._saved = saved
        self._file_pool = Pool(FILE_THREADS, "files")
        self._ending = threading.Event()
        self._exit: int | None = None
        self._description: Description | None = None
        self._connected = False
        self._subscribed = False
        self._running: dict[bytes, tuple[Command, float]] = {}
        self._told = threading.Condition()
        self._delivered = 0
        self._numbered = 0
        self._full = False
        self._farewell = False
        self._heartbeat_s = settings.broker.heartbeat_s
        self._beat_due = 0.0
        self._give_up: float | None = None
        self._gone_by = 0.0
        self._stuck: Stuck | None = None
        self._threads: list[threading.Thread] = []
        self._events = dial(context, zmq.XPUB, settings.endpoint("worker_events"), "events")
        self._broker = dial(
            context, zmq.DEALER, settings.endpoint("worker_commands"), "commands", immediate=True
        )

    def run(self, stop: int) -> int:
        """Work until the descriptor `stop` becomes readable; return the exit code."""
        spawn(self._open, "open")
        poller = zmq.Poller()
        for source in (stop, self._inbox.fileno(), self._events, self._broker):
            poller.register(source, zmq.POLLIN)
        while self._give_up is None or time.monotonic() < self._give_up:
            ready = dict(poller.poll(self._patience_ms()))
            if stop in ready:
                poller.unregister(stop)
                self._end(EXIT_STOPPED)
            if self._events in ready:
                self._read_subscriptions()
            if self._broker in ready:
                self._read_commands()
            for happening in self._inbox.take():
                if isinstance(happening, Closed):
                    self._give_up = 0.0
                else:
                    self._note(happening)
            self._publish()
            self._keep_time(time.monotonic())
        return self._leave()

    def _patience_ms(self) -> int:
        if self._full:
            return round(FULL_S * 1000)
        if self._give_up is not None:
            return 50
        return max(0, round((self._beat_due - time.monotonic()) * 1000)) + 1

    # Beginning and end

    def _open(self) -> None:
        """Thread: get hold of the camera."""
        try:
            self._inbox.put(Opened(self._driver.open()))
        except CommandError as error:
            logger.error(
                "camera not opened",
                extra={"camera": self._camera, "code": error.code, "reason": error.message},
            )
            self._inbox.put(Opened(None))
        except Exception:  # the edge of a thread: a driver's fault must not pass in silence
            logger.exception("camera not opened", extra={"camera": self._camera})
            self._inbox.put(Opened(None))

    def _begin(self, description: Description) -> None:
        self._description = description
        self._opened(description)
        self._say_hello()
        pictures = dial(
            self._context, zmq.XPUB, self._settings.endpoint("worker_pictures"), "pictures"
        )
        self._threads = [
            spawn(self._drain, "drain"),
            spawn(
                lambda: publish_pictures(
                    pictures, self._camera, self._epoch, self._driver, self._ending
                ),
                "pictures",
            ),
        ]
        logger.info("worker ready", extra={"camera": self._camera, "model": description.model})

    def _end(self, code: int) -> None:
        """Begin to end: the driver gets `stop_s` to let go of its camera."""
        if self._exit is None:
            self._exit = code
            self._give_up = time.monotonic() + self._settings.worker.stop_s
            self._gone_by = time.monotonic() + END_S
            spawn(self._close, "close")

    def _close(self) -> None:
        """Thread: let go of the camera, then wait for the last observations."""
        try:
            self._driver.close()
        except Exception:  # the edge of a thread; the process ends either way
            logger.exception("camera not closed", extra={"camera": self._camera})
        self._ending.set()
        for thread in self._threads:
            thread.join(self._settings.worker.stop_s)
        self._inbox.put(Closed())

    def _leave(self) -> int:
        """Say goodbye, stay until the broker has the last event; return the exit code."""
        if self._description is not None:
            self._take_leave(f"exit {self._exit}")
        self._events.close(linger=LINGER_MS)
        self._broker.close(linger=LINGER_MS)
        logger.info("worker ends", extra={"camera": self._camera, "exit": self._exit})
        return EXIT_STOPPED if self._exit is None else self._exit

    def _take_leave(self, reason: str) -> None:
        now = time.monotonic()
        limit = min(now + FAREWELL_S, max(now + LEAST_S, self._gone_by))
        told = False
        poller = zmq.Poller()
        for socket in (self._events, self._broker):
            poller.register(socket, zmq.POLLIN)
        while not self._farewell and time.monotonic() < limit:
            self._read_subscriptions()
            self._publish()
            if not told:
                goodbye = Goodbye(self._camera, self._epoch, self._outbox.seq, reason)
                told = self._tell(pack_presence(goodbye))
            if not told and self._outbox.seq == 0:
                return  # nobody is there, and there is nothing to lose
            poller.poll(round(RETRY_S * 1000))
            self._read_commands()

    # Events

    def _drain(self) -> None:
        """Thread: carry what the driver saw into the loop, to the last of it."""
        while True:
            last = self._ending.is_set()
            seen = self._driver.drain(0.0 if last else DRAIN_S)
            if self._saved is not None:
                self._saved.note(seen)
            for observation in seen:
                self._inbox.put(observation)
            if any(observation.kind in LINK for observation in seen):
                self._describe()
            with self._told:
                self._delivered += len(seen)
                self._told.notify_all()
                self._told.wait_for(self._has_room, self._settings.worker.stop_s)
            if last and not seen:
                return

    def _describe(self) -> None:
        """Ask anew what the camera is: booted or not, the broker shall know."""
        try:
            self._inbox.put(Described(self._driver.describe()))
        except CommandError as error:
            logger.info("not described", extra={"camera": self._camera, "reason": error.message})
        except Exception:  # the edge of a thread, which has events to carry
            logger.exception("not described", extra={"camera": self._camera})

    def _has_room(self) -> bool:
        return self._delivered - self._numbered < INBOX_LIMIT or self._ending.is_set()

    def _tell_first(self) -> None:
        """Wait until what the driver has seen so far is in the inbox."""
        seen = self._driver.observed()
        with self._told:
            self._told.wait_for(lambda: self._delivered >= seen, TELL_S)

    def _note(self, happening: Opened | Described | Observation | Outcome) -> None:
        match happening:
            case Observation():
                self._make_room()
                self._number(happening)
                if happening.kind in LINK:
                    self._connected = happening.kind == "connected"
                    self._beat_due = 0.0  # the broker shall not believe the old state for long
            case Described(description=description):
                if description != self._description and self._exit is None:
                    self._description = description
                    self._say_hello()
            case Outcome():
                self._finish(happening)
            case Opened(description=None):
                self._end(EXIT_NOT_OPENED)
            case Opened(description=description) if description and self._exit is None:
                self._begin(description)

    def _make_room(self) -> None:
        """Count what has left the inbox: the driver's drain may wait for it."""
        self._numbered += 1
        if self._numbered % (INBOX_LIMIT // 4) == 0:
            with self._told:
                self._told.notify_all()

    def _number(self, observation: Observation) -> None:
        try:
            self._outbox.number(observation)
        except LocalProtocolError as error:
            logger.error("not an event", extra={"kind": observation.kind, "reason": error})

    def _read_subscriptions(self) -> None:
        while self._events.poll(0):
            message = self._events.recv()
            if message[:1] in (b"\x00", b"\x01"):
                self._subscribed = message[0] == 1

    def _publish(self) -> None:
        # Before the broker has subscribed, what is sent would go nowhere.
        if not self._subscribed:
            return
        self._full = False
        try:
            for parts in self._outbox.unsent():
                self._events.send_multipart(parts, zmq.NOBLOCK)
        except zmq.Again:
            self._full = True  # the rest stays in the outbox

    # Presence

    def _tell(self, parts: list[bytes]) -> bool:
        """Send to the broker, or not at all: what it misses it asks for when it is back."""
        try:
            self._broker.send_multipart(parts, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def _say_hello(self) -> None:
        if self._description is None:
            return
        hello = Hello(
            camera=self._camera,
            epoch=self._epoch,
            seq=self._outbox.seq,
            vendor=self._description.vendor,
            model=self._description.model,
            connected=self._connected,
            description=self._description.details,
            pid=os.getpid(),
            past=self._past,
        )
        told = self._tell(pack_presence(hello))
        self._beat_due = time.monotonic() + (self._heartbeat_s if told else RETRY_S)

    def _keep_time(self, now: float) -> None:
        if now < self._beat_due:
            return
        self._beat_due = now + self._heartbeat_s
        self._look_for_stuck()
        if self._description is not None and self._exit is None:
            call = self._stuck.call if self._stuck is not None else ""
            beat = Heartbeat(self._camera, self._epoch, self._outbox.seq, self._connected, call)
            if not self._tell(pack_presence(beat)):
                self._beat_due = now + RETRY_S
        if self._stuck is not None and self._stuck.for_s > self._settings.worker.stuck_s:
            logger.error(
                "stuck in the SDK", extra={"camera": self._camera, "call": self._stuck.call}
            )
            self._end(EXIT_STUCK)
            return
        for command, started in self._running.values():
            if now - started > command.deadline_ms / 1000 + self._settings.worker.stuck_s:
                # A vendor call that never returns can only be ended with its process.
                extra = {"camera": self._camera, "command": command.name}
                logger.error("stuck in the SDK", extra=extra)
                self._end(EXIT_STUCK)
                return

    def _look_for_stuck(self) -> None:
        """Tell once when the driver has a call that does not come back."""
        before, self._stuck = self._stuck, self._driver.stuck()
        if self._stuck is not None and before is None:
            message = f"stuck in {self._stuck.call}"
            logger.error(message, extra={"camera": self._camera})
            data = {"code": CameraTimeout.code, "message": message, "operation": self._stuck.call}
            self._number(Observation("error", unix_us(), data))

    # Commands

    def _read_commands(self) -> None:
        while self._broker.poll(0):
            parts = self._broker.recv_multipart()
            try:
                match parts:
                    case [b"command", ticket, request]:
                        self._accept(ticket, request)
                    case [b"welcome", packed]:
                        beat_ms = unpack_map(packed, REQUEST_LIMIT).get("heartbeat_ms")
                        if isinstance(beat_ms, int) and beat_ms > 0:
                            self._heartbeat_s = beat_ms / 1000
                    case [b"who"]:
                        self._say_hello()
                    case [b"farewell"]:
                        self._farewell = True
                    case [b"replaced"]:
                        self._farewell = True
                        logger.error("a newer worker holds it", extra={"camera": self._camera})
                        self._end(EXIT_REPLACED)
                    case _:
                        raise RemoteProtocolError(f"brokers do not say {parts[0][:40]!r}")
            except RemoteProtocolError as error:
                logger.warning("junk from the broker", extra={"reason": error})

    def _accept(self, ticket: bytes, request: bytes) -> None:
        command = unpack_command(request)
        if command.name == "describe" and self._description is not None:
            described = self._description
            result = {
                "vendor": described.vendor,
                "model": described.model,
                "details": described.details,
            }
            self._reply(ticket, Reply(command.id, result))
            return
        if command.name == "restart":
            logger.warning("restart asked for", extra={"camera": self._camera})
            self._reply(ticket, Reply(command.id, {}))
            self._end(EXIT_STOPPED)
            return
        if command.name == "outbox":
            self._reply(ticket, self._open_outbox(command))
            return
        if self._give_up == 0.0:
            ending = WorkerAbsent("the worker is ending")
            self._reply(ticket, Reply(command.id, error=error_to_map(ending)))
            return
        if self._saved is not None and command.name in COMMANDS:
            files = self._saved
            self._file_pool.submit(lambda: self._give(ticket, command, files))
            return
        if command.key is not None:
            todo = self._answers.begin(command.key, ticket, command.id)
            if isinstance(todo, Reply):
                self._reply(ticket, todo)
            if todo is not True:
                return
        started = time.monotonic()
        self._running[ticket] = (command, started)
        self._pool.submit(lambda: self._carry_out(ticket, command, started))

    def _open_outbox(self, command: Command) -> Reply:
        """Answer the broker, which misses events."""
        try:
            epoch, from_seq, limit = (
                _number(command, name) for name in ("epoch", "from_seq", "limit")
            )
        except BadArguments as error:
            return Reply(command.id, error=error_to_map(error))
        if epoch != self._epoch:
            other = BadArguments.of("epoch", epoch, str(self._epoch))
            return Reply(command.id, error=error_to_map(other))
        first, events = self._outbox.page(from_seq, min(limit, OUTBOX_PAGE))
        result = {
            "epoch": self._epoch,
            "first": first,
            "last": first + len(events) - 1,
            "newest": self._outbox.seq,
        }
        return Reply(command.id, result, parts=tuple(part for parts in events for part in parts))

    def _give(self, ticket: bytes, command: Command, files: SavedFiles) -> None:
        """Thread: give a piece of a saved file; it waits for no camera and no event."""
        try:
            result = files.execute(command.name, command.arguments)
            reply = Reply(command.id, result.data, parts=result.parts)
        except CommandError as error:
            reply = Reply(command.id, error=error_to_map(error))
        except Exception:  # the edge of a thread: the caller gets an answer, the log the traceback
            logger.exception("command failed", extra={"command": command.name})
            failed = InternalError(f"{command.name} failed in the worker")
            reply = Reply(command.id, error=error_to_map(failed))
        # Reading twice does no harm: a key would only have the piece kept.
        self._inbox.put(Outcome(ticket, replace(command, key=None), reply))

    def _carry_out(self, ticket: bytes, command: Command, started: float) -> None:
        """Thread: have one command carried out; what is logged meanwhile carries its id."""
        with bound(command_id=command.id):
            self._execute(ticket, command, started)
            took_ms = round((time.monotonic() - started) * 1000, 1)
            logger.debug("command done", extra={"command": command.name, "took_ms": took_ms})

    def _execute(self, ticket: bytes, command: Command, started: float) -> None:
        """Carry out one command in the driver."""
        try:
            left_s = command.deadline_ms / 1000 - (time.monotonic() - started)
            if left_s <= 0:
                raise DeadlinePassed("the deadline passed before the command could begin")
            result = self._driver.execute(command.name, command.arguments, left_s)
            reply = Reply(command.id, result.data, parts=result.parts)
        except CommandError as error:
            reply = Reply(command.id, error=error_to_map(error))
        except Exception:  # the edge of a thread: the caller gets an answer, the log the traceback
            logger.exception("command failed", extra={"command": command.name})
            failed = InternalError(f"{command.name} failed in the worker", began=True)
            reply = Reply(command.id, error=error_to_map(failed))
        self._tell_first()
        self._inbox.put(Outcome(ticket, command, reply))

    def _finish(self, outcome: Outcome) -> None:
        self._running.pop(outcome.ticket, None)
        # What the command did is told before it is answered.
        self._publish()
        self._reply(outcome.ticket, outcome.reply)
        if outcome.command.key is not None:
            for ticket, reply in self._answers.finish(outcome.command.key, outcome.reply):
                self._reply(ticket, reply)

    def _reply(self, ticket: bytes, reply: Reply) -> None:
        try:
            parts = pack_reply(reply)
        except LocalProtocolError as error:
            failed = InternalError(f"the answer cannot be sent: {error}", began=True)
            parts = pack_reply(Reply(reply.id, error=error_to_map(failed)))
        self._tell([b"reply", ticket, *parts])


def _number(command: Command, name: str) -> int:
    value = command.arguments.get(name)
    if type(value) is not int or value < 1:
        raise BadArguments.of(name, value, "a number from 1")
    return value
