"""What surrounds a body of the Sony simulator: networks, the adapter folder, its own display."""

import ctypes as c
import io
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from kit.crsim_client import (
    ALPHA,
    LIBRARY,
    LiveViewProperty,
    OsdBlock,
    Simulator,
    call_slot,
)

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="make -C services/native")

OSD_MODE, FOCUS_AREA, FOCUS_MODE, S1 = 0x02C5, 0x0113, 0x0109, 0x0001
OSD_BYTES = 2_465_792
MAC, ADDRESS = bytes.fromhex(ALPHA), 10 | 7 << 24


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Simulator]:
    wanted = {"CRSIM_CAMERAS": f"ILCE-7M4:{ALPHA}@10.0.0.7", "CRSIM_LOGIN": "rack:secret"}
    with Simulator.running(wanted, tmp_path / "state") as simulator:
        yield simulator


def network_object(sim: Simulator) -> int:
    info = c.c_void_p()
    mac = (c.c_uint8 * 6)(*MAC)
    result = sim.lib.CreateCameraObjectInfoEthernetConnection(
        c.byref(info), c.c_uint32(7), c.c_uint32(ADDRESS), mac, c.c_uint32(1)
    )
    assert result == 0
    assert info.value
    return info.value


def fingerprint(sim: Simulator, info: int) -> tuple[int, bytes]:
    text, size = c.create_string_buffer(b"?" * 128), c.c_uint32()
    result = sim.lib.GetFingerprint(c.c_void_p(info), text, c.byref(size))
    return result, text.raw[: size.value]


# --- the network ---------------------------------------------------------------------------------


def test_a_body_on_the_network_is_found_by_its_addresses(network: Simulator) -> None:
    listed = c.c_void_p()
    assert network.lib.EnumCameraObjects(c.byref(listed), c.c_uint8(0)) == 0
    assert listed.value
    info = call_slot(listed.value, 1, c.c_void_p, (c.c_uint32, 0))
    assert call_slot(info, 8, c.c_uint32) == 2
    assert c.string_at(call_slot(info, 6, c.c_void_p), call_slot(info, 7, c.c_uint32)) == MAC
    assert call_slot(info, 10, c.c_char_p) == b"IP"
    assert call_slot(info, 15, c.c_uint32) == 1
    assert call_slot(info, 16, c.c_uint32) == ADDRESS
    assert call_slot(info, 17, c.c_char_p) == b"10.0.0.7"
    assert call_slot(info, 21, c.c_char_p) == b"D1:0F:60:14:9B:0C"
    call_slot(listed.value, 2, None)


def test_who_knows_fingerprint_and_password_may_connect(network: Simulator) -> None:
    info = network_object(network)
    result, known = fingerprint(network, info)
    assert (result, len(known)) == (0, 43)
    _, body = network.start(ALPHA, info=info, login=(b"rack", b"secret", known))
    body.listener.wait_for("connected", 300)
    assert body.get(0x079F).text == ALPHA
    body.close()
    call_slot(info, 0, None)


@pytest.mark.parametrize(
    ("user", "password", "known", "refusal"),
    [
        (b"rack", b"wrong", True, 0x8216),
        (b"rack", b"secret", False, 0x8215),
        (None, None, True, 0x8213),
    ],
)
def test_who_does_not_is_refused(
    network: Simulator, user: bytes | None, password: bytes | None, known: bool, refusal: int
) -> None:
    info = network_object(network)
    print_ = fingerprint(network, info)[1] if known else b"A" * 43
    _, body = network.start(ALPHA, info=info, login=(user, password, print_))
    assert body.listener.wait_for("error") == ("error", refusal)
    body.close()
    call_slot(info, 0, None)


def test_a_body_on_usb_has_no_fingerprint(sim: Simulator) -> None:
    with sim.enumerated() as objects:
        assert fingerprint(sim, objects[ALPHA]) == (0x8212, b"")


# --- the folder CrAdapter ------------------------------------------------------------------------


@pytest.mark.parametrize("beside", ["nothing", "a folder", "a link to the interpreter"])
def test_the_adapter_is_looked_for_beside_the_real_executable(tmp_path: Path, beside: str) -> None:
    interpreter = tmp_path / "bin" / "python"
    interpreter.parent.mkdir()
    if beside == "a link to the interpreter":
        interpreter.symlink_to(os.path.realpath(sys.executable))
    else:
        shutil.copy(os.path.realpath(sys.executable), interpreter)
    if beside != "nothing":
        (interpreter.parent / "CrAdapter").mkdir()
    program = textwrap.dedent(
        f"""
        import ctypes as c
        from kit.crsim_client import call_slot
        lib, listed = c.CDLL({str(LIBRARY)!r}), c.c_void_p()
        lib.Init(c.c_uint32(0))
        print(hex(lib.EnumCameraObjects(c.byref(listed), c.c_uint8(0))))
        if listed.value:
            call_slot(listed.value, 2, None)
        lib.Release()
        """
    )
    done = subprocess.run(
        [interpreter, "-c", program],
        env={
            **os.environ,
            "PYTHONHOME": sys.base_prefix,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "CRSIM_STATE": str(tmp_path / "state"),
            "CRSIM_ADAPTER": "1",
            "CRSIM_TIME_SCALE": "0",
        },
        capture_output=True,
        timeout=30,
        check=False,
    )
    expected = b"0x0\n" if beside == "a folder" else b"0x8703\n"
    assert done.stdout == expected, done.stderr


# --- pictures of the display, frames in the live view --------------------------------------------


def test_the_display_is_a_picture_around_the_live_view(sim: Simulator) -> None:
    buffer = (c.c_uint8 * OSD_BYTES)()
    block = OsdBlock(data=buffer)
    with sim.connected(ALPHA) as body:
        assert body.call("GetOSDImage", c.byref(block)) == 0x8402
        body.set_and_wait(OSD_MODE, 1)
        assert body.call("GetOSDImage", c.byref(block)) == 0
        body.wait_until(lambda: body.call("GetOSDImage", c.byref(block)) == 0x20017)
    picture = Image.open(io.BytesIO(bytes(buffer[: block.image_size]))).convert("RGB")
    assert picture.size == tuple(block.size) == (1024, 768)
    assert (block.has_area, list(block.area)) == (1, [0, 48, 1024, 672])


def test_what_is_tracked_has_a_frame_and_the_client_is_told(sim: Simulator) -> None:
    with sim.connected(ALPHA) as body:

        def size_of(code: int) -> int:
            listed, count, wanted = c.POINTER(LiveViewProperty)(), c.c_int32(), c.c_uint32(code)
            arguments = (c.c_uint32(1), c.byref(wanted), c.byref(listed), c.byref(count))
            assert body.call("GetSelectLiveViewProperties", *arguments) == 0
            assert count.value == 1
            size = int(listed[0].size)
            assert body.call("ReleaseLiveViewProperties", listed) == 0
            return size

        assert size_of(0x0193) == 0
        body.set_and_wait(FOCUS_MODE, 3)
        body.set_and_wait(FOCUS_AREA, 0x11)
        body.set(S1, 2)
        body.listener.wait_for("lv_codes", [0x0121])
        body.listener.wait_for("warning_ext", 0x60001, 6)
        assert size_of(0x0193) == 29
