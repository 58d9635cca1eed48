"""Files that come in pieces: bounded, whole or gone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lensbus_proto.errors import BadArguments, CameraBusy
from lensbus_services.oak.uploads import AT_ONCE, IDLE_S, Uploads

LIMIT = 100


class Desk:
    """Uploads with a clock that is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.time_s = 0.0
        self.uploads = Uploads(folder, LIMIT, lambda: self.time_s)

    def put(self, name: str, offset: int, data: Any) -> int:
        return self.uploads.put({"upload": name, "offset": offset, "data": data})

    def take(self, name: str, size: int) -> Path:
        return self.uploads.take({"upload": name, "size": size})

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "uploads" / "camera")
    yield made
    made.uploads.clear()
    assert not made.folder.exists()


def test_the_pieces_of_a_file_become_the_file(desk: Desk) -> None:
    assert desk.put("a", 0, b"one ") == 4
    assert desk.put("b", 0, b"other") == 5
    assert desk.put("a", 4, b"two") == 7
    path = desk.take("a", 7)
    assert path.read_bytes() == b"one two"
    with pytest.raises(BadArguments, match="one that has begun"):
        desk.take("a", 7)
    assert path.exists(), "it belongs to who took it"


def test_a_piece_that_does_not_follow_is_refused_and_harms_nothing(desk: Desk) -> None:
    desk.put("a", 0, b"one ")
    with pytest.raises(BadArguments, match="offset is 3, expected 4"):
        desk.put("a", 3, b"two")
    desk.put("a", 4, b"two")
    assert desk.take("a", 7).read_bytes() == b"one two"


def test_offset_nought_begins_a_file_anew(desk: Desk) -> None:
    desk.put("a", 0, b"wrong")
    desk.put("a", 0, b"right")
    assert desk.take("a", 5).read_bytes() == b"right"


def test_a_file_is_taken_whole_or_not_at_all(desk: Desk) -> None:
    desk.put("a", 0, b"half")
    with pytest.raises(BadArguments, match="size is 8, expected 4"):
        desk.take("a", 8)
    assert desk.files() == []


def test_a_file_of_the_limit_is_taken_and_one_byte_more_drops_it(desk: Desk) -> None:
    desk.put("a", 0, b"x" * LIMIT)
    desk.take("a", LIMIT)
    desk.put("b", 0, b"x" * LIMIT)
    with pytest.raises(BadArguments, match="more than 100 bytes"):
        desk.put("b", LIMIT, b"x")
    assert desk.files() == ["a"]


def test_one_file_too_many_is_refused_until_another_is_taken_dropped_or_idle(desk: Desk) -> None:
    for number in range(AT_ONCE):
        desk.put(f"u{number}", 0, b"x")
    with pytest.raises(CameraBusy):
        desk.put("more", 0, b"x")
    desk.uploads.drop({"upload": "u0"})
    desk.put("more", 0, b"x")
    desk.time_s = IDLE_S / 2
    desk.put("more", 1, b"x")
    desk.time_s = IDLE_S + 1
    desk.put("last", 0, b"x")
    assert desk.files() == ["last", "more"]


def test_dropping_what_is_not_there_is_no_fault(desk: Desk) -> None:
    desk.uploads.drop({"upload": "never"})


def test_what_an_earlier_life_left_goes(desk: Desk) -> None:
    desk.put("a", 0, b"x")
    Uploads(desk.folder, LIMIT).clear()
    assert not desk.folder.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("upload", "../x"),
        ("upload", ""),
        ("upload", "x" * 65),
        ("upload", 1),
        ("offset", -1),
        ("offset", "0"),
        ("offset", True),
        ("data", "text"),
        ("data", None),
    ],
)
def test_a_bad_argument_is_named(desk: Desk, field: str, value: object) -> None:
    good = {"upload": "a", "offset": 0, "data": b"x"}
    for bad in ({**good, field: value}, {key: good[key] for key in good if key != field}):
        with pytest.raises(BadArguments) as caught:
            desk.uploads.put(bad)
        assert caught.value.detail == {"field": field}
