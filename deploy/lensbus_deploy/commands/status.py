"""`status` and `cameras`: what a system is doing, on one screen."""

import re
from collections import Counter
from dataclasses import asdict
from typing import Any, Final

import typer

from lensbus_deploy.commands.options import Json, Token, Url, examples, reach
from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.crashes import complaint
from lensbus_deploy.remote.registry import RESTART, Camera, cameras
from lensbus_deploy.remote.system import System
from lensbus_deploy.terminal import show, show_json, show_table, tell

_SAMPLE: Final = re.compile(r"^(\w+)(?:\{[^}]*\})? (\S+)$", re.MULTILINE)
CABLE: Final = "look at its cable and power, then at `lensbus logs --camera {0}`"
WRONG: Final = {"failed": RESTART}
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog=examples("lensbus status", "lensbus status --json"))(status)
    app.command("cameras", epilog=examples("lensbus cameras", "lensbus cameras --json"))(listing)


def status(url: Url = None, token: Token = None, as_json: Json = False) -> None:
    """Tell whether the system works, and what of it does not.

    Exit code 1: something is wrong.
    """
    system = reach(url, token)
    server = system.get("GET", "/api/server/status")["server"]
    known = cameras(system)
    counts = numbers(system)
    wrong = complaints(known, counts)
    if as_json:
        conditions = {camera.id: camera.condition for camera in known}
        show_json(
            {
                "url": system.url,
                "version": server["version"],
                "sony_sdk": server["sdkVersion"],
                "uptime_s": server["uptime"],
                "cameras": conditions,
                "wrong": wrong,
                "metrics": counts,
            }
        )
    else:
        rows = [("system", f"{system.url}, up for {span(server['uptime'])}")]
        rows.append(("cameras", tally(known)))
        rows += [("events", f"{counts['lensbus_events_total']:.0f} so far")]
        rows += [("journal", f"{counts['lensbus_journal_events']:.0f} events kept")]
        show_table(("", ""), rows)
        for sentence in wrong:
            tell(sentence)
    if wrong:
        raise typer.Exit(Code.FAILED)


def listing(url: Url = None, token: Token = None, as_json: Json = False) -> None:
    """List the cameras and whether they can be used."""
    known = cameras(reach(url, token))
    if as_json:
        show_json([as_document(camera) for camera in known])
    elif known:
        rows = [(camera.id, camera.vendor, camera.model, camera.condition) for camera in known]
        show_table(("id", "vendor", "model", "condition"), rows)
    else:
        show("no cameras yet; `lensbus doctor` says what keeps them away")


def as_document(camera: Camera) -> dict[str, Any]:
    """Return a camera for programs."""
    return {
        "id": camera.id,
        "vendor": camera.vendor,
        "model": camera.model,
        "condition": camera.condition,
        "details": camera.details,
        "crashes": [asdict(one) for one in camera.crashes],
    }


def numbers(system: System) -> dict[str, float]:
    """Return the metrics of the broker and of one gateway, without their labels, summed up."""
    answer = system.ask("GET", "/metrics")
    if answer.status != 200:
        raise Failure(Code.FAILED, f"{system.url}/metrics answers {answer.status}")
    sums: Counter[str] = Counter()
    for name, value in _SAMPLE.findall(answer.body.decode()):
        sums[name] += float(value)  # type: ignore[assignment]  # Counter takes any number
    if not sums["lensbus_broker_up"]:
        raise Failure(
            Code.UNREACHABLE,
            f"the gateway at {system.url} answers, but its broker does not: look with"
            " `lensbus logs`",
        )
    return dict(sums)


def complaints(known: list[Camera], counts: dict[str, float]) -> list[str]:
    """Return what is wrong, each with what to do."""
    wrong = []
    for camera in known:
        if camera.condition not in ("ready", "not connected"):
            advice = WRONG.get(camera.condition, CABLE).format(camera.id)
            wrong.append(f"{camera.id} is {camera.condition}: {advice}")
        if said := complaint(camera.crashes, camera.id):
            wrong.append(said)
    if counts.get("lensbus_journal_degraded"):
        wrong.append("the journal cannot be written: make room on the disk of the state folder")
    if lost := counts.get("lensbus_lost_events_total"):
        wrong.append(f"{lost:.0f} events of workers are lost: look with `lensbus events -k gap`")
    return wrong


def tally(known: list[Camera]) -> str:
    """Return how many cameras there are of each condition."""
    counts = Counter(camera.condition for camera in known)
    # Most first: the order in which cameras come up says nothing.
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{count} {condition}" for condition, count in ordered) or "none"


def span(seconds: float) -> str:
    """Return a time in the largest unit that it fills."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
