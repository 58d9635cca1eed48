from hypothesis import given
from hypothesis import strategies as st

from lensbus_services.sony.folding import MOMENT_S, Fold
from lensbus_services.sony.values import Kind, Seen

EXPOSED = Seen(Kind.WARNING, code=0x20011)


def changed(*codes: int, link: int = 1, time_us: int = 0) -> Seen:
    return Seen(Kind.PROPERTIES, link=link, time_us=time_us, codes=codes)


def test_a_change_is_told_at_once() -> None:
    fold = Fold()
    assert list(fold.feed(changed(1), 0.0)) == [changed(1)]
    assert fold.due_in(0.0) is None
    assert list(fold.feed(changed(2), MOMENT_S)) == [changed(2)]


def test_those_that_follow_are_one() -> None:
    fold = Fold()
    list(fold.feed(changed(1), 0.0))
    for codes in ((2,), (3, 2), (1,)):
        assert list(fold.feed(changed(*codes, time_us=7), 0.001)) == []
    assert fold.due_in(0.005) == MOMENT_S - 0.005
    assert list(fold.flush(MOMENT_S)) == [changed(2, 3, 1, time_us=7)]
    assert list(fold.flush(MOMENT_S)) == []


def test_a_change_is_held_until_the_moment_is_over() -> None:
    fold = Fold()
    assert fold.rest_s(0.0) == 0.0
    list(fold.feed(changed(1), 0.0))
    assert fold.rest_s(0.005) == MOMENT_S - 0.005
    assert fold.rest_s(1.0) == 0.0


def test_an_exposure_is_never_folded_nor_overtaken() -> None:
    fold = Fold()
    list(fold.feed(changed(1), 0.0))
    list(fold.feed(changed(2), 0.001))
    assert list(fold.feed(EXPOSED, 0.002)) == [changed(2), EXPOSED]
    assert list(fold.feed(EXPOSED, 0.002)) == [EXPOSED]


def test_a_storm_without_a_pause_is_told_again_and_again() -> None:
    fold = Fold()
    told = [one for step in range(1000) for one in fold.feed(changed(step), step / 10_000)]
    assert 4 <= len(told) <= 6


def test_two_connections_are_not_mixed() -> None:
    fold = Fold()
    list(fold.feed(changed(1), 0.0))
    list(fold.feed(changed(2), 0.001))
    assert list(fold.feed(changed(3, link=2), 0.002)) == [changed(2)]


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 0.03)), max_size=60))
def test_every_code_is_told_after_its_last_change(steps: list[tuple[int, float]]) -> None:
    fold, now = Fold(), 0.0
    told: list[Seen] = []
    for code, wait_s in steps:
        now += wait_s
        told += fold.feed(changed(code) if code else EXPOSED, now)
    told += fold.flush(now)
    assert told.count(EXPOSED) == sum(code == 0 for code, _ in steps)
    for code in {code for code, _ in steps if code}:
        last = max(index for index, (seen, _) in enumerate(steps) if seen == code)
        exposures_before = sum(seen == 0 for seen, _ in steps[: last + 1])
        last_told = max(index for index, one in enumerate(told) if code in one.codes)
        assert sum(one == EXPOSED for one in told[: last_told + 1]) >= exposures_before
