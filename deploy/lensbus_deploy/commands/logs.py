"""`logs`: what all processes of a system have written, oldest first."""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from lensbus_deploy.commands.options import Json, Token, Url, examples, reach
from lensbus_deploy.remote.registry import find
from lensbus_deploy.remote.system import System
from lensbus_deploy.terminal import show, show_json_line

LOOK_S: Final = 1.0
MOST: Final = 1000


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog=examples(
            "lensbus logs",
            "lensbus logs --level warn --lines 20",
            "lensbus logs --camera D10F60149B0C --json",
        )
    )(logs)


def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=MOST, help="How many.")] = 100,
    level: Annotated[
        str, typer.Option(metavar="LEVEL", help="The least: debug, info, warn or error.")
    ] = "info",
    camera: Annotated[
        str | None,
        typer.Option(
            "--camera", "-c", metavar="CAMERA", help="Of this camera.", show_default=False
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on; Ctrl-C ends it.")] = False,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Print the newest lines of all logs; with --json each line is one entry."""
    if level not in ("debug", "info", "warn", "error"):
        raise typer.BadParameter("expected debug, info, warn or error", param_hint="--level")
    system = reach(url, token)
    only = None if camera is None else find(system, camera).id
    try:
        seen = fetch(system, MOST if follow else lines, level, only)
        _print(seen[-lines:], as_json=as_json)
        while follow:
            time.sleep(LOOK_S)
            now = fetch(system, MOST, level, only)
            _print(added(seen, now), as_json=as_json)
            seen = now
    except KeyboardInterrupt:
        return


def fetch(system: System, lines: int, level: str, camera: str | None) -> list[dict[str, Any]]:
    """Return the newest entries, oldest first."""
    query = {"lines": str(lines), "level": level}
    if camera is not None:
        query["cameraId"] = camera
    found: list[dict[str, Any]] = system.get("GET", f"/api/server/logs?{urlencode(query)}")["logs"]
    return found[::-1]


def added(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return what is in the newer list only. Entries have no number, and may be alike."""
    known = Counter(_key(entry) for entry in before)
    new = []
    for entry in now:
        key = _key(entry)
        if known[key]:
            known[key] -= 1
        else:
            new.append(entry)
    return new


def _key(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, sort_keys=True)


def _print(entries: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    for entry in entries:
        if as_json:
            show_json_line(entry)
        else:
            show(f"{entry['timestamp']} {entry['level']:<5} {entry['message']}")
