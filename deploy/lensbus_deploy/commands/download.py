"""`download`: what is on the card of a Sony camera, and fetching it.

The camera's worker pulls a file onto its host, and `--output` fetches it from there over HTTP,
wherever that is. Both are held against the size and the SHA-256 that the event of its arrival told.
"""

import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from lensbus_deploy.commands.options import CameraId, Json, Output, Token, Url, examples, reach
from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.events import EventStream
from lensbus_deploy.remote.files import check_saved, copy
from lensbus_deploy.remote.registry import find_ready
from lensbus_deploy.remote.sse import Message
from lensbus_deploy.remote.system import System, refusal
from lensbus_deploy.terminal import console, show, show_json, show_table, tell

# A card says nothing for longer only when it is gone; the worker gives up after 120 s.
SILENCE_S: Final = 150.0
BUSY_S: Final = 120.0
LOOK_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class CardFile:
    """One file on a card."""

    slot: int
    content_id: int
    file_id: int
    path: str
    size: int

    @property
    def name(self) -> str:
        """Return its name without its folders."""
        return PurePosixPath(self.path).name


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog=examples(
            "lensbus download D10F60149B0C --list",
            "lensbus download D10F60149B0C DSC00001.JPG",
            "lensbus download D10F60149B0C --newest 2 --json",
            "lensbus download D10F60149B0C DSC00002.JPG --output pictures",
            "lensbus download D10F60149B0C --all",
        )
    )(download)


def download(
    camera: CameraId,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help="Files of the card.", show_default=False),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Only list the card.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Every file.")] = False,
    newest: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The newest files.", show_default=False)
    ] = None,
    slot: Annotated[int, typer.Option(min=1, max=2, help="The slot of the card.")] = 1,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FOLDER",
            help="Where to, on the system's host, below sony.save_roots.",
            show_default=False,
        ),
    ] = None,
    output: Output = None,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Fetch files from the card of a Sony camera, and check that they came whole.

    The camera must be connected in the mode remote-transfer or contents.
    """
    ways = sum((bool(names), every, newest is not None, listed))
    if ways != 1:
        sentence = "name files, or say one of --list, --newest N and --all"
        raise Failure(Code.WRONG_USE, sentence)
    system = reach(url, token)
    found = find_ready(system, camera, "sony", "only Sony cameras have cards")
    card = read_card(system, found.id, slot)
    if listed:
        _list(card, as_json=as_json)
        return
    wanted = choose(card, names or (), newest)
    results = []
    with (
        EventStream(
            system,
            cameras=(found.id,),
            kinds=("transferProgress", "transfer.failed"),
            broken=tell,
        ) as stream,
        Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            console=console(error=True),
            disable=not console(error=True).is_terminal,
        ) as progress,
    ):
        for file in wanted:
            task = progress.add_task(file.name, total=file.size)
            begin(system, found.id, file, to)
            arrived = follow(stream, file, progress, task)
            if output is not None:
                progress.update(task, description=f"{file.name} here", completed=0)
                arrived["copy"] = str(
                    copy(
                        system,
                        found.id,
                        arrived,
                        output,
                        functools.partial(_show_progress, progress, task),
                    )
                )
            arrived["checked"] = output is not None or check_saved(arrived)
            results.append(arrived)
            if not as_json:
                how = (
                    "size and SHA-256 are right" if arrived["checked"] else "on its host, unchecked"
                )
                place = arrived.get("copy", arrived["file"])
                show(f"{place} ({arrived['size']} bytes, {how})")
    if as_json:
        show_json(results)


def read_card(system: System, camera: str, slot: int) -> list[CardFile]:
    """Return the files of a card, oldest first."""
    place = f"/api/cameras/{camera}/sd-card/slot/{slot}/files?sort=created"
    return [
        CardFile(slot, file["content_id"], file["file_id"], file["file_path"], file["file_size"])
        for file in system.get("GET", place)["files"]
    ]


def choose(card: Sequence[CardFile], names: Sequence[str], newest: int | None) -> list[CardFile]:
    """Return the files that are meant: by name or path, the newest, or all."""
    if newest is not None:
        return list(card[-newest:])
    if not names:
        return list(card)
    chosen = []
    for name in names:
        meant = [file for file in card if name in (file.path, file.name)]
        if len(meant) != 1:
            problem = "there is no file" if not meant else "there is more than one file"
            advice = "look with --list" if not meant else "write its whole path, see --list"
            raise Failure(Code.UNKNOWN, f"{problem} {name} on the card: {advice}")
        chosen += meant
    return chosen


def begin(system: System, camera: str, file: CardFile, to: str | None) -> None:
    """Have the camera send a file, after what it is sending now."""
    place = f"/api/cameras/{camera}/sd-card/slot/{file.slot}/files"
    path = f"{place}/{file.content_id}/{file.file_id}/download"
    limit = time.monotonic() + BUSY_S
    while (answer := system.ask("POST", path, {} if to is None else {"save_path": to})).status:
        if answer.status == 202:
            return
        if answer.status != 409 or time.monotonic() > limit:
            raise refusal(system, answer)
        time.sleep(LOOK_S)


def follow(stream: EventStream, file: CardFile, progress: Progress, task: TaskID) -> dict[str, Any]:
    """Show how a file comes; return where it is, its size and its hash."""
    heard_s = time.monotonic()
    for message in stream:
        if _is_of(message, file):
            heard_s = time.monotonic()
            data = message.data
            if message.kind == "transfer.failed" or data.get("error"):
                reason = data.get("message") or data.get("error") or data.get("code")
                sentence = f"{file.name} did not come, and nothing of it is left: {reason}"
                raise Failure(Code.FAILED, sentence)
            progress.update(task, completed=file.size * data["percent"] / 100)
            if data.get("savedPath"):
                told = {key: data[key] for key in ("size", "sha256")}
                return {"name": file.name, "file": data["savedPath"], **told}
        if time.monotonic() - heard_s > SILENCE_S:
            break
    sentence = f"nothing was heard of {file.name} for {SILENCE_S:g} s: look with `lensbus status`"
    raise Failure(Code.FAILED, sentence)


def _show_progress(progress: Progress, task: TaskID, size: int) -> None:
    progress.update(task, completed=size)


def _is_of(message: Message, file: CardFile) -> bool:
    data = message.data
    return isinstance(data, dict) and (data.get("contentId"), data.get("fileId")) == (
        file.content_id,
        file.file_id,
    )


def _list(card: Sequence[CardFile], *, as_json: bool) -> None:
    if as_json:
        show_json(
            [
                {
                    "path": file.path,
                    "size": file.size,
                    "content_id": file.content_id,
                    "file_id": file.file_id,
                }
                for file in card
            ]
        )
    else:
        show_table(("file", "bytes"), ((file.path, str(file.size)) for file in card))
