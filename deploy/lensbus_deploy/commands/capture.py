"""`capture`: press the shutter of a Sony camera, and say what came of it.

Accepted is not done: the answer to the press says that the camera took it, the events say that it
exposed and where its files are. All of them carry the number of the capture.
"""

import time
import uuid
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import typer

from lensbus_deploy.commands.options import CameraId, Json, Output, Token, Url, examples, reach
from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.events import EventStream
from lensbus_deploy.remote.files import copy
from lensbus_deploy.remote.registry import find_ready
from lensbus_deploy.remote.sony_properties import read_all
from lensbus_deploy.remote.sse import Message
from lensbus_deploy.remote.system import System
from lensbus_deploy.terminal import show, show_json, tell

DESTINATION: Final = "still-image-store-destination"
FORMAT: Final = "file-format"
OTHER_FILE_S: Final = 10.0
KINDS: Final = (
    "warning",
    "downloadComplete",
    "transfer.failed",
    "capture.not_exposed",
    "capture.unknown",
)
_EXPOSED: Final = "0x20011"


@dataclass(slots=True)
class Outcome:
    """What is known of one capture so far."""

    capture: int
    exposures: int = 0
    files: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""

    def take(self, message: Message) -> None:
        """Learn from one event; those of other captures say nothing."""
        data = message.data
        if not isinstance(data, dict) or data.get("capture") != self.capture:
            return
        match message.kind:
            case "warning" if data.get("code") == _EXPOSED:
                self.exposures += 1
            case "downloadComplete":
                self.files.append({key: data[key] for key in ("savedPath", "size", "sha256")})
            case "transfer.failed":
                self.failure = f"its file did not come: {data.get('message') or data['code']}"
            case "capture.not_exposed":
                self.failure = "the camera took the press and exposed nothing"
            case "capture.unknown":
                self.failure = f"nobody knows what came of it: {data.get('reason', '')}"
            case _:
                pass


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog=examples(
            "lensbus capture D10F60149B0C",
            "lensbus capture D10F60149B0C --no-focus --json",
            "lensbus capture D10F60149B0C --output pictures",
        )
    )(capture)


def capture(
    camera: CameraId,
    focus: Annotated[bool, typer.Option(help="Focus first.")] = True,
    wait_s: Annotated[
        float,
        typer.Option("--wait", min=0, metavar="S", help="Wait so long for exposure and file."),
    ] = 30.0,
    output: Output = None,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Take a picture with a Sony camera; wait until it is exposed, and for its file.

    A file is waited for where the camera sends it by itself: in the mode remote, when its property
    still-image-store-destination says so. In remote-transfer it stays on the card, for `download`.
    """
    system = reach(url, token)
    found = find_ready(system, camera, "sony", f"take its picture with `lensbus still {camera}`")
    files = count_files(system, found.id)
    with EventStream(system, cameras=(found.id,), kinds=KINDS, broken=tell) as stream:
        outcome = Outcome(press(system, found.id, focus=focus))
        if wait_s:
            wait(stream, outcome, wait_s, files)
    if output is not None:
        for file in outcome.files:
            told = {"file": file["savedPath"], "size": file["size"], "sha256": file["sha256"]}
            file["copy"] = str(copy(system, found.id, told, output))
    if as_json:
        show_json(
            {
                "camera": found.id,
                "capture": outcome.capture,
                "exposures": outcome.exposures,
                "files": outcome.files,
            }
        )
    else:
        for file in outcome.files:
            show(f"{file.get('copy', file['savedPath'])} ({file['size']} bytes)")
        if not outcome.files:
            where = "on its card" if outcome.exposures else "not waited for"
            show(f"capture {outcome.capture} taken, {where}")


def count_files(system: System, camera: str) -> int:
    """Return how many files of a press the camera sends by itself: two of RAW+JPEG."""
    connection = system.get("GET", f"/api/cameras/{camera}/connection")
    if connection.get("data", {}).get("mode") != "remote":
        return 0
    shown = {value.name: value.shown for value in read_all(system, camera)}
    if "host" not in shown.get(DESTINATION, "").lower():
        return 0
    return shown.get(FORMAT, "").count("+") + 1


def press(system: System, camera: str, *, focus: bool) -> int:
    """Press the shutter once, whatever becomes of the line; return the capture's number."""
    action = "af-shutter" if focus else "shutter"
    answer = system.get(
        "POST",
        f"/api/cameras/{camera}/actions/{action}",
        headers={"Idempotency-Key": uuid.uuid4().hex},
    )
    return int(answer["data"]["capture"])


def wait(stream: EventStream, outcome: Outcome, wait_s: float, files: int) -> None:
    """Wait until the outcome is known; Failure when it is none, or not in time.

    A body may keep one of two files to itself: after the first the other has `OTHER_FILE_S`.
    """
    limit = time.monotonic() + wait_s
    came = limit
    for message in stream:
        outcome.take(message)
        if outcome.failure:
            raise Failure(Code.FAILED, f"capture {outcome.capture}: {outcome.failure}")
        now = time.monotonic()
        if outcome.files:
            came = min(came, now)
        is_over = len(outcome.files) >= files or now > min(came + OTHER_FILE_S, limit)
        if outcome.exposures and is_over and (outcome.files or not files):
            return
        if now > limit:
            missing = "file" if outcome.exposures else "exposure"
            raise Failure(
                Code.FAILED,
                f"capture {outcome.capture} had no {missing} within {wait_s:g} s: look with"
                " `lensbus events`",
            )
