"""Whether a stream can be watched, and may be watched by one more."""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

from lensbus_gateway.robopipe.answers import detail
from lensbus_gateway.robopipe.bus import ask
from lensbus_proto.errors import CommandError, NotActive, NotFound

LIST_DEADLINE_S: Final = 2.0


async def check_shown(connection: HTTPConnection) -> None:
    """Refuse the stream in the path if it is not there, or is switched off."""
    stream = connection.path_params["stream_name"]
    reply = await ask(connection, "streams.list", deadline_s=LIST_DEADLINE_S)
    listed = {each["name"]: each["active"] for each in (reply.result or {})["streams"]}
    if stream not in listed:
        raise NotFound(f"Stream {stream} not found")
    if not listed[stream]:
        raise NotActive(f"Stream {stream} is not active")


async def is_shown(connection: HTTPConnection) -> bool:
    """Tell whether the stream in the path can be watched now."""
    try:
        await check_shown(connection)
    except CommandError:
        return False
    return True


def full(connection: HTTPConnection) -> Response | None:
    """Return the refusal of one viewer too many; None while there is room."""
    if connection.app.state.viewers.has_room():
        return None
    return detail("As many watch already as this gateway serves", 503)
