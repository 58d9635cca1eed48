import pytest

from lensbus_services.sony.captures import Capture, Captures


@pytest.fixture
def captures() -> Captures:
    return Captures(limit_s=3.0)


def pressed(captures: Captures, now: float) -> Capture:
    capture = captures.begin(1_000_000 * int(now), "full_press", now, held=True)
    captures.released(now)
    return capture


def test_an_id_is_a_time_that_no_other_has(captures: Captures) -> None:
    first = captures.begin(17, "full_press", 0.0)
    captures.withdraw(first)
    assert captures.begin(17, "full_press", 0.0).id == 18


def test_an_exposure_and_its_files_belong_to_the_trigger(captures: Captures) -> None:
    capture = pressed(captures, 1.0)
    assert not captures.is_settled
    assert captures.exposed(1.4, has_files=True) == capture.id
    assert captures.is_settled
    assert captures.filed("DSC1") == capture.id
    assert captures.filed("DSC1") == capture.id  # raw and JPEG


def test_files_of_two_exposures_may_come_mixed(captures: Captures) -> None:
    first = pressed(captures, 1.0)
    captures.exposed(1.4, has_files=True)
    second = pressed(captures, 2.0)
    captures.exposed(2.4, has_files=True)
    assert [captures.filed(stem) for stem in ("DSC1", "DSC2", "DSC1", "DSC2")] == [
        first.id,
        second.id,
        first.id,
        second.id,
    ]


def test_a_burst_belongs_to_its_trigger_and_to_no_other(captures: Captures) -> None:
    burst = captures.begin(1, "shutter_down", 0.0, held=True)
    assert [captures.exposed(now, has_files=False) for now in (1.0, 20.0)] == [burst.id] * 2
    captures.released(20.5)
    assert captures.exposed(21.0, has_files=False) == burst.id  # it was on its way
    assert captures.exposed(60.0, has_files=False) is None  # somebody at the camera
    single = pressed(captures, 61.0)
    assert captures.exposed(61.4, has_files=False) == single.id


def test_nothing_in_time_is_overdue_once(captures: Captures) -> None:
    capture = pressed(captures, 10.0)
    assert captures.due_in(11.0) == 2.0
    assert captures.overdue(12.9) is None
    assert captures.overdue(13.0) is capture
    capture.told = True
    assert captures.overdue(14.0) is None
    assert captures.is_settled
    assert captures.exposed(15.0, has_files=False) is None


def test_a_held_shutter_is_not_overdue(captures: Captures) -> None:
    capture = captures.begin(1, "shutter_down", 0.0, held=True)
    assert captures.held is capture
    assert captures.overdue(100.0) is None
    captures.released(100.0)
    assert captures.overdue(103.0) is capture


def test_a_long_exposure_gets_more_time(captures: Captures) -> None:
    capture = pressed(captures, 0.0)
    capture.more_s = 30.0
    assert captures.overdue(32.0) is None
    assert captures.exposed(32.5, has_files=False) == capture.id


def test_a_trigger_that_was_refused_is_forgotten(captures: Captures) -> None:
    captures.withdraw(captures.begin(1, "full_press", 0.0))
    assert captures.is_settled
    assert captures.due_in(1.0) is None
    assert captures.open_at_end() is None


def test_the_end_of_the_connection_leaves_one_trigger_unknown(captures: Captures) -> None:
    capture = pressed(captures, 0.0)
    assert captures.open_at_end() is capture
    assert captures.open_at_end() is None
    assert captures.is_settled


def test_a_file_that_does_not_come_is_that_of_the_oldest_exposure(captures: Captures) -> None:
    first = pressed(captures, 1.0)
    captures.exposed(1.4, has_files=True)
    second = pressed(captures, 2.0)
    captures.exposed(2.4, has_files=True)
    assert captures.lost_file() == first.id
    assert captures.filed("DSC2") == second.id


def test_pictures_for_the_card_leave_no_place_for_later_files(captures: Captures) -> None:
    pressed(captures, 1.0)
    captures.exposed(1.4, has_files=False)
    later = pressed(captures, 2.0)
    captures.exposed(2.4, has_files=True)
    assert captures.filed("DSC2") == later.id
