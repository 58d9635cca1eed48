"""`still`: one picture of what a camera sees now, into a file."""

import sys
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

import typer

from lensbus_deploy.commands.options import CameraId, Json, Token, Url, examples, reach
from lensbus_deploy.commands.streams import LIVE_VIEW, check_names, read
from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.registry import check_ready, find
from lensbus_deploy.remote.system import Answer, System, refusal
from lensbus_deploy.terminal import show, show_json

_ENDINGS: Final = {"jpeg": "jpg", "tiff": "tif", "png16": "png"}


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog=examples(
            "lensbus still 14442C10D13EABCE00",
            "lensbus still 14442C10D13EABCE00 CAM_B --format png -o left.png",
            "lensbus still D10F60149B0C -o view.jpg",
        )
    )(still)


def still(
    camera: CameraId,
    stream: Annotated[
        str | None,
        typer.Argument(
            metavar="STREAM",
            help="OAK: CAM_A, DEPTH_B_C ...; the first one that is on, if none is named.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to; - is standard output. Without it CAMERA-STREAM.jpg, here.",
            show_default=False,
        ),
    ] = None,
    picture_format: Annotated[
        str,
        typer.Option("--format", metavar="FORMAT", help="OAK: jpeg, png, webp; of depth png16."),
    ] = "jpeg",
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Save what a camera sees now: a stream of an OAK, the live view of a Sony camera."""
    system = reach(url, token)
    found = check_ready(find(system, camera))
    if found.vendor == "sony":
        if stream not in (None, LIVE_VIEW) or picture_format != "jpeg":
            sentence = f"{found.id} is a Sony camera: it shows {LIVE_VIEW}, as jpeg"
            raise Failure(Code.WRONG_USE, sentence)
        name, answer = LIVE_VIEW, live_view(system, found.id)
    else:
        name = stream or first_stream(system, found.id)
        check_names(found, read(system, found), [name])
        place = f"/cameras/{found.id}/streams/{quote(name, safe='')}/still"
        answer = system.ask("GET", f"{place}?format={quote(picture_format, safe='')}")
        if answer.status != 200:
            raise refusal(system, answer)
    if output == Path("-"):
        sys.stdout.buffer.write(answer.body)
        return
    ending = _ENDINGS.get(picture_format, picture_format)
    path = output or Path(f"{found.id.replace(':', '')}-{name}.{ending}")
    try:
        path.write_bytes(answer.body)
    except OSError as error:
        sentence = f"{path} cannot be written: {error.strerror}"
        raise Failure(Code.WRONG_USE, sentence) from error
    size = len(answer.body)
    if as_json:
        document = {"camera": found.id, "stream": name, "file": str(path.absolute())}
        show_json({**document, "mime": answer.mime, "size": size})
    else:
        show(f"{path} ({answer.mime}, {size} bytes)")


def first_stream(system: System, camera: str) -> str:
    """Return the first stream of an OAK that is on."""
    for stream in system.get("GET", f"/cameras/{camera}/streams"):
        if stream["active"]:
            return str(stream["name"])
    raise Failure(
        Code.NOT_READY,
        f"no stream of {camera} is on: switch one on with `lensbus streams {camera} --on CAM_A`",
    )


def live_view(system: System, camera: str) -> Answer:
    """Return one picture of a Sony camera's live view, which then is as it was before."""
    view = f"/api/cameras/{camera}/live-view"
    was_on = system.get("GET", f"{view}/status")["data"]["streaming"]
    if not was_on:
        system.get("POST", f"{view}/start")
    try:
        answer = system.ask("GET", f"{view}/frame")
    finally:
        if not was_on:
            system.get("POST", f"{view}/stop")
    if answer.status != 200:
        raise refusal(system, answer)
    return answer
