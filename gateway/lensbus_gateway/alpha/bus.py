"""The questions that this surface asks the bus."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

from lensbus_gateway.access.guard import sees
from lensbus_gateway.bus import Commander
from lensbus_proto.errors import BadArguments, CameraUnknown, CommandError
from lensbus_proto.topics import is_camera_id

Entry = Mapping[str, Any]

REGISTRY_DEADLINE_S = 1.0
KEY_LIMIT = 100  # the bus takes 128, and the name of the command goes before it


def camera_of(request: Request) -> str:
    """Return the camera id in the path."""
    camera: str = request.path_params["camera"]
    return camera


async def act(
    request: Request,
    name: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    deadline_s: float = 5.0,
) -> Mapping[str, Any]:
    """Send a command that does something; with the key of the request it does so at most once."""
    key = key_of(request)
    # One key for several things that a client does would answer the second with the first's reply.
    return await ask(request, name, arguments, deadline_s=deadline_s, key=key and f"{name}:{key}")


def key_of(request: Request) -> str | None:
    """Return the client's key for this request, None without one.

    Raises BadArguments when it cannot be one.
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= KEY_LIMIT and key.isascii() and key.isprintable()):
        raise BadArguments(f"Idempotency-Key must have 1 to {KEY_LIMIT} ASCII characters")
    return key


async def ask(
    request: Request,
    name: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    deadline_s: float = 5.0,
    key: str | None = None,
) -> Mapping[str, Any]:
    """Send a command to the camera in the path and return its result."""
    camera = camera_of(request)
    if not is_camera_id(camera):
        raise CameraUnknown(f"{camera!r} cannot be the id of a camera")
    commander: Commander = request.app.state.commander
    reply = await commander.send(camera, name, arguments, deadline_s=deadline_s, key=key)
    return reply.result or {}


async def ask_broker(request: Request, name: str) -> Mapping[str, Any]:
    """Send a command to the broker and return its result."""
    commander: Commander = request.app.state.commander
    reply = await commander.send("", name, deadline_s=REGISTRY_DEADLINE_S)
    return reply.result or {}


async def sony_cameras(request: Request) -> Sequence[Entry]:
    """Return the broker's entries of the Sony cameras that are there for who asks."""
    result = await ask_broker(request, "cameras")
    return [
        entry
        for entry in result["cameras"]
        if entry["vendor"] == "sony" and entry["state"] != "lost" and sees(request, entry["camera"])
    ]


async def model_of(request: Request, camera: str) -> str:
    """Return the model of a camera, empty if nobody knows it.

    A camera never changes its model, so it is asked for once.
    """
    models: dict[str, str] = remembered(request, "models")
    if camera not in models:
        try:
            cameras = await sony_cameras(request)
        except CommandError:
            return ""
        models.update({entry["camera"]: entry["model"] for entry in cameras if entry["model"]})
    return models.get(camera, "")


def remembered(request: Request, what: str) -> dict[str, Any]:
    """Return what this surface remembers for every request of this process, by camera."""
    state = request.app.state
    if not hasattr(state, "alpha"):
        state.alpha = defaultdict(dict)
    memory: defaultdict[str, dict[str, Any]] = state.alpha
    return memory[what]


async def both_from_broker(request: Request) -> tuple[Mapping[str, Any], Sequence[Entry]]:
    """Return the broker's `ping` and its Sony cameras, asked for at the same time."""
    ping, cameras = await asyncio.gather(ask_broker(request, "ping"), sony_cameras(request))
    return ping, cameras
