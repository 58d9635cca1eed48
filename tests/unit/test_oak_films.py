from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from lensbus_proto.errors import BadArguments
from lensbus_services.oak.films import Film, Reel, load

SHADES = (20, 80, 140, 200, 250)


def film_file(folder: Path, fps: float = 10.0) -> Path:
    """Write a film whose pictures are one shade each."""
    path = folder / "film.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (64, 48))
    assert writer.isOpened()
    for shade in SHADES:
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    return path


def picture_folder(folder: Path) -> Path:
    for number, shade in enumerate(SHADES):
        size = (48, 64, 3) if number else (24, 32, 3)
        cv2.imwrite(str(folder / f"{number}.png"), np.full(size, shade, np.uint8))
    (folder / "notes.txt").write_text("not a picture", encoding="utf-8")
    return folder


@pytest.fixture(params=["file", "folder"])
def film(request: pytest.FixtureRequest, tmp_path: Path) -> Film:
    make = film_file if request.param == "file" else picture_folder
    return load(make(tmp_path))


def shade(film: Film, number: int) -> float:
    return float(film.picture(number).mean())


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 0, 3), (2, 2, 1), (0, 4, 0)])
def test_pictures_come_by_their_number_in_any_order(order: tuple[int, ...], film: Film) -> None:
    assert film.length == len(SHADES)
    for number in order:
        assert shade(film, number) == pytest.approx(SHADES[number], abs=6)


def test_a_reel_shows_the_picture_of_the_moment_again_and_again(tmp_path: Path) -> None:
    reel = Reel(load(film_file(tmp_path, fps=10.0)), has_color=True)
    seen = [float(reel.render(100.0 + step * 0.1).mean()) for step in range(12)]
    assert seen == pytest.approx([*SHADES, *SHADES, *SHADES[:2]], abs=6)
    assert reel.brightness(101.2) == pytest.approx(SHADES[2], abs=6)


def test_a_reel_for_a_mono_sensor_is_grey_and_its_pictures_may_be_changed(tmp_path: Path) -> None:
    reel = Reel(load(picture_folder(tmp_path)), has_color=False)
    picture = reel.render(5.0)
    assert picture.shape == (24, 32), "all have the size of the first"
    picture[:] = 0
    assert reel.render(5.0).mean() == pytest.approx(SHADES[0], abs=1)


def test_what_is_no_film_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    garbage = tmp_path / "garbage.mp4"
    garbage.write_bytes(b"\0" * 1000)
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "0.png").write_bytes(b"not a picture")
    for path in (empty, garbage, bad, tmp_path / "nowhere.mp4"):
        with pytest.raises(BadArguments) as caught:
            load(path)
        assert caught.value.detail == {"field": "path"}


def test_a_reel_with_an_end_tells_it_once_and_keeps_its_last_picture(tmp_path: Path) -> None:
    ends: list[str] = []
    film = load(film_file(tmp_path, fps=10.0))
    reel = Reel(film, has_color=True, on_end=lambda: ends.append("end"))
    for step in range(len(SHADES)):
        assert reel.render(step * 0.1).mean() == pytest.approx(SHADES[step], abs=6)
    assert ends == []
    for step in range(len(SHADES), 20):
        assert reel.render(step * 0.1).mean() == pytest.approx(SHADES[-1], abs=6)
    assert ends == ["end"]


def test_pictures_of_a_recording_without_a_length_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "live.webm"
    with av.open(str(path), "w", options={"live": "1"}) as container:
        stream = container.add_stream("libvpx", rate=20)
        stream.width, stream.height = 64, 48
        for shade_ in SHADES:
            picture = np.full((48, 64, 3), shade_, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    film = load(path)
    assert (film.length, round(film.fps)) == (len(SHADES), 20)
    assert shade(film, 4) == pytest.approx(SHADES[4], abs=10)
