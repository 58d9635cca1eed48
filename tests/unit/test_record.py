import json
from pathlib import Path

import pytest

from lensbus_services.record import Entry, Record, record_path


def entry(number: int, **changes: str) -> Entry:
    return Entry(f"/pictures/{number}.JPG", number, changes.get("tag", "t"), "ab" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return record_path(tmp_path, "CAM1")


def names(record: Record, offset: int = 0, limit: int = 100) -> list[int]:
    return [one.time_us for one in record.newest(offset, limit)]


def test_what_was_saved_is_known_to_the_next_life(path: Path) -> None:
    record = Record(path)
    for number in range(3):
        record.add(entry(number))
    again = Record(path)
    assert names(again) == [2, 1, 0]
    assert again.find("/pictures/1.JPG") == entry(1)
    assert again.find("/pictures/9.JPG") is None
    assert len(again) == 3


def test_a_page_begins_where_it_is_asked_to(path: Path) -> None:
    record = Record(path)
    for number in range(5):
        record.add(entry(number))
    assert names(record, 1, 2) == [3, 2]
    assert names(record, 4, 9) == [0]
    assert names(record, 5, 9) == []


def test_a_file_that_is_saved_anew_is_the_newest_again(path: Path) -> None:
    record = Record(path)
    for number in range(3):
        record.add(entry(number))
    record.add(entry(0, tag="other"))
    for one in (record, Record(path)):
        assert names(one) == [0, 2, 1]
        assert one.find("/pictures/0.JPG") == entry(0, tag="other")


def test_the_oldest_go_and_the_file_does_not_grow_for_ever(path: Path) -> None:
    record = Record(path, kept=10)
    for number in range(95):
        record.add(entry(number))
    assert names(record) == list(range(94, 84, -1))
    assert names(Record(path, kept=10)) == names(record)
    assert len(path.read_bytes().splitlines()) <= 20


@pytest.mark.parametrize(
    "junk", [b'{"path": "/pictures/2', b"\xff\n", b"[]\n", b'{"path": 5}\n', b"\n"]
)
def test_lines_that_are_none_cost_only_themselves(path: Path, junk: bytes) -> None:
    record = Record(path)
    record.add(entry(0))
    with path.open("ab") as file:
        file.write(junk)
    record = Record(path)
    record.add(entry(1))
    assert names(record) == [1, 0]
    assert names(Record(path)) == [1, 0]


def test_a_record_that_cannot_be_written_is_told_and_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cameras").write_text("in the way")
    record = Record(record_path(tmp_path, "CAM1"))
    record.add(entry(0))
    assert names(record) == [0]
    assert {one.message for one in caplog.records} == {
        "record not read",
        "saved file not recorded",
    }


def test_a_line_is_json_that_others_can_read(path: Path) -> None:
    Record(path).add(Entry("/pictures/ä.JPG", 5, "t", "ab"))
    assert json.loads(path.read_text()) == {
        "path": "/pictures/ä.JPG",
        "time_us": 5,
        "tag": "t",
        "sha256": "ab",
    }
