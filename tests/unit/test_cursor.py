import pytest
from hypothesis import given
from hypothesis import strategies as st

from lensbus_proto.cursor import Cursor, parse


@given(st.integers(0, 2**32 - 1), st.integers(0, 10**19 - 1))
def test_a_cursor_comes_back_as_it_went(journal: int, position: int) -> None:
    cursor = Cursor(journal, position)
    assert parse(str(cursor)) == cursor


def test_the_text_is_what_the_wire_says() -> None:
    assert str(Cursor(0x7F3A0001, 1042)) == "7f3a0001.1042"
    assert str(Cursor(1, 0)) == "00000001.0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "earliest",
        "7f3a0001",
        "7f3a0001.",
        "7f3a0001.-1",
        "7f3a0001.+1",
        "7f3a0001.01",
        "7F3A0001.1",
        "7f3a001.1",
        " 7f3a0001.1",
        "7f3a0001.1\n",
        "7f3a0001.1.1",
        "7f3a0001.1_0",
        "7f3a0001." + "9" * 20,
        "7f3a0001.\u0661",
        "7f3a0001." + "1" * 1_000_000,
        "\udcff",
        "\0",
    ],
)
def test_what_is_no_cursor_is_a_place_that_nobody_knows(text: str) -> None:
    assert parse(text) is None


@given(st.text())
def test_no_text_makes_reading_fail(text: str) -> None:
    cursor = parse(text)
    assert cursor is None or str(cursor) == text
