"""The judge of the fault matrix: green for all that is whole or declared, red for the rest."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from kit.judge import Entry, Gap, Life, judge

JOURNAL = "7f3a0001"


@dataclass(frozen=True)
class History:
    """Some lives, and a ledger that holds everything that they said."""

    lives: tuple[Life, ...]
    ledger: tuple[Entry, ...]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw one to four lives and any interleaving of what they say."""
    counts = draw(st.lists(st.integers(1, 12), min_size=1, max_size=4))
    lives = tuple(Life(f"SRC{index // 2}", 7 + index, count) for index, count in enumerate(counts))
    order = draw(st.permutations([life for life in lives for _ in range(life.count)]))
    said = dict.fromkeys(lives, 0)
    ledger = []
    for position, life in enumerate(order, start=1):
        said[life] += 1
        number = said[life]
        ledger.append(Entry(life.camera, "numbered", life.epoch, number, number, JOURNAL, position))
    return History(lives, tuple(ledger))


@st.composite
def runs(draw: st.DrawFn) -> tuple[History, int, int]:
    """Draw a history and a run of its events, from `begin` up to but not `end`."""
    history = draw(histories())
    begin = draw(st.integers(0, len(history.ledger) - 1))
    end = draw(st.integers(begin + 1, len(history.ledger)))
    return history, begin, end


def stream_gap(count: int | None, position: int) -> Entry:
    return Entry("*", "gap", journal=JOURNAL, position=position, gap=Gap(count))


@given(histories())
def test_any_interleaving_without_loss_is_green(history: History) -> None:
    verdict = judge("T", history.lives, [history.ledger, history.ledger])
    assert verdict.whole
    assert verdict.sent == verdict.got == len(history.ledger)


@given(runs())
def test_any_hole_is_red(drawn: tuple[History, int, int]) -> None:
    history, begin, end = drawn
    holed = history.ledger[:begin] + history.ledger[end:]
    verdict = judge("T", history.lives, [history.ledger, holed])
    assert not verdict.honest
    assert verdict.lost == verdict.undeclared == end - begin


@given(runs())
def test_anything_again_is_red(drawn: tuple[History, int, int]) -> None:
    history, begin, end = drawn
    again = history.ledger[:end] + history.ledger[begin:]
    verdict = judge("T", history.lives, [again])
    assert not verdict.honest
    assert verdict.repeated == end - begin
    assert verdict.lost == 0


@given(runs())
def test_a_declared_gap_with_the_right_count_is_green(drawn: tuple[History, int, int]) -> None:
    history, begin, end = drawn
    for count in (end - begin, None):
        gap = stream_gap(count, end)
        told = (*history.ledger[:begin], gap, *history.ledger[end:])
        verdict = judge("T", history.lives, [told])
        assert verdict.honest
        assert not verdict.whole
        assert (verdict.lost, verdict.gaps) == (end - begin, 1)


@given(runs(), st.integers(1, 3), st.booleans())
def test_a_gap_with_a_wrong_count_is_red(
    drawn: tuple[History, int, int], off: int, more: bool
) -> None:
    history, begin, end = drawn
    count = end - begin + (off if more else -min(off, end - begin))
    if begin == 0:  # nothing before it tells what it stands for, but too little is too little
        count = min(count, end - begin - 1)
    told = (*history.ledger[:begin], stream_gap(count, end), *history.ledger[end:])
    assert not judge("T", history.lives, [told]).honest


@given(histories())
def test_a_gap_in_another_place_declares_nothing(history: History) -> None:
    whole = history.lives[0]
    after = Life("LATE", 1, 1)
    last = len(history.ledger) + 1
    there = Entry("LATE", "numbered", 1, 1, 1, JOURNAL, last)
    # Everything is said again as a declared loss, but only behind an event that came later.
    hole = [
        entry
        for entry in history.ledger
        if (entry.camera, entry.epoch) != whole.key or entry.n == whole.count
    ]
    if whole.count == 1:
        return
    told = (*hole, there, stream_gap(None, last + 1))
    assert judge("T", (*history.lives, after), [told]).undeclared == whole.count - 1


@given(histories(), st.data())
def test_a_gap_of_a_camera_declares_its_numbers(history: History, data: st.DataObject) -> None:
    life = data.draw(st.sampled_from(history.lives))
    first = data.draw(st.integers(1, life.count))
    last = data.draw(st.integers(first, life.count))
    told = []
    for entry in history.ledger:
        if (entry.camera, entry.epoch) != life.key or not first <= (entry.n or 0) <= last:
            told.append(entry)
        elif entry.n == last:
            gap = Gap(last - first + 1, first, last)
            told.append(Entry(life.camera, "gap", life.epoch, gap=gap, position=entry.position))
    verdict = judge("T", history.lives, [told])
    assert verdict.honest
    assert verdict.lost == last - first + 1
    wrong = [
        entry._replace(gap=Gap(last - first + 2, first, last)) if entry.gap else entry
        for entry in told
    ]
    assert not judge("T", history.lives, [wrong]).honest
    lying = [*history.ledger, *(entry for entry in told if entry.gap)]
    assert not judge("T", history.lives, [lying]).honest


def test_order_within_a_life_is_kept() -> None:
    lives = (Life("SRC1", 7, 2),)
    one, two = (Entry("SRC1", "numbered", 7, n, n, JOURNAL, n) for n in (1, 2))
    verdict = judge("T", lives, [[two, one]])
    assert verdict.disordered == 1
    assert not verdict.honest


def test_the_tail_of_a_killed_life_is_lost_with_it_if_its_end_is_told() -> None:
    lives = (Life("SRC1", 7, 5, killed=True),)
    seen = [Entry("SRC1", "numbered", 7, n, n, JOURNAL, n) for n in (1, 2, 3)]
    lost = Entry("SRC1", "worker.lost", 7, journal=JOURNAL, position=4)
    verdict = judge("F01", lives, [[*seen, lost]])
    assert verdict.honest
    assert (verdict.lost, verdict.tail) == (0, 2)
    assert not judge("F01", lives, [seen]).honest
    started = Entry("SRC1", "worker.started", 8, journal=JOURNAL, position=4)
    assert judge("F01", lives, [[*seen, started]]).honest
    # What anybody saw is not tail: everybody has to see it.
    assert not judge("F01", lives, [[*seen, lost], [*seen[:2], lost]]).honest
    assert str(verdict).startswith("row=F01 sent=5 got=3 lost=0 repeated=0 disordered=0 gaps=0 ")


def test_what_was_never_emitted_is_red() -> None:
    stranger = Entry("SRC9", "numbered", 7, 1, 1, JOURNAL, 1)
    assert not judge("T", (), [[stranger]]).honest
