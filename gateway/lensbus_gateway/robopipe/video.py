"""Live video over a WebSocket: the beginning of an MP4 file, then one message for each picture.

Every picture can be decoded by itself.
"""

import json

from starlette.websockets import WebSocket

from lensbus_gateway.robopipe.film import Film
from lensbus_gateway.robopipe.shown import check_shown
from lensbus_gateway.robopipe.sockets import show
from lensbus_proto.messages import Picture
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.topics import video_of


async def show_video(socket: WebSocket) -> None:
    """Show the video of one stream until the viewer leaves or there is no more.

    With `?age=1` a text goes before each picture: its number, when it was taken, how old it is.
    """
    tells_age = socket.query_params.get("age") == "1"
    film = Film()

    async def send(picture: Picture) -> None:
        messages = film.messages(picture)
        if tells_age:
            await socket.send_text(age_text(picture))
        for message in messages:
            await socket.send_bytes(message)

    await show(socket, video_of(socket.path_params["stream_name"]), check_shown, send)


def age_text(picture: Picture) -> str:
    """Return what tells the age of a picture, in JSON."""
    taken_us = picture.header.time_us
    age_ms = round((unix_us() - taken_us) / 1000, 1)
    return json.dumps({"seq": picture.header.seq, "time_us": taken_us, "age_ms": age_ms})
