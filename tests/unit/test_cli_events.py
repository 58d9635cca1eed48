"""What `lensbus events` makes of a stream, however its lines come; the cursor that it keeps."""

from pathlib import Path

import pytest

from lensbus_deploy.commands.events import Place, document, line
from lensbus_deploy.commands.logs import added
from lensbus_deploy.exits import Failure
from lensbus_deploy.remote.sse import Message, messages
from lensbus_deploy.terminal import show


def test_blocks_become_messages() -> None:
    lines = [
        b"id: 7f.1\n",
        b"event: warning\n",
        b'data: {"cameraId":"A","seq":1}\n',
        b"\n",
        b": keepalive\n",
        b"\n",
        b"event:connected\r\n",
        b"data:{}\r\n",
        b"retry: 1500\r\n",
        b"\r\n",
        b"data: half a",
    ]
    assert list(messages(lines)) == [
        Message("warning", {"cameraId": "A", "seq": 1}, "7f.1"),
        Message("connected", {}, "", 1500),
    ]


def test_what_is_not_json_is_text_and_many_lines_are_one() -> None:
    assert list(messages([b"data: one\n", b"data: two\n", b"\n"])) == [
        Message("message", "one\ntwo", "")
    ]


def test_an_event_is_one_line_with_its_place_and_its_camera() -> None:
    data = {"cameraId": "A", "code": "0x20011", "capture": 7, "epoch": 1, "seq": 2, "timeUs": 0}
    told = document(Message("warning", data, "7f.1"))
    shown = line(told)
    assert shown.startswith("7f.1")
    assert shown.endswith("A                    warning code=0x20011 capture=7")
    assert told["data"]["seq"] == 2


def test_what_a_terminal_would_obey_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    show("\x1b[2J\x07 done")
    assert "\x1b" not in capsys.readouterr().out


def test_a_cursor_is_kept_and_found_again(tmp_path: Path) -> None:
    file = tmp_path / "cursor"
    place = Place(file)
    assert place.cursor == ""
    for cursor in ("7f.1", "", "7f.2"):
        place.keep(cursor)
    place.save()
    assert Place(file).cursor == "7f.2"
    assert [entry.name for entry in tmp_path.iterdir()] == ["cursor"]


def test_a_cursor_that_cannot_be_kept_is_one_sentence(tmp_path: Path) -> None:
    place = Place(tmp_path / "nowhere" / "cursor")
    with pytest.raises(Failure, match=r"the cursor cannot be kept in .*: No such file"):
        place.keep("7f.1")


def test_entries_of_a_log_that_look_alike_are_counted() -> None:
    one, other = {"message": "a"}, {"message": "b"}
    assert added([one, one], [one, one, other, one]) == [other, one]
    assert added([], [one]) == [one]
