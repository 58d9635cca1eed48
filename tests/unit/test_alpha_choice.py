import pytest

from lensbus_gateway.alpha.catalogue import CATALOGUE, Property, Shape
from lensbus_gateway.alpha.choice import offered, understand
from lensbus_gateway.alpha.reading import Reading

# Numbers of every size that some table or formatter has a text for.
NUMBERS = (
    *range(0x100),
    *(280, 560, 0x101, 0x102, 0x103, 0x104, 0x301, 0x302, 0x401, 0x501, 800, 5500, 63536),
    *range(0x8000, 0x8100),
    *(0x10001, 0x10005, 0x12001, 0x30001, 0x40301, 0x50001, 0x80001, 0xFFFFFF, 0x1000190),
    *(0x0001007D, 0x0014000A, 0x000D000A, 0x00030001, 180_000, 45_000),
)


def reading(values: tuple[int, ...], bits: int = 32) -> Reading:
    return Reading(1, bits, False, True, values[0], None, values, None)


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_every_text_that_is_shown_is_taken_back(entry: Property) -> None:
    shown = [number for number in NUMBERS if entry.text(number)]
    if entry.shape in (Shape.TEXT, Shape.COUNTER) or not shown:
        return
    offer = reading(tuple(shown))
    for number in shown:
        text = entry.text(number)
        meant = understand(entry, offer, text)
        assert meant is not None, text
        # Some numbers have the same text; the camera's list decides which it is.
        assert entry.text(meant) == text
        assert offered(entry, offer, meant) in shown
        assert understand(entry, offer, f" {text.upper()} ") == meant


@pytest.mark.parametrize(
    ("name", "glued", "meant"),
    [
        ("movie-recording-frame-rate", 0x107, 7),
        ("movie-recording-frame-rate", 0x503, 3),
        ("movie-file-format", 0x104, 4),
        ("color-space", 0x201, 1),
    ],
)
def test_a_pair_that_an_older_server_showed_as_one_number_is_taken(
    name: str, glued: int, meant: int
) -> None:
    offer = reading((1, 3, 4, 5, 7), bits=8)

    assert offered(CATALOGUE[name], offer, glued) == meant


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("movie-recording-frame-rate", 0x109),
        ("movie-recording-frame-rate", 0x10107),
        ("high-iso-nr", 0x101),
    ],
)
def test_other_numbers_that_are_too_wide_are_not_offered(name: str, number: int) -> None:
    assert offered(CATALOGUE[name], reading((1, 3, 7), bits=8), number) is None


def test_a_ratio_is_the_camera_s_own_spelling_of_it() -> None:
    speeds = reading((0, 0x0014000A, 0x0001007D))

    assert offered(CATALOGUE["shutter-speed"], speeds, 2 << 16 | 1) == 0x0014000A
    assert offered(CATALOGUE["shutter-speed"], speeds, 3 << 16 | 1) is None
