"""A source of numbered events: a real worker whose driver counts, and a record of what it emitted.

`python -m kit.source --camera SRC1 --folder /some/folder` is one life of one. It reads its rate
from `<folder>/SRC1.rate` (events a second, 0 for silence) and writes each number to
`<folder>/SRC1.<epoch>` before it lets the number go: what is not in the record was never sent.
"""

import argparse
import math
import os
import struct
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import zmq

from lensbus_proto.errors import CommandUnknown
from lensbus_proto.runtime import lifecycle
from lensbus_proto.runtime.settings import Settings
from lensbus_services.driver import Description, Frame, Observation, Result, Stuck
from lensbus_services.worker import Worker

KIND: Final = "numbered"
LAST_WORDS: Final = 5
TICK_S: Final = 0.005
LOOK_S: Final = 0.05
NUMBER: Final = struct.Struct(">Q")

Record = Callable[[range], None]


class CountingDriver:
    """Emits 1, 2, 3, ... at the rate that it is told, and a few more while it closes.

    Every number goes into the record before it goes out. Past `most` it emits nothing.
    """

    def __init__(
        self,
        rate: Callable[[], float],
        record: Record,
        *,
        pad: int = 0,
        most: float = math.inf,
        last_words: int = 0,
        tick_s: float = TICK_S,
    ) -> None:
        self._ask_rate = rate
        self._record = record
        self._pad = "x" * pad
        self._most = most
        self._words = last_words
        self._tick_s = tick_s
        self._closed = False
        self._count = 0
        self._rate = 0.0
        self._due = 0.0
        self._ticked = self._looked = 0.0

    def open(self) -> Description:
        return self.describe()

    def describe(self) -> Description:
        return Description("source", "Source 1")

    def close(self) -> None:
        self._closed = True

    def observed(self) -> int:
        return self._count

    def execute(self, name: str, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        if name == "count":
            return Result({"count": self._count})
        raise CommandUnknown(f"no command {name!r}")

    def drain(self, timeout_s: float) -> Sequence[Observation]:
        if self._closed:
            words, self._words = self._words, 0
            return self._emit(words)
        time.sleep(min(timeout_s, self._tick_s))
        now = time.monotonic()
        if now - self._looked >= LOOK_S:
            self._looked = now
            self._set_rate(self._ask_rate(), now)
        self._due += self._rate * (now - self._ticked)
        self._ticked = now
        due = int(self._due)
        self._due -= due
        return self._emit(due)

    def _set_rate(self, rate: float, now: float) -> None:
        if rate != self._rate:
            self._rate, self._due, self._ticked = rate, 0.0, now

    def _emit(self, count: int) -> list[Observation]:
        numbers = range(self._count + 1, int(min(self._count + count, self._most)) + 1)
        self._record(numbers)
        self._count += len(numbers)
        return [self._observation(n) for n in numbers]

    def _observation(self, n: int) -> Observation:
        data = {"n": n, "t_ns": time.monotonic_ns(), "pad": self._pad}
        return Observation(KIND, time.time_ns() // 1000, data)

    def stuck(self) -> Stuck | None:
        """Return the call into the SDK that does not come back, if there is one."""
        return None

    def watch(self, streams: frozenset[str]) -> None:
        pass

    def pictures(self, timeout_s: float) -> Sequence[Frame]:
        time.sleep(timeout_s)
        return []


def read_rate(folder: Path, camera: str) -> float:
    """Return the rate in a source's file; 0 while there is none."""
    with suppress(OSError, ValueError):
        return float((folder / f"{camera}.rate").read_text())
    return 0.0


class Diary:
    """The record of one life: each number, as it is about to go out."""

    def __init__(self, folder: Path, camera: str) -> None:
        self._folder = folder
        self._camera = camera
        self._descriptor = -1

    def begin(self, epoch: int) -> None:
        """Learn the epoch under which everything goes out."""
        path = self._folder / f"{self._camera}.{epoch}"
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)

    def note(self, numbers: range) -> None:
        os.write(self._descriptor, b"".join(map(NUMBER.pack, numbers)))


def main(settings: Settings, camera: str, folder: Path, pad: int) -> int:
    """Count until SIGTERM."""
    diary = Diary(folder, camera)
    driver = CountingDriver(
        lambda: read_rate(folder, camera), diary.note, pad=pad, last_words=LAST_WORDS
    )
    return work(settings, camera, driver, lifecycle.StopSignal(), diary.begin)


def work(
    settings: Settings,
    camera: str,
    driver: CountingDriver,
    stop: lifecycle.StopSignal,
    begin: Callable[[int], None] = lambda epoch: None,
) -> int:
    """Be the worker of a counting driver until the end; return the exit code."""
    context = zmq.Context[zmq.Socket[bytes]]()
    worker = Worker(context, settings, camera, driver)
    begin(worker._epoch)
    code = worker.run(stop.fileno())
    context.destroy()
    return code


if __name__ == "__main__":
    parser: argparse.ArgumentParser = lifecycle.parser("kit.source", "Emit numbered events.")
    parser.add_argument("--camera", required=True)
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--pad", type=int, default=0)
    options = parser.parse_args()
    code = lifecycle.run(
        options.config,
        lambda settings: main(settings, options.camera, options.folder, options.pad),
    )
    sys.stderr.flush()
    os._exit(code)
