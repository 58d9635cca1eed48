"""A source of numbered events: a real worker whose driver counts, and a record of what it emitted.

`python -m kit.source --camera SRC1 --folder /some/folder` is one life of one. It reads its rate
from `<folder>/SRC1.rate` (events a second, 0 for silence) and writes each number to
`<folder>/SRC1.<epoch>` before it lets the number go: what is not in the record was never sent.
"""

import argparse
import os
import struct
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import zmq

from lensbus_proto.errors import CommandUnknown
from lensbus_proto.runtime import lifecycle
from lensbus_proto.runtime.settings import Settings
from lensbus_services.driver import Description, Frame, Observation, Result
from lensbus_services.worker import Worker

KIND: Final = "numbered"
LAST_WORDS: Final = 5
TICK_S: Final = 0.005
LOOK_S: Final = 0.05
NUMBER: Final = struct.Struct(">Q")


class CountingDriver:
    """Emits 1, 2, 3, ... at the rate that its file says, and a few more while it closes."""

    def __init__(self, camera: str, folder: Path, pad: int) -> None:
        self._folder = folder
        self._camera = camera
        self._pad = "x" * pad
        self._record = -1
        self._count = 0
        self._rate = 0.0
        self._due = 0.0
        self._ticked = self._looked = 0.0
        self._words = 0

    def begin(self, epoch: int) -> None:
        """Learn the epoch under which everything goes out."""
        path = self._folder / f"{self._camera}.{epoch}"
        self._record = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)

    def open(self) -> Description:
        return self.describe()

    def describe(self) -> Description:
        return Description("source", "Source 1")

    def close(self) -> None:
        self._rate, self._words = -1.0, LAST_WORDS if self._rate >= 0 else 0

    def observed(self) -> int:
        return self._count

    def execute(self, name: str, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        if name == "count":
            return Result({"count": self._count})
        raise CommandUnknown(f"no command {name!r}")

    def drain(self, timeout_s: float) -> Sequence[Observation]:
        if self._rate < 0:
            words, self._words = self._words, 0
            return self._emit(words)
        time.sleep(min(timeout_s, TICK_S))
        now = time.monotonic()
        if now - self._looked >= LOOK_S:
            self._looked = now
            self._set_rate(read_rate(self._folder, self._camera), now)
        self._due += max(self._rate, 0) * (now - self._ticked)
        self._ticked = now
        due = int(self._due)
        self._due -= due
        return self._emit(due)

    def _set_rate(self, rate: float, now: float) -> None:
        if self._rate >= 0 and rate != self._rate:
            self._rate, self._due, self._ticked = rate, 0.0, now

    def _emit(self, count: int) -> list[Observation]:
        numbers = range(self._count + 1, self._count + count + 1)
        os.write(self._record, b"".join(map(NUMBER.pack, numbers)))
        self._count += count
        return [self._observation(n) for n in numbers]

    def _observation(self, n: int) -> Observation:
        data = {"n": n, "t_ns": time.monotonic_ns(), "pad": self._pad}
        return Observation(KIND, time.time_ns() // 1000, data)

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


def main(settings: Settings, camera: str, folder: Path, pad: int) -> int:
    """Count until SIGTERM."""
    stop = lifecycle.StopSignal()
    context = zmq.Context[zmq.Socket[bytes]]()
    driver = CountingDriver(camera, folder, pad)
    worker = Worker(context, settings, camera, driver)
    driver.begin(worker._epoch)
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
