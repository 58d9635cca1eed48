"""Dumps that a crashed device has left behind: kept as files, the newest few."""

import logging
from pathlib import Path
from typing import Any, Final

from lensbus_proto.runtime.clock import unix_us

logger = logging.getLogger(__name__)

KEPT: Final = 10


def collect(device: Any, folder: Path, camera: str) -> Path | None:
    """Keep the dump of a device that has crashed before this boot; None if it has not."""
    try:
        if not device.hasCrashDump():
            return None
        return keep(device.getCrashDump(True), folder, camera)
    except RuntimeError as error:
        logger.warning("no crash dump", extra={"camera": camera, "reason": error})
        return None


def keep(dump: Any, folder: Path, camera: str) -> Path | None:
    """Write a dump into the folder and let go of the oldest there; None if it cannot be written."""
    path = folder / f"{camera}-{unix_us()}.tar"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        dump.toTar(path)
        for old in sorted(folder.glob(f"{camera}-*.tar"))[:-KEPT]:
            old.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:
        logger.error("crash dump lost", extra={"path": path, "reason": error})
        return None
    return path
