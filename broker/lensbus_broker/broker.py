"""The broker's loop: four sockets, one thread, nothing that blocks.

Events take the way of `relay`. Commands go to the worker of their camera, replies go back.
Whatever arrives, the loop goes on: junk is counted and dropped, and who asked with a readable
envelope gets an answer.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

import zmq

from lensbus_broker import history
from lensbus_broker.catchup import CatchUp
from lensbus_broker.follow import Life
from lensbus_broker.history import Page
from lensbus_broker.journal import Journal
from lensbus_broker.reader import Reader
from lensbus_broker.registry import Notice, Registry, State
from lensbus_broker.relay import Relay
from lensbus_broker.routing import Pending, Tickets
from lensbus_broker.standing import Lives, Standing
from lensbus_broker.tally import Tally
from lensbus_proto import WIRE_VERSION
from lensbus_proto.codec import (
    REQUEST_LIMIT,
    pack_map,
    pack_reply,
    unpack_command,
    unpack_presence,
)
from lensbus_proto.errors import (
    CameraUnknown,
    CommandError,
    CommandUnknown,
    DeadlinePassed,
    InternalError,
    LocalProtocolError,
    RemoteProtocolError,
    WorkerAbsent,
    WorkerSilent,
    error_to_map,
)
from lensbus_proto.messages import (
    Command,
    Data,
    Goodbye,
    Heartbeat,
    Hello,
    Reply,
)
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.runtime.sockets import serve
from lensbus_proto.topics import BROKER

logger = logging.getLogger(__name__)

# So many messages of one socket are taken before the others get their turn.
BATCH: Final = 256
PARTING_S: Final = 0.5  # so long a worker that ends is asked for its last events

Socket = zmq.Socket[bytes]


class Broker:
    """Relays events, knows the cameras, routes commands. One thread makes, runs and closes it."""

    def __init__(self, context: "zmq.Context[Socket]", settings: Settings) -> None:
        self._heartbeat_s = settings.broker.heartbeat_s
        self._registry = Registry(settings.broker.silence_s)
        self._tickets = Tickets()
        self._catch_up = CatchUp()
        self._partings: dict[tuple[str, int], tuple[Goodbye, bytes, float]] = {}
        self._epoch = unix_us()
        self._started = time.monotonic()
        self._tally = Tally()
        self._sockets: list[Socket] = []
        try:
            self._events_in = self._serve(context, zmq.SUB, settings, "worker_events", "events")
            self._events_in.subscribe(b"")
            self._events_out = self._serve(context, zmq.PUB, settings, "events", "events")
            self._clients = self._serve(context, zmq.ROUTER, settings, "commands", "commands")
            self._workers = self._serve(
                context, zmq.ROUTER, settings, "worker_commands", "commands"
            )
        except BaseException:
            self._close_sockets()
            raise
        self._reader = Reader()
        self._journal = Journal(settings.journal, settings.state / "journal", self._lives)
        self._relay = Relay(self._journal, self._events_out, self._tally)
        self._registry.recall(self._journal.found.lives, time.monotonic())
        if dropped := self._journal.found.dropped_bytes:
            self._announce_own("journal.truncated", {"dropped_bytes": dropped})

    def _serve(
        self,
        context: "zmq.Context[Socket]",
        kind: zmq.SocketType,
        settings: Settings,
        name: str,
        flow: str,
    ) -> Socket:
        socket = serve(context, kind, settings.endpoint(name), flow)
        self._sockets.append(socket)
        return socket

    def close(self) -> None:
        """Close everything; what is on its way out gets a moment to leave."""
        self._reader.close()
        self._relay.flush()
        self._close_sockets()
        self._journal.close()

    def _close_sockets(self) -> None:
        for socket in self._sockets:
            socket.close(linger=200)
        self._sockets.clear()

    def run(self, stop: int) -> None:
        """Serve until the descriptor `stop` becomes readable."""
        handlers: dict[Socket, Callable[[list[bytes]], None]] = {
            self._events_in: self._from_events,
            self._clients: self._from_client,
            self._workers: self._from_worker,
        }
        poller = zmq.Poller()
        poller.register(stop, zmq.POLLIN)
        poller.register(self._reader.fileno(), zmq.POLLIN)
        for socket in handlers:
            poller.register(socket, zmq.POLLIN)
        while True:
            ready = dict(poller.poll(self._patience_ms()))
            if stop in ready:
                return
            for socket, handle in handlers.items():
                if socket in ready:
                    _drain(socket, handle)
                    self._relay.flush()
            for envelope, command_id, page in self._reader.take():
                self._answer(envelope, command_id, page.result(), page.parts)
            self._keep_time(time.monotonic())

    def _patience_ms(self) -> int:
        """Return how long the loop may wait for a message."""
        wait_s = self._heartbeat_s / 2
        if (deadline := self._tickets.next_deadline()) is not None:
            wait_s = min(wait_s, deadline - time.monotonic())
        if (due := self._relay.due()) is not None:
            wait_s = min(wait_s, due - time.monotonic())
        return max(0, round(wait_s * 1000)) + 1

    def _keep_time(self, now: float) -> None:
        self._relay.keep_time(now, self._ask_outbox)
        for goodbye, address, until in list(self._partings.values()):
            life = self._relay.find(goodbye.camera, goodbye.epoch)
            if (life is not None and life.greeted and life.complete) or now >= until:
                self._part(goodbye, address)
        for kind, data in self._journal.keep_time(now):
            self._announce_own(kind, data)
        self._relay.flush()
        for notice in self._registry.expire(now):
            self._announce(notice)
            if notice.kind == "worker.lost":
                self._fail_all(self._tickets.abandon(notice.camera), "its worker fell silent")
        for pending in self._tickets.overdue(now):
            self._tally.overdue += 1
            error = DeadlinePassed("no answer from the worker before the deadline", began=True)
            self._answer(pending.envelope, pending.command_id, error)
        for where, dropped in self._tally.report(now).items():
            logger.warning("junk dropped", extra={"where": where, "count": dropped})
        self._relay.flush()

    # Events

    def _lives(self) -> Lives:
        """Return how every camera stands, for the journal."""
        lives = {}
        for life in self._relay.lives():
            standing = self._registry.standing(life.camera, life.epoch)
            before = standing or Standing(life.epoch, life.seq)
            lives[life.camera] = before._replace(seq=life.seq)
        return lives

    def _from_events(self, parts: list[bytes]) -> None:
        self._relay.take(parts, time.monotonic())

    def _announce(self, notice: Notice) -> None:
        self._relay.announce(notice.camera, notice.kind, notice.epoch, notice.data)
        self._tally.notice(notice.kind, notice.camera)
        logger.info(notice.kind, extra={"camera": notice.camera, **notice.data})

    def _announce_own(self, kind: str, data: Data) -> None:
        self._relay.announce(BROKER, kind, self._epoch, data)
        logger.warning(kind, extra=dict(data))

    def _ask_outbox(self, life: Life, seq: int) -> None:
        """Ask a worker for the events from a number on."""
        entry = self._registry.get(life.camera)
        if entry is None or entry.hello.epoch != life.epoch:
            return
        if entry.state is State.LOST:
            self._relay.expect_no_more(life, time.monotonic())
            return
        parts = self._catch_up.ask(life, seq, entry.address)
        self._workers.send_multipart([entry.address, b"command", *parts])

    # Commands

    def _from_client(self, parts: list[bytes]) -> None:
        try:
            empty = parts.index(b"", 1)
            envelope, request = tuple(parts[:empty]), parts[empty + 1 :]
        except ValueError:  # a DEALER without the empty part: the answer finds it all the same
            envelope, request = (parts[0],), parts[1:]
        command_id = "-"
        try:
            if len(request) != 2:
                raise RemoteProtocolError(f"{len(request)} parts, expected camera and request")
            command = unpack_command(request[1])
            command_id = command.id
            camera = request[0].decode("ascii")
            if camera:
                self._forward(envelope, camera, command, request[1])
            else:
                self._do(envelope, command)
        except CommandError as error:
            self._answer(envelope, command_id, error)
        except (RemoteProtocolError, UnicodeDecodeError) as error:
            self._tally.drop("commands")
            self._answer_map(
                envelope, command_id, {"code": "protocol.remote", "message": str(error)}
            )

    def _forward(
        self, envelope: tuple[bytes, ...], camera: str, command: Command, request: bytes
    ) -> None:
        entry = self._registry.get(camera)
        if entry is None:
            raise CameraUnknown(f"no camera {camera!r} is known")
        if entry.state is State.LOST:
            raise WorkerAbsent(f"no worker holds camera {camera} now")
        if entry.state is State.SILENT:
            raise WorkerSilent(f"the worker of camera {camera} does not answer")
        now = time.monotonic()
        pending = self._tickets.issue(envelope, command, camera, entry.address, now)
        self._workers.send_multipart([entry.address, b"command", pending.ticket, request])

    def _do(self, envelope: tuple[bytes, ...], command: Command) -> None:
        """Carry out a command to the broker itself."""
        place = {"journal": self._journal.id, "position": self._journal.newest}
        match command.name:
            case "cameras":
                entries = self._registry.entries.values()
                result = {**place, "cameras": [entry.describe() for entry in entries]}
                self._answer(envelope, command.id, result)
            case "history":
                page = self._journal.page(history.read_query(command.arguments))
                if isinstance(page, Page):
                    self._answer(envelope, command.id, page.result(), page.parts)
                else:
                    self._reader.submit(envelope, command.id, page)
            case "metrics":
                self._answer(envelope, command.id, self._metrics())
            case "ping":
                result = {**place, "uptime_s": self._uptime_s(), "version": WIRE_VERSION}
                self._answer(envelope, command.id, result)
            case other:
                raise CommandUnknown(f"the broker has no command {other!r}")

    def _uptime_s(self) -> float:
        return time.monotonic() - self._started

    def _metrics(self) -> Data:
        return {
            "uptime_s": self._uptime_s(),
            "events": self._journal.newest - self._journal.found.newest,
            "gaps": self._tally.gaps,
            "lost": self._tally.lost,
            "junk": dict(self._tally.junk),
            "crashes": {
                camera: {one.signal: one.count for one in crashes}
                for camera, crashes in self._registry.crashes.items()
                if crashes
            },
            "workers": self._registry.present,
            "starts": dict(self._tally.starts),
            "losses": dict(self._tally.losses),
            "pending": len(self._tickets),
            "overdue": self._tally.overdue,
            "journal_degraded": self._journal.degraded,
            "journal_events": self._journal.kept_events,
            "journal_bytes": self._journal.kept_bytes,
        }

    def _answer(
        self,
        envelope: tuple[bytes, ...],
        command_id: str,
        answer: Data | CommandError,
        parts: Sequence[bytes] = (),
    ) -> None:
        if isinstance(answer, CommandError):
            self._answer_map(envelope, command_id, error_to_map(answer))
            return
        try:
            reply = pack_reply(Reply(command_id, result=answer, parts=tuple(parts)))
        except LocalProtocolError as error:
            # What workers say of their cameras is not ours: it may be too much for one answer.
            logger.error("answer not sent", extra={"id": command_id, "reason": str(error)})
            failed = InternalError(f"the answer cannot be sent: {error}")
            self._answer_map(envelope, command_id, error_to_map(failed))
            return
        self._clients.send_multipart([*envelope, b"", *reply])

    def _answer_map(self, envelope: tuple[bytes, ...], command_id: str, error: Data) -> None:
        reply = pack_reply(Reply(command_id, error={"began": False, **error}))
        self._clients.send_multipart([*envelope, b"", *reply])

    def _fail_all(self, abandoned: Sequence[Pending], why: str) -> None:
        for pending in abandoned:
            error = WorkerSilent(f"camera {pending.camera}: {why}", began=True)
            self._answer(pending.envelope, pending.command_id, error)

    # Workers

    def _from_worker(self, parts: list[bytes]) -> None:
        address, message = parts[0], parts[1:]
        if message and message[0] == b"reply" and len(message) >= 3:
            if self._catch_up.owns(message[1]):
                self._from_outbox(message[1], address, message[2:])
            elif (pending := self._tickets.redeem(message[1], address)) is not None:
                self._clients.send_multipart([*pending.envelope, b"", *message[2:]])
            return
        try:
            presence = unpack_presence(message)
        except RemoteProtocolError:
            self._tally.drop("worker_commands")
            return
        if self._registry.is_stale(presence):
            self._workers.send_multipart([address, b"replaced"])
            return
        self._note(presence, address)

    def _from_outbox(self, ticket: bytes, address: bytes, reply: list[bytes]) -> None:
        try:
            found = self._catch_up.redeem(ticket, address, reply)
            if found is not None:
                now = time.monotonic()
                self._relay.answer(found, now)
                # The next page need not wait for its turn.
                self._relay.keep_time(now, self._ask_outbox)
        except RemoteProtocolError:
            self._tally.drop("worker_commands")

    def _note(self, presence: Hello | Heartbeat | Goodbye, address: bytes) -> None:
        now = time.monotonic()
        notices: Sequence[Notice] | None = ()
        match presence:
            case Hello():
                # What is left of the life before goes out before its end is told.
                self._relay.life(presence.camera, presence.epoch, now)
                notices = self._registry.hello(presence, address, now)
                abandoned = self._tickets.abandon(presence.camera, keep=address)
                self._fail_all(abandoned, "a new worker took its place")
                welcome = {
                    "v": WIRE_VERSION,
                    "heartbeat_ms": round(self._heartbeat_s * 1000),
                    "journal": self._journal.id,
                }
                packed = pack_map(welcome, REQUEST_LIMIT)
                self._workers.send_multipart([address, b"welcome", packed])
            case Heartbeat():
                notices = self._registry.heartbeat(presence, address, now)
            case Goodbye():
                key = presence.camera, presence.epoch
                self._partings.setdefault(key, (presence, address, now + PARTING_S))
                entry = self._registry.get(presence.camera)
                if entry is None or entry.hello.epoch != presence.epoch:
                    notices = None
        if notices is None:
            # Nobody's word counts before its hello; who ends is asked for its last events then.
            self._workers.send_multipart([address, b"who"])
            return
        for notice in notices:
            self._announce(notice)
        if (life := self._relay.find(presence.camera, presence.epoch)) is not None:
            self._relay.greet(life, presence.seq, now)

    def _part(self, goodbye: Goodbye, address: bytes) -> None:
        """Let a worker go: its last event is here, or will not come."""
        now = time.monotonic()
        del self._partings[goodbye.camera, goodbye.epoch]
        self._workers.send_multipart([address, b"farewell"])
        if (life := self._relay.find(goodbye.camera, goodbye.epoch)) is not None:
            self._relay.expect_no_more(life, now)
            self._relay.keep_time(now, self._ask_outbox)
        for notice in self._registry.goodbye(goodbye):
            self._announce(notice)
        self._fail_all(self._tickets.abandon(goodbye.camera), "its worker ended")


def _drain(socket: Socket, handle: Callable[[list[bytes]], None]) -> None:
    for _ in range(BATCH):
        try:
            parts = socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return
        handle(parts)
