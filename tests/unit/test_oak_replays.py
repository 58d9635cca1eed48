"""Uploaded films: one for each stream, and nothing that FFmpeg would look further from."""

from pathlib import Path

import pytest

from lensbus_proto.errors import BadArguments
from lensbus_services.oak.replays import Replays, check_film


def test_a_film_stays_until_another_takes_its_place_or_it_is_dropped(tmp_path: Path) -> None:
    replays = Replays(tmp_path / "films" / "camera")
    assert replays.film("CAM_A") is None
    for content in (b"one", b"two"):
        uploaded = tmp_path / "upload"
        uploaded.write_bytes(content)
        replays.keep("CAM_A", uploaded)
        assert not uploaded.exists()
        kept = Replays(tmp_path / "films" / "camera").film("CAM_A")
        assert kept is not None
        assert kept.read_bytes() == content
    replays.drop("CAM_A")
    assert replays.film("CAM_A") is None
    replays.drop("CAM_A")


@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"<?xml version='1.0'?><MPD></MPD>",
        b"\xff\xd8\xff\xe0\0\x10JFIF\0",
        b"RIFF\0\0\0\0WAVE",
        b"",
    ],
)
def test_what_is_no_film_is_not_opened(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    with pytest.raises(BadArguments) as caught:
        check_film(path)
    assert caught.value.detail == {"field": "video"}


@pytest.mark.parametrize(
    "head",
    [b"\0\0\0\x18ftypisom", b"\0\0\0\x08wide\0\0\0\0", b"\x1aE\xdf\xa3", b"RIFF\0\0\0\0AVI "],
)
def test_what_begins_as_a_film_is_opened(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "upload"
    path.write_bytes(head + b"rest")
    check_film(path)
