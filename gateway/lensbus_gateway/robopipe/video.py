"""Live video over a WebSocket: the beginning of an MP4 file, then one message for each picture.

Every picture can be decoded by itself. A viewer that does not take its pictures in time misses
some and delays nobody: it is given what is newest whenever it can take more.
"""

import asyncio
import json
import logging
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from lensbus_gateway.pictures import PictureWatcher
from lensbus_gateway.robopipe.answers import failed
from lensbus_gateway.robopipe.film import Film
from lensbus_gateway.robopipe.shown import check_shown, full
from lensbus_gateway.robopipe.validation import path_faults
from lensbus_gateway.viewers import Viewers
from lensbus_proto.errors import CommandError, NotActive, RemoteProtocolError
from lensbus_proto.messages import Picture
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.topics import video_of

logger = logging.getLogger(__name__)

# What a socket is closed with; 1012, the restart of a gateway, comes from its server.
SWITCHED_OFF: Final = 1000
BAD_PICTURE: Final = 1011
TRY_LATER: Final = 1013
REASON_BYTES: Final = 100  # a close holds 123


async def show_video(socket: WebSocket) -> None:
    """Show the video of one stream until the viewer leaves or there is no more.

    With `?age=1` a text goes before each picture: its number, when it was taken, how old it is.
    """
    viewers: Viewers = socket.app.state.viewers
    if path_faults(socket):
        await socket.close()  # refused with 403
        return
    try:
        await check_shown(socket)
    except CommandError as error:
        await socket.send_denial_response(failed(socket, error))
        return
    if refusal := full(socket):
        await socket.send_denial_response(refusal)
        return
    with viewers.seated():
        await socket.accept()
        showing = asyncio.create_task(_show(socket, viewers.silence_s))
        try:
            await _until_left(socket)
        finally:
            showing.cancel()
            await asyncio.wait([showing])


async def _until_left(socket: WebSocket) -> None:
    """Wait until the socket is closed, from either side; what a viewer says means nothing."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _show(socket: WebSocket, silence_s: float) -> None:
    """Send picture after picture; close the socket when there are no more."""
    try:
        try:
            code, reason = await _send_pictures(socket, silence_s)
        except RemoteProtocolError as error:
            logger.warning("bad video", extra={"path": socket.scope["path"], "reason": error})
            code, reason = BAD_PICTURE, ""
        await socket.close(code, reason)
    except (WebSocketDisconnect, RuntimeError):
        # It has left; of one that left a moment ago uvicorn says that it cannot be sent to.
        logger.debug("viewer left", extra={"path": socket.scope["path"]})


async def _send_pictures(socket: WebSocket, silence_s: float) -> tuple[int, str]:
    pictures: PictureWatcher = socket.app.state.pictures
    camera, stream = socket.path_params["mxid"], socket.path_params["stream_name"]
    tells_age = socket.query_params.get("age") == "1"
    film = Film()
    last: Picture | None = None
    while True:
        # Sending waits for a viewer that is slow, and what is newest then is asked for here.
        picture = await pictures.newest(
            camera, video_of(stream), newer_than=last, timeout_s=silence_s
        )
        if picture is None:
            try:
                await check_shown(socket)
            except NotActive as error:
                return SWITCHED_OFF, error.message
            except CommandError as error:
                return TRY_LATER, error.message[:REASON_BYTES]
            continue
        last = picture
        messages = film.messages(picture)
        if tells_age:
            await socket.send_text(age_text(picture))
        for message in messages:
            await socket.send_bytes(message)


def age_text(picture: Picture) -> str:
    """Return what tells the age of a picture, in JSON."""
    taken_us = picture.header.time_us
    age_ms = round((unix_us() - taken_us) / 1000, 1)
    return json.dumps({"seq": picture.header.seq, "time_us": taken_us, "age_ms": age_ms})
