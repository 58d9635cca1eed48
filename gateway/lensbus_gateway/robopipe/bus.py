"""How this surface asks the bus."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.requests import HTTPConnection, Request

from lensbus_gateway.access.guard import sees
from lensbus_gateway.bus import Commander
from lensbus_gateway.robopipe.models import MXID, STREAM
from lensbus_proto.errors import CameraUnknown, NotFound
from lensbus_proto.messages import Reply

REGISTRY_DEADLINE_S: Final = 1.0

# Everything that re-opens the device; a real one takes seconds.
REOPEN_DEADLINE_S: Final = 20.0


async def ask(
    request: HTTPConnection,
    name: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    deadline_s: float = 5.0,
) -> Reply:
    """Send a command about the camera, and the stream, in the path; return the reply.

    The patterns of the API are searched for inside a name; what only contains a good name is the
    name of nothing.
    """
    mxid: str = request.path_params["mxid"]
    stream: str | None = request.path_params.get("stream_name")
    if not re.fullmatch(MXID, mxid) or len(mxid) > 64:
        raise CameraUnknown(f"Camera {mxid} not found")
    if stream is not None and not re.fullmatch(STREAM, stream):
        raise NotFound(f"Stream {stream} not found")
    about = {} if stream is None else {"stream": stream}
    return await ask_camera(
        request, mxid, name, {**about, **(arguments or {})}, deadline_s=deadline_s
    )


async def ask_camera(
    request: HTTPConnection,
    mxid: str,
    name: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    deadline_s: float,
) -> Reply:
    """Send a command to a camera that is known to be one."""
    commander: Commander = request.app.state.commander
    return await commander.send(mxid, name, arguments, deadline_s=deadline_s)


async def oak_cameras(request: Request) -> Sequence[Mapping[str, Any]]:
    """Return the broker's entries of the OAK cameras that are there for who asks."""
    commander: Commander = request.app.state.commander
    reply = await commander.send("", "cameras", deadline_s=REGISTRY_DEADLINE_S)
    return [
        entry
        for entry in (reply.result or {})["cameras"]
        if entry["vendor"] == "oak" and entry["state"] != "lost" and sees(request, entry["camera"])
    ]
