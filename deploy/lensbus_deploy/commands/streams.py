"""`streams`: what a camera shows, and switching it on and off."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from lensbus_deploy.commands.options import CameraId, Json, Token, Url, examples, reach
from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.registry import Camera, check_ready, find
from lensbus_deploy.remote.system import System
from lensbus_deploy.terminal import show_json, show_table, tell

LIVE_VIEW: Final = "liveview"

Streams = Mapping[str, bool]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog=examples(
            "lensbus streams 14442C10D13EABCE00",
            "lensbus streams 14442C10D13EABCE00 --on DEPTH_B_C",
            "lensbus streams 14442C10D13EABCE00 --off DEPTH_B_C --on CAM_B --on CAM_C",
            "lensbus streams D10F60149B0C --on liveview",
        )
    )(streams)


def streams(
    camera: CameraId,
    on: Annotated[
        list[str] | None, typer.Option("--on", metavar="STREAM", help="Switch on; repeatable.")
    ] = None,
    off: Annotated[
        list[str] | None, typer.Option("--off", metavar="STREAM", help="Switch off; repeatable.")
    ] = None,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """List the streams of a camera, after switching some of them, all in one go.

    Depth and the streams of its two sensors exclude each other: what has to go off is told.
    """
    system = reach(url, token)
    found = check_ready(find(system, camera))
    before = read(system, found)
    if on or off:
        change(system, found, before, on or [], off or [])
    now = read(system, found)
    for name, active in before.items():
        if active and not now[name] and name not in (off or ()):
            tell(f"{name} went off: it and {', '.join(on or ())} are never on together")
    if as_json:
        show_json([{"name": name, "active": active} for name, active in now.items()])
    else:
        show_table(
            ("stream", ""), ((name, "on" if active else "off") for name, active in now.items())
        )


def read(system: System, camera: Camera) -> dict[str, bool]:
    """Return the streams of a camera, and which of them are on."""
    if camera.vendor == "sony":
        status = system.get("GET", f"/api/cameras/{camera.id}/live-view/status")
        return {LIVE_VIEW: status["data"]["streaming"]}
    listed: list[Any] = system.get("GET", f"/cameras/{camera.id}/streams")
    return {stream["name"]: stream["active"] for stream in listed}


def change(
    system: System, camera: Camera, known: Streams, on: Sequence[str], off: Sequence[str]
) -> None:
    """Switch streams on and off: all or none of them."""
    check_names(camera, known, [*on, *off])
    if camera.vendor == "oak":
        body = {"activate": list(on), "deactivate": list(off)}
        system.get("PATCH", f"/cameras/{camera.id}/streams", body)
    elif on and off:
        raise Failure(Code.WRONG_USE, f"{LIVE_VIEW} cannot be switched on and off at once")
    else:
        system.get("POST", f"/api/cameras/{camera.id}/live-view/{'start' if on else 'stop'}")


def check_names(camera: Camera, known: Streams, names: Sequence[str]) -> None:
    """Refuse a stream that the camera does not have."""
    for name in names:
        if name not in known:
            sentence = f"{camera.id} has no stream {name}: it has {', '.join(known)}"
            raise Failure(Code.UNKNOWN, sentence)
