"""Which OAK cameras there are."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.settings import OakSettings
from lensbus_services.oak.profiles import PROFILES

# What depthai does not tell before a device has booted.
UNKNOWN_MODEL: Final = "OAK"
_SIMULATED_ID: Final = re.compile(r"[0-9A-F]{18}")


@dataclass(frozen=True, slots=True)
class Found:
    """A camera that can be opened, or is open in some process."""

    camera: str
    model: str


def find_cameras(settings: OakSettings) -> list[Found]:
    """Return the cameras of the backend in the settings. With real devices: about one second."""
    if settings.backend == "simulator":
        return simulated_cameras(settings.simulator.cameras)
    from lensbus_services.oak.sdk import dai

    # The first call leaves out devices in use, the second those that nobody has booted.
    found = [*dai.Device.getAllAvailableDevices(), *dai.Device.getAllConnectedDevices()]
    return [Found(camera, UNKNOWN_MODEL) for camera in _ids(info.deviceId for info in found)]


def simulated_cameras(entries: Sequence[str]) -> list[Found]:
    """Return the cameras that the simulator plays, from `MODEL:ID` in the settings."""
    found = []
    for entry in entries:
        model, _, camera = entry.rpartition(":")
        if model not in PROFILES or not _SIMULATED_ID.fullmatch(camera):
            raise SettingsError(
                f"oak.simulator.cameras has {entry!r}, expected MODEL:ID with a model of "
                f"{', '.join(PROFILES)} and an id of 18 upper-case hexadecimal digits"
            )
        found.append(Found(camera, model))
    return found


def _ids(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(each for each in ids if each))
