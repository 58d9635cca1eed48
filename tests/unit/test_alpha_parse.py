import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.fake_sony import I16, READ_WRITE, U8, U16, U32, prop
from lensbus_gateway.alpha.catalogue import CATALOGUE
from lensbus_gateway.alpha.choice import choices, expected, offered, understand
from lensbus_gateway.alpha.reading import Reading, read


def reading(
    kind: int, values: tuple[int, ...] = (), span: tuple[int, int, int] | None = None
) -> Reading:
    made = read(prop(1, kind, 0, values, enable=READ_WRITE, span=span))
    assert made is not None
    return made


NOTATIONS = [
    ("iso", "auto", 0xFFFFFF),
    ("iso", "ISO 400", 400),
    ("iso", "iso auto", 0xFFFFFF),
    ("iso", "400", 400),
    ("iso", "0x190", 400),
    ("iso", "0X190", 400),
    ("aperture", "f/5.6", 560),
    ("aperture", "F5.6", 560),
    ("aperture", "5.6", 560),
    ("aperture", "4.6", 460),
    ("aperture", "f/8", 800),
    ("aperture", "0x230", 560),
    ("aperture", "560", 560),
    ("shutter-speed", "bulb", 0),
    ("shutter-speed", "1/125", 0x0001007D),
    ("shutter-speed", "125", 0x0001007D),
    ("shutter-speed", "2s", 0x00020001),
    ("shutter-speed", '2"', 0x00020001),
    ("shutter-speed", '1.3"', 0x000D000A),
    ("exposure-compensation", "+0.7 EV", 700),
    ("exposure-compensation", "-2.0", -2000),
    ("exposure-compensation", "1 ev", 1000),
    ("exposure-compensation", "-2000", -2000),
    ("exposure-compensation", "0xf830", 0xF830),
    ("white-balance", "Color_Temp", 0x100),
    ("white-balance", "fluorescent warm white", 0x21),
    ("white-balance", "custom1", 0x101),
    ("white-balance-color-temp", "5500K", 5500),
    ("focus-mode", "AF-S", 2),
    ("focus-mode", "afc", 3),
    ("focus-area", "centre", 3),
    ("focus-area", "spot-m", 5),
    ("exposure-program-mode", "auto", 2),
    ("exposure-program-mode", "M", 1),
    ("exposure-program-mode", "programcreative", 5),
    ("drive-mode", "continuous-high-live", 0x10003),
    ("drive-mode", "timer-10", 0x30003),
    ("drive-mode", "continuous-bracket-05ev-3pics", 0x40304),
    ("file-format", "raw+jpeg", 3),
    ("file-format", "rawheif", 4),
    ("image-quality", "extra fine", 4),
    ("image-quality", "RAW+JPEG Extra Fine", 0x30004),
    ("raw-compression", "lossless-small", 3),
    ("still-image-store-destination", "both", 3),
    ("priority-key", "PC-Remote", 2),
    ("exposure-index", "800 EI", 800),
    ("metering-mode", "5", 5),
    ("movie-recording-frame-rate", "24p", 24),
    ("image-id-num", "42", 42),
]


@pytest.mark.parametrize(("name", "text", "value"), NOTATIONS)
def test_every_notation_of_the_contract_is_understood(name: str, text: str, value: int) -> None:
    assert understand(CATALOGUE[name], None, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("iso", "fast"),
        ("iso", ""),
        ("iso", "0x"),
        ("iso", "0x1_0"),
        ("aperture", "f/"),
        ("shutter-speed", "1.3"),
        ("shutter-speed", "1/0"),
        ("shutter-speed", "1/70000"),
        ("exposure-compensation", "+0.7 XY"),
        ("metering-mode", "+0.7 EV"),
        ("metering-mode", "٣"),
        ("priority-key", "0x2"),
        ("priority-key", "2"),
        ("image-id-num", "0x2"),
        ("white-balance", "sunny"),
    ],
)
def test_what_is_not_understood_is_not_guessed(name: str, text: str) -> None:
    assert understand(CATALOGUE[name], None, text) is None


@pytest.mark.parametrize("name", CATALOGUE)
@settings(max_examples=25, deadline=None)
@given(text=st.text())
def test_no_text_is_too_odd_to_be_refused(name: str, text: str) -> None:
    value = understand(CATALOGUE[name], None, text)
    if value is not None:
        offered(CATALOGUE[name], reading(U16, (1, 2)), value)


def test_the_texts_that_a_client_was_shown_come_first() -> None:
    drive = CATALOGUE["drive-mode"]
    frame_rate = CATALOGUE["movie-recording-frame-rate"]
    program = CATALOGUE["exposure-program-mode"]

    assert understand(drive, reading(U32, (1, 0x10001)), "crdrive_continuous_hi") == 0x10001
    assert understand(frame_rate, reading(U8, (3, 5, 7)), "24p") == 7
    assert understand(program, reading(U32, (1, 0x8000)), "Auto") == 0x8000


def test_every_shown_text_is_understood_as_its_own_value() -> None:
    for entry in CATALOGUE.values():
        for value in range(1, 0x30):
            text = entry.text(value)
            understood = understand(entry, reading(U32, (value,)), text) if text else value
            assert understood == value, entry.name


def test_a_shutter_speed_is_compared_as_a_ratio() -> None:
    speeds = reading(U32, (0x0014000A, 0x0001007D))

    assert offered(CATALOGUE["shutter-speed"], speeds, 0x00020001) == 0x0014000A
    assert offered(CATALOGUE["shutter-speed"], speeds, 0x00030001) is None


def test_two_bytes_read_as_one_number_count_by_their_low_byte() -> None:
    rates = reading(U8, (3, 5, 7, 1))

    assert offered(CATALOGUE["movie-recording-frame-rate"], rates, 0x107) == 7
    assert offered(CATALOGUE["movie-recording-frame-rate"], rates, 0x109) is None
    assert offered(CATALOGUE["movie-recording-frame-rate"], rates, 0x10107) is None
    assert offered(CATALOGUE["shutter-type"], reading(U8, (1, 2)), 0x102) is None


def test_a_sign_is_the_same_in_both_spellings() -> None:
    steps = reading(I16, (-2000, 0, 2000))
    entry = CATALOGUE["exposure-compensation"]

    assert steps.values == (0xF830, 0, 2000)
    assert offered(entry, steps, -2000) == offered(entry, steps, 0xF830) == 0xF830
    assert steps.to_wire(0xF830) == -2000
    assert reading(U16, (0xF830,)).to_wire(0xF830) == 0xF830


def test_a_range_takes_what_lies_in_it() -> None:
    kelvin = reading(U16, span=(2500, 9900, 100))
    entry = CATALOGUE["white-balance-color-temp"]

    assert offered(entry, kelvin, 5500) == 5500
    assert offered(entry, kelvin, 2499) is None
    assert offered(entry, kelvin, 10000) is None
    assert offered(entry, kelvin, 5500 + 65536) is None


def test_a_camera_that_lists_nothing_judges_itself() -> None:
    assert offered(CATALOGUE["iso"], reading(U32), 12345) == 12345
    assert offered(CATALOGUE["iso"], reading(U32), 2**40) is None


def test_a_refusal_says_what_would_have_been_taken() -> None:
    many = reading(U32, tuple(range(100, 3000, 100)))

    assert expected(CATALOGUE["priority-key"], None) == "camera-position, pc-remote"
    assert expected(CATALOGUE["image-id-num"], None) == "a decimal number"
    assert "ISO 100" in expected(CATALOGUE["iso"], many)
    assert choices(CATALOGUE["iso"], many).endswith("ISO 1200 and 17 more")
    assert (
        choices(CATALOGUE["white-balance-color-temp"], reading(U16, span=(2500, 9900, 100)))
        == "2500K to 9900K, step 100K"
    )
