from typing import Any

from lensbus_gateway.alpha.catalogue import CATALOGUE
from lensbus_gateway.alpha.choice import choices, understand
from lensbus_gateway.alpha.reading import Reading, in_bulk, one, read

UINT16_ARRAY = 0x2002
BASE_LOOK, CREATIVE_LOOK, METERING = 0x013C, 0x01C5, 0x010A


def reading(code: int, *values: int, texts: dict[int, str] | None = None) -> Reading:
    wire: dict[str, Any] = {
        "code": code,
        "type": UINT16_ARRAY,
        "enable": 1,
        "value": values[0],
        "text": None,
        "values": list(values),
        "range": None,
    }
    if texts is not None:
        wire["texts"] = [[value, text] for value, text in texts.items()]
    found = read(wire)
    assert found is not None
    return found


def shown(name: str, found: Reading) -> list[str]:
    """Return what is shown for the value and for what can be set, once from either answer."""
    answer, bulk = one(CATALOGUE[name], found), in_bulk(CATALOGUE[name], found)
    texts = [answer["formatted"], *(each["formatted"] for each in answer["available_values"])]
    assert texts == [
        bulk["current_formatted"],
        *(each["formatted"] for each in bulk["available_values"]),
    ]
    return texts


def test_a_base_look_has_the_name_that_the_camera_gives_it() -> None:
    found = reading(BASE_LOOK, 0x101, 1, 2, texts={0x101: "Rack Day", 1: "s709"})
    assert shown("base-look-value", found) == ["Rack Day", "Rack Day", "s709", "Preset 2"]


def test_without_names_from_the_camera_it_is_kind_and_number() -> None:
    assert shown("base-look-value", reading(BASE_LOOK, 0x101, 1)) == [
        "User 1",
        "User 1",
        "Preset 1",
    ]


def test_a_creative_look_that_no_table_knows_has_the_name_that_the_camera_gives_it() -> None:
    found = reading(CREATIVE_LOOK, 0x2A, 1, 0x2C, texts={0x2A: "Aurora", 1: "Standard"})
    # Clients know the others by the names that they have always had.
    assert shown("creative-look", found) == ["Aurora", "Aurora", "ST", "Look 44"]


def test_other_properties_keep_their_texts() -> None:
    found = reading(METERING, 1, texts={1: "of the camera"})
    assert shown("metering-mode", found) == shown("metering-mode", reading(METERING, 1))


def test_a_name_of_the_camera_is_taken_back() -> None:
    entry, found = (
        CATALOGUE["creative-look"],
        reading(CREATIVE_LOOK, 1, 0x2A, texts={0x2A: "Aurora"}),
    )
    assert understand(entry, found, "aurora") == 0x2A
    assert understand(entry, found, "Look 42") is None
    assert choices(entry, found) == "ST, Aurora"
