"""One connection: uvicorn's HTTP protocol with limits, and one that can be handed over.

An application may take a connection away: `scope["extensions"][HAND_OVER]["take"]` is a function
that gives the transport to another protocol. Nothing of uvicorn stays behind: the task ends when
the application returns, parser and scope are dropped.

uvicorn has no limit for the size of a request head or body and none for the time a request may
take to arrive; httptools swallowed a header of 64 MiB. All three are here.
"""

import asyncio
import functools
import json
import random
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import ClassVar, Final

import httptools
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from lensbus_gateway import sse
from lensbus_gateway.answered import Answered
from lensbus_gateway.limits import Guests, Rate, address_of
from lensbus_gateway.refusal import refusal
from lensbus_proto.runtime.settings import GatewaySettings, OakSettings

HAND_OVER: Final = "lensbus.hand_over"
REQUEST_S: Final = 10.0  # for a whole request to arrive, head and body
# A file may take longer, but not for ever: so many bytes of it have to come in each second.
UPLOAD_RATE: Final = 32_768
CHUNK_BYTES: Final = 16  # around each chunk of a body: its size in hex and two line ends
# Where files come in: films and models for OAK cameras.
UPLOADS: Final = re.compile(rb"/cameras/[^/]+/streams/[^/]+/(?:nn|replay)/?")
# Never refused for their number or for a head too long: a browser would never come back.
EVENTS: Final = re.compile(rb"/api/(?:cameras/[^/]+/)?events/?")
PICTURES: Final = re.compile(
    rb"/api/cameras/[^/]+/live-view/stream/?|/cameras/[^/]+/streams/[^/]+/mjpeg/?"
)
HEALTH: Final = frozenset((b"/livez", b"/readyz"))
FORM_BYTES: Final = 65_536  # what a form has around its file
LINGER_S: Final = 2.0
RETRY_MS: Final = 3000
# So long a connection is not read that has sent more than its address may.
REST_S: Final = 0.1
# A request that is on its way while the process begins to stop is still answered.
LAST_S: Final = 0.5


class GatewayProtocol(HttpToolsProtocol):
    """One connection of a client, until it is closed or handed over."""

    settings: ClassVar[GatewaySettings] = GatewaySettings()
    upload_limit_bytes: ClassVar[int] = OakSettings().upload_limit_bytes
    request_s: ClassVar[float] = REQUEST_S
    readable_by: ClassVar[str] = ""
    upload_rate: ClassVar[int] = UPLOAD_RATE
    answered: ClassVar[Answered] = Answered()
    rate: ClassVar[Rate] = Rate(0)
    guests: ClassVar[Guests] = Guests(GatewaySettings().connections_per_address)

    due_s = 0.0  # when the first request has to be there; 0 until one has begun

    _address = ""
    _timer: asyncio.TimerHandle | None = None
    _is_last = False
    _in_head = False
    _head_bytes = 0
    _body_bytes = _body_limit = 0
    _messages = _chunks = _other_bytes = 0
    _is_upload = False
    _upload_begun_s = 0.0
    _why = HTTPStatus.BAD_REQUEST
    _refused = False
    _floods = False

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._address = address_of(transport.get_extra_info("peername"))
        self.guests.enter(self._address, self)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the connection."""
        self._leave_guests()
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, within the limits."""
        if self._refused:
            return
        self._unset_keepalive_if_required()
        in_head_before, messages_before = self._in_head, self._messages
        body_before = self._body_bytes
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self._upgrade()
                return
            # Served as plain HTTP. The parser has stopped, so this is the last request here.
            self.cycle.keep_alive = False
        except httptools.HttpParserError:
            self._refuse(self._why)
            return
        # The part in which the head began may belong to an earlier request: not counted here.
        if self._in_head and in_head_before:
            self._head_bytes += len(data)
            if self._head_bytes > self.settings.head_limit_bytes:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._messages == messages_before:
            # What is neither head nor body: sizes of chunks and their extensions, trailers.
            self._other_bytes += len(data) - (self._body_bytes - body_before)
            usual = 2 * self.settings.head_limit_bytes + CHUNK_BYTES * self._chunks
            if self._other_bytes > usual:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    # What the parser finds. An exception here stops it: feed_data raises HttpParserError.

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._in_head = True
        self._messages += 1
        self._head_bytes = self._body_bytes = self._other_bytes = self._chunks = 0
        if self._timer is None:
            self.due_s = 0.0
            self._start_timer()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; those behind a body come too late to mean anything."""
        if self._in_head:
            super().on_header(name, value)

    def on_chunk_header(self) -> None:
        """Count one chunk of a body."""
        self._chunks += 1

    def on_headers_complete(self) -> None:
        """Check the head, then start the application."""
        self._in_head = False
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.settings.head_limit_bytes:
            self._stop(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._is_upload = _carries_file(self.url, self.headers)
        self._body_limit = self.settings.body_limit_bytes
        if self._is_upload:
            self._body_limit = max(self._body_limit, self.upload_limit_bytes + FORM_BYTES)
        for name, value in self.headers:
            if name == b"content-length" and int(value) > self._body_limit:
                self._stop(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        self._upload_begun_s = self.loop.time()
        wait_s = self._must_wait_s()
        app = self.app
        if wait_s:
            self._floods = True
            self.answered.refused[HTTPStatus.TOO_MANY_REQUESTS.value] += 1
            self.app = TooMany(wait_s, self.readable_by)
        super().on_headers_complete()
        self.app = app
        if self.parser.should_upgrade() and self._should_upgrade():
            return  # no request of HTTP: the application sees it when the protocol has changed
        if self._is_last:
            self.cycle.keep_alive = False
        take = functools.partial(self._hand_over, self.cycle)
        self.scope["extensions"] = {HAND_OVER: {"take": take}}

    def on_body(self, body: bytes) -> None:
        """Count what comes without an announced length."""
        self._body_bytes += len(body)
        if self._body_bytes > self._body_limit:
            self._stop(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is there in time."""
        self._stop_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Read on; later where too much comes, so that a flood stays in the client's own buffer."""
        super().on_response_complete()
        if self._floods:
            self._floods = False
            self.flow.pause_reading()
            # Not all connections of a flood at once.
            self.loop.call_later(REST_S * random.uniform(0.5, 1.5), self._read_on)

    def _read_on(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.flow.resume_reading()

    def _must_wait_s(self) -> int:
        """Return for how long this address has sent enough; 0 if it may go on."""
        path = self.url.partition(b"?")[0]
        if path in HEALTH or EVENTS.fullmatch(path) or PICTURES.fullmatch(path):
            return 0
        if self.parser.should_upgrade() and self._should_upgrade():
            return 0
        return self.rate.wait_s(self._address, self.loop.time())

    def _stop(self, why: HTTPStatus) -> None:
        self._why = why
        raise ValueError(why.phrase)

    # WebSocket

    def _upgrade(self) -> None:
        """Give the connection to the WebSocket protocol; nothing may still be under way on it."""
        self._stop_timer()
        self._leave_guests()
        if self.cycle is not None and not self.cycle.response_complete:
            self._refuse(HTTPStatus.BAD_REQUEST)
        elif not self.transport.is_closing():
            self.handle_websocket_upgrade()

    # The end

    def shutdown(self) -> None:
        """Answer what is being asked and what comes within a moment, then close.

        A client that has just sent its request on an open line must not find it cut.
        """
        self._is_last = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LAST_S, self._close_unused)
        else:
            self.cycle.keep_alive = False

    def _close_unused(self) -> None:
        # Handed over, the connection has no transport here any more.
        if self.transport is not None and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

    # Limits

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is being done for this connection."""
        return self.cycle is None or self.cycle.response_complete

    def leave(self) -> None:
        """Close the connection: its address has too many."""
        self.transport.abort()

    def _leave_guests(self) -> None:
        self.guests.left(self._address, self)

    def _start_timer(self) -> None:
        due_s = self.due_s or self.loop.time() + self.request_s
        self._timer = self.loop.call_at(due_s, self._too_late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        self._timer = None
        left_s = self._left_s()
        if left_s > 0:
            self._timer = self.loop.call_later(left_s, self._too_late)
        else:
            self.transport.close()

    def _left_s(self) -> float:
        """Return how much longer a file may take that comes fast enough."""
        if not self._is_upload or self._in_head:
            return 0.0
        if self.flow.read_paused:  # it is we who are slow
            self._upload_begun_s = self.loop.time() - self._body_bytes / self.upload_rate
        allowed_s = self.request_s + self._body_bytes / self.upload_rate
        return self._upload_begun_s + allowed_s - self.loop.time()

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer a request that the application must not see, and close."""
        transport, cycle = self.transport, self.cycle
        self._stop_timer()
        self._refused = True
        if transport.is_closing():
            return
        if self.pipeline:
            transport.close()
            return
        if cycle is not None and not cycle.more_body and not cycle.response_complete:
            # What is wrong came behind a good request: that one still gets its answer.
            cycle.keep_alive = False
            return
        answered = cycle is not None and cycle.more_body and cycle.response_started
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        self.connections.discard(self)
        self._leave_guests()
        if not answered:
            self.answered.refused[status.value] += 1
            transport.write(self._refusal(status))
        Lingering(transport, self.loop)

    def _refusal(self, status: HTTPStatus) -> bytes:
        bad_head = self._in_head or status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if bad_head and EVENTS.fullmatch(self.url.partition(b"?")[0]):
            # Whatever cursor that was, nobody knows it. After any status but 200 a browser would
            # never come back; after this it does, with a cursor that fits.
            return sse.head(self.readable_by, chunked=False) + sse.unknown(RETRY_MS)
        return _refusal(status, self.readable_by)

    # Handing over

    def _hand_over(
        self, cycle: RequestResponseCycle, successor: asyncio.Protocol
    ) -> asyncio.Transport | None:
        """Give the connection to another protocol; None when the client has left meanwhile."""
        cycle.response_started = cycle.response_complete = True
        self.answered.count(cycle.scope["path"], 200)
        if cycle.disconnected or self.transport.is_closing():
            return None
        transport = self.transport
        self._stop_timer()
        self._leave_guests()
        self.connections.discard(self)
        self.pipeline.clear()
        self.flow.resume_reading()
        transport.set_protocol(successor)
        # Parser, scope and cycle point at each other; without this they wait for the collector.
        self.parser = self.scope = self.cycle = self.headers = self.flow = self.transport = None  # type: ignore[assignment]  # dropped for good
        return transport


class TooMany:
    """Answers a request of an address that has sent too many; it has not acted."""

    def __init__(self, wait_s: int, readable_by: str) -> None:
        self._headers = {"Retry-After": str(wait_s)}
        if readable_by:
            self._headers["Access-Control-Allow-Origin"] = readable_by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        message = "Too many requests from this address: nothing was done; try again later"
        await refusal(scope["path"], 429, message, self._headers)(scope, receive, send)


class Lingering(asyncio.Protocol):
    """Forgets what a refused client still sends.

    Closing at once would reset the connection, and the client would not get to read the answer.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        transport.set_protocol(self)
        transport.resume_reading()
        transport.write_eof()
        self._timer = loop.call_later(LINGER_S, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting: the client has closed."""
        self._timer.cancel()


def _carries_file(url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether a body is a file. JSON is read whole, and says only where one is."""
    if not UPLOADS.fullmatch(url.partition(b"?")[0]):
        return False
    kinds = [value.strip().lower() for name, value in headers if name == b"content-type"]
    return not any(kind.startswith(b"application/json") for kind in kinds)


def _refusal(status: HTTPStatus, readable_by: str) -> bytes:
    # Both surfaces find the key that they look for.
    body = json.dumps({"success": False, "message": status.phrase, "detail": status.phrase})
    cors = f"Access-Control-Allow-Origin: {readable_by}\r\n" if readable_by else ""
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"{cors}"
        f"Connection: close\r\n\r\n{body}"
    ).encode("latin-1")
