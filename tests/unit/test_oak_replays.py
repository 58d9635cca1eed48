"""Uploaded films: one for each stream, and nothing that FFmpeg would look further from."""

from pathlib import Path

import pytest

from lensbus_proto.errors import BadArguments
from lensbus_services.oak.replays import Replays, check_film


def test_a_film_stays_until_another_takes_its_place_or_it_is_dropped(tmp_path: Path) -> None:
    replays = Replays(tmp_path / "films" / "camera")
    assert replays.film("CAM_A") is None
    for name in ("one.mp4", "two.webm", "two.webm"):
        uploaded = tmp_path / "upload"
        uploaded.write_text(name, encoding="utf-8")
        assert replays.keep("CAM_A", uploaded, name) == name
        assert not uploaded.exists()
        kept = Replays(tmp_path / "films" / "camera").film("CAM_A")
        assert kept is not None
        assert (kept.name, kept.read_text(encoding="utf-8")) == (name, name)
    assert len(list(kept.parent.iterdir())) == 1
    replays.drop("CAM_A")
    assert replays.film("CAM_A") is None
    replays.drop("CAM_A")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", "CAM_A.mp4"),
        ("..", "CAM_A.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\belt.mp4", "belt.mp4"),
        (".hidden\n.mp4", "hidden.mp4"),
        ("Fließband \udcff.mp4", "Fließband .mp4"),
        ("x" * 300 + ".mp4", "x" * 196 + ".mp4"),
    ],
)
def test_a_film_has_its_name_and_never_a_place(tmp_path: Path, given: str, kept: str) -> None:
    uploaded = tmp_path / "upload"
    uploaded.write_bytes(b"film")
    replays = Replays(tmp_path / "films")
    assert replays.keep("CAM_A", uploaded, given) == kept
    assert replays.film("CAM_A") == tmp_path / "films" / "CAM_A" / kept


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
