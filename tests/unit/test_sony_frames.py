import struct

from lensbus_services.sony.frames import MOST, all_frames
from lensbus_services.sony.values import RawFrames

FOCUS, TRACKING, FACE, LEVEL, FRAMING = 0x121, 0x193, 0x581, 0x582, 0x7D1
PLACE = (320, 640, 240, 480, 76, 38)
SHOWN = {"x": 320, "x_of": 640, "y": 240, "y_of": 480, "width": 76, "height": 38}


def focus(code: int, kind: int, count: int = 1) -> RawFrames:
    return RawFrames(code, 1, kind, struct.pack("<HHB6I", 6, 2, 1, *PLACE) * count)


def test_everything_that_is_drawn_has_its_room() -> None:
    found = [
        focus(FOCUS, 1),
        RawFrames(FACE, 1, 4, struct.pack("<HHBB6I", 2, 1, 1, 3, *PLACE)),
        RawFrames(FRAMING, 1, 6, struct.pack("<HB6I", 1, 2, *PLACE)),
        RawFrames(LEVEL, 1, 7, struct.pack("<IIiii", 1, 0, -1500, 250, 0)),
        RawFrames(0x9999, 1, 99, b"frame"),
    ]
    frames = all_frames(found)
    assert frames["focus"] == [
        {"type": "contrast-flexible-main", "state": "focused", "priority": 1, **SHOWN}
    ]
    assert frames["faces"] == [
        {"type": "af-target", "state": "not-focused", "priority": 3, "selected": True, **SHOWN}
    ]
    assert frames["framing"] == [{"type": "unknown", "state": "unknown", "priority": 2, **SHOWN}]
    assert frames["level"] == {"state": 1, "x": -1500, "y": 250, "z": 0}
    assert frames["tracking"] == []


def test_the_level_of_an_older_sdk_is_no_framing_frame() -> None:
    level = RawFrames(LEVEL, 1, 6, struct.pack("<IIiii", 1, 0, 0, 0, 0))
    assert all_frames([level])["framing"] == []
    assert all_frames([level])["level"] is not None


def test_what_is_broken_or_too_much_is_left_out() -> None:
    nowhere = RawFrames(FACE, 1, 4, struct.pack("<HHBB6I", 2, 1, 1, 3, 1, 0, 1, 0, 1, 1) + b"rest")
    frames = all_frames([nowhere, RawFrames(LEVEL, 1, 7, b"short"), focus(FOCUS, 1, MOST + 1)])
    assert (frames["faces"], frames["level"], len(frames["focus"])) == ([], None, MOST)
