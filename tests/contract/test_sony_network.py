"""A Sony body on a network, with access authentication."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.sony import Seeing, open_sony, sony_settings
from lensbus_proto.errors import Refused

MAC = "10:32:2C:00:AB:01"


@pytest.fixture
def body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seeing]:
    monkeypatch.setenv("CRSIM_LOGIN", "admin:sesame")
    settings = sony_settings()
    cameras = (f"ILCE-7M4:{MAC.replace(':', '')}@192.168.7.20",)
    simulator = dataclasses.replace(settings.simulator, cameras=cameras)
    settings = dataclasses.replace(settings, simulator=simulator)
    with open_sony(tmp_path, MAC, settings) as seeing:
        yield seeing


def test_it_is_known_by_its_address(body: Seeing) -> None:
    assert body.description.details["connection_type"] == "Network"


def test_it_shows_its_fingerprint_before_it_is_connected(body: Seeing) -> None:
    told = body.execute("fingerprint")
    assert told["ssh_supported"] is True
    assert len(told["fingerprint"]) == told["length"] > 20


def test_it_wants_name_password_and_fingerprint(body: Seeing) -> None:
    fingerprint = body.execute("fingerprint")["fingerprint"]
    login = {"username": "admin", "password": "sesame", "fingerprint": fingerprint}
    for wrong, code in (({"password": "guess"}, 0x8216), ({"fingerprint": "0000"}, 0x8215)):
        with pytest.raises(Refused) as refused:
            body.execute("connect", mode="remote", **(login | wrong))
        assert refused.value.vendor_code == code
        assert "sesame" not in refused.value.message
    assert body.execute("connect", mode="remote", **login)["already"] is False
