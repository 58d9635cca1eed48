"""Every picture of a video decodes by itself, to what was put in."""

from typing import Any

import av
import numpy as np
import pytest

from lensbus_services.oak.video import Encoder, Pixels

CAP = 8_000_000


def scene(size: tuple[int, int], shift: int = 0, channels: int = 3) -> Pixels:
    """Smooth colours, so that a good encoder keeps them."""
    width, height = size
    x, y = np.meshgrid(np.arange(width) + shift, np.arange(height))
    planes = [60 + (x * 90 // width) % 120, 200 - y * 120 // height, 90 + (x + y) % 64]
    return np.stack(planes[:channels], axis=-1).astype(np.uint8).squeeze()


def decode(unit: bytes) -> Any:
    decoder: Any = av.CodecContext.create("h264", "r")
    frames = [*decoder.decode(av.Packet(unit)), *decoder.decode(None)]
    assert len(frames) == 1
    return frames[0]


def units(unit: bytes) -> list[int]:
    """The types of the NAL units inside."""
    return [part[0] & 0x1F for part in unit.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]]


@pytest.mark.parametrize("size", [(1920, 1080), (640, 400), (300, 300), (642, 402), (16, 16)])
def test_each_picture_decodes_alone_to_its_colours(size: tuple[int, int]) -> None:
    encoder = Encoder(size, 30.0, CAP)
    for shift in (0, 7, 50):
        shown = scene(size, shift)
        frame = decode(encoder.encode(shown))
        assert (frame.width, frame.height) == size
        error = np.abs(frame.to_ndarray(format="bgr24").astype(int) - shown)
        assert error.mean() < 6


def test_grey_pictures_keep_their_brightness() -> None:
    shown = scene((640, 400), channels=1)
    frame = decode(Encoder((640, 400), 30.0, CAP).encode(shown))
    assert np.abs(frame.to_ndarray(format="gray").astype(int) - shown).mean() < 3
    colours = frame.to_ndarray(format="bgr24").astype(int)
    assert np.ptp(colours, axis=2).max() <= 4


@pytest.mark.parametrize("size", [(301, 201), (1, 1), (33, 20)])
def test_a_side_that_is_odd_is_made_even(size: tuple[int, int]) -> None:
    shown = scene(size)
    if shown.ndim < 3:
        shown = shown.reshape(size[1], size[0], 3)
    frame = decode(Encoder(size, 30.0, CAP).encode(shown))
    expected = tuple(max(16, side + side % 2) for side in size)
    assert (frame.width, frame.height) == expected


def test_parameters_come_with_every_picture_and_no_picture_refers_to_another() -> None:
    encoder = Encoder((640, 400), 30.0, CAP)
    for _ in range(5):
        unit = encoder.encode(scene((640, 400)))
        kinds = units(unit)
        assert kinds[:2] == [7, 8]
        assert set(kinds) <= {5, 6, 7, 8}
        assert 5 in kinds
        parameters = unit[unit.index(b"\0\0\1\x67") + 4 :]
        assert parameters[0] == 66  # Baseline
        assert parameters[1] & 0x40  # constrained


def test_no_picture_takes_more_than_its_share_of_the_line() -> None:
    random = np.random.default_rng(1)
    encoder = Encoder((1280, 720), 30.0, 4_000_000)
    sizes = [
        len(encoder.encode(random.integers(0, 255, (720, 1280, 3), np.uint8))) for _ in range(20)
    ]
    # Noise is the worst there is, and the coarsest quantiser has an end.
    assert max(sizes[5:]) < 4 * 4_000_000 / 8 / 30
