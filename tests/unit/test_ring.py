import pytest
from hypothesis import given
from hypothesis import strategies as st

from lensbus_gateway.ring import Ring
from lensbus_gateway.sse import Block
from lensbus_gateway.wish import EVERYTHING, Selection
from lensbus_proto.cursor import Cursor

WHOLE = 1 << 30


def block(number: int, camera: str = "A", journal: int = 1) -> Block:
    """Return a block at position `number` + 1."""
    return Block(camera, "warning", Cursor(journal, number + 1), b"%d " % number)


def only(camera: str | None) -> Selection:
    return EVERYTHING if camera is None else Selection(frozenset((camera,)))


def read(ring: Ring, start: int, camera: str | None, size: int) -> tuple[list[bytes], int]:
    blocks, place = ring.read(start, only(camera), size)
    return [block.chunk for block in blocks], place


def filled(depth: int, count: int) -> Ring:
    ring = Ring(depth)
    ring.begin(Cursor(1, 0))
    for number in range(count):
        ring.append(block(number, "AB"[number % 2]))
    return ring


def test_an_empty_ring_has_nothing_to_read() -> None:
    assert read(Ring(16), 0, None, WHOLE) == ([], 0)


def test_the_oldest_leaves_when_the_count_is_reached() -> None:
    ring = filled(4, 6)
    assert (ring.oldest, ring.next) == (2, 6)
    assert read(ring, 2, None, WHOLE) == ([b"2 ", b"3 ", b"4 ", b"5 "], 6)


def test_a_place_that_is_gone_is_told() -> None:
    with pytest.raises(LookupError, match="the oldest is 2"):
        read(filled(4, 6), 1, None, WHOLE)


def test_one_camera_is_read_past_the_others() -> None:
    assert read(filled(8, 6), 0, "B", WHOLE) == ([b"1 ", b"3 ", b"5 "], 6)
    assert read(filled(8, 6), 0, "C", WHOLE) == ([], 6)


def test_a_size_limit_lets_the_oldest_go() -> None:
    ring = Ring(100, size_limit=10)
    ring.begin(Cursor(1, 0))
    for number in range(8):
        ring.append(block(number))
    assert (ring.oldest, ring.next) == (3, 8)


def test_a_block_over_the_size_limit_is_not_kept() -> None:
    ring = Ring(4, size_limit=10)
    ring.append(Block("A", "warning", Cursor(1, 1), b"x" * 11))
    assert (ring.oldest, ring.next) == (1, 1)


@given(
    depth=st.integers(1, 20),
    count=st.integers(0, 60),
    size=st.integers(1, 30),
    camera=st.sampled_from([None, "A", "B"]),
)
def test_reading_in_steps_gives_the_same_as_reading_at_once(
    depth: int, count: int, size: int, camera: str | None
) -> None:
    ring = filled(depth, count)
    whole, end = read(ring, ring.oldest, camera, WHOLE)
    steps: list[bytes] = []
    place = ring.oldest
    while place < ring.next:
        chunks, place = read(ring, place, camera, size)
        steps += chunks
    assert (steps, place) == (whole, end)
    kept = range(max(0, count - depth), count)
    assert whole == [b"%d " % number for number in kept if camera in (None, "AB"[number % 2])]


def test_before_it_begins_a_ring_has_no_place_and_may_get_any() -> None:
    ring = Ring(16)
    assert ring.place(Cursor(1, 5)) is None
    assert ring.is_short_of(Cursor(1, 5))


def test_a_cursor_is_a_place_as_long_as_everything_after_it_is_kept() -> None:
    ring = filled(4, 6)
    assert [ring.place(Cursor(1, position)) for position in range(8)] == [
        None, None, 2, 3, 4, 5, 6, None,
    ]  # fmt: skip
    assert [ring.is_short_of(Cursor(1, position)) for position in (1, 6, 7)] == [
        False, False, True,
    ]  # fmt: skip


def test_a_ring_that_has_begun_knows_its_first_place_before_anything_happens() -> None:
    ring = Ring(4)
    ring.begin(Cursor(1, 7))
    assert (ring.place(Cursor(1, 7)), ring.place(Cursor(1, 6))) == (0, None)


def test_places_of_two_journals_are_told_apart() -> None:
    ring = filled(8, 3)
    ring.append(Block("", "gap", Cursor(2, 40), b"gap"))
    ring.append(block(40, journal=2))
    assert ring.place(Cursor(1, 2)) == 2
    assert ring.place(Cursor(1, 3)) == 3, "the gap comes next"
    assert ring.place(Cursor(2, 40)) == 4
    assert ring.place(Cursor(2, 41)) == 5
    assert ring.place(Cursor(3, 1)) is None
    assert not ring.is_short_of(Cursor(1, 99))


@given(depth=st.integers(1, 20), holes=st.lists(st.integers(1, 4), max_size=40))
def test_a_place_is_where_the_first_later_block_stands(depth: int, holes: list[int]) -> None:
    ring = Ring(depth)
    ring.begin(Cursor(1, 0))
    positions = [sum(holes[: index + 1]) for index in range(len(holes))]
    for position in positions:
        ring.append(block(position - 1))
    for position in range(sum(holes) + 2):
        later = [at for at in positions if at > position]
        place = ring.place(Cursor(1, position))
        if place is not None:
            assert ring.next - place == len(later)
        elif position <= sum(holes):
            assert len(later) >= min(depth, len(positions))
