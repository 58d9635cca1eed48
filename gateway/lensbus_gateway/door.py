"""The door: a connection until its first bytes are there.

After a restart thousands of clients ask for their streams in the same second, and on the way
through HTTP protocol, task and application each of them costs three times as much
(tests/bench/bench_sse.py). So a plain request for a stream goes to the hub at once. Whatever is not
plain, and every other request, goes the usual way, as if there were no door; and what that way
checks of a request for a stream has to be checked here too. Tokens are not: where they are
demanded, the door is closed and everybody goes the usual way.
"""

import asyncio
import re
from functools import lru_cache
from typing import Any, ClassVar, Final

from starlette.datastructures import QueryParams
from uvicorn.config import Config
from uvicorn.server import ServerState

from lensbus_gateway.connection import GatewayProtocol
from lensbus_gateway.hub import Hub
from lensbus_gateway.limits import Guests, address_of
from lensbus_gateway.wish import LAST_EVENT_ID, Wish, read_wish

HEAD_BYTES: Final = 4096
WISHES: Final = 1024

# A whole head of one request and nothing behind it; of the fields the common characters.
PLAIN: Final = re.compile(
    rb"GET /api/(?:cameras/([A-Za-z0-9][A-Za-z0-9:._-]{0,63})/)?events(?:\?([!$-~]*))? "
    rb"HTTP/1\.1\r\n(?:[A-Za-z0-9-]+:[ -~]*\r\n)*\r\n"
)
# What promises a body, wants anything of the connection but to keep it, or comes from a page that
# may be a stranger's: it says so, or calls us by a name instead of an address.
NOT_PLAIN: Final = re.compile(
    rb"\n(?:content-length|transfer-encoding|expect|upgrade|connection:(?! *keep-alive\r)"
    rb"|origin|sec-fetch-site"
    rb"|host:(?! *(?:localhost|[0-9]+(?:\.[0-9]+){3}|\[[0-9a-f:.]+\])(?::[0-9]+)? *\r))",
    re.IGNORECASE,
)
CURSOR: Final = re.compile(rb"\nlast-event-id: *([ -~]*?) *\r", re.IGNORECASE)


def asked(data: bytes) -> Wish | None:
    """Return what a plain request for a stream asks for; None of anything else."""
    if len(data) > HEAD_BYTES:
        return None
    plain = PLAIN.fullmatch(data)
    if plain is None or NOT_PLAIN.search(data):
        return None
    cursor = CURSOR.search(data)
    return _wish(plain[1], plain[2], cursor[1] if cursor else b"")


@lru_cache(WISHES)
def _wish(camera: bytes | None, query: bytes | None, cursor: bytes) -> Wish:
    return read_wish(
        camera.decode("ascii") if camera is not None else None,
        QueryParams(query or b"").multi_items(),
        {LAST_EVENT_ID: cursor.decode("ascii")},
    )


class Door(asyncio.Protocol):
    """One new connection. uvicorn makes it, in place of its own protocol."""

    hub: ClassVar[Hub]
    guests: ClassVar[Guests]
    protocol: ClassVar[type[GatewayProtocol]]
    request_s: ClassVar[float]
    is_open: ClassVar[bool] = True  # False: who has no token is not let in

    __slots__ = ("_address", "_app_state", "_config", "_server_state", "_timer", "_transport")

    _transport: asyncio.Transport
    _timer: asyncio.TimerHandle

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._config = config
        self._server_state = server_state
        self._app_state = app_state

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """Begin to wait for the first bytes."""
        self._transport = transport
        self._server_state.connections.add(self)  # type: ignore[arg-type]  # it has `shutdown`
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.request_s, transport.close)
        self._address = address_of(transport.get_extra_info("peername"))
        self.guests.enter(self._address, self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of a connection that has asked for nothing."""
        self._leave()

    def data_received(self, data: bytes) -> None:
        """Open the stream that is asked for, or leave the request to the usual way."""
        wish = asked(data) if self.is_open else None
        is_open = not self._transport.is_closing()
        if wish is not None and is_open and self.hub.has_room(self._address):
            self.hub.join(self._hand_over, wish, chunked=True, address=self._address)
        else:
            self._usual_way().data_received(data)

    def shutdown(self) -> None:
        """Let the usual protocol end a connection that has asked for nothing."""
        self._usual_way().shutdown()

    def _hand_over(self, successor: asyncio.Protocol) -> asyncio.Transport:
        self._leave()
        self._transport.set_protocol(successor)
        return self._transport

    @property
    def is_idle(self) -> bool:
        """Tell that nothing is being done for it: it has not asked for anything."""
        return True

    def leave(self) -> None:
        """Close the connection."""
        self._transport.abort()

    def _usual_way(self) -> GatewayProtocol:
        self._leave()
        protocol = self.protocol(self._config, self._server_state, self._app_state)
        # The time for a request runs since the connection is there, not since its first byte.
        protocol.due_s = self._timer.when()
        protocol.connection_made(self._transport)
        self._transport.set_protocol(protocol)
        return protocol

    def _leave(self) -> None:
        self._timer.cancel()
        self._server_state.connections.discard(self)
        self.guests.left(self._address, self)
