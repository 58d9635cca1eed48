import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.gateway import event
from lensbus_gateway import sse
from lensbus_proto.cursor import Cursor
from lensbus_proto.errors import RemoteProtocolError

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def inside(block: sse.Block) -> dict[str, object]:
    lines = sse.unchunk(block.chunk).decode("ascii").split("\n")
    assert lines[:2] == ["id: 00000000.0", "event: warning"]
    assert lines[3:] == ["", ""]
    data: dict[str, object] = json.loads(lines[2].removeprefix("data: "))
    return data


def test_the_camera_comes_first_and_the_numbers_last() -> None:
    data = inside(sse.block(event(code="0x1", message="m")))
    assert list(data) == ["cameraId", "code", "message", "epoch", "seq", "timeUs"]


def test_a_body_cannot_speak_for_the_header() -> None:
    data = inside(sse.block(event("CAM1", seq=3, cameraId="CAM2", epoch=1, timeUs=1)))
    assert data == {"cameraId": "CAM1", "seq": 3, "epoch": 7, "timeUs": 9}


def test_a_chunk_is_its_size_in_hex_and_its_bytes() -> None:
    assert sse.chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


@given(st.dictionaries(st.text(), PLAIN, max_size=4))
def test_an_event_is_three_ascii_lines_and_an_empty_one_whatever_it_holds(
    data: dict[str, object],
) -> None:
    own = {"cameraId": "CAM1", "epoch": 7, "seq": 1, "timeUs": 9}
    assert inside(sse.block(event(data=data))) == {**own, "data": data}


def test_line_breaks_of_every_kind_stay_inside_the_data() -> None:
    text = "\r\n\x00\x0b\x0c\x1c\x85\u2028\u2029\U0001f4f7"
    assert inside(sse.block(event(text=text)))["text"] == text


def test_what_json_cannot_say_is_said_in_its_words() -> None:
    data = inside(sse.block(event(nan=math.nan, raw=b"\x01\xff", deep=[{b"k": -math.inf}])))
    assert (data["nan"], data["raw"], data["deep"]) == (None, "01ff", [{"6b": None}])


def test_nesting_without_an_end_is_the_senders_fault() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(RemoteProtocolError):
        sse.block(event(deep=deep))


def test_the_handshake_names_the_camera_or_all() -> None:
    assert sse.handshake(None, 1500) == (
        b'event: connected\ndata: {"cameraId":"*"}\nretry: 1500\n\n'
    )
    assert sse.handshake("A:1", 1500, Cursor(0x7F3A0001, 42)) == (
        b'id: 7f3a0001.42\nevent: connected\ndata: {"cameraId":"A:1"}\nretry: 1500\n\n'
    )


def test_a_hostile_camera_id_cannot_add_an_event() -> None:
    assert sse.handshake("a\n\ndata: x", 1000).count(b"\n") == 4


def test_a_gap_says_how_many_are_missing_and_moves_the_cursor_behind_them() -> None:
    made = sse.gap_block(Cursor(1, 3), Cursor(1, 9), 6, "expired")
    assert sse.unchunk(made.chunk) == (
        b'id: 00000001.9\nevent: gap\ndata: {"cameraId":"*","count":6,"from":"00000001.3",'
        b'"to":"00000001.9","reason":"expired"}\n\n'
    )
    assert (made.camera, made.kind, made.cursor) == ("", "gap", Cursor(1, 9))


def test_what_opens_a_replay_moves_no_cursor() -> None:
    assert sse.resumed(Cursor(1, 9), complete=False) == (
        b'event: resumed\ndata: {"cameraId":"*","from":"00000001.9","complete":false}\n\n'
    )


def test_a_heartbeat_is_a_bookmark_as_soon_as_there_is_a_place() -> None:
    assert sse.heartbeat(None, 5) == b'event: heartbeat\ndata: {"cameraId":"*","timeUs":5}\n\n'
    assert sse.heartbeat(Cursor(1, 2), 5).startswith(b"id: 00000001.2\nevent: heartbeat\n")


def test_without_cursors_an_event_loses_its_first_line_and_nothing_else() -> None:
    text = sse.unchunk(sse.block(event(id="id: 1")).chunk)
    assert sse.without_id(text) == text.removeprefix(b"id: 00000000.0\n")
    assert sse.without_id(b": keepalive\n\n") == b": keepalive\n\n"


class Recipe:
    """The rules of the Python reader in the Alpha documentation, the strictest that we know."""

    def __init__(self, text: str) -> None:
        self.events = [
            (fields.get("event", ""), json.loads(fields["data"]))
            for block in text.split("\n\n")
            if not block.startswith(":")
            and "data" in (fields := dict(line.split(": ", 1) for line in block.splitlines()))
        ]


def test_the_strictest_reader_finds_every_event() -> None:
    place = Cursor(0x7F3A0001, 42)
    stream = b"".join(
        (
            sse.handshake(None, 1500, place),
            sse.resumed(place, complete=True),
            sse.unchunk(sse.KEEPALIVE),
            sse.heartbeat(place, 5),
            sse.snapshot(place, [{"camera": "A"}]),
            sse.unchunk(sse.block(event(code="0x1")).chunk),
            sse.busy(3000),
        )
    )
    found = [kind for kind, _ in Recipe(stream.decode("ascii")).events]
    assert found == ["connected", "resumed", "heartbeat", "snapshot", "warning", "busy"]
