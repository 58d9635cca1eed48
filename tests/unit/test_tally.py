"""What the broker counts, and what it says in the log."""

from lensbus_broker.tally import JUNK_REPORT_S, Tally


def test_drops_are_reported_once_and_never_more_often_than_that() -> None:
    tally = Tally()
    assert tally.report(10.0) == {}
    tally.drop("commands")
    tally.drop("commands")
    tally.drop("late_events", 0)
    assert tally.report(10.0) == {"commands": 2}
    tally.drop("commands")
    tally.drop("early_events", 5)
    assert tally.report(10.0 + JUNK_REPORT_S / 2) == {}
    assert tally.report(10.0 + JUNK_REPORT_S) == {"commands": 1, "early_events": 5}
    assert tally.report(20.0) == {}
    assert +tally.junk == {"commands": 3, "early_events": 5}


def test_what_has_never_happened_is_told_as_never() -> None:
    tally = Tally()
    assert set(tally.junk.values()) == {0}
    tally.notice("worker.started", "CAM1")
    assert (tally.starts, tally.losses) == ({"CAM1": 1}, {"CAM1": 0})


def test_a_gap_counts_its_events() -> None:
    tally = Tally()
    tally.declare(7)
    tally.declare(1)
    assert (tally.gaps, tally.lost) == (2, 8)
