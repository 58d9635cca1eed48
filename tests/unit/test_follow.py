"""How the broker follows one worker: holes, repeats, losses, whatever the order."""

from hypothesis import given
from hypothesis import strategies as st

from lensbus_broker.follow import (
    AHEAD,
    ASK_AGAIN_S,
    HELD_EVENTS,
    PATIENCE_S,
    SETTLE_S,
    Life,
    Missing,
    Parts,
)


def event(seq: int) -> Parts:
    return [b"CAM1/warning", seq.to_bytes(8), b""]


def numbers(events: object) -> list[int]:
    return [int.from_bytes(parts[1]) for parts in events]  # type: ignore[attr-defined]  # events


def greeted() -> Life:
    return Life("CAM1", 1, greeted=True)


def test_what_comes_in_order_goes_through_and_is_complete() -> None:
    life = greeted()
    assert [numbers(life.feed(seq, event(seq), 0.0)) for seq in (1, 2, 3)] == [[1], [2], [3]]
    assert life.complete
    assert life.due() is None


def test_repeats_are_dropped() -> None:
    life = greeted()
    life.feed(1, event(1), 0.0)
    assert life.feed(1, event(1), 0.0) == ()


def test_a_hole_holds_what_follows_and_is_asked_for_at_once() -> None:
    life = greeted()
    assert life.feed(3, event(3), 0.0) == []
    assert life.question(0.0) == 1
    assert life.question(0.1) is None
    assert life.question(ASK_AGAIN_S) == 1
    assert numbers(life.feed(1, event(1), 0.0)) == [1]
    assert numbers(life.feed(2, event(2), 0.0)) == [2, 3]


def test_what_was_only_announced_gets_a_moment_to_arrive() -> None:
    life = greeted()
    life.announce(2, 0.0)
    assert life.question(SETTLE_S / 2) is None
    assert life.question(SETTLE_S) == 1


def test_a_worker_in_silence_is_waited_for_as_long_as_nothing_waits_behind() -> None:
    life = greeted()
    life.announce(2, 0.0)
    assert life.give_up(1000.0) is None
    life.ends = 1001.0
    assert life.give_up(1001.0) == Missing(1, 2, "lost")


def test_later_events_do_not_wait_for_ever() -> None:
    life = greeted()
    life.feed(4, event(4), 0.0)
    assert life.give_up(PATIENCE_S / 2) is None
    assert life.give_up(PATIENCE_S) == Missing(1, 3, "timeout")
    assert numbers(life.release(PATIENCE_S)) == [4]


def test_what_the_outbox_no_longer_has_is_declared() -> None:
    life = greeted()
    life.feed(10, event(10), 0.0)
    assert life.answer(6, 0.0) == Missing(1, 5, "expired")
    assert life.question(0.0) == 6


def test_a_number_that_the_worker_never_gave_is_forgotten_when_it_says_so() -> None:
    life = greeted()
    life.feed(1, event(1), 0.0)
    life.feed(900, event(900), 0.0)
    assert life.question(0.0) == 2
    life.feed(3, event(3), 0.0)  # true, and later than the question
    life.feed(901, event(901), 0.0)
    assert life.disown(1, 0.1) == 2, "3 goes too: it was not there when the outbox was asked"
    assert life.announced == 901
    assert life.question(0.1 + ASK_AGAIN_S) == 2
    assert life.disown(3, 0.7) == 1
    assert (life.seq, life.announced, life.give_up(100.0)) == (1, 3, None)
    assert numbers(life.feed(2, event(2), 0.8)) == [2]
    assert numbers(life.feed(3, event(3), 0.8)) == [3]
    assert life.complete


def test_an_honest_worker_loses_nothing_of_what_is_held() -> None:
    life = greeted()
    life.feed(4, event(4), 0.0)
    assert life.question(0.0) == 1
    life.feed(5, event(5), 0.0)
    assert life.disown(4, 0.1) == 0
    assert [numbers(life.feed(seq, event(seq), 0.1)) for seq in (1, 2, 3)] == [[1], [2], [3, 4, 5]]


def test_a_number_out_of_all_proportion_is_not_believed() -> None:
    life = Life("CAM1", 1, seq=7)
    assert life.believes(7 + AHEAD)
    assert not life.believes(8 + AHEAD)


def test_events_before_the_hello_wait_for_it() -> None:
    life = Life("CAM1", 1)
    assert life.feed(1, event(1), 0.0) == ()
    life.greeted = True
    assert numbers(life.release(0.0)) == [1]


def test_what_is_held_is_bounded_and_the_rest_is_asked_for_again() -> None:
    life = greeted()
    for seq in range(2, HELD_EVENTS + 100):
        life.feed(seq, event(seq), 0.0)
    assert len(life.held) == HELD_EVENTS
    assert numbers(life.feed(1, event(1), 0.0)) == list(range(1, HELD_EVENTS + 2))
    assert not life.complete
    assert life.question(SETTLE_S) == HELD_EVENTS + 2


@given(st.data())
def test_every_event_goes_through_once_or_is_declared_once(data: st.DataObject) -> None:
    """A worker sends 1 to n; some are lost on the way, some repeated; its outbox keeps some."""
    count = data.draw(st.integers(1, 30))
    kept_from = data.draw(st.integers(1, count + 1))
    sent = data.draw(st.lists(st.integers(1, count), max_size=60))
    life, now = greeted(), 0.0
    told: list[int] = []

    def declare(missing: Missing | None) -> bool:
        if missing is not None:
            assert missing.from_seq == len(told) + 1
            told.extend(range(missing.from_seq, missing.to_seq + 1))
            told.extend(numbers(life.release(now)))
        return missing is not None

    for seq in sent:
        told += numbers(life.feed(seq, event(seq), now))
        if data.draw(st.booleans()) and (asked := life.question(now)) is not None:
            first = max(asked, kept_from)
            declare(life.answer(first, now))
            for number in range(first, min(first + 3, count + 1)):
                told += numbers(life.feed(number, event(number), now))
        now += data.draw(st.sampled_from([0.0, 0.1, 0.6, 3.0]))
        while declare(life.give_up(now)):
            pass
    life.announce(count, now)
    life.ends = now
    while declare(life.give_up(now)):
        pass
    assert told == list(range(1, count + 1))
    assert life.complete
