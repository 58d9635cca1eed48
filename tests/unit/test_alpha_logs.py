from pathlib import Path

import pytest

from lensbus_gateway.alpha.logs import Entry, newest, parse

BROKER = "2026-11-21T08:00:0{} info lensbus_broker: fact {}"


def test_a_line_is_a_record() -> None:
    line = "2026-11-21T08:00:01 warning lensbus_broker.relay: junk dropped camera=A:1 count=3"

    assert list(parse([line])) == [
        Entry(
            "2026-11-21T08:00:01",
            "warn",
            "lensbus_broker.relay: junk dropped camera=A:1 count=3",
            "A:1",
        )
    ]


def test_a_traceback_belongs_to_its_record() -> None:
    lines = [
        "the end of something older",
        "2026-11-21T08:00:01 error a: it failed",
        "Traceback (most recent call last):",
        '  File "x"',
        "2026-11-21T08:00:02 critical a: again",
        "",
    ]

    first, second = parse(lines, "CAM1")

    assert first.message == 'a: it failed\nTraceback (most recent call last):\n  File "x"'
    assert (second.message, second.level, second.camera) == ("a: again", "error", "CAM1")


def test_the_stacks_of_a_process_that_died_by_a_signal_are_an_error_of_their_own() -> None:
    lines = [
        "2026-11-21T08:00:01 info a: worker ready camera=CAM1",
        "Fatal Python error: Segmentation fault",
        "",
        "Current thread 0x00007f16 (most recent call first):",
        '  File "x"',
        "2026-11-21T08:00:02 error a: the worker before this one died",
    ]

    ready, died, after = parse(lines, "CAM1")

    assert (ready.message, ready.level) == ("a: worker ready camera=CAM1", "info")
    assert died.message.startswith("process: Fatal Python error: Segmentation fault\n\nCurrent")
    assert (died.timestamp, died.level, died.camera) == (ready.timestamp, "error", "CAM1")
    assert after.message == "a: the worker before this one died"


def test_a_camera_in_a_quoted_text_is_none() -> None:
    (entry,) = parse(["2026-11-21T08:00:01 info a: said camera='x y'"])

    assert entry.camera is None


def test_the_logs_of_all_processes_are_one(tmp_path: Path) -> None:
    (tmp_path / "broker.log").write_text(
        "\n".join(BROKER.format(second, second) for second in (1, 3, 5)) + "\n"
    )
    (tmp_path / "worker-sony-A..1.log").write_text(
        "2026-11-21T08:00:02 info w: ready\n2026-11-21T08:00:04 info w: shot\n"
    )
    (tmp_path / "supervisord.log").write_text("2026-11-21 08:00:09,000 INFO spawned\n")

    entries = newest(tmp_path, 4)

    assert [entry.timestamp[-1] for entry in entries] == ["5", "4", "3", "2"]
    assert [entry.camera for entry in entries] == [None, "A:1", None, "A:1"]


def test_a_log_that_was_just_turned_over_goes_on(tmp_path: Path) -> None:
    (tmp_path / "broker.log").write_text(BROKER.format(2, "new") + "\n")
    (tmp_path / "broker.log.1").write_text(BROKER.format(1, "old") + "\n")

    assert [entry.message[-3:] for entry in newest(tmp_path, 9)] == ["new", "old"]


def test_of_a_long_log_only_whole_records_of_its_end_are_read(tmp_path: Path) -> None:
    lines = [f"2026-11-21T08:00:00 info a: {number:06}" + "x" * 80 for number in range(5000)]
    (tmp_path / "a.log").write_text("\n".join(lines) + "\n")

    entries = newest(tmp_path, 1000)

    numbers = [int(entry.message[3:9]) for entry in entries]
    assert numbers == list(range(4999, 4999 - len(numbers), -1))
    assert len(numbers) == 1000


def test_what_is_written_meanwhile_is_seen(tmp_path: Path) -> None:
    log = tmp_path / "broker.log"
    log.write_text(BROKER.format(1, "one") + "\n")
    assert len(newest(tmp_path, 9)) == 1
    with log.open("a") as file:
        file.write(BROKER.format(2, "two") + "\n")

    assert [entry.message[-3:] for entry in newest(tmp_path, 9)] == ["two", "one"]


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_without_logs_there_are_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()

    assert newest(tmp_path / name, 10) == []


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"2026-11-21T08:00:01 info a: \xff\x00\r\n\xfe\n")

    (entry,) = newest(tmp_path, 10)

    assert entry.message.startswith("a: ")
