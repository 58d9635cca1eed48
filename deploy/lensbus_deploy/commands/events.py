"""`events`: the event stream of a system, with resume."""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from lensbus_deploy.commands.options import Json, Token, Url, examples, reach
from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.events import EventStream
from lensbus_deploy.remote.sse import Message
from lensbus_deploy.terminal import show, show_json_line, tell

SAVE_S: Final = 1.0
_BESIDE: Final = {"cameraId", "epoch", "seq", "timeUs"}  # what each line shows in its own place

Cameras = Annotated[
    list[str] | None,
    typer.Option("--camera", "-c", metavar="CAMERA", help="Of this camera; may be repeated."),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", "-k", metavar="KIND", help="Of this kind; may be repeated."),
]
Count = Annotated[
    int | None,
    typer.Option("--count", "-n", min=1, metavar="N", help="End after so many events."),
]
After = Annotated[
    str,
    typer.Option(
        "--after",
        metavar="CURSOR",
        help="Begin behind this place; `earliest` is before all that is kept.",
        show_default=False,
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog=examples(
            "lensbus events --count 1 --after earliest",
            "lensbus events --camera D10F60149B0C --kind afStatus --kind warning",
            "lensbus events --after earliest --json --seconds 1",
            "lensbus events --cursor-file rack.cursor --json --seconds 1",
        )
    )(events)


def events(
    camera: Cameras = None,
    kind: Kinds = None,
    after: After = "",
    cursor_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Keep the place here; the next run begins there.",
            show_default=False,
        ),
    ] = None,
    count: Count = None,
    seconds: Annotated[
        float | None, typer.Option(min=0, metavar="S", help="End after so long, about.")
    ] = None,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Follow the events, through restarts of everything; what is lost is told as `gap`.

    Each event has a cursor. With --json each line is one event; Ctrl-C ends it.
    """
    place = Place(cursor_file)
    limit = None if seconds is None else time.monotonic() + seconds
    left = count
    stream = EventStream(
        reach(url, token), camera or (), kind or (), after or place.cursor, broken=tell
    )
    write = show_json_line if as_json else _show
    try:
        with stream:
            for message in stream:
                if message.kind != "heartbeat":
                    write(document(message))
                    left = None if left is None else left - 1
                place.keep(message.cursor)
                if left == 0 or (limit is not None and time.monotonic() > limit):
                    return
    except KeyboardInterrupt:
        return
    finally:
        place.save()


def document(message: Message) -> dict[str, Any]:
    """Return an event for programs: its place, its camera, its kind and what it says."""
    data = message.data if isinstance(message.data, dict) else {"value": message.data}
    return {
        "cursor": message.cursor,
        "camera": data.get("cameraId"),
        "kind": message.kind,
        "data": {key: value for key, value in data.items() if key != "cameraId"},
    }


def _show(event: dict[str, Any]) -> None:
    show(line(event))


def line(event: dict[str, Any]) -> str:
    """Return an event for people."""
    data = event["data"]
    stamp = clock(data["timeUs"]) if "timeUs" in data else " " * 12
    said = " ".join(
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in data.items()
        if key not in _BESIDE
    )
    return f"{event['cursor']:<14} {stamp} {event['camera'] or '-':<20} {event['kind']} {said}"


def clock(time_us: int) -> str:
    """Return the local time of day of an event, with milliseconds."""
    local = datetime.fromtimestamp(time_us / 1e6, UTC).astimezone()
    return local.strftime("%H:%M:%S.%f")[:-3]


class Place:
    """The cursor in a file, written at most once a second: a killed run repeats, never misses."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.cursor = self._read(file) if file is not None and file.exists() else ""
        self._saved = self.cursor
        self._next_s = 0.0

    def keep(self, cursor: str) -> None:
        """Remember what was printed so far."""
        self.cursor = cursor or self.cursor
        if time.monotonic() >= self._next_s:
            self.save()

    def save(self) -> None:
        """Write the cursor, whole or not at all."""
        if self._file is None or self.cursor == self._saved:
            return
        beside = self._file.with_name(f".{self._file.name}.new")
        try:
            beside.write_text(f"{self.cursor}\n", encoding="ascii")
            os.replace(beside, self._file)
        except OSError as error:
            raise self._unusable(self._file, error) from error
        self._saved = self.cursor
        self._next_s = time.monotonic() + SAVE_S

    def _read(self, file: Path) -> str:
        try:
            return file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise self._unusable(file, error) from error

    def _unusable(self, file: Path, error: Exception) -> Failure:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        return Failure(Code.WRONG_USE, f"the cursor cannot be kept in {file}: {reason}")
