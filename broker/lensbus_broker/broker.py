"""The broker's loop: four sockets, one thread, nothing that blocks.

Events come in, get the next position and go out. Commands go to the worker of their camera,
replies go back. Whatever arrives, the loop goes on: junk is counted and dropped, and who asked
with a readable envelope gets an answer.
"""

import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import zmq

from lensbus_broker import history
from lensbus_broker.records import pack_record
from lensbus_broker.registry import Notice, Registry, State
from lensbus_broker.ring import Ring
from lensbus_broker.routing import Pending, Tickets
from lensbus_proto import WIRE_VERSION
from lensbus_proto.codec import (
    EVENT_LIMIT,
    REQUEST_LIMIT,
    pack_event,
    pack_map,
    pack_reply,
    stamp_header,
    unpack_command,
    unpack_header,
    unpack_presence,
)
from lensbus_proto.errors import (
    CameraUnknown,
    CommandError,
    CommandUnknown,
    DeadlinePassed,
    RemoteProtocolError,
    WorkerAbsent,
    WorkerSilent,
    error_to_map,
)
from lensbus_proto.messages import (
    Command,
    Data,
    Event,
    Goodbye,
    Header,
    HeaderType,
    Heartbeat,
    Hello,
    Reply,
)
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.runtime.sockets import serve
from lensbus_proto.topics import split_topic

logger = logging.getLogger(__name__)

# So many messages of one socket are taken before the others get their turn.
BATCH: Final = 256
JUNK_REPORT_S: Final = 1.0

Socket = zmq.Socket[bytes]


class Broker:
    """Relays events, knows the cameras, routes commands. One thread makes, runs and closes it."""

    def __init__(self, context: "zmq.Context[Socket]", settings: Settings) -> None:
        self._heartbeat_s = settings.broker.heartbeat_s
        self._registry = Registry(settings.broker.silence_s)
        self._tickets = Tickets()
        self._journal = secrets.randbelow(2**32 - 1) + 1
        self._ring = Ring()
        self._started = time.monotonic()
        self._junk: Counter[str] = Counter()
        self._junk_reported = 0.0
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
            self.close()
            raise

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
        """Close all sockets; what is on its way out gets a moment to leave."""
        for socket in self._sockets:
            socket.close(linger=200)
        self._sockets.clear()

    def run(self, stop: int) -> None:
        """Serve until the descriptor `stop` becomes readable."""
        handlers: dict[Socket, Callable[[list[bytes]], None]] = {
            self._events_in: self._relay,
            self._clients: self._from_client,
            self._workers: self._from_worker,
        }
        poller = zmq.Poller()
        poller.register(stop, zmq.POLLIN)
        for socket in handlers:
            poller.register(socket, zmq.POLLIN)
        while True:
            ready = dict(poller.poll(self._patience_ms()))
            if stop in ready:
                return
            for socket, handle in handlers.items():
                if socket in ready:
                    _drain(socket, handle)
            self._keep_time(time.monotonic())

    def _patience_ms(self) -> int:
        """Return how long the loop may wait for a message."""
        wait_s = self._heartbeat_s / 2
        if (deadline := self._tickets.next_deadline()) is not None:
            wait_s = min(wait_s, deadline - time.monotonic())
        return max(0, round(wait_s * 1000)) + 1

    def _keep_time(self, now: float) -> None:
        for notice in self._registry.expire(now):
            self._announce(notice)
            if notice.kind == "worker.lost":
                self._fail_all(self._tickets.abandon(notice.camera), "its worker fell silent")
        for pending in self._tickets.overdue(now):
            error = DeadlinePassed("no answer from the worker before the deadline", began=True)
            self._answer(pending.envelope, pending.command_id, error)
        if self._junk and now - self._junk_reported >= JUNK_REPORT_S:
            for where, dropped in self._junk.items():
                logger.warning("junk dropped", extra={"where": where, "count": dropped})
            self._junk.clear()
            self._junk_reported = now

    # Events

    def _relay(self, parts: list[bytes]) -> None:
        try:
            if len(parts) != 3 or len(parts[2]) > EVENT_LIMIT:
                raise RemoteProtocolError("not an event")
            split_topic(parts[0])
            if unpack_header(parts[1], HeaderType.EVENT).from_broker:
                raise RemoteProtocolError("a worker speaks as the broker")
        except RemoteProtocolError:
            self._junk["worker_events"] += 1
            return
        parts[1] = stamp_header(parts[1], self._journal, self._ring.newest + 1)
        self._ring.add(pack_record(*parts))
        self._events_out.send_multipart(parts)

    def _announce(self, notice: Notice) -> None:
        header = Header(
            type=HeaderType.EVENT,
            epoch=notice.epoch,
            seq=0,
            time_us=unix_us(),
            journal=self._journal,
            position=self._ring.newest + 1,
            from_broker=True,
        )
        parts = pack_event(Event(notice.camera, notice.kind, header, notice.data))
        self._ring.add(pack_record(*parts))
        self._events_out.send_multipart(parts)
        logger.info(notice.kind, extra={"camera": notice.camera, **notice.data})

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
                self._answer(envelope, command_id, *self._own(command))
        except CommandError as error:
            self._answer(envelope, command_id, error)
        except (RemoteProtocolError, UnicodeDecodeError) as error:
            self._junk["commands"] += 1
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

    def _own(self, command: Command) -> tuple[Data, Sequence[bytes]]:
        match command.name:
            case "cameras":
                entries = self._registry.entries.values()
                return {"cameras": [entry.describe() for entry in entries]}, ()
            case "history":
                query = history.read_query(command.arguments)
                extent = history.Extent(self._journal, self._ring.oldest, self._ring.newest)
                page = history.start_of(query, extent)
                history.fill(page, query, self._ring.after(page.next), frozenset())
                return page.result(), page.parts
            case "ping":
                return {
                    "journal": self._journal,
                    "position": self._ring.newest,
                    "uptime_s": time.monotonic() - self._started,
                    "version": WIRE_VERSION,
                }, ()
            case other:
                raise CommandUnknown(f"the broker has no command {other!r}")

    def _answer(
        self,
        envelope: tuple[bytes, ...],
        command_id: str,
        answer: Data | CommandError,
        parts: Sequence[bytes] = (),
    ) -> None:
        if isinstance(answer, CommandError):
            self._answer_map(envelope, command_id, error_to_map(answer))
        else:
            reply = pack_reply(Reply(command_id, result=answer, parts=tuple(parts)))
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
            if (pending := self._tickets.redeem(message[1], address)) is not None:
                self._clients.send_multipart([*pending.envelope, b"", *message[2:]])
            return
        try:
            presence = unpack_presence(message)
        except RemoteProtocolError:
            self._junk["worker_commands"] += 1
            return
        if self._registry.is_stale(presence):
            self._workers.send_multipart([address, b"replaced"])
            return
        self._note(presence, address)

    def _note(self, presence: Hello | Heartbeat | Goodbye, address: bytes) -> None:
        now = time.monotonic()
        notices: list[Notice] | None
        match presence:
            case Hello():
                notices = self._registry.hello(presence, address, now)
                abandoned = self._tickets.abandon(presence.camera, keep=address)
                self._fail_all(abandoned, "a new worker took its place")
                welcome = {
                    "v": WIRE_VERSION,
                    "heartbeat_ms": round(self._heartbeat_s * 1000),
                    "journal": self._journal,
                }
                packed = pack_map(welcome, REQUEST_LIMIT)
                self._workers.send_multipart([address, b"welcome", packed])
            case Heartbeat():
                notices = self._registry.heartbeat(presence, address, now)
            case Goodbye():
                notices = self._registry.goodbye(presence)
                self._fail_all(self._tickets.abandon(presence.camera), "its worker ended")
        if notices is None:
            self._workers.send_multipart([address, b"who"])
            return
        for notice in notices:
            self._announce(notice)


def _drain(socket: Socket, handle: Callable[[list[bytes]], None]) -> None:
    for _ in range(BATCH):
        try:
            parts = socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return
        handle(parts)
