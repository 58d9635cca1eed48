"""`bench`: how fast a running system answers. It reads only, and disturbs nobody.

`--events` is the exception: it moves one value of an OAK to and fro, to have events to time.
"""

import http.client
import math
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer

from lensbus_deploy.commands.options import Json, Token, Url, complete_camera, examples, reach
from lensbus_deploy.commands.still import first_stream
from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.events import EventStream
from lensbus_deploy.remote.registry import Camera, cameras, check_ready, pick
from lensbus_deploy.remote.system import ANSWER_S, System
from lensbus_deploy.terminal import show_json, show_table

EVENT_S: Final = 5.0
MOVED: Final = "brightness"
WARM_UP: Final = 5

Row = dict[str, Any]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog=examples(
            "lensbus bench --count 20",
            "lensbus bench 14442C10D13EABCE00 --events --count 20 --json",
        )
    )(bench)


def bench(
    camera: Annotated[
        str | None,
        typer.Argument(
            metavar="CAMERA",
            help="Only this one; without it every camera that is ready.",
            autocompletion=complete_camera,
            show_default=False,
        ),
    ] = None,
    count: Annotated[
        int, typer.Option("--count", "-n", min=2, max=10_000, help="How many of each.")
    ] = 200,
    events: Annotated[
        bool, typer.Option("--events", help=f"Time events too: move {MOVED} of an OAK by one.")
    ] = False,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Measure a running system from here, in milliseconds, one request after another.

    `gateway` is a request that no camera sees, `command` one that goes to the camera's worker and
    back, `event` the time until a request is answered and the event that it causes is here.
    """
    system = reach(url, token)
    known = cameras(system)
    chosen = known if camera is None else [check_ready(pick(known, camera))]
    measured = [one for one in chosen if one.condition == "ready"]
    rows = []
    with kept(system) as ask:
        rows.append(row("gateway", "", [ask("/api/server/status") for _ in range(count)]))
        for one in measured:
            path = harmless(one)
            rows.append(row("command", one.id, [ask(path) for _ in range(count)]))
    if events:
        oaks = [one for one in measured if one.vendor == "oak"]
        if not oaks:
            raise Failure(Code.NOT_READY, "--events needs an OAK that is ready")
        rows.append(row("event", oaks[0].id, cause_events(system, oaks[0].id, count)))
    if as_json:
        show_json({"url": system.url, "measured": rows})
        return
    titles = ("what", "camera", "count", "p50 ms", "p99 ms", "max ms")
    show_table(titles, (tuple(str(cell) for cell in entry.values()) for entry in rows))


def harmless(camera: Camera) -> str:
    """Return a path that only reads, and that the camera's worker itself answers."""
    if camera.vendor == "sony":
        return f"/api/cameras/{camera.id}/connection"
    return f"/cameras/{camera.id}/streams"


class Asker:
    """Sends requests on one connection that is kept open."""

    def __init__(self, system: System, connection: http.client.HTTPConnection) -> None:
        self._prefix = urlsplit(system.url).path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {system.token}"} if system.token else {}
        self._connection = connection

    def __call__(self, path: str) -> float:
        """Send one request; return how many seconds its answer took."""
        began = time.perf_counter()
        self._connection.request("GET", self._prefix + path, headers=self._headers)
        answer = self._connection.getresponse()
        answer.read()
        took = time.perf_counter() - began
        if answer.status != 200:
            raise Failure(Code.FAILED, f"{path} answers {answer.status} under this load")
        return took


@contextmanager
def kept(system: System) -> Iterator[Asker]:
    """Yield what sends requests, warmed up."""
    connection = system.dial(ANSWER_S)
    try:
        ask = Asker(system, connection)
        for _ in range(WARM_UP):
            ask("/api/server/status")
        yield ask
    except (OSError, http.client.HTTPException) as error:
        sentence = f"{system.url} broke off: look with `lensbus status`"
        raise Failure(Code.FAILED, sentence) from error
    finally:
        connection.close()


def cause_events(system: System, camera: str, count: int) -> list[float]:
    """Return the seconds from each request to the event that it caused."""
    name = first_stream(system, camera)
    control = f"/cameras/{camera}/streams/{name}/control"
    before: int = system.get("GET", control)[MOVED]
    aside = before - 1 if before > 0 else before + 1
    took = []
    kinds = ("controlChanged",)
    with EventStream(system, cameras=(camera,), kinds=kinds) as stream:
        try:
            for number in range(count):
                value = before if number % 2 else aside
                began = time.perf_counter()
                system.get("POST", control, {MOVED: value})
                _wait(stream, name, value)
                took.append(time.perf_counter() - began)
        finally:
            system.get("POST", control, {MOVED: before})
    return took


def _wait(stream: EventStream, name: str, value: int) -> None:
    limit = time.monotonic() + EVENT_S
    for message in stream:
        data: Mapping[str, Any] = message.data
        mine = message.kind == "controlChanged" and data["stream"] == name
        if mine and data["control"][MOVED] == value:
            return
        if time.monotonic() > limit:
            break
    raise Failure(Code.FAILED, f"an event did not come within {EVENT_S:g} s")


def row(what: str, camera: str, took: Sequence[float]) -> Row:
    """Return one line of figures."""
    ordered = sorted(seconds * 1000 for seconds in took)
    last = math.ceil(0.99 * len(ordered)) - 1
    return {
        "what": what,
        "camera": camera,
        "count": len(ordered),
        "p50_ms": round(statistics.median(ordered), 2),
        "p99_ms": round(ordered[last], 2),
        "max_ms": round(ordered[-1], 2),
    }
