"""The last seconds as a film: how long, which shape, what a player makes of it."""

import io
from typing import Any

import av
import numpy as np
import pytest

from lensbus_proto.runtime.settings import OakRecordingSettings
from lensbus_services.oak import recording
from lensbus_services.oak.recorder import Recorder
from lensbus_services.oak.recording import Recording

BEGAN_US = 1_700_000_000_000_000


def settings(seconds: float = 3.0, fps: float = 10.0, width: int = 64) -> OakRecordingSettings:
    return OakRecordingSettings(seconds, fps, width)


def grey(shade: int, size: tuple[int, int] = (192, 108)) -> Any:
    return np.full((size[1], size[0]), shade, np.uint8)


def play(film: bytes | None) -> tuple[list[float], list[Any]]:
    """Return the times and the pictures of a film."""
    assert film is not None
    container: Any
    with av.open(io.BytesIO(film)) as container:
        assert "webm" in container.format.name
        frames = list(container.decode(video=0))
    return [frame.time for frame in frames], [frame.to_ndarray(format="gray") for frame in frames]


def test_a_film_of_the_last_seconds_ends_with_the_newest_picture() -> None:
    made = Recording(settings())
    assert made.webm() is None
    for number in range(100):
        made.add(grey(100 + number), BEGAN_US + number * 100_000)
    times, pictures = play(made.webm())
    assert 3.0 <= times[-1] < 3.0 + recording._GROUP_S + 0.1
    assert times[0] == 0
    assert np.diff(times) == pytest.approx(0.1, abs=0.002)
    assert pictures[-1].shape == (36, 64)
    assert float(pictures[-1].mean()) == pytest.approx(199, abs=8)
    assert float(pictures[0].mean()) == pytest.approx(199 - 10 * times[-1], abs=8)


@pytest.mark.parametrize(
    ("size", "shown"), [((1920, 1080), (64, 36)), ((32, 21), (32, 22)), ((640, 400), (64, 40))]
)
def test_pictures_are_made_smaller_and_never_larger(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    made = Recording(settings())
    made.add(grey(9, size), BEGAN_US)
    assert play(made.webm())[1][0].shape == (shown[1], shown[0])


def test_another_shape_begins_the_recording_anew() -> None:
    made = Recording(settings())
    made.add(grey(50), BEGAN_US)
    made.add(grey(90, (64, 64)), BEGAN_US + 100_000)
    times, pictures = play(made.webm())
    assert (times, pictures[0].shape) == ([0], (64, 64))


def test_a_picture_that_is_not_newer_is_left_out_and_a_gap_stays_one() -> None:
    made = Recording(settings(seconds=60))
    for offset_ms in (0, 100, 100, 50, 5100):
        made.add(grey(50), BEGAN_US + offset_ms * 1000)
    assert play(made.webm())[0] == pytest.approx([0, 0.1, 5.1])


def test_colour_stays() -> None:
    made = Recording(settings())
    red = np.zeros((108, 192, 3), np.uint8)
    red[..., 2] = 255
    made.add(red, BEGAN_US)
    container: Any
    with av.open(io.BytesIO(made.webm() or b"")) as container:
        frame = next(container.decode(video=0))
    blue_, green, red_ = frame.to_ndarray(format="bgr24").reshape(-1, 3).mean(axis=0)
    assert red_ > 200 > 60 > max(blue_, green)


def test_no_more_is_kept_than_fits_into_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_MOST_BYTES", 20_000)
    made = Recording(settings(seconds=3600))
    noise = np.random.default_rng(1)
    for number in range(200):
        made.add(noise.integers(0, 255, (36, 64), np.uint8), BEGAN_US + number * 100_000)
    film = made.webm()
    assert film is not None
    assert len(film) < 40_000
    assert play(film)[0][-1] > 0


def test_without_seconds_there_is_neither_thread_nor_film() -> None:
    def look() -> Any:
        raise AssertionError("nobody may look")

    recorder = Recorder(settings(seconds=0.0), look)
    recorder.start()
    assert not recorder._thread.is_alive()
    assert recorder.webm() is None
    recorder.stop()
