"""`ready`: is every camera ready, and if not, why? For people, and for scripts that wait."""

import time
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from lensbus_deploy.commands.options import Json, Token, Url, examples, reach
from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.system import System, refusal
from lensbus_deploy.terminal import show_json, show_table, tell

LOOK_S: Final = 0.5
ANSWER_S: Final = 10.0


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog=examples("lensbus ready --wait 60", "lensbus ready D10F60149B0C --wait 60 --json")
    )(ready)


def ready(
    camera: Annotated[
        str | None,
        typer.Argument(
            metavar="[CAMERA]", help="Only this one, by its whole id.", show_default=False
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="Wait so long for it to become ready.")
    ] = 0.0,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Tell whether every camera's SDK answers or its pictures come.

    Exit code 5: something is not ready; each line says why.
    """
    system = reach(url, token)
    until_s = time.monotonic() + wait
    while True:
        found = _look(system, camera, patient=time.monotonic() < until_s)
        if (found is not None and found["ready"]) or time.monotonic() >= until_s:
            break
        time.sleep(LOOK_S)
    assert found is not None, "who is not patient has an answer or a failure"
    if as_json:
        show_json(found)
    else:
        rows = [
            (one["camera"], "ready" if one["ready"] else "not ready", one["reason"])
            for one in found["cameras"]
        ]
        show_table(("camera", "condition", "why"), rows)
        for part in ("broker", "journal"):
            if reason := found[part]["reason"]:
                tell(f"{part}: {reason}")
    if not found["ready"]:
        raise typer.Exit(Code.NOT_READY)


def _look(system: System, camera: str | None, *, patient: bool) -> Mapping[str, Any] | None:
    """Return the verdict; None for who is patient and gets no answer."""
    query = "" if camera is None else "?" + urlencode({"camera": camera})
    try:
        answer = system.ask("GET", f"/readyz{query}", timeout_s=ANSWER_S)
    except Failure:
        if patient:
            return None
        raise
    told = answer.json()
    if answer.status in (200, 503) and isinstance(told, dict) and "cameras" in told:
        return told
    raise refusal(system, answer)
