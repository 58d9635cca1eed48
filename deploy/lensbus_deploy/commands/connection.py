"""`connect` and `disconnect`: take a camera into use, and let it go."""

from typing import Annotated, Any

import typer

from lensbus_deploy.commands.options import CameraId, Json, Token, Url, examples, reach
from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.registry import Camera, find
from lensbus_deploy.terminal import show, show_json

MODES = ("remote", "remote-transfer", "contents")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog=examples(
            "lensbus connect D10F60149B0C",
            "lensbus connect D10F --mode remote-transfer",
            "lensbus connect 14442C10D13EABCE00",
        )
    )(connect)
    app.command(
        epilog=examples("lensbus disconnect D10F60149B0C", "lensbus disconnect 14442C1051B665D700")
    )(disconnect)


def connect(
    camera: CameraId,
    mode: Annotated[
        str | None,
        typer.Option(
            metavar="MODE",
            help="Sony: remote, remote-transfer (also the card; if none is named) or contents.",
            show_default=False,
        ),
    ] = None,
    username: Annotated[
        str | None, typer.Option(help="Sony on a network.", show_default=False)
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(
            envvar="LENSBUS_CAMERA_PASSWORD",
            help="Sony on a network; the variable keeps it out of the list of processes.",
            show_default=False,
        ),
    ] = None,
    fingerprint: Annotated[
        str | None, typer.Option(help="Sony on a network.", show_default=False)
    ] = None,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Connect a Sony camera, or boot an OAK. It stays wished: a link that is lost comes back."""
    system = reach(url, token)
    found = find(system, camera)
    given = {"username": username, "password": password, "fingerprint": fingerprint}
    auth = {name: value for name, value in given.items() if value is not None}
    if mode is not None and mode not in MODES:
        raise typer.BadParameter(f"expected {', '.join(MODES)}", param_hint="--mode")
    if found.vendor == "oak":
        if mode is not None or username is not None or fingerprint is not None:
            sentence = f"{found.id} is an OAK: it is connected without options"
            raise Failure(Code.WRONG_USE, sentence)
        answer = system.get("POST", f"/cameras/{found.id}")
        _report(found, f"{found.id} is booted", answer, as_json=as_json)
        return
    body: dict[str, Any] = {"auth": auth} if auth else {}
    if mode is not None:
        body["mode"] = mode
    answer = system.get("POST", f"/api/cameras/{found.id}/connection", body)
    _report(found, answer["message"], answer, as_json=as_json)


def disconnect(
    camera: CameraId, as_json: Json = False, url: Url = None, token: Token = None
) -> None:
    """Disconnect a Sony camera, or shut an OAK down, until somebody connects it again."""
    system = reach(url, token)
    found = find(system, camera)
    if found.vendor == "oak":
        answer = system.get("DELETE", f"/cameras/{found.id}")
        _report(found, f"{found.id} is shut down", answer, as_json=as_json)
    else:
        answer = system.get("DELETE", f"/api/cameras/{found.id}/connection")
        _report(found, answer["message"], answer, as_json=as_json)


def _report(camera: Camera, sentence: str, answer: Any, *, as_json: bool) -> None:
    if as_json:
        show_json({"camera": camera.id, "answer": answer})
    else:
        show(sentence)
