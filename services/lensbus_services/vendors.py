"""The vendors by name. A vendor's SDK is imported only in the processes that need it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from lensbus_proto.runtime.settings import Settings
from lensbus_services.driver import Driver
from lensbus_services.saved import Folders


@dataclass(frozen=True, slots=True)
class Vendor:
    """How the cameras of one vendor are found and driven, and where they save files."""

    name: str
    is_enabled: Callable[[Settings], bool]
    make_driver: Callable[[str, Settings], Driver]
    find: Callable[[Settings], Sequence[str]]
    folders: Callable[[str, Settings], Folders]


def _sony_driver(camera: str, settings: Settings) -> Driver:
    from lensbus_services.sony.driver import SonyDriver

    return SonyDriver(camera, settings.sony, settings.state)


def _sony_find(settings: Settings) -> Sequence[str]:
    from lensbus_services.sony.discover import find_cameras

    return [found.camera for found in find_cameras(settings.sony, settings.state)]


def _sony_folders(camera: str, settings: Settings) -> Folders:
    from lensbus_services.sony.saving import Places

    places = Places.of(settings.sony, settings.state, camera)
    own = (places.default,) if "{camera}" in settings.sony.save_path else ()
    return Folders(places.default, (*own, places.settings), (*places.roots, places.default))


def _oak_driver(camera: str, settings: Settings) -> Driver:
    from lensbus_services.oak.driver import OakDriver

    return OakDriver(camera, settings.oak, settings.state)


def _oak_find(settings: Settings) -> Sequence[str]:
    from lensbus_services.oak.discover import find_cameras

    return [found.camera for found in find_cameras(settings.oak, settings.state)]


def _oak_folders(camera: str, settings: Settings) -> Folders:
    crashes = settings.state / "crashes"
    return Folders(crashes, (), (crashes,))


VENDORS: Final = {
    vendor.name: vendor
    for vendor in (
        Vendor(
            "sony",
            lambda settings: settings.sony.enabled,
            _sony_driver,
            _sony_find,
            _sony_folders,
        ),
        Vendor(
            "oak",
            lambda settings: settings.oak.enabled,
            _oak_driver,
            _oak_find,
            _oak_folders,
        ),
    )
}
