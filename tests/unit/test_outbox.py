import pytest
from hypothesis import given
from hypothesis import strategies as st

from lensbus_proto.codec import unpack_event
from lensbus_proto.errors import LocalProtocolError
from lensbus_services.driver import Observation
from lensbus_services.outbox import PAGE_BYTES, Outbox, Parts


def seen(outbox: Outbox, times: int, **data: object) -> None:
    for _ in range(times):
        outbox.number(Observation("warning", 1, data))


def numbers(events: list[Parts]) -> list[int]:
    return [unpack_event(parts).header.seq for parts in events]


def test_events_are_numbered_from_one_and_leave_once_in_order() -> None:
    outbox = Outbox("CAM1", epoch=5, limit=10)
    seen(outbox, 3)
    assert numbers(list(outbox.unsent())) == [1, 2, 3]
    assert list(outbox.unsent()) == []
    seen(outbox, 1)
    assert numbers(list(outbox.unsent())) == [4]


def test_what_waits_past_the_limit_loses_its_oldest() -> None:
    outbox = Outbox("CAM1", epoch=5, limit=2)
    seen(outbox, 5)
    assert numbers(list(outbox.unsent())) == [4, 5]


def test_large_events_are_bounded_by_their_bytes() -> None:
    outbox = Outbox("CAM1", epoch=5, limit=1000, max_bytes=100_000)
    seen(outbox, 50, text="x" * 10_000)
    assert numbers(list(outbox.unsent())) == list(range(42, 51))


def test_an_event_that_could_not_be_sent_is_not_counted_as_sent() -> None:
    outbox = Outbox("CAM1", epoch=5, limit=10)
    seen(outbox, 3)
    for parts in outbox.unsent():
        if unpack_event(parts).header.seq == 2:
            break  # the socket took no more
    assert numbers(list(outbox.unsent())) == [2, 3]


def test_what_cannot_be_packed_takes_no_number() -> None:
    outbox = Outbox("CAM1", epoch=5, limit=10)
    with pytest.raises(LocalProtocolError):
        outbox.number(Observation("warning", 1, {"text": "x" * 70_000}))
    with pytest.raises(LocalProtocolError):
        outbox.number(Observation("not a kind", 1))
    seen(outbox, 1)
    assert numbers(list(outbox.unsent())) == [1]


@given(st.integers(0, 30), st.integers(1, 10), st.integers(1, 40), st.integers(1, 10))
def test_a_page_has_what_is_kept_from_the_number_on(
    count: int, kept: int, from_seq: int, limit: int
) -> None:
    outbox = Outbox("CAM1", epoch=5, limit=kept)
    seen(outbox, count)
    first, events = outbox.page(from_seq, limit)
    oldest = max(1, count - kept + 1)
    assert first == max(from_seq, oldest)
    assert numbers(events) == list(range(first, min(count + 1, first + limit)))


def test_a_page_ends_after_about_a_mebibyte() -> None:
    outbox = Outbox("CAM1", epoch=5, limit=100)
    seen(outbox, 60, text="x" * 60_000)
    first, events = outbox.page(1, 100)
    assert first == 1
    assert PAGE_BYTES <= sum(len(part) for parts in events for part in parts) < PAGE_BYTES + 65_536
