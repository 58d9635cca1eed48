"""Asking a vendor's SDK in a child process, which may hang or die without harm.

The child writes one JSON object a line to a descriptor of its own (an SDK may print what it likes
to stdout): the stages that it begins, and the facts that it found out. So whoever reads knows what
was known, and in which stage the child was lost.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

DESCRIPTOR: Final = "LENSBUS_PROBE_FD"
ENDING_S: Final = 2.0
_CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True)
class Report:
    """What a child told, and how it ended."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    stage: str = ""  # the last that was begun
    trouble: str = ""  # empty when it came to its end

    @property
    def reason(self) -> str:
        """Why it went wrong: what the child says, else how it ended."""
        return str(self.facts.get("error", self.trouble))

    def __contains__(self, name: str) -> bool:
        return name in self.facts

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]


class Teller:
    """The child's side."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def stage(self, name: str) -> None:
        """Say what is tried next."""
        self._write({"stage": name})

    def fact(self, name: str, value: Any) -> None:
        """Say what was found out."""
        self._write({"fact": name, "value": value})

    def done(self) -> None:
        """Say that everything was told."""
        self._write({"done": True})

    def _write(self, line: Mapping[str, Any]) -> None:
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")


def teller() -> Teller:
    """Return the teller of this child."""
    return Teller(int(os.environ[DESCRIPTOR]))


def ask(command: Sequence[str], environ: Mapping[str, str], limit_s: float) -> Report:
    """Run a child and return what it told within the limit; after that it is killed."""
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            list(command),
            env={**environ, DESCRIPTOR: str(writing)},
            pass_fds=[writing],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        os.close(writing)
        told, in_time, code = b"", False, 0
        try:
            told, in_time = _read(reading, time.monotonic() + limit_s)
        finally:
            os.close(reading)
            code = _end(child, ENDING_S if in_time else 0.0)
        output.seek(0)
        last = output.read()[-_CHUNK:].decode(errors="replace").strip().rpartition("\n")[2]
    return report(told, "" if not in_time else ending(code, last), limit_s)


def report(told: bytes, how: str, limit_s: float) -> Report:
    """Return a report of what a child wrote; `how` it ended is empty when time was up."""
    facts: dict[str, Any] = {}
    stage, is_done = "", False
    for line in told.split(b"\n"):
        with contextlib.suppress(ValueError):  # cut in the middle
            item = json.loads(line)
            stage = item.get("stage", stage)
            is_done = is_done or "done" in item
            if "fact" in item:
                facts[item["fact"]] = item["value"]
    trouble = how or f"gave no answer within {limit_s:g} s"
    return Report(facts, stage, "" if is_done else trouble)


def ending(code: int, last_line: str) -> str:
    """Return how a child ended, in words."""
    if code < 0:
        return f"died of signal {-code} ({signal.strsignal(-code)})"
    return f"ended with code {code}{f': {last_line}' if last_line else ''}"


def _read(descriptor: int, until: float) -> tuple[bytes, bool]:
    """Return everything up to the end, or what came in time."""
    told = b""
    while (left := until - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left)[0]:
            chunk = os.read(descriptor, _CHUNK)
            if not chunk:
                return told, True
            told += chunk
    return told, False


def _end(child: "subprocess.Popen[bytes]", limit_s: float) -> int:
    """Wait for the end of a child; kill what does not end, with its children."""
    try:
        return child.wait(limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the kernel: left behind
        child.wait(ENDING_S)
    return -signal.SIGKILL
