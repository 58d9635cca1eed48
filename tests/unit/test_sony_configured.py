import pytest

from lensbus_proto.errors import SettingsError
from lensbus_services.sony.configured import MODELS, Configured, configured_cameras


def test_a_body_on_usb_is_known_by_its_serial_number() -> None:
    (made,) = configured_cameras(["ILME-FX3A:D20FA3C41E57"])
    assert made == Configured("ILME-FX3A", serial="D20FA3C41E57")
    assert (made.model_number, made.camera(0x02020000)) == (0x17, "D20FA3C41E57")


@pytest.mark.parametrize("mac", ["AC80FB1234AB", "ac:80:fb:12:34:ab"])
def test_a_body_on_a_network_has_the_id_that_its_sdk_would_give_it(mac: str) -> None:
    (made,) = configured_cameras([f"ILCE-7M4:{mac}@192.168.7.20"])
    assert (made.mac, made.address) == (bytes.fromhex("AC80FB1234AB"), bytes([192, 168, 7, 20]))
    assert made.camera(0x02000000) == "AC:80:FB:12:34:AB"
    assert made.camera(0x010E0000) == "AC80FB1234AB"


def test_models_have_the_numbers_of_the_sdk() -> None:
    numbers = {"ILCE-7RM4": 0, "ILCE-7M4": 7, "ILX-LR1": 0x10, "BRC-AM7": 0x18, "ILCE-7RM6": 0x1F}
    assert {model: MODELS.index(model) for model in numbers} == numbers
    assert Configured("ILCE-9M9", serial="D20FA3C41E57").model_number is None


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "ILCE-7M4",
        "ILCE-7M4:",
        ":D20FA3C41E57",
        "ILCE-7M4:D20F",
        "ILCE-7M4:D20FA3C41E/7",
        "ILCE-7M4:AC80FB1234AB@",
        "ILCE-7M4:AC80FB1234AB@camera.local",
        "ILCE-7M4:AC80FB1234AB@192.168.7.256",
        "ILCE-7M4:AC80FB1234@192.168.7.20",
        "ILCE-7M4:AC:80FB1234AB@192.168.7.20",
    ],
)
def test_what_names_no_camera_is_reported(entry: str) -> None:
    with pytest.raises(SettingsError, match=r"sony\.cameras") as refused:
        configured_cameras([entry])
    assert repr(entry) in str(refused.value)
