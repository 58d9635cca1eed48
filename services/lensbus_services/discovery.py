"""`python -m lensbus_services.discovery --vendor sony`: one worker for each camera there is.

Looks for cameras again and again, and has supervisord start a worker for each that came and stop
the worker of each that went. The process manager keeps the workers alive in between, and this
process too: a scan that does not come back can only be ended with it.
"""

import logging
import os
import select
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from lensbus_proto.errors import CameraTimeout, LensbusError
from lensbus_proto.runtime import lifecycle
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.topics import is_camera_id
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


@contextmanager
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


def main(settings: Settings, vendor: Vendor) -> int:
    """Look for cameras until SIGTERM, or until a scan does not come back."""
    stop = lifecycle.StopSignal()
    if not vendor.is_enabled(settings):
        logger.info("vendor is disabled", extra={"vendor": vendor.name})
        select.select([stop], [], [])
        return 0
    absences = Absences(settings.discovery.missing_scans)
    manager = Supervisor(settings, vendor.name)
    last_error = ""
    while True:
        try:
            with bounded(vendor.name, SCAN_S):
                found = vendor.find(settings)
            reconcile(found, manager, absences)
            last_error = ""
        except CameraTimeout as error:
            logger.critical("scan stuck", extra={"vendor": vendor.name, "reason": error})
            return EXIT_STUCK
        except (LensbusError, OSError) as error:
            if str(error) != last_error:  # a missing library is said once, not every scan
                logger.error("no scan", extra={"vendor": vendor.name, "reason": error})
            last_error = str(error)
        if select.select([stop], [], [], settings.discovery.interval_s)[0]:
            return 0


if __name__ == "__main__":
    parser = lifecycle.parser("lensbus_services.discovery", "Keep one worker for each camera.")
    parser.add_argument("--vendor", choices=sorted(VENDORS), required=True)
    options = parser.parse_args()
    code = lifecycle.run(options.config, lambda settings: main(settings, VENDORS[options.vendor]))
    logging.shutdown()
    sys.stderr.flush()
    # A vendor's thread may be stuck in its SDK: the interpreter would wait for it or crash on it.
    os._exit(code)
