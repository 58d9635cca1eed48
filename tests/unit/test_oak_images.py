import io

import numpy as np
import pytest
from PIL import Image

from lensbus_proto.errors import BadArguments
from lensbus_services.oak.images import (
    DEPTH_FORMATS,
    FORMATS,
    depth_picture,
    encode_depth,
    encode_jpeg,
    encode_still,
    mime_of,
    reading,
    still_format,
)

GREY = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))
COLOR = np.dstack([np.zeros_like(GREY), np.zeros_like(GREY), np.full_like(GREY, 250)])  # red


def decode(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("name", ["", "jpg", "JPG", "jpeg", "Jpeg", "JPEG"])
def test_jpeg_has_several_names(name: str) -> None:
    assert still_format(name, of_depth=False) == "jpeg"


@pytest.mark.parametrize("name", ["avif", "pdf", "exe", "jpeg2000", "png ", "../png"])
def test_an_unknown_format_is_answered_with_those_that_there_are(name: str) -> None:
    with pytest.raises(BadArguments) as caught:
        still_format(name, of_depth=True)
    assert caught.value.detail == {"field": "format"}
    assert all(known in caught.value.message for known in FORMATS + DEPTH_FORMATS)


@pytest.mark.parametrize("name", ["png16", "NPY"])
def test_only_depth_has_numbers(name: str) -> None:
    assert still_format(name, of_depth=True) == name.lower()
    with pytest.raises(BadArguments) as caught:
        still_format(name, of_depth=False)
    assert name not in caught.value.message.split("one of")[1]


def test_numbers_keep_every_millimetre() -> None:
    depth = np.arange(64 * 1024, dtype=np.uint16).reshape(256, 256)
    image = decode(encode_depth(depth, "png16"))
    assert (image.format, image.mode) == ("PNG", "I;16")
    assert (np.asarray(image) == depth).all()
    array = np.load(io.BytesIO(encode_depth(depth, "npy")), allow_pickle=False)
    assert array.dtype == np.uint16
    assert (array == depth).all()
    assert (mime_of("png16"), mime_of("webp")) == ("image/png", "image/webp")


def test_a_place_is_read_from_corner_to_corner() -> None:
    depth = np.array([[1, 2, 3], [4, 0, 65_535]], np.uint16)
    places = [(0.0, 0.0), (0.34, 0.49), (1.0, 0.0), (0.0, 0.5), (0.5, 0.9), (1.0, 1.0)]
    assert [reading(depth, at) for at in places] == [1, 2, 3, 4, None, 65_535]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_keeps_color_and_grey(name: str) -> None:
    red = decode(encode_still(COLOR, name, 90))
    assert (red.format, red.size) == (name.upper(), (64, 48))
    pixel = red.convert("RGB").getpixel((20, 20))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200 > 60 > max(pixel[1:])
    ramp = decode(encode_still(GREY, name, 90)).convert("L")
    assert np.abs(np.asarray(ramp, np.int16) - GREY).max() <= 12


@pytest.mark.parametrize("name", ["jpeg", "png", "bmp", "tiff"])
def test_a_grey_still_has_one_channel(name: str) -> None:
    assert decode(encode_still(GREY, name, 90)).mode == "L"


def test_a_jpeg_can_be_made_of_a_part_of_a_picture() -> None:
    assert decode(encode_jpeg(COLOR[::2, ::2], 80)).size == (32, 24)
    assert decode(encode_jpeg(GREY[:, 3:], 80)).size == (61, 48)


def test_depth_is_lighter_the_nearer_and_black_where_nothing_was_measured() -> None:
    depth = np.array([[0, 100, 348, 826, 4000, 65_535]], np.uint16)
    picture = depth_picture(depth, 7.5)[0]
    assert picture[0] == 0
    assert picture[1] == 255
    assert picture[2] == pytest.approx(255, abs=1)
    assert all(picture[1:-1] >= picture[2:])
    assert picture[3] == pytest.approx(255 * 40 / 95, abs=1), "brightness follows disparity"
    assert picture[5] == 1, "far away is not the same as not measured"
