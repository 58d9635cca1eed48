from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lensbus_gateway.sse import Block, gap_block
from lensbus_gateway.wish import EVERYTHING, Selection, Wish, read_wish
from lensbus_proto.cursor import Cursor


def wish(query: str = "", camera: str | None = None, **headers: str) -> Wish:
    pairs = [pair.partition("=") for pair in query.split("&")]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_wish(camera, [(name, value) for name, _, value in pairs], named)


def test_who_asks_for_nothing_gets_everything_with_ids() -> None:
    assert wish() == Wish(None, EVERYTHING, None, True, None, False)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("cameras=a,b", Selection(frozenset("ab"))),
        ("cameras=a&cameras=b", Selection(frozenset("ab"))),
        ("cameras=a, b ,", Selection(frozenset("ab"))),
        ("cameras=", EVERYTHING),
        ("cameras=/", Selection(frozenset())),
        ("types=warning", Selection(None, frozenset(("warning",)))),
        ("types=warning&cameras=a", Selection(frozenset("a"), frozenset(("warning",)))),
    ],
)
def test_filters_are_lists_and_what_cannot_be_a_name_passes_nothing(
    query: str, expected: Selection
) -> None:
    assert wish(query).selection == expected


def test_the_camera_of_the_path_cannot_be_widened() -> None:
    assert wish("cameras=a,b", "a").selection.cameras == {"a"}
    assert wish("cameras=b", "a").selection.cameras == frozenset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("15", 15), ("0", 1), ("61", 60), ("2.5", 3), ("999999999", 60)]
    + [(odd, None) for odd in ("", "-1", "1e1", "x", "9" * 5000, "\u0663", "nan")],
)
def test_a_heartbeat_is_kept_within_bounds_and_nonsense_is_none(
    text: str, expected: int | None
) -> None:
    assert wish(f"heartbeat={text}").heartbeat_s == expected


def test_the_header_wins_over_the_query() -> None:
    assert wish("last_event_id=a&lastEventId=b").after == "a"
    assert wish("lastEventId=b").after == "b"
    assert wish("last_event_id=a", last_event_id="c").after == "c"
    assert wish("last_event_id=a", last_event_id="").after == "a"


@pytest.mark.parametrize(("text", "on"), [("0", False), ("false", False), ("1", True), ("", True)])
def test_ids_are_on_unless_somebody_says_no(text: str, on: bool) -> None:
    assert wish(f"ids={text}").ids is on


def test_a_gap_passes_every_filter_that_it_may_concern() -> None:
    warnings = Selection(frozenset("A"), frozenset(("warning",)))
    assert warnings.wants(gap_block(None, Cursor(1, 2), None, "unknown"))
    assert warnings.wants(Block("A", "gap", Cursor(1, 2), b""))
    assert not warnings.wants(Block("B", "gap", Cursor(1, 2), b""))


@given(st.lists(st.tuples(st.text(), st.text())), st.dictionaries(st.text(), st.text()))
def test_no_request_is_too_odd_to_be_read(query: Any, headers: Any) -> None:
    assert read_wish(None, query, headers).ids in (True, False)
