import pytest

from lensbus_services.oak.freshness import (
    DEAD_S,
    FIRST_S,
    Change,
    Flowing,
    Freshness,
    Heat,
)


def looked(freshness: Freshness, now_s: float, **counts: int) -> list[Change]:
    return freshness.look(now_s, {name: Flowing(30.0, count) for name, count in counts.items()})


def test_a_stream_that_gives_pictures_is_never_told() -> None:
    freshness = Freshness()
    for step in range(100):
        assert looked(freshness, step * 0.25, CAM_A=step) == []
    assert freshness.has_begun


def test_a_stream_that_falls_silent_is_told_once_and_once_more_when_it_speaks() -> None:
    freshness = Freshness()
    looked(freshness, 0.0, CAM_A=0)
    looked(freshness, 0.5, CAM_A=1)
    assert looked(freshness, 1.4, CAM_A=1) == []
    assert looked(freshness, 1.5, CAM_A=1) == [Change("CAM_A", True, 1.0, 1.0)]
    assert looked(freshness, 9.0, CAM_A=1) == []
    (fresh,) = looked(freshness, 9.5, CAM_A=2)
    assert (fresh.is_stale, fresh.silent_s) == (False, 9.0)


def test_the_first_picture_has_more_time() -> None:
    freshness = Freshness()
    looked(freshness, 0.0, CAM_A=0)
    assert looked(freshness, FIRST_S - 0.1, CAM_A=0) == []
    (stale,) = looked(freshness, FIRST_S, CAM_A=0)
    assert stale.limit_s == FIRST_S


def test_a_first_picture_that_came_before_the_first_look_counts() -> None:
    freshness = Freshness()
    looked(freshness, 0.0, CAM_A=3)
    (stale,) = looked(freshness, 1.0, CAM_A=3)
    assert stale.limit_s == 1.0


def test_a_slow_stream_may_be_silent_for_some_of_its_periods() -> None:
    assert Flowing(30.0, 0).silent_s == 1.0
    assert Flowing(1.0, 0).silent_s == 5.0


def test_streams_are_told_apart_and_one_that_nobody_looks_at_is_forgotten() -> None:
    freshness = Freshness()
    looked(freshness, 0.0, CAM_A=1, CAM_B=1)
    looked(freshness, 0.1, CAM_A=2, CAM_B=2)
    assert [each.stream for each in looked(freshness, 2.0, CAM_A=3, CAM_B=2)] == ["CAM_B"]
    assert looked(freshness, 2.1, CAM_A=4) == []
    assert looked(freshness, 50.0, CAM_A=5, CAM_B=2) == [], "it begins anew"


def test_a_stream_is_dead_when_it_has_been_silent_for_very_long() -> None:
    freshness = Freshness()
    looked(freshness, 0.0, CAM_A=1, CAM_B=1)
    looked(freshness, 0.1, CAM_A=2, CAM_B=2)
    looked(freshness, DEAD_S, CAM_A=3, CAM_B=2)
    assert freshness.dead(DEAD_S) is None
    looked(freshness, DEAD_S + 0.2, CAM_A=4, CAM_B=2)
    assert freshness.dead(DEAD_S + 0.2) == "CAM_B"
    freshness.forget()
    assert freshness.dead(1000.0) is None


@pytest.mark.parametrize(
    ("celsius", "told"),
    [([90, 95, 95.1, 94, 91], [95.1]), ([96, 99, 90, 95], [96, 90]), ([40, 50], [])],
)
def test_heat_is_told_when_it_begins_and_when_it_is_well_past(
    celsius: list[float], told: list[float]
) -> None:
    heat = Heat()
    assert [each for each in celsius if heat.feel(each)] == told
