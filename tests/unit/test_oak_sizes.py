import pytest

from lensbus_services.oak.sizes import covering, cut

WHOLE = (1920, 1080)


@pytest.mark.parametrize(
    ("size", "scaled"),
    [
        ((1920, 1080), WHOLE),
        ((960, 540), (960, 540)),
        ((640, 640), (1138, 640)),
        ((64, 720), (1280, 720)),
    ],
)
def test_a_picture_is_scaled_to_just_cover_what_is_wanted(
    size: tuple[int, int], scaled: tuple[int, int]
) -> None:
    assert covering(WHOLE, size) == scaled


def test_who_says_where_the_cut_begins_gets_pixels_as_they_are() -> None:
    assert covering(WHOLE, (960, 540), (0.5, 0.0)) == WHOLE
    assert covering((640, 400), (1280, 800), (0.5, 0.0)) == (1280, 800), "what is small grows"


@pytest.mark.parametrize(
    ("crop", "x", "y"),
    [
        ((0.0, 0.0), 480, 270),
        ((0.25, 0.5), 480, 540),
        ((0.5, 0.0), 960, 0),
        ((0.9, 0.9), 960, 540),
        ((1.0, 1.0), 960, 540),
    ],
)
def test_a_cut_lies_inside_of_the_picture(crop: tuple[float, float], x: int, y: int) -> None:
    assert cut(WHOLE, (960, 540), crop) == (slice(y, y + 540), slice(x, x + 960))
