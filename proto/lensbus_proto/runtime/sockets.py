"""ZeroMQ sockets with all their options, set in one place.

A socket stays in the thread that made it. `serve` binds, `dial` connects; both close without
waiting for what was not sent, unless the caller sets a linger.
"""

from pathlib import Path
from typing import Final

import zmq

from lensbus_proto.codec import PART_LIMIT
from lensbus_proto.errors import SettingsError

# Queues are counted in messages. Events are small and must not be lost by a short stall;
# pictures are large and only the newest counts.
EVENT_QUEUE: Final = 100_000
PICTURE_QUEUE: Final = 4
COMMAND_QUEUE: Final = 10_000
SUBSCRIPTION_QUEUE: Final = 100_000
IPC_PATH_LIMIT: Final = 107  # bytes of sun_path on Linux, without the closing zero

_QUEUES: Final[dict[str, int]] = {
    "events": EVENT_QUEUE,
    "pictures": PICTURE_QUEUE,
    "commands": COMMAND_QUEUE,
}


def serve(
    context: "zmq.Context[zmq.Socket[bytes]]", kind: zmq.SocketType, endpoint: str, flow: str
) -> "zmq.Socket[bytes]":
    """Return a socket bound to an endpoint; `flow` is `events`, `pictures` or `commands`.

    Raises SettingsError when the endpoint cannot be bound.
    """
    socket = _make(context, kind, flow)
    try:
        _check(endpoint)
        socket.bind(endpoint)
    except (zmq.ZMQError, SettingsError) as error:
        socket.close(linger=0)
        raise SettingsError(f"{endpoint} cannot be bound: {error}") from error
    return socket


def dial(
    context: "zmq.Context[zmq.Socket[bytes]]",
    kind: zmq.SocketType,
    endpoint: str,
    flow: str,
    *,
    immediate: bool = False,
) -> "zmq.Socket[bytes]":
    """Return a socket that connects to an endpoint, now or as soon as it is served.

    An `immediate` one takes nothing to send while nobody is there (send with NOBLOCK): what was
    meant for now must not act whenever the peer comes back.
    """
    socket = _make(context, kind, flow)
    socket.immediate = immediate
    try:
        _check(endpoint)
        socket.connect(endpoint)
    except (zmq.ZMQError, SettingsError) as error:
        socket.close(linger=0)
        raise SettingsError(f"{endpoint} cannot be dialled: {error}") from error
    return socket


def _make(
    context: "zmq.Context[zmq.Socket[bytes]]", kind: zmq.SocketType, flow: str
) -> "zmq.Socket[bytes]":
    socket = context.socket(kind)
    socket.linger = 0
    socket.sndhwm = socket.rcvhwm = _QUEUES[flow]
    # Subscriptions go against the flow, and one that finds its queue full is dropped for good.
    if kind in (zmq.SUB, zmq.XSUB):
        socket.sndhwm = SUBSCRIPTION_QUEUE
    if kind in (zmq.PUB, zmq.XPUB):
        socket.rcvhwm = SUBSCRIPTION_QUEUE
    if kind == zmq.XPUB and flow == "events":
        # A full queue is told to the sender, which keeps the rest, instead of dropping in silence.
        socket.setsockopt(zmq.XPUB_NODROP, 1)
    # Without a limit a peer can announce 8 GiB and have the memory reserved for it.
    socket.maxmsgsize = PART_LIMIT
    # The default waits 100 ms before the first new try: a restarted broker would be missed longer.
    socket.reconnect_ivl = 20
    socket.reconnect_ivl_max = 500
    return socket


def _check(endpoint: str) -> None:
    scheme, _, path = endpoint.partition("://")
    if scheme == "ipc" and len(str(Path(path)).encode()) > IPC_PATH_LIMIT:
        raise SettingsError(
            f"its path has more than {IPC_PATH_LIMIT} bytes; choose a shorter state folder"
        )
