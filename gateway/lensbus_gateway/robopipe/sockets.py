"""Sockets that show what is newest: of pictures as video, and of what networks find in them.

A viewer that does not take what it is given in time misses some and delays nobody: it is given
what is newest whenever it can take more.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from lensbus_gateway.pictures import PictureWatcher, missed
from lensbus_gateway.robopipe.answers import failed
from lensbus_gateway.robopipe.shown import full
from lensbus_gateway.robopipe.validation import path_faults
from lensbus_gateway.viewers import Viewers
from lensbus_proto.errors import CommandError, NotActive, RemoteProtocolError
from lensbus_proto.messages import Picture

logger = logging.getLogger(__name__)

# Refuses what cannot be watched; asked before, and again in silence.
Check = Callable[[HTTPConnection], Awaitable[None]]
Send = Callable[[Picture], Awaitable[None]]

# What a socket is closed with; 1012, the restart of a gateway, comes from its server.
SWITCHED_OFF: Final = 1000
BAD_PICTURE: Final = 1011
TRY_LATER: Final = 1013
REASON_BYTES: Final = 100  # a close holds 123


async def show(socket: WebSocket, name: str, check: Check, send: Send) -> None:
    """Send what is published under a name until the viewer leaves or there is no more."""
    viewers: Viewers = socket.app.state.viewers
    if path_faults(socket):
        await socket.close()  # refused with 403
        return
    try:
        await check(socket)
    except CommandError as error:
        await socket.send_denial_response(failed(socket, error))
        return
    if refusal := full(socket):
        await socket.send_denial_response(refusal)
        return
    with viewers.seated():
        await socket.accept()
        showing = asyncio.create_task(_show(socket, name, check, send, viewers.silence_s))
        try:
            await _until_left(socket)
        finally:
            showing.cancel()
            await asyncio.wait([showing])


async def _until_left(socket: WebSocket) -> None:
    """Wait until the socket is closed, from either side; what a viewer says means nothing."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _show(socket: WebSocket, name: str, check: Check, send: Send, silence_s: float) -> None:
    """Send one after another; close the socket when there are no more."""
    try:
        try:
            code, reason = await _send_all(socket, name, check, send, silence_s)
        except RemoteProtocolError as error:
            logger.warning("bad pictures", extra={"path": socket.scope["path"], "reason": error})
            code, reason = BAD_PICTURE, ""
        await socket.close(code, reason)
    except (WebSocketDisconnect, RuntimeError):
        # It has left; of one that left a moment ago uvicorn says that it cannot be sent to.
        logger.debug("viewer left", extra={"path": socket.scope["path"]})


async def _send_all(
    socket: WebSocket, name: str, check: Check, send: Send, silence_s: float
) -> tuple[int, str]:
    pictures: PictureWatcher = socket.app.state.pictures
    viewers: Viewers = socket.app.state.viewers
    camera = socket.path_params["mxid"]
    last: Picture | None = None
    while True:
        # Sending waits for a viewer that is slow, and what is newest then is asked for here.
        picture = await pictures.newest(camera, name, newer_than=last, timeout_s=silence_s)
        if picture is None:
            try:
                await check(socket)
            except NotActive as error:
                return SWITCHED_OFF, error.message
            except CommandError as error:
                return TRY_LATER, error.message[:REASON_BYTES]
            continue
        viewers.passed_over[camera, name] += missed(last, picture)
        last = picture
        await send(picture)
