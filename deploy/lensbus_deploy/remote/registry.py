"""The cameras of a running system, and finding the one that somebody means."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.crashes import Crashes, read_crashes
from lensbus_deploy.remote.events import EventStream
from lensbus_deploy.remote.system import System

SNAPSHOT_S: Final = 5.0
RESTART: Final = (
    "its workers died again and again: look at `lensbus logs --camera {0}`, then try anew with"
    " `lensbus restart {0}` on its host"
)


@dataclass(frozen=True, slots=True)
class Camera:
    """What the broker knows of one camera."""

    id: str
    vendor: str
    model: str
    state: str
    connected: bool
    stuck: bool
    details: Mapping[str, Any]
    crashes: tuple[Crashes, ...] = ()

    @property
    def condition(self) -> str:
        """Return in one word whether it can be used, and if not, why."""
        if self.state != "present":
            return self.state
        if self.stuck:
            return "stuck"
        if self.details.get("failed"):
            return "failed"
        return "ready" if self.connected else "not connected"


def cameras(system: System) -> list[Camera]:
    """Return every camera that the system knows, also those that are lost now."""
    limit = time.monotonic() + SNAPSHOT_S
    with EventStream(system, kinds=("snapshot",), snapshot=True) as stream:
        for message in stream:
            if message.kind == "snapshot":
                return [_camera(entry) for entry in message.data["cameras"]]
            if time.monotonic() > limit:
                break
    raise Failure(
        Code.UNREACHABLE,
        f"the gateway at {system.url} answers, but its broker does not: look with `lensbus logs`",
    )


def find(system: System, name: str) -> Camera:
    """Return the one camera with this id, or whose id begins so."""
    return pick(cameras(system), name)


def pick(known: Sequence[Camera], name: str) -> Camera:
    """Return the one of these cameras with this id, or whose id begins so."""
    exact = [camera for camera in known if camera.id == name]
    meant = exact or [camera for camera in known if camera.id.upper().startswith(name.upper())]
    if len(meant) == 1 and name:
        return meant[0]
    if not known:
        raise Failure(
            Code.UNKNOWN,
            "the system has no cameras yet: `lensbus doctor` says what keeps them away",
        )
    listed = ", ".join(camera.id for camera in (meant or known))
    problem = f"{name} may be any of {listed}" if meant else f"there is no camera {name}"
    advice = "write more of its id" if meant else f"there are {listed}"
    raise Failure(Code.UNKNOWN, f"{problem}: {advice}")


def find_ready(system: System, name: str, vendor: str, what: str) -> Camera:
    """Return a camera of one vendor that can be used now; Failure says what to do about it."""
    camera = find(system, name)
    if camera.vendor != vendor:
        raise Failure(Code.WRONG_USE, f"{camera.id} is a camera of {camera.vendor}: {what}")
    return check_ready(camera)


def check_ready(camera: Camera) -> Camera:
    """Return the camera; Failure says what to do when it cannot be used now."""
    match camera.condition:
        case "ready":
            return camera
        case "not connected":
            advice = f"connect it with `lensbus connect {camera.id}`"
        case "failed":
            advice = RESTART.format(camera.id)
        case "stuck":
            advice = "its SDK hangs; its worker is replaced by itself, wait half a minute"
        case _:
            advice = f"look at its cable and power, then at `lensbus logs --camera {camera.id}`"
    raise Failure(Code.NOT_READY, f"{camera.id} is {camera.condition}: {advice}")


def _camera(entry: Mapping[str, Any]) -> Camera:
    return Camera(
        id=entry["camera"],
        vendor=entry["vendor"],
        model=entry["model"],
        state=entry["state"],
        connected=bool(entry["connected"]),
        stuck=bool(entry.get("stuck")),
        details=entry.get("description") or {},
        crashes=read_crashes(entry),
    )
