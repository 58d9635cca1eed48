"""A fake broker: it keeps what it publishes and answers questions about it."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kit.gateway import FakeBus
from lensbus_proto import cursor as cursors
from lensbus_proto.codec import pack_reply, unpack_command, unpack_header
from lensbus_proto.messages import Event, HeaderType, Reply
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.topics import split_topic

PAGE = 1000


class FakeBroker(FakeBus):
    """Publishes, loses and forgets events as a test asks it to; a thread answers commands."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.kept: list[list[bytes]] = []
        self.entries: list[Mapping[str, Any]] = []
        self.asked: list[str] = []
        self.deaf = False
        self.page_limit = PAGE
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._answer_all)
        self._thread.start()

    def publish(self, *events: Event) -> None:
        with self._lock:
            for one in events:
                self.kept.append(self.stamp(one))
                self.events.send_multipart(self.kept[-1])

    def lose(self, *events: Event) -> None:
        """Keep events that no subscriber receives."""
        with self._lock:
            self.kept += [self.stamp(one) for one in events]

    def forget(self, count: int) -> None:
        """Let go of the oldest events."""
        with self._lock:
            del self.kept[:count]

    def begin_anew(self, journal: int) -> None:
        """Be a broker that has lost its journal."""
        with self._lock:
            self.journal, self.position, self.kept = journal, 0, []

    def cursor(self) -> str:
        """Return the newest place."""
        return str(cursors.Cursor(self.journal, self.position))

    def _answer_all(self) -> None:
        while not self._done.is_set():
            if not self.commands.poll(20) or self.deaf:
                self._done.wait(0.005)
                continue
            route, empty, camera, request = self.commands.recv_multipart()
            command = unpack_command(request)
            assert camera == b""
            self.asked.append(command.name)
            with self._lock:
                reply = self._answer(command.id, command.name, command.arguments)
            self.commands.send_multipart([route, empty, *pack_reply(reply)])

    def _answer(self, command: str, name: str, arguments: Mapping[str, Any]) -> Reply:
        place = {"journal": self.journal, "position": self.position}
        match name:
            case "ping":
                return Reply(command, {**place, "uptime_s": 1.0, "version": 1})
            case "cameras":
                return Reply(command, {**place, "cameras": self.entries})
            case "history":
                return self._history(command, arguments)
            case other:
                return Reply(command, error={"code": "command.unknown", "message": other})

    def _history(self, command: str, arguments: Mapping[str, Any]) -> Reply:
        oldest = self.position - len(self.kept) + 1
        after, gap = self._start(arguments["after"], oldest)
        limit = min(arguments["limit"], self.page_limit)
        page = self.kept[after + 1 - oldest :][:limit]
        end = after + len(page)
        cameras, kinds = arguments.get("cameras"), arguments.get("kinds")
        parts: list[bytes] = []
        for one in page:
            camera, kind = split_topic(one[0])
            assert unpack_header(one[1], HeaderType.EVENT).journal == self.journal
            if (cameras is None or camera in cameras) and (kinds is None or kind in kinds):
                parts += one
        result = {
            "journal": self.journal,
            "next": str(cursors.Cursor(self.journal, end)),
            "more": end < self.position,
            "newest": self.cursor(),
            "oldest": oldest,
            "gap": gap,
        }
        return Reply(command, result, parts=tuple(parts))

    def _start(self, after: str, oldest: int) -> tuple[int, dict[str, Any] | None]:
        """Return the position to begin after, and the gap before it."""
        first = oldest - 1
        to = str(cursors.Cursor(self.journal, first))
        if after == "earliest":
            return first, None
        cursor = cursors.parse(after)
        assert cursor is not None
        if cursor.journal != self.journal or cursor.position > self.position:
            return first, {"count": None, "reason": "unknown", "from": after, "to": to}
        if cursor.position < first:
            count = first - cursor.position
            return first, {"count": count, "reason": "expired", "from": after, "to": to}
        return cursor.position, None

    def close(self) -> None:
        self._done.set()
        self._thread.join(5)
        assert not self._thread.is_alive()
        super().close()


@contextmanager
def fake_broker(settings: Settings) -> Iterator[FakeBroker]:
    """Yield a broker with nobody on it yet."""
    broker = FakeBroker(settings)
    try:
        yield broker
    finally:
        broker.close()
