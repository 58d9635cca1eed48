"""`python -m lensbus_services.discovery --vendor sony`: one worker for each camera there is.

Looks for cameras again and again, and has supervisord start a worker for each that came and stop
the worker of each that went. The process manager keeps the workers alive in between.
"""

import logging
import select
import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

from lensbus_proto.errors import LensbusError
from lensbus_proto.runtime import lifecycle
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.topics import is_camera_id
from lensbus_services.supervisor import Supervisor
from lensbus_services.vendors import VENDORS, Vendor

logger = logging.getLogger("lensbus_services.discovery")


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


def main(settings: Settings, vendor: Vendor) -> int:
    """Look for cameras until SIGTERM."""
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
            reconcile(vendor.find(settings), manager, absences)
            last_error = ""
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
    sys.exit(
        lifecycle.run(options.config, lambda settings: main(settings, VENDORS[options.vendor]))
    )
