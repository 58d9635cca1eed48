"""Sony cameras that the settings name, and that no enumeration finds."""

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from kit.sony import ALPHA, PROFILES, Seeing, broken, open_sony, sony_settings
from lensbus_proto.errors import CameraGone, Refused
from lensbus_proto.runtime.settings import SonySettings
from lensbus_services.sony.discover import find_cameras, stop_finding

MAC, ADDRESS = "10:32:2C:00:AB:01", "192.168.7.20"
BARE = MAC.replace(":", "")
NAMED = f"ILCE-7M4:{MAC}@{ADDRESS}"
MINIMAL = PROFILES["SIM-MINIMAL"]


def on_network(*named: str, slots: int = 21) -> SonySettings:
    settings = sony_settings(slots=slots)
    simulator = dataclasses.replace(settings.simulator, cameras=(f"ILCE-7M4:{BARE}@{ADDRESS}",))
    return dataclasses.replace(settings, simulator=simulator, cameras=named)


@contextmanager
def beyond_router(state: Path, settings: SonySettings, camera: str = MAC) -> Iterator[Seeing]:
    with ExitStack() as stack:
        stack.enter_context(broken(state, "unlisted", BARE))
        yield stack.enter_context(open_sony(state, camera, settings))


@pytest.mark.parametrize("named", [NAMED, f"ILCE-7M4:{BARE.lower()}@{ADDRESS}"])
def test_a_body_beyond_a_router_is_connected_by_its_address(tmp_path: Path, named: str) -> None:
    with beyond_router(tmp_path, on_network(named)) as seeing:
        assert (seeing.description.model, seeing.description.details["connection_type"]) == (
            "ILCE-7M4",
            "Network",
        )
        assert seeing.execute("connect", mode="remote")["already"] is False
        assert seeing.execute("connection")["connected"] is True
        assert seeing.execute("shutter")["capture"]
        seeing.until_kind("downloadComplete")
        seeing.execute("disconnect")
        assert seeing.execute("connect", mode="contents")["mode"] == "contents"


def test_without_the_settings_it_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CameraGone, match="is not there"), beyond_router(tmp_path, on_network()):
        pass


def test_another_address_leads_to_nobody(tmp_path: Path) -> None:
    named = NAMED.replace("7.20", "7.21")
    with beyond_router(tmp_path, on_network(named)) as seeing, pytest.raises(Refused) as refused:
        seeing.execute("connect", mode="remote")
    assert refused.value.vendor_code == 0x8201


def test_it_wants_its_login_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRSIM_LOGIN", "admin:sesame")
    with beyond_router(tmp_path, on_network(NAMED)) as seeing:
        with pytest.raises(Refused) as refused:
            seeing.execute("connect", mode="remote")
        assert refused.value.vendor_code == 0x8213
        fingerprint = seeing.execute("fingerprint")["fingerprint"]
        assert fingerprint
        login = {"username": "admin", "password": "sesame", "fingerprint": fingerprint}
        assert seeing.execute("connect", mode="remote", **login)["already"] is False


def test_one_without_access_authentication_has_no_fingerprint(tmp_path: Path) -> None:
    with beyond_router(tmp_path, on_network(NAMED)) as seeing:
        assert seeing.execute("fingerprint") == {
            "ssh_supported": False,
            "fingerprint": None,
            "length": 0,
        }


@pytest.mark.parametrize("camera", [ALPHA, MINIMAL], ids=["on the SDK's list", "on no list"])
def test_a_body_on_usb_is_connected_by_its_serial_number(tmp_path: Path, camera: str) -> None:
    model = next(model for model, serial in PROFILES.items() if serial == camera)
    settings = sony_settings(cameras=(f"{model}:{camera}",))
    with broken(tmp_path, "unlisted", camera), open_sony(tmp_path, camera, settings) as seeing:
        assert seeing.description.details["connection_type"] == "USB"
        seeing.execute("connect", mode="remote")
        assert seeing.execute("shutter")["capture"]


def test_a_lost_body_that_the_settings_name_comes_back(tmp_path: Path) -> None:
    with beyond_router(tmp_path, on_network(NAMED)) as seeing:
        seeing.execute("connect", mode="remote")
        seeing.forget()
        with broken(tmp_path, "unplugged", BARE):
            seeing.until_kind("disconnected")
        seeing.until_kind("connected")


@pytest.mark.parametrize(("slots", "camera"), [(21, MAC), (18, BARE)])
def test_it_is_listed_once_found_or_not(tmp_path: Path, slots: int, camera: str) -> None:
    settings = on_network(NAMED, slots=slots)
    try:
        assert [one.camera for one in find_cameras(settings, tmp_path)] == [camera]
        with broken(tmp_path, "unlisted", BARE):
            (found,) = find_cameras(settings, tmp_path)
        assert (found.camera, found.model, found.connection_type) == (camera, "ILCE-7M4", "Network")
    finally:
        stop_finding()
