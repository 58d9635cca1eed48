"""Waiting with a limit, free ports, and child processes that never outlive their test."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parent.parent.parent
SOURCES = ("proto", "broker", "gateway", "services", "deploy")

T = TypeVar("T")


def wait_for(condition: Callable[[], T], limit_s: float = 30.0, every_s: float = 0.01) -> T:
    """Return the first truthy value of a condition; fail past the limit."""
    limit = time.monotonic() + limit_s
    while not (value := condition()):
        if time.monotonic() > limit:
            raise AssertionError(f"not true within {limit_s} s: {condition}")
        time.sleep(every_s)
    return value


def free_port() -> int:
    """Return a TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environ(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables for a child: our sources on its path, no settings of the outside."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LENSBUS_")}
    kept["PYTHONPATH"] = os.pathsep.join(str(ROOT / source) for source in SOURCES)
    return {**kept, **(extra or {})}


def pids_of(state: Path) -> list[int]:
    """Return the processes of the system in a state folder, but not its first."""
    mark = f"LENSBUS_SYSTEM_STATE={state}\0".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            if mark in (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return found


@contextmanager
def nothing_left(state: Path) -> Iterator[None]:
    """End by force what is left of the system in a state folder, however the block ends."""
    try:
        yield
    finally:
        wait_for(lambda: not _shot(pids_of(state)))


def _shot(pids: Sequence[int]) -> Sequence[int]:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return pids


@contextmanager
def process(
    module: str, arguments: Sequence[str] = (), extra: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """Run `python -m module`; it ends by SIGTERM, within 10 s or by force and a failed test."""
    child = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=environ(extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(10)
                raise
