from lensbus_services.driver import Observation
from lensbus_services.outbox import Outbox


def seen(outbox: Outbox, times: int) -> None:
    for _ in range(times):
        outbox.number(Observation("warning", 1))


def test_events_are_numbered_from_one_and_leave_once_in_order() -> None:
    outbox = Outbox("CAM1", epoch=5, limit=10)
    seen(outbox, 3)
    assert [event.header.seq for event in outbox.unsent()] == [1, 2, 3]
    assert list(outbox.unsent()) == []
    seen(outbox, 1)
    assert [event.header.seq for event in outbox.unsent()] == [4]


def test_what_waits_past_the_limit_loses_its_oldest() -> None:
    outbox = Outbox("CAM1", epoch=5, limit=2)
    seen(outbox, 5)
    assert [event.header.seq for event in outbox.unsent()] == [4, 5]


def test_sending_that_stops_half_way_goes_on_where_it_stopped() -> None:
    outbox = Outbox("CAM1", epoch=5, limit=10)
    seen(outbox, 3)
    assert next(outbox.unsent()).header.seq == 1
    assert [event.header.seq for event in outbox.unsent()] == [2, 3]
