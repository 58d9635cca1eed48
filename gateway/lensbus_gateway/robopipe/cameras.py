"""The OAK cameras themselves: which there are, booting them, how they feel, their lights."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.access.guard import sees
from lensbus_gateway.bus import Commander
from lensbus_gateway.robopipe.answers import detail, part, value
from lensbus_gateway.robopipe.bus import REOPEN_DEADLINE_S, ask, ask_camera, oak_cameras
from lensbus_gateway.robopipe.models import BOOT, LIGHTS
from lensbus_gateway.robopipe.validation import check, check_body, check_path
from lensbus_proto.errors import CommandError

logger = logging.getLogger(__name__)

# What a camera that does not answer costs the list.
IDENTITY_DEADLINE_S: Final = 1.0
SCAN_DEADLINE_S: Final = 5.0
# A worker starts within two seconds; a camera that cannot be opened keeps nobody longer than five.
LOOK_S: Final = 0.05
APPEAR_LOOKS: Final = 100
BOOTED: Final = "X_LINK_BOOTED"
UNKNOWN: Final = "X_LINK_ANY_STATE"
NO_IDENTITY: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("name", "camera_name"), ""),
    "platform": "X_LINK_ANY_PLATFORM",
    "protocol": "X_LINK_ANY_PROTOCOL",
    "status": "X_LINK_ERROR",
}


async def list_cameras(request: Request) -> Response:
    """List all cameras, booted or not."""
    try:
        return value(await _identities(request))
    except CommandError as error:
        return detail(f"The broker does not answer: {error.message}", 503)


async def refresh(request: Request) -> Response:
    """Search, then list all cameras, with `?boot=true` after those shut down were booted."""
    boot = check(BOOT, request.query_params.get("boot", "false"), "query", "boot")
    await _search(request)
    try:
        found = await _identities(request)
    except CommandError as error:
        return detail(f"The broker does not answer: {error.message}", 503)
    return value(await asyncio.gather(*(_booted(request, one) for one in found)) if boot else found)


async def _search(request: Request) -> None:
    """Have discovery look for cameras now; wait a while for the workers of new ones."""
    finder: Commander = request.app.state.finder
    try:
        reply = await finder.send("", "scan", deadline_s=SCAN_DEADLINE_S)
        there = {camera for camera in part(reply, "cameras") if sees(request, camera)}
        for _ in range(APPEAR_LOOKS):
            if there <= {entry["camera"] for entry in await oak_cameras(request)}:
                return
            await asyncio.sleep(LOOK_S)
    except CommandError as error:
        logger.info("no search", extra={"reason": error.message})  # what is known is listed


async def get_camera(request: Request) -> Response:
    """Ask one camera."""
    check_path(request)
    return value((await ask(request, "device")).result)


async def boot_camera(request: Request) -> Response:
    """Boot one camera."""
    check_path(request)
    return value((await ask(request, "boot", deadline_s=REOPEN_DEADLINE_S)).result)


async def shut_camera_down(request: Request) -> Response:
    """Shut one camera down; it stays listed, and down until somebody boots it."""
    check_path(request)
    return value((await ask(request, "shutdown", deadline_s=REOPEN_DEADLINE_S)).result)


async def get_stats(request: Request) -> Response:
    """Show how warm and how full a camera is."""
    check_path(request)
    return value((await ask(request, "stats")).result)


async def get_lights(request: Request) -> Response:
    """Show the infrared lights; null of a camera that has none."""
    check_path(request)
    return value(part(await ask(request, "ir.get"), "ir"))


async def set_lights(request: Request) -> Response:
    """Set the infrared lights; one that is left out goes off."""
    wanted = (await check_body(request, LIGHTS)).model_dump()
    return value(part(await ask(request, "ir.set", wanted), "ir"))


async def _identities(request: Request) -> list[Mapping[str, Any]]:
    entries = await oak_cameras(request)
    return await asyncio.gather(*(_identity(request, entry) for entry in entries))


async def _identity(request: Request, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a camera says of itself now; one that does not answer is in no known state."""
    try:
        reply = await ask_camera(request, entry["camera"], "device", deadline_s=IDENTITY_DEADLINE_S)
    except CommandError:
        # Of one that nobody could open so far, nothing but its id is known.
        known = entry["description"].get("device", {**NO_IDENTITY, "mxid": entry["camera"]})
        return {**known, "state": UNKNOWN}
    return reply.result or {}


async def _booted(request: Request, identity: Mapping[str, Any]) -> Mapping[str, Any]:
    if identity["state"] == BOOTED:
        return identity
    try:
        reply = await ask_camera(request, identity["mxid"], "boot", deadline_s=REOPEN_DEADLINE_S)
    except CommandError:
        return identity  # its state says that it did not boot
    return reply.result or {}
