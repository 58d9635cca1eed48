import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.gateway import event
from lensbus_gateway import sse
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
    assert lines[0] == "event: warning"
    assert lines[2:] == ["", ""]
    data: dict[str, object] = json.loads(lines[1].removeprefix("data: "))
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
def test_an_event_is_three_ascii_lines_whatever_it_holds(data: dict[str, object]) -> None:
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
    assert sse.handshake(None) == b'event: connected\ndata: {"cameraId":"*"}\n\n'
    assert sse.handshake("A:1") == b'event: connected\ndata: {"cameraId":"A:1"}\n\n'


def test_a_hostile_camera_id_cannot_add_an_event() -> None:
    assert sse.handshake("a\n\ndata: x").count(b"\n") == 3
