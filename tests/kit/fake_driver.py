"""A driver with no camera: it does what the test tells it to."""

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from lensbus_proto.errors import CameraBusy, CommandUnknown
from lensbus_services.driver import Description, Frame, Observation, Result, Stuck


class FakeDriver:
    """Answers `echo`, `observe`, `busy`, `crash`, `wait` and `count`; makes pictures of `view`."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.closed = threading.Event()
        self.release = threading.Event()
        self.watched: frozenset[str] = frozenset()
        self.counted = 0
        self.answer = 42
        self.open_error: Exception | None = None
        self._observed = 0
        self._observations: queue.Queue[Observation] = queue.Queue()

    def open(self) -> Description:
        if self.open_error is not None:
            raise self.open_error
        self.opened.set()
        return self.describe()

    def describe(self) -> Description:
        return Description("fake", "Fake 1", {"answer": self.answer})

    def close(self) -> None:
        if not self.closed.is_set():
            self.closed.set()
            self.observe(
                "disconnected", id="CAM1", error="0x00000000", errorCode="0x0", reason="test"
            )

    def observe(self, kind: str, **data: Any) -> None:
        """Have something seen."""
        self._observed += 1
        self._observations.put(Observation(kind, time.time_ns() // 1000, data))

    def observed(self) -> int:
        return self._observed

    def execute(self, name: str, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        match name:
            case "echo":
                return Result(dict(arguments), (b"part",))
            case "observe":
                self.observe(arguments["kind"])
                return Result()
            case "busy":
                raise CameraBusy("indexing", vendor_code=0x8D05, operation="List")
            case "crash":
                raise ZeroDivisionError
            case "wait":
                self.release.wait(10)
                return Result()
            case "count":
                self.counted += 1
                return Result({"counted": self.counted})
            case _:
                raise CommandUnknown(f"no command {name!r}")

    def drain(self, timeout_s: float) -> Sequence[Observation]:
        try:
            return [self._observations.get(timeout=timeout_s or 0.001)]
        except queue.Empty:
            return []

    def stuck(self) -> Stuck | None:
        """Return the call into the SDK that does not come back, if there is one."""
        return None

    def watch(self, streams: frozenset[str]) -> None:
        self.watched = streams

    def pictures(self, timeout_s: float) -> Sequence[Frame]:
        time.sleep(0.005)
        info = {"format": "jpeg", "width": 1, "height": 1}
        return [Frame(stream, 1, info, b"\xff\xd8") for stream in sorted(self.watched)]
