"""The bodies that the Sony simulator plays, and what sets each apart from the others."""

import ctypes as c
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from kit.crsim_client import (
    CONTENTS,
    LIBRARY,
    REMOTE,
    REMOTE_TRANSFER,
    CaptureDate,
    Connection,
    ContentsInfo,
    ImageInfo,
    Simulator,
)

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="make -C services/native")

SERIALS = {
    "ILCE-7M4": "D10F60149B0C",
    "ILME-FX3A": "D20FA3C41E57",
    "SIM-MINIMAL": "000000000001",
    "SIM-INVERTED": "000000000002",
    "SIM-UNKNOWN": "000000000003",
}
MINIMAL, INVERTED, UNKNOWN = list(SERIALS.values())[2:]
S1, ISO, APERTURE, FORMAT, DESTINATION, PROGRAM = 0x0001, 0x0104, 0x0100, 0x0106, 0x0119, 0x0105
RELEASE, DOWN, UP = 0, 1, 0
AF_STATUS, CAPTURED = 0x60001, 0x20011
RANGE, ARRAY = 0x4000, 0x2000


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Simulator]:
    cameras = ",".join(f"{model}:{serial}" for model, serial in SERIALS.items())
    with Simulator.running({"CRSIM_CAMERAS": cameras}, tmp_path / "state") as simulator:
        yield simulator


def told(body: Connection, *names: str) -> list[str]:
    return [event[0] for event in body.listener.catch_up() if event[0] in names]


# --- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("model", SERIALS)
def test_a_picture_of_every_body_reaches_the_host(
    sim: Simulator, pictures: Path, model: str
) -> None:
    with sim.connected(SERIALS[model]) as body:
        if model == "ILCE-7M4":
            body.set_and_wait(0x011A, 2)
        assert body.save_to(pictures) == 0
        body.set_and_wait(DESTINATION, 1)
        assert body.command(7, DOWN) == 0  # S1andRelease
        assert body.command(7, UP) == 0
        body.listener.wait_for("warning", CAPTURED)
        file = Path(body.listener.wait_for("download")[1].decode())
        assert file.parent == pictures
        assert file.stat().st_size > 0
        assert body.get(0x07B2).text == model
        assert body.get(0x079F).text == SERIALS[model]


@pytest.mark.parametrize("model", SERIALS)
def test_what_a_body_offers_it_takes(sim: Simulator, model: str) -> None:
    with sim.connected(SERIALS[model]) as body:
        for code in body.properties():
            if code not in (S1, 0x011A):  # they begin something
                # What was written before may still be changing what is offered now.
                body.wait_until(lambda code=code: _takes_what_it_offers(body, code))


def _takes_what_it_offers(body: Connection, code: int) -> bool:
    one = body.properties(code).get(code)
    if one is None or one.enable != 1 or one.value_type == 0xFFFF or not one.values:
        return True
    value = one.values[0] if one.value_type & (ARRAY | RANGE) else one.value
    return body.set(code, value) in (0, 0x8402)


# --- minimal -------------------------------------------------------------------------------------


def test_the_minimal_body_has_few_properties_and_no_half_press(sim: Simulator) -> None:
    with sim.connected(MINIMAL) as body:
        shown = body.properties()
        assert len(shown) == 11
        assert S1 not in shown
        assert not shown[PROGRAM].writable
        assert body.set(S1, 2) == 0x8402
        assert body.call("GetDateFolderList", c.byref(c.c_void_p()), c.byref(c.c_uint32())) != 0
        listed, count = c.c_void_p(), c.c_int32()
        assert body.call("GetLiveViewProperties", c.byref(listed), c.byref(count)) == 0
        assert count.value == 0


@pytest.mark.parametrize(("mode", "refusal"), [(CONTENTS, 0x8211), (REMOTE_TRANSFER, 0x8219)])
def test_the_minimal_body_knows_remote_alone(sim: Simulator, mode: int, refusal: int) -> None:
    assert sim.start(MINIMAL, mode)[0] == refusal


# --- inverted ------------------------------------------------------------------------------------


def test_the_inverted_body_has_ranges_for_lists_and_lists_for_ranges(sim: Simulator) -> None:
    with sim.connected(INVERTED) as body:
        iso, level = body.get(ISO), body.get(0x019C)
        assert iso.value_type & RANGE
        assert iso.values == (50, 6400, 50)
        assert level.value_type & ARRAY
        assert body.set(ISO, 75) == 0x8006
        assert body.set_and_wait(ISO, 150).value == 150
        assert not body.get(PROGRAM).writable
        assert body.get(0x020E).writable  # the focus position, though not in MF


def test_the_inverted_body_fires_without_focus_and_keeps_its_half_press(
    sim: Simulator, pictures: Path
) -> None:
    sim.break_(INVERTED, "defocused")
    with sim.connected(INVERTED) as body:
        body.save_to(pictures)
        assert body.set(S1, 2) == 0
        body.listener.wait_for("warning_ext", AF_STATUS, 7)
        body.command(RELEASE, DOWN)
        body.command(RELEASE, UP)
        names = [Path(body.listener.wait_for("download")[1].decode()).name for _ in range(2)]
        assert names == ["IMG00004.JPG", "IMG00004.ARW"]
        body.listener.wait_for("warning_ext", AF_STATUS, 1)
        assert body.get(S1).value == 2
        assert body.set(S1, 1) == 0


def test_the_inverted_body_writes_its_card_before_it_serves_the_host(
    sim: Simulator, pictures: Path
) -> None:
    with sim.connected(INVERTED) as body:
        body.save_to(pictures)
        body.set_and_wait(DESTINATION, 3)
        body.command(RELEASE, DOWN)
        body.command(RELEASE, UP)
        body.listener.wait(lambda event: event == ("codes", [0x07A9]))
        assert told(body, "warning") == ["warning"]
        body.listener.wait_for("download")


def test_the_inverted_body_tells_each_code_alone_and_nothing_in_general(sim: Simulator) -> None:
    with sim.connected(INVERTED) as body:
        body.wait_until(lambda: len(told(body, "codes")) > 2)
        body.listener.history.clear()
        assert body.set(ISO, 800) == 0
        body.listener.wait_for("codes", [ISO])
        assert "property_changed" not in [event[0] for event in body.listener.catch_up()]


def test_the_inverted_body_opens_its_card_in_remote_and_its_live_view_elsewhere(
    sim: Simulator, pictures: Path
) -> None:
    with sim.connected(INVERTED, REMOTE) as body:
        assert body.frame()[0] == 0x8000
        contents = body.contents()
        assert [one["id"] for one in contents] == [9, 8, 7]
        assert [path[-12:] for path, _ in contents[-1]["files"].values()] == [
            "IMG00001.JPG",
            "IMG00001.ARW",
        ]
        assert body.pull(7, 2, pictures) == 0
        body.listener.wait_for("transfer", 0x20093)
        assert [file.name for file in pictures.iterdir()] == ["IMG00001.ARW"]
    with sim.connected(INVERTED, REMOTE_TRANSFER) as body:
        assert body.pull(7, 2, pictures) == 0x8402
        assert body.call("SetDeviceSetting", c.c_uint32(0), c.c_uint32(1)) == 0
        info = ImageInfo()
        assert body.call("GetLiveViewImageInfo", c.byref(info)) == 0
        assert (info.width, info.height, info.buffer_size) == (1024, 680, 700_000)
        assert [body.next_frame(), body.next_frame()] == [b"", b""]


def test_the_inverted_body_keeps_an_image_id_in_the_other_byte_order(sim: Simulator) -> None:
    with sim.connected(INVERTED) as body:
        assert body.set(0x0146, "rack 9") == 0
        turned = "".join(chr(ord(letter) << 8) for letter in "rack 9")
        body.wait_until(lambda: body.get(0x0146).text == turned)
        assert body.get(0x0751).text == "9.99"


# --- unknown -------------------------------------------------------------------------------------


def test_the_unknown_body_reports_what_no_list_names(sim: Simulator) -> None:
    with sim.connected(UNKNOWN) as body:
        shown = body.properties()
        assert shown[ISO].value == 0x20000123
        assert shown[PROGRAM].value == 0xBEEF
        assert {0x7E01, 0x7E06, 0xFFFFFF01} <= set(shown)
        assert {one.value_type for one in shown.values()} >= {0, 0xF, 0x10003, 0x12002, 0x2005}
        assert shown[0x7E0A].enable == 9
        assert shown[0x7E0B].enable == -1
        body.listener.wait_for("warning", 0x2F001)
        body.listener.wait_for("warning_ext", 0x2F001, 1, 2, 3)
        assert body.set(0x7E01, 2) == 0


def test_live_view_of_the_unknown_body_works_like_any(sim: Simulator) -> None:
    with sim.connected(UNKNOWN) as body:
        picture = Image.open(io.BytesIO(body.next_frame()))
        assert picture.convert("RGB").size == (640, 428)


def test_the_first_listing_of_the_inverted_body_fails(sim: Simulator) -> None:
    with sim.connected(INVERTED) as body:
        listed, count, date = c.POINTER(ContentsInfo)(), c.c_uint32(), CaptureDate()
        result = body.call(
            "GetRemoteTransferContentsInfoList",
            c.c_uint32(1), c.c_uint8(0), c.byref(date), c.c_uint32(0),
            c.byref(listed), c.byref(count),
        )  # fmt: skip
        assert result == 0x8D05
