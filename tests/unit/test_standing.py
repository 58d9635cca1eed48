"""What a new broker learns from old events."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lensbus_broker.records import pack_record
from lensbus_broker.standing import Lives, Standing, learn, lives_from_map, lives_to_map
from lensbus_proto.codec import pack_event, pack_map, unpack_map
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.messages import Event, Header, HeaderType


def record(kind: str, epoch: int = 10, seq: int = 0, **data: Any) -> bytes:
    header = Header(HeaderType.EVENT, epoch, seq, 1, from_broker=seq == 0)
    return pack_record(*pack_event(Event("CAM1", kind, header, data)))


def learnt(*records: bytes) -> Standing:
    lives: Lives = {}
    for one in records:
        learn(lives, one)
    return lives["CAM1"]


STARTED = record("worker.started")


def test_a_worker_is_present_from_its_start_to_its_end() -> None:
    assert learnt(STARTED) == Standing(10, 0, present=True)
    assert learnt(STARTED, record("warning", seq=1)) == Standing(10, 1, present=True)
    for end in ("worker.lost", "worker.stopped"):
        assert learnt(STARTED, record("warning", seq=1), record(end)) == Standing(10, 1)
        assert learnt(STARTED, record(end), STARTED) == Standing(10, 0, present=True)


def test_a_camera_is_connected_until_somebody_says_otherwise() -> None:
    connected = record("connected", seq=1)
    assert learnt(STARTED, connected) == Standing(10, 1, present=True, connected=True)
    by_itself, by_the_broker = record("disconnected", seq=2), record("disconnected")
    assert learnt(STARTED, connected, by_itself) == Standing(10, 2, present=True)
    assert learnt(STARTED, connected, record("worker.lost"), by_the_broker) == Standing(10, 1)


def test_a_gap_counts_as_told() -> None:
    gap = record("gap", from_seq=2, to_seq=9)
    assert learnt(STARTED, record("warning", seq=1), gap) == Standing(10, 9, present=True)


def test_a_new_worker_begins_anew_and_an_old_one_changes_nothing() -> None:
    newer = record("worker.started", epoch=11)
    late = record("warning", epoch=10, seq=7)
    assert learnt(STARTED, record("connected", seq=5), newer, late) == Standing(11, 0, present=True)


def test_events_about_the_bus_itself_are_of_no_camera() -> None:
    header = Header(HeaderType.EVENT, 10, 0, 1, from_broker=True)
    lives: Lives = {}
    learn(lives, pack_record(*pack_event(Event("broker", "journal.degraded", header, {}))))
    assert lives == {}


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.builds(Standing, st.integers(0, 2**53), st.integers(0, 2**53), st.booleans()),
    )
)
def test_what_is_known_survives_a_file(lives: Lives) -> None:
    packed = pack_map(lives_to_map(lives), 100_000)
    assert lives_from_map(unpack_map(packed, 100_000)) == lives


@pytest.mark.parametrize("junk", [{"CAM1": 1}, {"CAM1": [1, 2]}, {"CAM1": ["x", 1, 0, 0]}])
def test_a_map_of_something_else_is_refused(junk: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError):
        lives_from_map(junk)
