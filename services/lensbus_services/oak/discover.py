"""Which OAK cameras there are."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.settings import OakSettings
from lensbus_services.oak.profiles import PROFILES
from lensbus_services.oak.scenarios import is_absent

# What depthai does not tell before a device has booted.
UNKNOWN_MODEL: Final = "OAK"
_SIMULATED_ID: Final = re.compile(r"[0-9A-F]{18}")


@dataclass(frozen=True, slots=True)
class Found:
    """A camera that can be opened, or is open in some process."""

    camera: str
    model: str


def world_folder(state: Path) -> Path:
    """Return the folder by which scenarios of simulated devices are switched."""
    return state / "simulator" / "oak"


def find_cameras(settings: OakSettings, state: Path) -> list[Found]:
    """Return the cameras of the backend in the settings. With real devices: about one second."""
    if settings.backend == "simulator":
        folder = world_folder(state)
        played = simulated_cameras(settings.simulator.cameras)
        return [found for found in played if not is_absent(folder, found.camera)]
    from lensbus_services.oak.sdk import dai

    return found_devices(dai.Device, settings.addresses)


def found_devices(search: Any, addresses: Iterable[str]) -> list[Found]:
    """Return what a search finds, and what answers at the addresses. `search`: `dai.Device`."""
    # The first call leaves out devices in use, the second those that nobody has booted.
    infos = [*search.getAllAvailableDevices(), *search.getAllConnectedDevices()]
    for address in addresses:
        is_found, info = search.getDeviceByIdOrName(address)
        if is_found:
            infos.append(info)
    return [Found(camera, UNKNOWN_MODEL) for camera in _ids(info.deviceId for info in infos)]


def device_info(search: Any, camera: str, addresses: Iterable[str]) -> Any:
    """Return by what to open a camera: the device at one of the addresses, or just its id.

    A search by id stays in the local network; an address reaches further.
    """
    for address in addresses:
        is_found, info = search.getDeviceByIdOrName(address)
        if is_found and info.deviceId == camera:
            return info
    return camera


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
