"""The codec against the vectors, both ways, and against noise."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lensbus_proto import WIRE_VERSION, codec
from lensbus_proto.errors import LocalProtocolError, RemoteProtocolError
from lensbus_proto.messages import (
    Command,
    Crashes,
    Ended,
    Event,
    Goodbye,
    Header,
    HeaderType,
    Heartbeat,
    Hello,
    Past,
    Picture,
    Reply,
)

PROTO = Path(codec.__file__).parent.parent
HEADER = Header(HeaderType.EVENT, epoch=5, seq=6, time_us=7)


def header(fields: dict[str, Any]) -> Header:
    return Header(**{**fields, "type": HeaderType(fields["type"])})


def event(fields: dict[str, Any]) -> Event:
    return Event(**{**fields, "header": header(fields["header"])})


def picture(fields: dict[str, Any]) -> Picture:
    image = bytes.fromhex(fields["image"])
    return Picture(**{**fields, "header": header(fields["header"]), "image": image})


def reply(fields: dict[str, Any]) -> Reply:
    return Reply(**{**fields, "parts": tuple(map(bytes.fromhex, fields["parts"]))})


def presence(fields: dict[str, Any]) -> Hello | Heartbeat | Goodbye:
    types = {"Hello": Hello, "Heartbeat": Heartbeat, "Goodbye": Goodbye}
    if (past := fields.get("past")) is not None:
        crashes = tuple(Crashes(**one) for one in past["crashes"])
        fields["past"] = Past(Ended(**past["ended"]), crashes)
    return types[fields.pop("type")](**fields)


# file -> (make the message of a vector, pack it, unpack the parts)
MESSAGES = {
    "events": (event, codec.pack_event, codec.unpack_event),
    "pictures": (picture, codec.pack_picture, codec.unpack_picture),
    "commands": (
        lambda fields: Command(**fields),
        lambda command: [codec.pack_command(command)],
        lambda parts: codec.unpack_command(*parts),
    ),
    "replies": (reply, codec.pack_reply, codec.unpack_reply),
    "presence": (presence, codec.pack_presence, codec.unpack_presence),
}


def vectors(quality: str) -> list[Any]:
    return [
        pytest.param(name, vector, id=f"{name}-{vector['name']}")
        for name in MESSAGES
        for vector in json.loads((PROTO / "vectors" / f"{name}.json").read_text())[quality]
    ]


def test_every_vector_file_is_run() -> None:
    assert {path.stem for path in (PROTO / "vectors").glob("*")} == set(MESSAGES)


@pytest.mark.parametrize(("name", "vector"), vectors("good"))
def test_a_good_vector_reads_and_writes(name: str, vector: dict[str, Any]) -> None:
    make, pack, unpack = MESSAGES[name]
    message = make(dict(vector["message"]))
    parts = [bytes.fromhex(part) for part in vector["parts"]]
    assert unpack(parts) == message
    if not vector.get("one_way"):
        assert pack(message) == parts


@pytest.mark.parametrize(("name", "vector"), vectors("bad"))
def test_a_bad_vector_is_the_peers_fault(name: str, vector: dict[str, Any]) -> None:
    unpack = MESSAGES[name][2]
    with pytest.raises(RemoteProtocolError):
        unpack([bytes.fromhex(part) for part in vector["parts"]])


@pytest.mark.parametrize("name", MESSAGES)
@given(data=st.data())
def test_whatever_the_bytes_only_one_error_comes(name: str, data: st.DataObject) -> None:
    good = json.loads((PROTO / "vectors" / f"{name}.json").read_text())["good"]
    parts = [bytes.fromhex(part) for part in data.draw(st.sampled_from(good))["parts"]]
    index = data.draw(st.integers(0, len(parts) - 1))
    start = data.draw(st.integers(0, len(parts[index])))
    stop = data.draw(st.integers(start, len(parts[index])))
    parts[index] = parts[index][:start] + data.draw(st.binary()) + parts[index][stop:]
    try:
        MESSAGES[name][2](parts)
    except RemoteProtocolError:
        return


def test_the_version_in_the_document_is_the_version_in_the_code() -> None:
    text = (PROTO / "WIRE.md").read_text()
    assert re.search(r"^Version (\d+)\.", text, re.MULTILINE)[1] == str(WIRE_VERSION)


def test_the_example_in_the_document_reads_as_it_says() -> None:
    text = (PROTO / "WIRE.md").read_text()
    block = re.search(r"```\n(part 0.*?)```", text, re.DOTALL)[1]
    parts = [bytes.fromhex(re.sub(r"\s", "", part)) for part in re.split(r"part \d", block) if part]
    read = codec.unpack_event(parts)
    assert (read.camera, read.kind) == ("D10F60149B0C", "warning")
    assert (read.header.journal, read.header.position, read.header.seq) == (0x7F3A0001, 1042, 7)
    assert read.data == {"code": "0x20011", "message": "Captured_Event"}


def test_a_stamp_changes_the_position_and_nothing_else() -> None:
    stamped = codec.stamp_header(codec.pack_header(HEADER), journal=8, position=9)
    expected = Header(**{**asdict(HEADER), "journal": 8, "position": 9})
    assert codec.unpack_header(stamped, HeaderType.EVENT) == expected


@pytest.mark.parametrize(
    "data",
    [{"x": object()}, {"x": "a" * codec.EVENT_LIMIT}, {"x": 2**70}],
    ids=["not_plain", "too_large", "number_too_large"],
)
def test_what_must_not_be_sent_is_our_fault(data: dict[str, Any]) -> None:
    with pytest.raises(LocalProtocolError):
        codec.pack_event(Event("CAM1", "warning", HEADER, data))


def test_more_signals_than_there_are_do_not_get_into_an_event() -> None:
    def packed(count: int) -> list[bytes]:
        crashes = tuple(Crashes("S" * 64, 2**64 - 1, 2**64 - 1) for _ in range(count))
        past = Past(Ended(2**64 - 1, 2**64 - 1, "S" * 64), crashes)
        return codec.pack_presence(Hello("CAM1", 5, 0, "sony", "m" * 256, True, past=past))

    hello = codec.unpack_presence(packed(codec.SIGNALS_LIMIT))
    assert isinstance(hello, Hello)
    assert hello.past is not None
    started = {"vendor": hello.vendor, "model": hello.model, **codec.past_to_map(hello.past)}
    assert codec.pack_event(Event("CAM1", "worker.started", HEADER, started))
    with pytest.raises(RemoteProtocolError, match="65 crashes"):
        codec.unpack_presence(packed(codec.SIGNALS_LIMIT + 1))


def test_a_header_that_does_not_fit_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        codec.pack_header(Header(HeaderType.EVENT, epoch=-1, seq=0, time_us=0))
