import pytest
from hypothesis import given
from hypothesis import strategies as st

from lensbus_gateway.ring import Ring
from lensbus_gateway.sse import Block

EVERYTHING = 1 << 30


def block(number: int, camera: str = "A") -> Block:
    return Block(camera, b"%d " % number)


def filled(depth: int, count: int) -> Ring:
    ring = Ring(depth)
    for number in range(count):
        ring.append(block(number, "AB"[number % 2]))
    return ring


def test_an_empty_ring_has_nothing_to_read() -> None:
    assert Ring(16).read(0, None, EVERYTHING) == ([], 0)


def test_the_oldest_leaves_when_the_count_is_reached() -> None:
    ring = filled(4, 6)
    assert (ring.oldest, ring.next) == (2, 6)
    assert ring.read(2, None, EVERYTHING) == ([b"2 ", b"3 ", b"4 ", b"5 "], 6)


def test_a_place_that_is_gone_is_told() -> None:
    with pytest.raises(LookupError, match="the oldest is 2"):
        filled(4, 6).read(1, None, EVERYTHING)


def test_one_camera_is_read_past_the_others() -> None:
    assert filled(8, 6).read(0, "B", EVERYTHING) == ([b"1 ", b"3 ", b"5 "], 6)
    assert filled(8, 6).read(0, "C", EVERYTHING) == ([], 6)


def test_a_size_limit_lets_the_oldest_go() -> None:
    ring = Ring(100, size_limit=10)
    for number in range(8):
        ring.append(block(number))
    assert (ring.oldest, ring.next) == (3, 8)


def test_a_block_over_the_size_limit_is_not_kept() -> None:
    ring = Ring(4, size_limit=10)
    ring.append(Block("A", b"x" * 11))
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
    whole, end = ring.read(ring.oldest, camera, EVERYTHING)
    steps: list[bytes] = []
    place = ring.oldest
    while place < ring.next:
        chunks, place = ring.read(place, camera, size)
        steps += chunks
    assert (steps, place) == (whole, end)
    kept = range(max(0, count - depth), count)
    assert whole == [b"%d " % number for number in kept if camera in (None, "AB"[number % 2])]
