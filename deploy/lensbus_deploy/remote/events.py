"""Following the events of a running system: it comes back by itself, with its cursor."""

import http.client
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import urlencode

from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.sse import Message, messages
from lensbus_deploy.remote.system import Answer, System, refusal

# Of silence: a gateway sends a heartbeat each second, so that this line is dead.
SILENCE_S: Final = 10.0
RETRY_S: Final = 1.0
# What may be over at the next try: a gateway that ends also breaks off what has just reached it.
PASSING: Final = (Code.UNREACHABLE, Code.FAILED)

Told = Callable[[str], None]


@dataclass(slots=True)
class EventStream:
    """The events of a system from `after` on, or from now: each once, across broken lines.

    It is open before `with` goes on, so that nothing that is caused inside it is missed. A
    `heartbeat` comes each second; whoever waits for something looks at the clock then.
    """

    system: System
    cameras: Collection[str] = ()
    kinds: Collection[str] = ()
    after: str = ""
    snapshot: bool = False
    broken: Told = lambda sentence: None  # told once for each broken line
    _stack: ExitStack = field(default_factory=ExitStack)
    _messages: Iterator[Message] = field(default_factory=lambda: iter(()))

    def __enter__(self) -> Self:
        self._connect()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[Message]:
        """Yield every message but the handshakes; it never ends by itself."""
        while True:
            try:
                for message in self._messages:
                    self.after = message.cursor or self.after
                    if message.kind == "busy":
                        break
                    if message.kind not in ("connected", "resumed") or not _of_stream(message):
                        yield message
            except (OSError, http.client.HTTPException):
                pass  # as good as an end: the cursor tells where to go on
            self._come_back()

    def _come_back(self) -> None:
        self.broken(f"the line to {self.system.url} broke; trying again")
        while True:
            time.sleep(RETRY_S)
            try:
                self._connect()
            except Failure as failure:
                if failure.code not in PASSING:
                    raise
            else:
                return

    def _connect(self) -> None:
        self._stack.close()
        query = {"heartbeat": "1"}
        if self.cameras:
            query["cameras"] = ",".join(self.cameras)
        if self.kinds:
            query["types"] = ",".join(self.kinds)
        if self.after:
            query["last_event_id"] = self.after
        if self.snapshot:
            query["snapshot"] = "1"
        opened = self.system.open("GET", f"/api/events?{urlencode(query)}", timeout_s=SILENCE_S)
        answer = self._stack.enter_context(opened)
        if answer.status != 200:
            raise refusal(self.system, _read(answer))
        if answer.headers.get_content_type() != "text/event-stream":
            raise Failure(Code.UNREACHABLE, f"what answers at {self.system.url} is not lensbus")
        self._messages = messages(answer)
        if not self.after:
            self._shake_hands()

    def _shake_hands(self) -> None:
        """Take the first message: from its cursor on, nothing can be missed any more."""
        try:
            first = next(self._messages, None)
        except (OSError, http.client.HTTPException):
            first = None
        if first is not None:
            self.after = first.cursor


def _read(answer: http.client.HTTPResponse) -> Answer:
    try:
        body = answer.read()
    except (OSError, http.client.HTTPException):
        body = b""
    return Answer(answer.status, answer.headers.get_content_type(), body)


def _of_stream(message: Message) -> bool:
    """Tell whether a message speaks of the stream itself; cameras are `connected` too."""
    return isinstance(message.data, dict) and "seq" not in message.data
