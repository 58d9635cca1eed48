"""Loading the SDK that the settings name, and finding the cameras that it sees."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lensbus_proto.runtime.settings import SonySettings
from lensbus_services.sony.configured import configured_cameras
from lensbus_services.sony.sdk import Sdk, acquire_sdk
from lensbus_services.sony.shim import SIMULATOR
from lensbus_services.sony.values import Found

SIMULATED: Final = "simulator"


def open_sdk(settings: SonySettings, state: Path) -> Sdk:
    """Return the SDK, ready to use; `release` gives it back."""
    if settings.library == SIMULATED:
        environment = simulator_environment(settings, state)
        return acquire_sdk(SIMULATOR, settings.callback_slots, environment)
    return acquire_sdk(Path(settings.library).expanduser().absolute(), settings.callback_slots)


def simulator_environment(settings: SonySettings, state: Path) -> Mapping[str, str]:
    """Return the variables that tell the simulator what to play."""
    simulator = settings.simulator
    return {
        "CRSIM_CAMERAS": ",".join(simulator.cameras),
        "CRSIM_STATE": str(state / "simulator" / "sony"),
        "CRSIM_TIME_SCALE": f"{simulator.time_scale:g}",
        "CRSIM_CALLBACK_SLOTS": str(simulator.callback_slots),
    }


def find_cameras(settings: SonySettings, state: Path) -> list[Found]:
    """Return the cameras that are there now, and those that the settings name.

    May be called again and again, from one thread.

    The SDK is initialised once and stays so until `stop_finding`: it promises no second time.
    """
    library = settings.library
    if library not in _kept:
        _kept[library] = open_sdk(settings, state)
    sdk = _kept[library]
    cameras = sdk.enumerate(settings.enumerate_s)
    try:
        found = [one for one in cameras.found if one.camera]
    finally:
        cameras.close()
    named = (one.found(sdk.version) for one in configured_cameras(settings.cameras))
    here = {one.camera for one in found}
    return [*found, *(one for one in named if one.camera not in here)]


def stop_finding() -> None:
    """Give the SDK back that `find_cameras` keeps."""
    while _kept:
        _kept.popitem()[1].release()


_kept: Final[dict[str, Sdk]] = {}
