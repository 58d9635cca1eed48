"""Which messages a viewer of video is sent for which pictures."""

from typing import Any

import pytest

from lensbus_gateway.robopipe.film import Film
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.messages import Header, HeaderType, Picture

SECOND = 1_000_000
START = 1_700_000_000 * SECOND


def picture(seq: int, at_us: int, sps: bytes = b"\x67\x42\xc0\x1e", **info: Any) -> Picture:
    unit = b"\0\0\1" + sps + b"\0\0\1\x68\x01" + b"\0\0\1\x65" + bytes((seq,))
    header = Header(HeaderType.PICTURE, 7, seq, START + at_us)
    about = {"format": "h264", "width": 64, "height": 48, "fps": 25.0, **info}
    return Picture("CAM1", "h264.CAM_A", header, about, unit)


def kinds(messages: list[bytes]) -> list[bytes]:
    return [message[4:8] for message in messages]


def time_of(message: bytes) -> int:
    at = message.index(b"tfdt") + 8
    return int.from_bytes(message[at : at + 8])


def test_the_beginning_comes_once() -> None:
    film = Film()
    assert kinds(film.messages(picture(1, 0))) == [b"ftyp", b"moof"]
    assert kinds(film.messages(picture(2, 40_000))) == [b"moof"]


def test_each_viewer_has_a_time_of_its_own() -> None:
    early, late = Film(), Film()
    early.messages(picture(1, 0))
    (_, first) = late.messages(picture(9, 3 * SECOND))
    (shown,) = early.messages(picture(9, 3 * SECOND))
    assert (time_of(first), time_of(shown)) == (0, 3 * 25 * 1000)


@pytest.mark.parametrize(
    "change", [{"sps": b"\x67\x42\xc0\x28"}, {"fps": 10.0}, {"width": 128}, {"height": 96}]
)
def test_another_video_begins_anew_and_its_time_goes_on(change: dict[str, Any]) -> None:
    film = Film()
    film.messages(picture(1, 0))
    messages = film.messages(picture(2, 2 * SECOND, **change))
    assert kinds(messages) == [b"ftyp", b"moof"]
    assert time_of(messages[1]) == 2 * change.get("fps", 25) * 1000


def test_a_clock_that_is_set_back_shows_no_picture_in_the_past() -> None:
    film = Film()
    film.messages(picture(1, 5 * SECOND))
    times = [time_of(film.messages(picture(seq, at))[0]) for seq, at in ((2, 0), (3, 6 * SECOND))]
    assert 0 <= times[0] < times[1] == 25_000


@pytest.mark.parametrize(
    ("info", "image"),
    [
        ({"fps": None}, None),
        ({"fps": 0}, None),
        ({"fps": float("nan")}, None),
        ({"fps": float("inf")}, None),
        ({"fps": 1e9}, None),
        ({"width": "wide"}, None),
        ({"width": 65_536}, None),
        ({}, b"\xff\xd8jpeg"),
    ],
)
def test_what_is_no_video_is_said_so(info: dict[str, Any], image: bytes | None) -> None:
    made = picture(1, 0, **info)
    if image is not None:
        made = Picture(made.camera, made.stream, made.header, made.info, image)
    with pytest.raises(RemoteProtocolError):
        Film().messages(made)
