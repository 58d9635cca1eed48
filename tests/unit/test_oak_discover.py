from pathlib import Path
from typing import Any

import pytest

from kit.depthai_api import check_call
from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.settings import OakSettings
from lensbus_services.oak.discover import (
    UNKNOWN_MODEL,
    Found,
    device_info,
    find_cameras,
    found_devices,
    simulated_cameras,
)
from lensbus_services.oak.profiles import PROFILES
from lensbus_services.oak.sdk import dai


def test_the_simulated_cameras_are_those_of_the_settings(tmp_path: Path) -> None:
    assert find_cameras(OakSettings(), tmp_path) == [
        Found("14442C10D13EABCE00", "OAK-D-PRO"),
        Found("14442C1051B665D700", "OAK-1"),
    ]


@pytest.mark.parametrize(
    "entry",
    ["", "OAK-D", "OAK-D:", "OAK-9:14442C10D13EABCE00", "OAK-D:14442c10d13eabce00", "OAK-D:12"],
)
def test_an_entry_that_names_no_camera_is_shown_with_what_was_expected(entry: str) -> None:
    with pytest.raises(SettingsError, match=r"oak\.simulator\.cameras"):
        simulated_cameras([entry])


class Search:
    """Plays the searching half of `dai.Device`: some devices near by, some behind addresses."""

    def __init__(self, free: list[str], busy: list[str], far: dict[str, str]) -> None:
        self._free, self._busy, self._far = free, busy, far

    def getAllAvailableDevices(self) -> list[Any]:
        check_call(dai.Device.getAllAvailableDevices, (), {})
        return [info(camera) for camera in self._free]

    def getAllConnectedDevices(self) -> list[Any]:
        check_call(dai.Device.getAllConnectedDevices, (), {})
        return [info(camera) for camera in self._busy]

    def getDeviceByIdOrName(self, deviceIdOrName: str) -> tuple[bool, Any]:
        check_call(dai.Device.getDeviceByIdOrName, (deviceIdOrName,), {})
        camera = self._far.get(deviceIdOrName)
        return (camera is not None, info(camera or "", deviceIdOrName))


def info(camera: str, name: str = "1.1") -> Any:
    found = dai.DeviceInfo(name)
    found.deviceId = camera
    return found


NEAR, BUSY, FAR = "14442C10D13EABCE00", "14442C1051B665D700", "18443010B1C2D30F00"


def test_devices_are_found_near_by_and_at_the_addresses_of_the_settings() -> None:
    search = Search([NEAR, ""], [NEAR, BUSY], {"192.0.2.7": FAR})
    found = found_devices(search, ["192.0.2.7", "192.0.2.8"])
    assert [each.camera for each in found] == [NEAR, BUSY, FAR]
    assert {each.model for each in found} == {UNKNOWN_MODEL}


def test_a_device_behind_an_address_is_opened_by_it_and_any_other_by_its_id() -> None:
    search = Search([], [], {"192.0.2.7": FAR})
    opened = device_info(search, FAR, ["192.0.2.8", "192.0.2.7"])
    assert (opened.name, opened.deviceId) == ("192.0.2.7", FAR)
    assert opened.protocol == dai.XLinkProtocol.X_LINK_TCP_IP
    assert device_info(search, NEAR, ["192.0.2.7"]) == NEAR


def test_devices_on_the_network_are_named_by_their_address_and_others_by_their_port() -> None:
    identities = {model: profile.identity(NEAR) for model, profile in PROFILES.items()}
    on_network = {model for model, each in identities.items() if each.protocol == "X_LINK_TCP_IP"}
    assert on_network == {"OAK-D-PRO-POE"}
    for model, each in identities.items():
        dots = 3 if model in on_network else 1
        assert each.name.count(".") == dots
        assert dai.DeviceInfo(each.name).name == each.name


def test_every_profile_makes_the_streams_of_its_model() -> None:
    stereo = {"OAK-D", "OAK-D-LITE", "OAK-D-PRO", "OAK-D-PRO-POE"}
    assert {model for model, each in PROFILES.items() if each.pairs} == stereo
    assert {model for model, each in PROFILES.items() if each.has_ir} == {
        "OAK-D-PRO",
        "OAK-D-PRO-POE",
    }
    assert set(PROFILES) == stereo | {"OAK-1"}
