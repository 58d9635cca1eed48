"""The gateway itself and the list of its cameras, answered from the broker's registry."""

import platform
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_gateway.alpha.bus import Entry, both_from_broker, sony_cameras
from lensbus_gateway.alpha.envelope import Refusal
from lensbus_proto.errors import CommandError

# The release of the reference server whose contract this surface keeps: clients compare it.
VERSION: Final = "3.0.0"

_SYSTEMS: Final = {"linux": "linux", "darwin": "darwin", "win32": "win32"}
_MACHINES: Final = {
    "x86_64": "x64",
    "amd64": "x64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "armv7l": "arm",
    "armv6l": "arm",
}
UNKNOWN_PLATFORM: Final = "unknown"
PLATFORMS: Final = (
    *("darwin-arm64", "darwin-x64", "linux-arm64", "linux-arm", "linux-x64", "win32-x64"),
    UNKNOWN_PLATFORM,
)


async def get_status(request: Request) -> Response:
    """Answer from the registry, without asking any camera."""
    try:
        ping, cameras = await both_from_broker(request)
    except CommandError as error:
        raise _no_broker(error) from error
    return JSONResponse(
        {
            "success": True,
            "server": {
                "version": VERSION,
                "sdkVersion": _sdk_version(cameras),
                "uptime": int(ping["uptime_s"]),
                "platform": platform_name(sys.platform, platform.machine()),
            },
            "cameras": {
                "connected": sum(1 for entry in cameras if entry["connected"]),
                "discovered": len(cameras),
            },
        }
    )


async def get_cameras(request: Request) -> Response:
    """List the cameras that are there."""
    try:
        cameras = await sony_cameras(request)
    except CommandError as error:
        raise _no_broker(error) from error
    return JSONResponse(
        {
            "success": True,
            "message": "Camera discovery completed",
            "cameras": [_camera(entry) for entry in cameras],
        }
    )


def platform_name(system: str, machine: str) -> str:
    """Return the platform in the words of the contract."""
    name = f"{_SYSTEMS.get(system, system)}-{_MACHINES.get(machine.lower(), machine)}"
    return name if name in PLATFORMS else UNKNOWN_PLATFORM


def _camera(entry: Entry) -> Mapping[str, Any]:
    camera = entry["camera"]
    by_id = "Network" if "TCP:" in camera or "192." in camera else "USB"
    return {
        "id": camera,
        "model": entry["model"],
        "connectionType": entry["description"].get("connection_type", by_id),
        "connected": entry["connected"],
    }


def _sdk_version(cameras: Sequence[Entry]) -> str:
    versions = (entry["description"].get("sdk_version", "") for entry in cameras)
    return next(filter(None, versions), "")


def _no_broker(error: CommandError) -> Refusal:
    # Nothing acted, so that a client's repetition is welcome here.
    return Refusal(f"The broker does not answer: {error.message}", status=503, block=False)
