import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.records import event_parts
from lensbus_broker.records import pack_record, position_of, scan, unpack_record
from lensbus_proto.codec import stamp_header


def record(position: int, size: int = 0) -> bytes:
    topic, header, body = event_parts(position, size=size)
    return pack_record(topic, stamp_header(header, 7, position), body)


def positions(data: bytes) -> list[int]:
    return [found.position for found in scan(data)]


def test_a_record_gives_back_its_parts_and_position() -> None:
    topic, header, body = event_parts(5)
    packed = pack_record(topic, stamp_header(header, 7, 42), body)
    assert unpack_record(packed) == (topic, stamp_header(header, 7, 42), body)
    assert position_of(packed) == 42


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8), st.data())
def test_a_truncation_costs_only_the_record_that_it_hits(
    sizes: list[int], data: st.DataObject
) -> None:
    records = [record(number, size) for number, size in enumerate(sizes, 1)]
    whole = b"".join(records)
    cut = data.draw(st.integers(0, len(whole)))
    ends = [len(b"".join(records[:count])) for count in range(1, len(records) + 1)]
    assert positions(whole[:cut]) == [n for n, end in enumerate(ends, 1) if end <= cut]


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8), st.data())
def test_a_flipped_bit_costs_only_the_record_that_it_hits(
    sizes: list[int], data: st.DataObject
) -> None:
    records = [record(number, size) for number, size in enumerate(sizes, 1)]
    whole = bytearray(b"".join(records))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    ends = [len(b"".join(records[:count])) for count in range(1, len(records) + 1)]
    hit = next(number for number, end in enumerate(ends, 1) if at < end)
    assert positions(bytes(whole)) == [n for n in range(1, len(records) + 1) if n != hit]


@given(st.binary(max_size=400))
def test_noise_holds_no_records(noise: bytes) -> None:
    assert positions(noise) == []


@pytest.mark.parametrize("junk", [b"", b"\0" * 5000, b"\xff" * 5000, b"\x4c\x01\x01" * 2000])
def test_junk_between_records_is_passed_over(junk: bytes) -> None:
    assert positions(record(1) + junk + record(2)) == [1, 2]
