import pytest
from hypothesis import given
from hypothesis import strategies as st

from lensbus_proto.errors import BadArguments, BadValue, NotWritable
from lensbus_services.sony.properties import (
    accepted_value,
    check_writable,
    decode_text,
    number,
    property_map,
    slice_values,
    values_and_range,
    width_bytes,
)
from lensbus_services.sony.values import RawProperty

U8, U16, U32, U64, U128 = 1, 2, 3, 4, 5
SIGNED, ARRAY, RANGE = 0x1000, 0x2000, 0x4000
TEXT = 0xFFFF


def raw(type_: int, *, value: int = 0, values: bytes = b"", enable: int = 1) -> RawProperty:
    return RawProperty(0x104, type_, enable, value=value, values=values)


@pytest.mark.parametrize(
    ("type_", "width"),
    [(U8, 1), (U16 | ARRAY, 2), (U32 | RANGE, 4), (U64, 8), (U128, 0), (0, 0), (TEXT, 0), (9, 0)],
)
def test_the_width_is_in_the_low_bits_of_the_type(type_: int, width: int) -> None:
    assert width_bytes(type_) == width


def test_a_list_is_sliced_by_its_own_width() -> None:
    # The reference server glues the first two of these into 0x503.
    assert slice_values(bytes([3, 5, 7, 1]), U8 | ARRAY) == [3, 5, 7, 1]
    assert slice_values(bytes([3, 0, 5, 0]), U16 | ARRAY) == [3, 5]


def test_half_an_element_at_the_end_is_none() -> None:
    assert slice_values(b"\x01\x00\x02", U16 | ARRAY) == [1]


def test_signed_values_are_negative() -> None:
    assert slice_values(b"\x30\xf8\xd0\x07", U16 | SIGNED | ARRAY) == [-2000, 2000]
    assert number(0xF830, U16 | SIGNED) == -2000
    assert number(0xF830, U16) == 0xF830


def test_only_the_width_of_the_type_counts() -> None:
    assert number(0xDEAD0190, U16) == 0x190


@given(st.binary(max_size=40), st.integers(0, 0x1FFFF))
def test_no_list_of_any_type_raises(data: bytes, type_: int) -> None:
    property_map(RawProperty(1, type_, 1, value=2**64 - 1, values=data, text=(0x41,)))


def test_a_range_is_min_max_and_step() -> None:
    values = b"".join(item.to_bytes(2, "little") for item in (2500, 9900, 100))
    assert values_and_range(raw(U16 | RANGE, values=values)) == ([], [2500, 9900, 100])


def test_a_range_that_is_blocked_is_no_range() -> None:
    assert values_and_range(raw(U16 | RANGE)) == ([], None)


@pytest.mark.parametrize("units", [(0x4C, 0x45, 0x4E, 0x53), (0x4C00, 0x4500, 0x4E00, 0x5300)])
def test_text_is_read_in_either_byte_order(units: tuple[int, ...]) -> None:
    assert decode_text(units) == "LENS"


def test_text_beyond_ascii_is_not_turned_round() -> None:
    assert decode_text((0x4E00, 0x30B9)) == "一ス"
    assert decode_text(()) == ""


def test_a_property_travels_with_the_keys_of_the_wire() -> None:
    assert property_map(raw(U16 | SIGNED | ARRAY, value=0xFFFF, values=b"\xff\xff\x01\x00")) == {
        "code": 0x104,
        "type": U16 | SIGNED | ARRAY,
        "enable": 1,
        "value": -1,
        "text": None,
        "values": [-1, 1],
        "range": None,
    }


def test_a_text_property_has_text_and_no_values() -> None:
    travelled = property_map(RawProperty(0x765, TEXT, 2, text=(0x46, 0x45)))
    assert (travelled["text"], travelled["value"], travelled["values"]) == ("FE", 0, [])


@pytest.mark.parametrize(("enable", "writable"), [(-1, 0), (0, 0), (1, 1), (2, 0), (3, 1)])
def test_the_enable_flag_decides_what_can_be_set(enable: int, writable: int) -> None:
    if writable:
        check_writable(raw(U16, enable=enable))
    else:
        with pytest.raises(NotWritable):
            check_writable(raw(U16, enable=enable))


def test_a_value_that_is_not_offered_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadValue) as bad:
        accepted_value(raw(U8 | ARRAY, values=bytes([1, 2])), 3)
    assert bad.value.detail == {"code": "0x104", "values": [1, 2], "range": None}


def test_a_signed_value_may_come_as_its_bits() -> None:
    compensation = raw(U16 | SIGNED | ARRAY, values=b"\x30\xf8\x00\x00")
    assert accepted_value(compensation, -2000) == 0xF830
    assert accepted_value(compensation, 0xF830) == 0xF830


def test_a_range_takes_only_its_steps() -> None:
    values = b"".join(item.to_bytes(2, "little") for item in (2500, 9900, 100))
    kelvin = raw(U16 | RANGE, values=values)
    assert accepted_value(kelvin, 5500) == 5500
    for wanted in (2400, 5550, 10000):
        with pytest.raises(BadValue):
            accepted_value(kelvin, wanted)


def test_the_list_of_what_can_be_set_counts_too() -> None:
    both = RawProperty(1, U8 | ARRAY, 1, values=b"\x01", set_values=b"\x02")
    assert accepted_value(both, 2) == 2


def test_without_a_list_the_camera_decides() -> None:
    assert accepted_value(raw(U32), 0x140001) == 0x140001


@pytest.mark.parametrize("wanted", [256, -129, 2**64 - 1])
def test_a_value_wider_than_the_type_is_refused(wanted: int) -> None:
    with pytest.raises(BadValue):
        accepted_value(raw(U8), wanted)


def test_a_number_for_a_text_is_an_argument_of_the_wrong_kind() -> None:
    with pytest.raises(BadArguments):
        accepted_value(raw(TEXT), 1)
