from typing import Any

import pytest

from lensbus_proto.errors import BadArguments
from lensbus_services.sony.arguments import flag, integer, integers, text, word


@pytest.mark.parametrize("value", [None, "1", True, 0, 3, 1.0])
def test_an_integer_is_an_integer_in_its_range(value: Any) -> None:
    with pytest.raises(BadArguments) as bad:
        integer({"slot": value}, "slot", 1, 2)
    assert bad.value.detail == {"field": "slot"}
    assert integer({"slot": 2}, "slot", 1, 2) == 2


def test_what_is_left_out_has_a_plain_value() -> None:
    assert flag({}, "reconnecting") is False
    assert text({}, "prefix") == ""
    assert word({}, "mode", ("a", "b"), "b") == "b"
    assert integers({}, "codes", most=5, count=2) == []


@pytest.mark.parametrize("value", [1, "yes"])
def test_a_flag_is_a_boolean(value: Any) -> None:
    with pytest.raises(BadArguments):
        flag({"reconnecting": value}, "reconnecting")


@pytest.mark.parametrize("value", [1, "a\0b", "x" * 11, "\udc80"])
def test_a_text_is_short_and_sound(value: Any) -> None:
    with pytest.raises(BadArguments):
        text({"prefix": value}, "prefix", limit=10)


@pytest.mark.parametrize("value", ["c", 1, ["a"]])
def test_a_word_is_one_of_a_few(value: Any) -> None:
    with pytest.raises(BadArguments, match="a, b"):
        word({"mode": value}, "mode", ("a", "b"), "a")


@pytest.mark.parametrize("value", [3, "12", [6], [-1], [True], ["1"], [1, 2, 3]])
def test_a_list_of_integers_is_short_and_in_range(value: Any) -> None:
    with pytest.raises(BadArguments):
        integers({"codes": value}, "codes", most=5, count=2)
