"""The scenario `hostile`: what the Sony simulator says when a body lies."""

import ctypes as c
from pathlib import Path

import pytest

from kit.crsim_client import (
    ALPHA,
    CINEMA,
    LIBRARY,
    REMOTE_TRANSFER,
    CaptureDate,
    Connection,
    ContentsInfo,
    ImageBlock,
    ImageInfo,
    LiveViewProperty,
    Property,
    Simulator,
    call_slot,
)

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="make -C services/native")

LENS, BATTERY, METERING, WHITE_BALANCE = 0x0765, 0x0702, 0x010A, 0x0108
HUGE = 0xFFFFFFF0


def read(body: Connection, *codes: int) -> tuple[int, dict[int, tuple[int, int, bool]]]:
    """Read properties by hand: how many, and each one's type, size of list, and if there is one."""
    listed, count = c.POINTER(Property)(), c.c_int32()
    wanted = (c.c_uint32 * len(codes))(*codes)
    if codes:
        arguments = (c.c_uint32(len(codes)), wanted, c.byref(listed), c.byref(count))
        assert body.call("GetSelectDeviceProperties", *arguments) == 0
    else:
        assert body.call("GetDeviceProperties", c.byref(listed), c.byref(count)) == 0
    found = {
        one.code: (one.value_type, one.values_size, bool(one.values))
        for one in listed[: count.value]
    }
    assert body.call("ReleaseDeviceProperties", listed) == 0
    return count.value, found


def test_names_would_break_a_line_a_text_and_a_folder(sim: Simulator, tmp_path: Path) -> None:
    sim.break_(ALPHA, "hostile what=names")
    listed = c.c_void_p()
    assert sim.lib.EnumCameraObjects(c.byref(listed), c.c_uint8(0)) == 0
    assert listed.value
    info = call_slot(listed.value, 1, c.c_void_p, (c.c_uint32, 0))
    name = c.string_at(call_slot(info, 1, c.c_void_p), call_slot(info, 2, c.c_uint32))
    call_slot(listed.value, 2, None)
    for part in (b"\r\n\r\n", b"\0", b'"', b"\xe2\x80\xa8", b"\xed\xa0\x80", b"../"):
        assert part in name
    with sim.connected(ALPHA) as body:
        text = body.get(0x07B2).text
        assert text is not None
        assert "\r\nevent: " in text
        assert text.endswith("\ud800")
        body.save_to(tmp_path)
        body.command(7, 1)
        body.command(7, 0)
        named = [body.listener.wait_for("download")[1] for _ in range(5)]
        assert named[0] == b"/etc/passwd"
        assert named[3] == b""
        assert Path(named[4].decode()).parent == tmp_path


def test_sizes_cannot_be(sim: Simulator) -> None:
    sim.break_(ALPHA, "hostile what=sizes")
    with sim.connected(ALPHA) as body:
        _, found = read(body, BATTERY, METERING, LENS)
        assert found[BATTERY] == (0x2002, HUGE, False)
        assert found[METERING] == (0x4002, 2, True)
        assert len(body.get(LENS).text or "") == 0xFFFF
        info = ImageInfo()
        assert body.call("GetLiveViewImageInfo", c.byref(info)) == 0
        assert info.buffer_size == 0xFFFFFFFF
        buffer = (c.c_uint8 * 307200)()
        block = ImageBlock(size=len(buffer), data=buffer)
        assert body.call("GetLiveViewImage", c.byref(block)) == 0
        assert block.image_size == 0x7FFFFFFF
        listed, count = c.POINTER(LiveViewProperty)(), c.c_int32()
        assert body.call("GetLiveViewProperties", c.byref(listed), c.byref(count)) == 0
        sizes = {one.code: (one.size, bool(one.value)) for one in listed[: count.value]}
        assert body.call("ReleaseLiveViewProperties", listed) == 0
        assert sizes[0x0121] == (34, True)
        assert sizes[0x0582] == (HUGE, False)
        body.listener.wait_for("download", None, 0)


def test_contents_have_no_files_where_there_should_be_milliards(sim: Simulator) -> None:
    sim.break_(ALPHA, "hostile what=sizes")
    with sim.connected(ALPHA, REMOTE_TRANSFER) as body:
        listed, count, date = c.POINTER(ContentsInfo)(), c.c_uint32(), CaptureDate()
        arguments = (c.c_uint32(1), c.c_uint8(0), c.byref(date), c.c_uint32(0))
        result = body.call(
            "GetRemoteTransferContentsInfoList", *arguments, c.byref(listed), c.byref(count)
        )
        assert result == 0
        lost, nameless = listed[count.value - 2 : count.value]
        assert (lost.file_count, bool(lost.files)) == (HUGE, False)
        assert (nameless.files[0].path, nameless.files[0].size) == (None, 2**64 - 1)
        assert body.call("ReleaseRemoteTransferContentsInfoList", listed) == 0


def test_lists_hardly_end(sim: Simulator) -> None:
    sim.break_(ALPHA, "hostile what=lists")
    with sim.connected(ALPHA) as body:
        count, found = read(body)
        assert count > 20_000
        assert found[WHITE_BALANCE][1] == 2_000_000


def test_serial_numbers_are_shared_or_none(sim: Simulator) -> None:
    sim.break_(ALPHA, "hostile what=serials")
    listed = c.c_void_p()
    assert sim.lib.EnumCameraObjects(c.byref(listed), c.c_uint8(0)) == 0
    assert listed.value
    ids = []
    for index in range(call_slot(listed.value, 0, c.c_uint32)):
        info = call_slot(listed.value, 1, c.c_void_p, (c.c_uint32, index))
        size = call_slot(info, 7, c.c_uint32)
        ids.append(c.string_at(call_slot(info, 6, c.c_void_p) or 0, size) if size else b"")
    call_slot(listed.value, 2, None)
    assert ids.count(f"{ALPHA}\0".encode()) == 2
    assert ids.count(f"{CINEMA}\0".encode()) == 1
    assert b"../../etc/pa" in ids
    assert b"" in ids
    assert max(map(len, ids)) == 10_000


def test_a_healed_body_tells_the_truth_again(sim: Simulator) -> None:
    with sim.connected(ALPHA) as body:
        assert sim.ask(ALPHA, "break hostile") == "ok"
        assert read(body)[0] > 20_000
        assert sim.ask(ALPHA, "heal hostile") == "ok"
        assert read(body)[0] < 200
        assert body.get(LENS).text == "FE 28-70mm F2.8 GM"
