"""What cameras themselves call their values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kit.sony import ALPHA, CINEMA, PROFILES, Seeing, broken, open_sony
from lensbus_proto.errors import NotConnected

BASE_LOOK, CREATIVE_LOOK, ISO = "0x13c", "0x1c5", 0x104
FUTURE = PROFILES["SIM-UNKNOWN"]
BASE_LOOKS = {
    1: "s709",
    2: "S-Log3",
    0x101: "Rack Day",
    0x102: "Rack Night",
    0x103: "Studio",
    0x104: "Flat",
}


def connected(seeing: Seeing, code: str, mode: str = "remote") -> Mapping[int, str]:
    """Connect, wait for texts of a property, and return them."""
    seeing.execute("connect", mode=mode)
    texts: Mapping[int, str] = {}

    def has_texts(_: object) -> bool:
        nonlocal texts
        texts = dict(seeing.value(int(code, 16)).get("texts", ()))
        return bool(texts)

    seeing.until(has_texts)
    return texts


@pytest.mark.parametrize("mode", ["remote", "remote-transfer"])
def test_a_camera_names_its_looks_without_being_asked_by_a_client(
    tmp_path: Path, mode: str
) -> None:
    with open_sony(tmp_path, CINEMA) as seeing:
        # The list of what can be set is empty outside of Cine EI: only what is set has a name.
        assert connected(seeing, BASE_LOOK, mode) == {1: "s709"}
        assert seeing.execute("display_texts")["lists"] == [
            {
                "list": 3,
                "name": "BaseLook_Name_Display",
                "texts": [[value, text] for value, text in BASE_LOOKS.items()],
            }
        ]
        # What was asked is the driver's own affair: nobody is told the answer but as a change.
        seeing.until_kind("propertyChanged", codes=[BASE_LOOK], count=1)
        warnings = [one.data["code"] for one in seeing.observed if one.kind == "warning"]
        assert not {"0x2002b", "0x2002c"} & set(warnings)


def test_codes_that_no_table_knows_have_names_too(tmp_path: Path) -> None:
    with open_sony(tmp_path, FUTURE) as seeing:
        assert connected(seeing, CREATIVE_LOOK) == {0x2A: "Aurora", 0x2B: "Dusk"}
        lists = seeing.execute("display_texts")["lists"]
        assert {one["name"]: dict(one["texts"]) for one in lists} == {
            "CreativeLook_Name_Display": {0x2A: "Aurora", 0x2B: "Dusk"},
            "unknown(0x7e)": {1: "of a list to come"},
        }


def test_most_cameras_have_no_texts(tmp_path: Path) -> None:
    with open_sony(tmp_path, ALPHA) as seeing:
        with pytest.raises(NotConnected):
            seeing.execute("display_texts")
        seeing.execute("connect", mode="remote")
        assert seeing.execute("display_texts") == {"lists": []}
        assert "texts" not in seeing.value(ISO)


def test_texts_belong_to_the_connection(tmp_path: Path) -> None:
    with open_sony(tmp_path, CINEMA) as seeing:
        connected(seeing, BASE_LOOK)
        seeing.execute("disconnect")
        seeing.execute("connect", mode="contents")
        assert seeing.execute("display_texts") == {"lists": []}
        seeing.execute("disconnect")
        assert connected(seeing, BASE_LOOK)


@pytest.mark.parametrize("what", ["names", "sizes"])
def test_texts_of_a_hostile_camera_are_made_fit_to_be_shown(tmp_path: Path, what: str) -> None:
    with broken(tmp_path, "hostile", CINEMA, what=what), open_sony(tmp_path, CINEMA) as seeing:
        seeing.execute("connect", mode="remote")
        lists: list[Mapping[str, Any]] = []

        def has_lists(_: object) -> bool:
            lists[:] = seeing.execute("display_texts")["lists"]
            return bool(lists)

        seeing.until(has_lists)
        texts = [text for one in lists for _, text in one["texts"]]
        assert texts
        assert all(text.isprintable() and 0 < len(text) <= 64 for text in texts)
