"""The HTTP server: uvicorn behind a door, whose end is quick and orderly."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Generator
from typing import Final, Protocol

import uvicorn
from starlette.applications import Starlette
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from lensbus_gateway.connection import GatewayProtocol
from lensbus_gateway.door import Door
from lensbus_gateway.limits import Guests, Rate
from lensbus_proto.runtime.settings import HubSettings, Settings

TICK_S: Final = 1.0  # uvicorn's ten a second cost an idle gateway more than all else
# Viewers only listen: what they send is small, or a mistake.
WEBSOCKET_BYTES: Final = 65_536
# So much waits in the kernel for a viewer that does not take it: what waits there grows old.
UNSENT_BYTES: Final = 16_384
BACKLOG: Final = 2048

# Longer than the pools of common clients: the client should be the one that closes.
IDLE_S: Final = 75
# What is still busy after this is cut, so that SIGTERM ends the process within 2 s.
STOP_S: Final = 1
# The same for a process that another one replaces: nobody waits for its end.
DRAIN_S: Final = 30


class GatewaySocket(WebSocketsSansIOProtocol):
    """One WebSocket. Whoever sends waits for a client that is slow: nothing queues up here."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with the transport of the request."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=0)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application says."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            # A refused handshake is complete as well; uvicorn would call it an error in the log.
            self.handshake_complete = True


class Streams(Protocol):
    """A set of open streams, as the server sees it: the hub, the viewers."""

    def close(self) -> None:
        """End every stream cleanly, and those of later comers as well."""

    def abort(self) -> None:
        """Cut the streams that are still there."""


class GatewayServer(uvicorn.Server):
    """Serves until SIGTERM or SIGINT, then ends everything within 2 s and returns."""

    def __init__(self, app: Starlette, settings: Settings, *streams: Streams) -> None:
        class Bound(GatewayProtocol):  # uvicorn makes the objects, so the limits go to the class
            pass

        class Front(Door):
            pass

        Bound.settings = settings.gateway
        Bound.readable_by = "*" if "*" in settings.access.origins else ""
        Front.is_open = not settings.demands_tokens
        Bound.answered = app.state.answered
        Bound.rate = Rate(settings.gateway.requests_per_s)
        Bound.guests = Front.guests = Guests(settings.gateway.connections_per_address)
        Front.hub, Front.protocol, Front.request_s = app.state.hub, Bound, Bound.request_s
        Bound.upload_limit_bytes = settings.oak.upload_limit_bytes
        config = uvicorn.Config(
            app,
            http=Front,
            loop="uvloop",
            ws=GatewaySocket,
            ws_max_size=WEBSOCKET_BYTES,
            ws_per_message_deflate=False,  # what goes out here is compressed already
            lifespan="on",
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=STOP_S,
        )
        super().__init__(config)
        self._streams = streams
        self._hub_settings = settings.hub
        self._stopping = asyncio.Event()
        self._ready = settings.state / "run" / f"gateway-{os.getpid()}.ready"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Prepare the listening sockets, then serve them."""
        for listener in sockets or ():
            prepare(listener, self._hub_settings)
        await super().startup(sockets)
        # Who replaces gateways one by one cannot ask this one: they all share their socket.
        with contextlib.suppress(OSError):
            self._ready.touch()

    async def main_loop(self) -> None:
        """Wait for the end; once a second uvicorn renews what it says in every head."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, end the streams, wait a moment for the rest."""
        # Who comes back now shall find the next gateway on the kept socket, not this one.
        for server in self.servers:
            server.close()
        with contextlib.suppress(OSError):
            self._ready.unlink(missing_ok=True)
        for streams in self._streams:
            streams.close()
        await super().shutdown(sockets)
        for streams in self._streams:
            streams.abort()
        for connection in list(self.server_state.connections):
            # Its client does not read: it would never be closed.
            connection.transport.abort()
        await asyncio.sleep(0)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Take SIGTERM and SIGINT as the orderly end: uvicorn would die of them afterwards.

        SIGUSR1 is the end of a process that is being replaced.
        """
        if threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
            loop.add_signal_handler(signal.SIGUSR1, self.drain)
        yield

    def stop(self) -> None:
        """Ask for the end; from another thread through `call_soon_threadsafe`."""
        self.should_exit = True
        self._stopping.set()

    def drain(self) -> None:
        """Ask for the end after all requests under way have been answered."""
        self.config.timeout_graceful_shutdown = DRAIN_S
        self.stop()


def prepare(listener: socket.socket, settings: HubSettings) -> None:
    """Set what every accepted socket inherits; on Linux it inherits all three."""
    # A client that does not read shows early, and many of them cannot hold much kernel memory.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Without it a client that fell off the network is not noticed for a quarter of an hour.
    timeout_ms = int(settings.user_timeout_s * 1000)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout_ms)
