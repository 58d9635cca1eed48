from pathlib import Path

import pytest

from lensbus_services.driver import Description
from lensbus_services.lives import Life, Lives, deaths_before, wait_s

STEADY_S = 30.0


def test_a_life_that_ended_in_order_leaves_nothing(tmp_path: Path) -> None:
    lives = Lives(tmp_path, "D1")
    lives.begin(Life(1))
    assert Lives(tmp_path, "D1").last() == Life(1)
    lives.end()
    assert Lives(tmp_path, "D1").last() is None
    lives.end()


def test_what_the_camera_said_outlives_a_death(tmp_path: Path) -> None:
    lives = Lives(tmp_path, "D1")
    lives.begin(Life(1, 3))
    lives.know(Description("sony", "ILCE-7M4", {"connection_type": "USB"}))
    last = Lives(tmp_path, "D1").last()
    assert last == Life(1, 3, "sony", "ILCE-7M4", {"connection_type": "USB"})


def test_an_old_life_does_not_take_the_note_of_its_successor(tmp_path: Path) -> None:
    old, new = Lives(tmp_path, "D1"), Lives(tmp_path, "D1")
    old.begin(Life(1))
    new.begin(Life(2))
    old.end()
    assert new.last() == Life(2)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"other": 1}', b"\xff"])
def test_a_note_that_makes_no_sense_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lives" / "D1.json"
    path.parent.mkdir()
    path.write_bytes(content)
    assert Lives(tmp_path, "D1").last() is None


def test_a_disk_that_refuses_does_not_stop_a_life(tmp_path: Path) -> None:
    (tmp_path / "lives").write_text("a file in the way")
    lives = Lives(tmp_path, "D1")
    lives.begin(Life(1))
    lives.end()


@pytest.mark.parametrize(
    ("last", "deaths"),
    [
        (None, 0),
        (Life(100_000_000), 1),
        (Life(100_000_000, 4), 5),
        (Life(100_000_000 - 31_000_000, 4), 1),
        (Life(200_000_000, 2), 3),  # the clock was set back
    ],
)
def test_deaths_count_as_long_as_they_come_soon(last: Life | None, deaths: int) -> None:
    assert deaths_before(last, 100_000_000, STEADY_S) == deaths


def test_the_first_deaths_cost_nothing_and_then_the_wait_doubles() -> None:
    assert [wait_s(deaths) for deaths in range(6)] == [0.0, 0.0, 0.0, 2.0, 4.0, 8.0]
