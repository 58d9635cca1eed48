import json
import os
import threading
from pathlib import Path

import pytest

from lensbus_proto.runtime.audit import KEPT, LINE_BYTES, AuditLog, append, line_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs" / "audit.jsonl"


def test_a_record_becomes_one_line_without_secrets() -> None:
    line = line_of({"by": "local", "commands": [{"arguments": {"password": "x"}}], "path": "a\nb"})
    assert line.count(b"\n") == 1
    told = json.loads(line)
    assert told["commands"] == [{"arguments": {"password": "***"}}]
    assert told["time"].endswith("+00:00")


def test_a_record_that_is_too_long_loses_its_details() -> None:
    told = json.loads(line_of({"by": "local", "commands": ["x" * LINE_BYTES]}))
    assert (told["by"], told["shortened"]) == ("local", True)
    assert "commands" not in told


def test_lines_are_written_in_order_by_the_time_it_is_closed(path: Path) -> None:
    log = AuditLog(path.parent.parent)
    for number in range(100):
        log.write({"number": number})
    log.close()
    lines = path.read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(100))


def test_it_stays_within_its_limit_and_keeps_the_newest(path: Path) -> None:
    for number in range(100):
        append(path, b"%05d\n" % number, 60)
    names = sorted(one.name for one in path.parent.iterdir())
    assert names == ["audit.jsonl", *(f"audit.jsonl.{n}" for n in range(1, KEPT + 1))]
    assert all(one.stat().st_size <= 60 for one in path.parent.iterdir())
    assert path.read_bytes().endswith(b"00099\n")


def test_many_writers_lose_no_line_when_it_is_renamed(path: Path) -> None:
    def write(writer: int) -> None:
        for number in range(50):
            append(path, b"%d %d\n" % (writer, number), 400)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join(60)
    found = [line for one in path.parent.iterdir() for line in one.read_text().splitlines()]
    assert len(found) == len(set(found))
    for writer in range(4):  # the oldest were thrown away, and of the rest none is missing
        numbers = sorted(int(line.split()[1]) for line in found if line.startswith(f"{writer} "))
        assert numbers == list(range(numbers[0], 50)) if numbers else True


def test_a_file_that_was_moved_away_is_made_anew(path: Path) -> None:
    append(path, b"one\n")
    os.replace(path, path.with_name("moved"))
    append(path, b"two\n")
    assert path.read_bytes() == b"two\n"


def test_without_a_place_to_write_it_goes_on(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "no" / "where")
    log.write({})
    log.close()
    assert log.lost == 1
