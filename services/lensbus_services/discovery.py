"""`python -m lensbus_services.discovery --vendor sony`: one worker for each camera there is.

Looks for cameras again and again, and has supervisord start a worker for each that came and stop
the worker of each that went. The process manager keeps the workers alive in between, and this
process too: a scan that does not come back can only be ended with it.
"""

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import zmq

from lensbus_proto.errors import CameraTimeout, LensbusError
from lensbus_proto.runtime import lifecycle
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.runtime.sockets import serve
from lensbus_proto.topics import is_camera_id
from lensbus_services.door import answer
from lensbus_services.supervisor import Supervisor
from lensbus_services.vendors import VENDORS, Vendor

logger = logging.getLogger("lensbus_services.discovery")

SCAN_S: Final = 60.0  # of a vendor that sets no limit of its own
EXIT_STUCK: Final = 4


class Manager(Protocol):
    """Starts and stops the workers of one vendor."""

    def cameras(self) -> Collection[str]:
        """Return the cameras that have a worker, running or not."""

    def start(self, camera: str) -> None:
        """Start a camera's worker, or start it again if it has been given up."""

    def stop(self, camera: str) -> None:
        """Stop a camera's worker and forget it."""


@dataclass(slots=True)
class Absences:
    """How often in a row each camera was missing: one bad scan must not stop its worker."""

    limit: int
    _missing: dict[str, int] = field(default_factory=dict)

    def gone(self, found: Collection[str], held: Collection[str]) -> list[str]:
        """Return the cameras that have been missing for `limit` scans in a row."""
        self._missing = {
            camera: self._missing.get(camera, 0) + 1 for camera in held if camera not in found
        }
        return [camera for camera, times in self._missing.items() if times >= self.limit]


def reconcile(found: Collection[str], manager: Manager, absences: Absences) -> None:
    """Bring the workers into line with the cameras that were found."""
    held = manager.cameras()
    for camera in absences.gone(found, held):
        logger.info("camera went", extra={"camera": camera})
        manager.stop(camera)
    for camera in found:
        if not is_camera_id(camera):
            logger.error("camera with an unusable id", extra={"camera": camera})
            continue
        if camera not in held:
            logger.info("camera came", extra={"camera": camera})
        manager.start(camera)


class ScanStuck(Exception):
    """A scan does not come back: only the end of the process ends it."""


@contextlib.contextmanager
def bounded(vendor: str, limit_s: float) -> Iterator[None]:
    """End the process when the block takes longer than the limit."""

    def end() -> None:
        logger.critical("scan stuck", extra={"vendor": vendor, "limit_s": limit_s})
        os._exit(EXIT_STUCK)

    timer = threading.Timer(limit_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Search:
    """Looks for the cameras of one vendor; each time it does, the workers are brought into line."""

    def __init__(self, settings: Settings, vendor: Vendor) -> None:
        self._settings = settings
        self._vendor = vendor
        self._absences = Absences(settings.discovery.missing_scans)
        self._manager = Supervisor(settings, vendor.name)
        self._is_enabled = vendor.is_enabled(settings)
        self._last_error = ""
        self._due_s = time.monotonic()
        if not self._is_enabled:
            logger.info("vendor is disabled", extra={"vendor": vendor.name})

    def left_ms(self) -> int | None:
        """Return when the next search is due; None: never."""
        if not self._is_enabled:
            return None
        return max(0, round((self._due_s - time.monotonic()) * 1000))

    def run(self) -> Sequence[str]:
        """Search; return the cameras that were found."""
        if not self._is_enabled:
            return []
        try:
            with bounded(self._vendor.name, SCAN_S):
                found = self._vendor.find(self._settings)
            reconcile(found, self._manager, self._absences)
        except CameraTimeout as error:
            raise ScanStuck(str(error)) from error
        except (LensbusError, OSError) as error:
            if str(error) != self._last_error:  # a missing library is said once, not every scan
                logger.error("no scan", extra={"vendor": self._vendor.name, "reason": error})
            self._last_error = str(error)
            raise
        finally:
            self._due_s = time.monotonic() + self._settings.discovery.interval_s
        self._last_error = ""
        return found


def main(settings: Settings, vendor: Vendor) -> int:
    """Look for cameras, again and again and whenever somebody asks.

    Returns at SIGTERM, or when a scan does not come back.
    """
    stop = lifecycle.StopSignal()
    search = Search(settings, vendor)
    with zmq.Context[zmq.Socket[bytes]]() as context:
        endpoint = settings.endpoint("discovery", vendor.name)
        with serve(context, zmq.ROUTER, endpoint, "commands") as door:
            try:
                watch(stop.fileno(), door, search)
            except ScanStuck as error:
                logger.critical("scan stuck", extra={"vendor": vendor.name, "reason": error})
                return EXIT_STUCK
    return 0


def watch(stop: int, door: "zmq.Socket[bytes]", search: Search) -> None:
    """Search when it is due and when it is asked for, until the descriptor `stop` is readable."""
    poller = zmq.Poller()
    poller.register(stop, zmq.POLLIN)
    poller.register(door, zmq.POLLIN)
    while True:
        if search.left_ms() == 0:
            with contextlib.suppress(LensbusError, OSError):  # it is in the log
                search.run()
        ready = dict(poller.poll(search.left_ms()))
        if stop in ready:
            return
        if door in ready:
            answer(door, search.run)


if __name__ == "__main__":
    parser = lifecycle.parser("lensbus_services.discovery", "Keep one worker for each camera.")
    parser.add_argument("--vendor", choices=sorted(VENDORS), required=True)
    options = parser.parse_args()
    code = lifecycle.run(options.config, lambda settings: main(settings, VENDORS[options.vendor]))
    logging.shutdown()
    sys.stderr.flush()
    # A vendor's thread may be stuck in its SDK: the interpreter would wait for it or crash on it.
    os._exit(code)
