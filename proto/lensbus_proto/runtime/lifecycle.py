"""How a process begins and ends."""

import ctypes
import faulthandler
import logging
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Final

from lensbus_proto.errors import LensbusError, SettingsError
from lensbus_proto.runtime import logs
from lensbus_proto.runtime.settings import Settings, load

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG: Final = 1


class StopSignal:
    """Turns SIGTERM and SIGINT into a readable descriptor, for loops that poll.

    Only the main thread may make one.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, number: int, frame: object) -> None:
        self.set()

    def set(self) -> None:
        """Ask for the end, from any thread."""
        os.write(self._write, b"x")

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when the process is to end."""
        return self._read


def die_with_parent() -> None:
    """Have the kernel send SIGTERM when the parent dies, so that no orphan keeps a camera."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        parent = os.getppid()
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the request was in place
            os.kill(os.getpid(), signal.SIGTERM)


def parser(program: str, description: str) -> ArgumentParser:
    """Return an argument parser with what every process takes: `--config`."""
    made = ArgumentParser(prog=program, description=description)
    made.add_argument(
        "--config",
        type=Path,
        default=os.environ.get("LENSBUS_CONFIG"),
        help="the lensbus.toml to read (LENSBUS_CONFIG)",
    )
    return made


def run(config: Path | None, main: Callable[[Settings], int]) -> int:
    """Read the settings, start the log, run `main`; return the exit code.

    What lensbus raises on purpose ends the process with 2 and one clear line.
    """
    try:
        settings = load(config)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logs.configure(settings.system.log_level, settings.system.log_format)
    if not faulthandler.is_enabled():
        faulthandler.enable()  # who dies by a signal leaves its stacks in its log
    die_with_parent()
    try:
        return main(settings)
    except LensbusError as error:
        logger.error("%s", error, extra={"code": error.code})
        return 2
