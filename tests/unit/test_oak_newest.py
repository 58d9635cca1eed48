import threading

import numpy as np

from lensbus_services.oak.backend import RawFrame
from lensbus_services.oak.control import Reading
from lensbus_services.oak.newest import Newest

BOTH = frozenset({"CAM_A", "CAM_B"})


def frame(stream: str, seq: int) -> RawFrame:
    return RawFrame(stream, np.zeros((2, 2), np.uint8), 0, 0.0, seq, Reading(1, 100))


def test_only_the_newest_frame_of_each_stream_is_there_and_only_once() -> None:
    newest = Newest()
    for seq in (1, 2, 3):
        newest.put(frame("CAM_A", seq))
    newest.put(frame("CAM_B", 9))
    assert [(each.stream, each.seq) for each in newest.take(BOTH, 0)] == [
        ("CAM_A", 3),
        ("CAM_B", 9),
    ]
    assert newest.take(BOTH, 0) == []


def test_other_streams_wait_for_their_reader() -> None:
    newest = Newest()
    newest.put(frame("CAM_A", 1))
    assert newest.take(frozenset({"CAM_B"}), 0) == []
    assert [each.seq for each in newest.take(BOTH, 0)] == [1]


def test_what_a_stream_left_behind_can_be_dropped() -> None:
    newest = Newest()
    newest.put(frame("CAM_A", 1))
    newest.forget("CAM_A")
    assert newest.take(BOTH, 0) == []
    assert newest.after("CAM_A", 0, 0) is None


def test_a_reader_waits_for_a_frame_from_another_thread() -> None:
    newest = Newest()
    count = newest.count("CAM_A")
    thread = threading.Timer(0.02, newest.put, [frame("CAM_A", 7)])
    thread.start()
    found = newest.after("CAM_A", count, 5.0)
    thread.join(5)
    assert found is not None
    assert found.seq == 7
    assert newest.after("CAM_A", newest.count("CAM_A"), 0.01) is None
