"""The log of the whole system: what every process wrote, the newest first.

The process manager keeps the log of each process in a file of `<state>/logs`; reading their ends
shows the same from every gateway, and what was written before this one started.
"""

import asyncio
import functools
import heapq
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_proto.runtime.logs import shown
from lensbus_proto.runtime.records import IDS
from lensbus_proto.runtime.settings import Settings

RETAINED: Final = 1000
LINES: Final = 100
TAIL_BYTES: Final = 131_072  # of one process; with 130 bytes a line that is RETAINED
SECONDS: Final = len("2026-11-21T08:00:01")
MESSAGE_LIMIT: Final = 8192  # characters; a traceback belongs to its message

LEVELS: Final = ("debug", "info", "warn", "error")
_SPOKEN: Final = {"warning": "warn", "critical": "error"}

_HEAD: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d) (debug|info|warning|error|critical) (\S+: .*)"
)
# How a process begins its last words, when a signal ends it; they have the time of those before.
_DYING: Final = "Fatal Python error: "
_JSON: Final = '{"time":"'  # a line of the other format begins so
_CAMERA: Final = re.compile(r" camera=([A-Za-z0-9][A-Za-z0-9:._-]{0,63})(?: |$)")
_WORKER: Final = re.compile(r"worker-[a-z]+-(.+)\.log")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of some process's log."""

    timestamp: str
    level: str
    message: str
    camera: str | None

    def shown(self) -> dict[str, Any]:
        """Return the record as clients see it."""
        told = {"timestamp": self.timestamp, "level": self.level, "message": self.message}
        return told if self.camera is None else {**told, "cameraId": self.camera}


async def get_logs(request: Request) -> Response:
    """Show the newest records from a level upwards, of one camera if `cameraId` names it."""
    settings: Settings = request.app.state.settings
    # Off the loop: some megabytes may have to be read.
    retained = await asyncio.to_thread(newest, settings.state / "logs", RETAINED)
    query = request.query_params
    level = query.get("level", "info")
    least = LEVELS.index(level if level in LEVELS else "info")
    camera = query.get("cameraId")
    found = [
        entry.shown()
        for entry in retained
        if LEVELS.index(entry.level) >= least and camera in (None, entry.camera)
    ][: _lines(query.get("lines"))]
    return JSONResponse(
        {"success": True, "logs": found, "returned": len(found), "total": len(retained)}
    )


def _lines(text: str | None) -> int:
    if text is None or not re.fullmatch("[+-]?[0-9]{1,9}", text):
        return LINES
    return min(max(int(text), 1), RETAINED)


def newest(folder: Path, count: int) -> list[Entry]:
    """Return the newest records of all processes, the newest first."""
    logs = [_of_process(folder / name, *_state(folder / name)) for name in _names(folder)]
    merged = heapq.merge(
        *(reversed(log) for log in logs), key=lambda entry: entry.timestamp, reverse=True
    )
    return [entry for entry, _ in zip(merged, range(count), strict=False)]


def _names(folder: Path) -> Sequence[str]:
    """Return the current log of each process; older ones end in a number."""
    try:
        return sorted(path.name for path in folder.glob("*.log") if path.name != "supervisord.log")
    except OSError:
        return ()


def _state(path: Path) -> tuple[int, int]:
    """Return what differs once somebody has written to a file."""
    try:
        known = path.stat()
    except OSError:
        return 0, 0
    return known.st_size, known.st_mtime_ns


@functools.lru_cache(maxsize=32)  # most processes are quiet, and some clients ask every second
def _of_process(path: Path, size: int, written_ns: int) -> tuple[Entry, ...]:
    """Return the last records of one process, the oldest first; of a new log, the rotated one's."""
    text = _tail(path, TAIL_BYTES)
    if len(text) < TAIL_BYTES:
        text = _tail(path.with_name(path.name + ".1"), TAIL_BYTES - len(text)) + text
    owner = _WORKER.fullmatch(path.name)
    camera = owner[1].replace("..", ":") if owner else None
    records = list(parse(text.decode("utf-8", "replace").split("\n"), camera))
    return tuple(records[-RETAINED:])


def _tail(path: Path, size: int) -> bytes:
    """Return the whole lines at the end of a file, nothing if there is none."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(max(0, end - size))
            data = file.read(size)
    except OSError:
        return b""
    return data if end <= size else data.partition(b"\n")[2]


def parse(lines: Iterable[str], camera: str | None = None) -> Iterator[Entry]:
    """Yield the records of a log; a line without a head goes on with the record before it.

    Both formats may be in one file: the setting may have been changed.
    """
    head: re.Match[str] | None = None
    message: list[str] = []
    for line in lines:
        if line.startswith(_JSON) and (entry := _of_json(line, camera)) is not None:
            if head is not None:
                yield _entry(head, message, camera)
            head, message = None, []
            yield entry
            continue
        match = _HEAD.fullmatch(line)
        if head is not None and line.startswith(_DYING):
            match = _HEAD.fullmatch(f"{head[1]} critical process: {line}")
        if match is None:
            message.append(line)
            continue
        if head is not None:
            yield _entry(head, message, camera)
        head, message = match, [match[3]]
    if head is not None:
        yield _entry(head, message, camera)


def _of_json(line: str, camera: str | None) -> Entry | None:
    """Return the record of a line in JSON, in the words of a line of text."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    match told:
        case {"time": str(time), "level": str(level), "logger": str(name), "message": str(message)}:
            spoken = _SPOKEN.get(level, level)
            if spoken not in LEVELS:
                return None
        case _:
            return None
    ids = {key: told[key] for key in IDS if key in told}
    fields = told.get("fields")
    named = {**(fields if isinstance(fields, Mapping) else {}), **ids}
    text = " ".join([f"{name}: {message}", *(f"{key}={shown(named[key])}" for key in named)])
    trace = told.get("exception")
    text = f"{text}\n{trace}" if isinstance(trace, str) else text
    of = told.get("camera", camera)
    return Entry(time[:SECONDS], spoken, text[:MESSAGE_LIMIT], of if isinstance(of, str) else None)


def _entry(head: re.Match[str], message: Sequence[str], camera: str | None) -> Entry:
    named = _CAMERA.search(head[3])
    return Entry(
        timestamp=head[1],
        level=_SPOKEN.get(head[2], head[2]),
        message="\n".join(message).rstrip()[:MESSAGE_LIMIT],
        camera=named[1] if named else camera,
    )
