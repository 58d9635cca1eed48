"""Who had which camera do what: one JSON line for each command in `{state}/logs/audit.jsonl`.

Several processes append to one file. It never grows past its limit: the one that passes it makes
room, as does a tool like logrotate, and all others notice that the file is another one.
"""

import fcntl
import json
import logging
import os
import queue
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.masking import masked

logger = logging.getLogger(__name__)

NAME: Final = "audit.jsonl"
LIMIT_BYTES: Final = 10 * 1024 * 1024
KEPT: Final = 5  # older files beside it
WAITING: Final = 10_000
LINE_BYTES: Final = 16_384


class AuditLog:
    """Appends lines in a thread of its own: a slow disk delays nobody's command."""

    def __init__(self, state: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._path = state / "logs" / NAME
        self._limit_bytes = limit_bytes
        self._waiting: queue.Queue[bytes | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self.lost = 0

    def write(self, record: Mapping[str, Any]) -> None:
        """Have a record written soon, with the time of now and without its secrets."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(line_of(record))
        except queue.Full:
            self._count_lost("the disk is too slow")

    def close(self) -> None:
        """Write what waits, then end."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(5)
            self._thread = None

    def _run(self) -> None:
        while (line := self._waiting.get()) is not None:
            try:
                self._path.parent.mkdir(mode=0o700, exist_ok=True)
                append(self._path, line, self._limit_bytes)
            except OSError as error:
                self._count_lost(error.strerror or str(error))

    def _count_lost(self, reason: str) -> None:
        self.lost += 1
        if self.lost & (self.lost - 1) == 0:  # 1, 2, 4, 8, ...: never a storm of lines
            logger.error("audit lines lost", extra={"total": self.lost, "reason": reason})


def line_of(record: Mapping[str, Any]) -> bytes:
    """Return one line; what is too long for a line loses its details."""
    when = datetime.fromtimestamp(unix_us() / 1e6, UTC).isoformat(timespec="milliseconds")
    whole = {"time": when, **masked(record)}
    line = json.dumps(whole, separators=(",", ":")).encode()
    if len(line) > LINE_BYTES:
        short = {key: value for key, value in whole.items() if key != "commands"}
        line = json.dumps({**short, "shortened": True}, separators=(",", ":")).encode()[:LINE_BYTES]
    return line + b"\n"


def append(path: Path, line: bytes, limit_bytes: int = LIMIT_BYTES) -> None:
    """Append a line to the file, which is renamed when it is full."""
    descriptor = _open(path)
    try:
        if os.fstat(descriptor).st_size + len(line) > limit_bytes:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _make_room(path, descriptor)
            os.close(descriptor)
            descriptor = _open(path)
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    return os.open(path, flags, 0o600)


def _make_room(path: Path, descriptor: int) -> None:
    """Rename the full file, unless somebody else has done so while we waited for the lock."""
    try:
        if path.stat().st_ino != os.fstat(descriptor).st_ino:
            return
    except FileNotFoundError:
        return
    for number in range(KEPT - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))
