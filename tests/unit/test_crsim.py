"""The Sony simulator through its C interface, as any client of CrSDK would use it."""

import ctypes as c
import hashlib
import io
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from kit.crsim_client import (
    ALPHA,
    CINEMA,
    CONTENTS,
    LIBRARY,
    REMOTE,
    REMOTE_TRANSFER,
    CaptureDate,
    Connection,
    ContentsFile,
    ContentsInfo,
    FolderInfo,
    ImageInfo,
    LiveViewProperty,
    MtpContent,
    Property,
    Simulator,
)

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="make -C services/native")

S1, FOCUS_INDICATION, PRIORITY, FOCUS_MODE, FOCUS_AREA = 0x0001, 0x0707, 0x011A, 0x0109, 0x0113
ISO, SHUTTER, APERTURE, PROGRAM, COMPENSATION = 0x0104, 0x0103, 0x0100, 0x0105, 0x0101
DESTINATION, FORMAT, DRIVE, PHOTOS = 0x0119, 0x0106, 0x010E, 0x0709
RELEASE, MOVIE, DOWN, UP = 0, 1, 1, 0
AF_STATUS, CAPTURED = 0x60001, 0x20011


@pytest.fixture(scope="module")
def fresh_cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder in which both bodies were connected once, so that their cards are filled."""
    state = tmp_path_factory.mktemp("cards")
    with Simulator.running({}, state) as sim:
        for serial in (ALPHA, CINEMA):
            with sim.connected(serial):
                pass
    return state


@pytest.fixture
def sim(fresh_cards: Path, tmp_path: Path) -> Iterator[Simulator]:
    # Links do: the simulator replaces files and never writes into one.
    state = shutil.copytree(fresh_cards, tmp_path / "state", copy_function=os.link)
    with Simulator.running({}, state) as simulator:
        yield simulator


@pytest.fixture
def cinema(sim: Simulator) -> Iterator[Connection]:
    with sim.connected(CINEMA) as connection:
        yield connection


def shoot(body: Connection) -> None:
    assert body.set(S1, 2) == 0
    body.listener.wait(lambda e: e[0] == "warning_ext" and e[2] in (2, 6))
    assert body.command(RELEASE, DOWN) == 0
    assert body.command(RELEASE, UP) == 0


# --- the binary interface ------------------------------------------------------------------------

# Class -> (constructors and setters, getters). Getters must exist with and without const.
_LIFE = "C1Ev C2Ev D1Ev D2Ev"
_COPY = f"{_LIFE} C1ERKS0_ C2ERKS0_ aSERKS0_"
SYMBOLS = {
    "16CrDeviceProperty": (
        f"{_COPY} 12SetSetValuesEPh 12SetValueSizeEj 12SetValueTypeENS_10CrDataTypeE "
        "13SetCurrentStrEPt 15SetCurrentValueEm 15SetSetValueSizeEj "
        "21SetPropertyEnableFlagENS_20CrPropertyEnableFlagE "
        "23SetPropertyVariableFlagENS_22CrPropertyVariableFlagE 5AllocEjjt 5AllocEjj 7SetCodeEj "
        "9SetValuesEPh",
        "12GetSetValuesEv 12GetValueSizeEv 12GetValueTypeEv 13GetCurrentStrEv 15GetCurrentValueEv "
        "15GetSetValueSizeEv 16GetDisplayValuesEv 19GetDisplayValueSizeEv "
        "21GetPropertyEnableFlagEv 23GetPropertyVariableFlagEv 23IsGetEnableCurrentValueEv "
        "23IsSetEnableCurrentValueEv 7GetCodeEv 9GetValuesEv",
    ),
    "18CrLiveViewProperty": (
        f"{_COPY} 12SetValueSizeEj 16SetFrameInfoTypeENS_15CrFrameInfoTypeE "
        "21SetPropertyEnableFlagENS_20CrPropertyEnableFlagE 5AllocEj 7SetCodeEj 8SetValueEPh",
        "11GetTimeCodeEv 12GetValueSizeEv 16GetFrameInfoTypeEv 21GetPropertyEnableFlagEv "
        "23IsGetEnableCurrentValueEv 7GetCodeEv 8GetValueEv",
    ),
    "11CrImageInfo": (_LIFE, "13GetBufferSizeEv 8GetWidthEv 9GetHeightEv"),
    "16CrImageDataBlock": (
        f"{_LIFE} 7SetDataEPh 7SetSizeEj",
        "10GetFrameNoEv 11GetTimeCodeEv 12GetImageDataEv 12GetImageSizeEv 7GetSizeEv",
    ),
    "19CrOSDImageDataBlock": (
        f"{_LIFE} 7SetDataEPh",
        "10GetFrameNoEv 11GetMetaInfoEv 12GetImageDataEv 12GetImageSizeEv",
    ),
    "18CrOSDImageMetaInfo": (_LIFE, ""),
    "15CrMtpFolderInfo": (_COPY, ""),
    "17CrMtpContentsInfo": (_COPY, ""),
    "23CrDisplayStringListInfo": (_COPY, ""),
    "13CrCaptureDate": (f"{_COPY} C1ERKm eqERKS0_", ""),
    "14CrContentsFile": (_COPY, ""),
    "14CrContentsInfo": (_COPY, ""),
    "18CrMediaProfileInfo": (_COPY, ""),
    "17CrLensInformation": (_COPY, ""),
}
FUNCTIONS = """
    Init Release GetSDKVersion GetSDKSerial EnumCameraObjects CreateCameraObjectInfo
    CreateCameraObjectInfoUSBConnection CreateCameraObjectInfoEthernetConnection GetFingerprint
    Connect Disconnect ReleaseDevice GetDeviceProperties GetSelectDeviceProperties
    ReleaseDeviceProperties SetDeviceProperty SendCommand GetLiveViewImage GetLiveViewImageInfo
    GetLiveViewProperties GetSelectLiveViewProperties ReleaseLiveViewProperties GetDeviceSetting
    SetDeviceSetting SetSaveInfo GetOSDImage GetDateFolderList GetContentsHandleList
    GetContentsDetailInfo ReleaseDateFolderList ReleaseContentsHandleList PullContentsFile
    GetContentsThumbnailImage GetRemoteTransferCapturedDateList GetRemoteTransferContentsInfoList
    GetRemoteTransferContentsDataFile ControlGetRemoteTransferContentsDataFile
    GetRemoteTransferContentsCompressedDataFile GetRemoteTransferContentsData
    GetRemoteTransferContentsCompressedData ReleaseRemoteTransferCapturedDateList
    ReleaseRemoteTransferContentsInfoList DeleteRemoteTransferContentsFile DownloadSettingFile
    UploadSettingFile RequestDisplayStringList GetDisplayStringTypes GetDisplayStringList
    ReleaseDisplayStringTypes ReleaseDisplayStringList ImportLUTFile
    GetMediaProfile ControlPTZF RequestOperation PullPostViewImage
"""


def test_every_symbol_is_there_and_getters_in_both_spellings() -> None:
    lib = c.CDLL(str(LIBRARY))
    wanted = FUNCTIONS.split()
    for name, (members, getters) in SYMBOLS.items():
        wanted += [f"_ZN6SCRSDK{name}{member}" for member in members.split()]
        for getter in getters.split():
            wanted += [f"_ZN6SCRSDK{name}{getter}", f"_ZNK6SCRSDK{name}{getter}"]
    assert [symbol for symbol in wanted if not hasattr(lib, symbol)] == []


def test_structs_that_are_read_by_offset_have_the_published_layout() -> None:
    def layout(kind: type[c.Structure], *members: str) -> list[int]:
        return [c.sizeof(kind), *(getattr(kind, member).offset for member in members)]

    assert layout(Property, "enable", "value", "text", "values_size", "values") == [
        64, 8, 16, 24, 32, 40,
    ]  # fmt: skip
    assert layout(LiveViewProperty, "kind", "size", "value", "time_code") == [32, 6, 8, 16, 24]
    assert layout(ContentsFile, "path", "size", "image", "audio") == [176, 8, 24, 68, 160]
    assert layout(ContentsInfo, "created_utc", "rating", "files") == [120, 26, 84, 112]
    assert layout(CaptureDate) == [14]


def test_a_function_that_no_body_supports_says_so() -> None:
    lib = c.CDLL(str(LIBRARY))
    assert lib.ControlPTZF() == 0x8003
    assert lib.PullPostViewImage() == 0x8003


@pytest.mark.parametrize(
    ("slots", "version"),
    [("21", 0x02020000), ("19", 0x02000000), ("18", 0x010E0000), ("12", 0x010C0000)],
)
def test_callbacks_arrive_in_the_table_of_the_version(
    tmp_path: Path, slots: str, version: int
) -> None:
    with Simulator.running({"CRSIM_CALLBACK_SLOTS": slots}, tmp_path) as sim:
        assert sim.lib.GetSDKVersion() == version
        with sim.connected(ALPHA) as body:
            assert body.set(S1, 2) == 0
            body.listener.wait_for("warning_ext", AF_STATUS, 2)
            assert body.command(MOVIE, DOWN) == 0  # its result has no slot in the older tables
            body.set_and_wait(ISO, 200)
            assert (slots == "21") == (("operation", 0x20068, None) in body.listener.catch_up())
        # In the oldest table the last function is followed by nothing that may be called.
        with sim.connected(ALPHA, REMOTE_TRANSFER) as body:
            shoot(body)
            body.listener.wait_for("warning_ext", AF_STATUS, 1)
            told = [event for event in body.listener.history if event[0] == "list_changed"]
            assert bool(told) == (slots != "12")


# --- finding and connecting ----------------------------------------------------------------------


def test_both_bodies_are_found_with_their_identity(sim: Simulator) -> None:
    cameras = sim.cameras()
    assert {serial: one["model"] for serial, one in cameras.items()} == {
        ALPHA: "ILCE-7M4",
        CINEMA: "ILME-FX3A",
    }
    assert {one["adaptor"] for one in cameras.values()} == {"Cr_PTP_USB"}
    assert cameras[CINEMA]["product"] == 0x0F52


def test_an_unplugged_body_is_not_found(sim: Simulator) -> None:
    (sim.state / f"{CINEMA}.unplugged").touch()
    assert list(sim.cameras()) == [ALPHA]


def test_the_environment_names_the_bodies(tmp_path: Path) -> None:
    wanted = {"CRSIM_CAMERAS": "ILME-FX3A:AAAABBBBCCCC,NO-SUCH-MODEL:DDDDEEEEFFFF,junk"}
    with Simulator.running(wanted, tmp_path) as sim:
        assert list(sim.cameras()) == ["AAAABBBBCCCC"]


def test_a_connection_begins_with_its_version_and_bursts_of_codes(alpha: Connection) -> None:
    heard = alpha.listener.catch_up()
    names = [event[0] for event in heard]
    assert heard[0] == ("connected", 300)
    assert names.index("property_changed") < names.index("codes")
    told = {code for event in heard if event[0] == "codes" for code in event[1]}
    assert told == set(alpha.properties())


def test_callbacks_never_come_on_the_callers_thread(alpha: Connection) -> None:
    assert len(alpha.listener.threads) == 1
    assert threading.get_native_id() not in alpha.listener.threads


def test_disconnecting_is_told_once_and_the_body_is_free_again(sim: Simulator) -> None:
    for _ in range(3):
        with sim.connected(ALPHA) as body:
            assert body.call("Disconnect") == 0
            assert body.listener.wait_for("disconnected") == ("disconnected", 0)
            assert body.call("Disconnect") == 0x8207
            assert body.call("SendCommand", c.c_uint32(0), c.c_uint16(1)) == 0x8207


def test_a_second_connection_of_one_process_is_refused(sim: Simulator, alpha: Connection) -> None:
    result, second = sim.start(ALPHA)
    assert result == 0x8210
    assert second.handle.value == 0


def test_a_body_held_by_another_process_times_out(sim: Simulator) -> None:
    holder = textwrap.dedent(
        f"""
        import fcntl, sys
        lock = open({str(sim.state / (ALPHA + ".lock"))!r}, "w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        print("held", flush=True)
        sys.stdin.read()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        result, late = sim.start(ALPHA)
        assert result == 0
        assert late.listener.wait_for("error") == ("error", 0x8208)
        late.close()
        assert other.stdin is not None
        other.stdin.close()
    with sim.connected(ALPHA):
        pass


def test_a_lost_cable_comes_back_without_a_disconnect(sim: Simulator) -> None:
    with sim.connected(ALPHA) as body:
        cable = sim.state / f"{ALPHA}.unplugged"
        cable.touch()
        body.listener.wait_for("warning", 0x20002)
        assert body.set(S1, 2) == 0x8207
        cable.unlink()
        body.listener.wait_for("connected")
        body.listener.wait_for("warning", 0x20001)
        assert "disconnected" not in [event[0] for event in body.listener.history]
        assert len(body.properties()) > 90


def test_a_lost_cable_ends_a_connection_that_does_not_reconnect(sim: Simulator) -> None:
    with sim.connected(ALPHA, reconnects=False) as body:
        (sim.state / f"{ALPHA}.unplugged").touch()
        assert body.listener.wait_for("disconnected") == ("disconnected", 0x8207)


def test_mistakes_of_a_caller_are_errors_and_not_crashes(sim: Simulator, alpha: Connection) -> None:
    lib, nobody = sim.lib, c.c_int64(4711)
    count, listed = c.c_int32(), c.POINTER(Property)()
    assert lib.Disconnect(nobody) == 0x8005
    assert lib.ReleaseDevice(nobody) == 0x8005
    assert lib.GetDeviceProperties(nobody, c.byref(listed), c.byref(count)) == 0x8005
    assert alpha.call("GetDeviceProperties", None, None) == 0x8006
    assert alpha.call("SetDeviceProperty", None) == 0x8006
    assert alpha.call("GetLiveViewImage", None) == 0x8006
    assert alpha.command(RELEASE, 9) == 0x8006
    assert alpha.command(0x7777, DOWN) == 0x8003
    assert alpha.save_to(Path("/nowhere/at/all")) == 0x8106
    assert alpha.call("GetDeviceProperties", c.byref(listed), c.byref(count)) == 0
    assert alpha.call("ReleaseDeviceProperties", listed) == 0
    assert alpha.call("ReleaseDeviceProperties", listed) == 0x8006


def test_a_process_may_end_without_letting_go(tmp_path: Path) -> None:
    program = textwrap.dedent(
        f"""
        import ctypes, sys
        from pathlib import Path
        from kit.crsim_client import ALPHA, Simulator
        running = Simulator.running({{}}, Path({str(tmp_path)!r}))
        sim = running.__enter__()
        result, body = sim.start(ALPHA)
        body.listener.wait_for("connected")
        body.set(1, 2)
        sys.stdout.write("going")
        sys.stdout.flush()
        ctypes.CDLL(None).exit(0)
        """
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"going"), done.stderr


# --- properties ----------------------------------------------------------------------------------


def test_at_camera_position_nothing_can_be_set_and_lists_are_empty(sim: Simulator) -> None:
    with sim.connected(ALPHA, pc_remote=False) as body:
        assert body.get(PRIORITY).value == 1
        for code in (ISO, FOCUS_AREA, DRIVE):
            assert (body.get(code).writable, body.get(code).values) == (False, ())
        assert body.set(ISO, 400) == 0x8402
        body.set_and_wait(PRIORITY, 2)
        assert body.get(ISO).writable
        assert 400 in body.get(ISO).values
        assert 0xFFFFFF in body.get(ISO).values
        assert 800 in body.get(APERTURE).values


def test_a_write_is_told_and_then_read_back(alpha: Connection) -> None:
    alpha.listener.catch_up()
    assert alpha.set(ISO, 400) == 0
    event = alpha.listener.wait(lambda e: e[0] == "codes" and ISO in e[1])
    assert 0x0729 in event[1]  # the actual sensitivity moved with it
    assert alpha.get(ISO).value == 400


def test_a_write_shows_only_after_its_delay(tmp_path: Path) -> None:
    with (
        Simulator.running({"CRSIM_TIME_SCALE": "1"}, tmp_path) as sim,
        sim.connected(ALPHA) as body,
    ):
        assert body.set(ISO, 400) == 0
        assert body.get(ISO).value == 100
        body.wait_until(lambda: body.get(ISO).value == 400)


@pytest.mark.parametrize(
    ("code", "value", "result"),
    [
        (ISO, 999999, 0x8006),  # not in the list
        (0x0115, 5500, 0x8402),  # colour temperature, while the white balance is automatic
        (0x0703, 1, 0x8402),  # the battery cannot be set
        (0x4321, 1, 0x8402),  # unknown
        (0x017C, 1, 0x8402),  # shutter mode: cinema bodies only
    ],
)
def test_a_write_that_cannot_be_is_refused(
    alpha: Connection, code: int, value: int, result: int
) -> None:
    assert alpha.set(code, value) == result


def test_text_where_a_number_belongs_is_refused(alpha: Connection) -> None:
    assert alpha.set(ISO, "400") == 0x8402


def test_unknown_codes_are_refused_and_not_an_empty_list(alpha: Connection) -> None:
    with pytest.raises(OSError, match="0x8402"):
        alpha.properties(0x4321)


def test_exposure_programs_open_and_close_their_settings(alpha: Connection) -> None:
    def open_settings() -> set[int]:
        shown = alpha.properties(SHUTTER, APERTURE, COMPENSATION)
        return {code for code, one in shown.items() if one.writable}

    assert open_settings() == {SHUTTER, APERTURE}
    alpha.set_and_wait(ISO, 0xFFFFFF)
    assert open_settings() == {SHUTTER, APERTURE, COMPENSATION}
    alpha.set_and_wait(PROGRAM, 3)
    assert open_settings() == {APERTURE, COMPENSATION}
    alpha.set_and_wait(PROGRAM, 4)
    assert open_settings() == {SHUTTER, COMPENSATION}
    alpha.set_and_wait(PROGRAM, 2)
    assert open_settings() == {COMPENSATION}


def test_compensation_follows_the_exposure_step(alpha: Connection) -> None:
    alpha.set_and_wait(PROGRAM, 3)
    assert {-2000, -300, 700} <= set(alpha.get(COMPENSATION).values)
    alpha.set_and_wait(COMPENSATION, -700)
    alpha.set_and_wait(0x02C1, 2)
    halves = alpha.get(COMPENSATION)
    assert 500 in halves.values
    assert 300 not in halves.values
    assert halves.value == -500  # the nearest value that is still offered


def test_tracking_areas_are_offered_in_continuous_autofocus_only(alpha: Connection) -> None:
    assert len(alpha.get(FOCUS_AREA).values) == 12
    alpha.set_and_wait(FOCUS_MODE, 3)
    assert len(alpha.get(FOCUS_AREA).values) == 24
    alpha.set_and_wait(FOCUS_MODE, 1)
    assert not alpha.get(FOCUS_AREA).writable


def test_the_switch_on_the_lens_overrules_the_client(sim: Simulator, alpha: Connection) -> None:
    switch = sim.state / f"{ALPHA}.manual-focus"
    switch.touch()
    alpha.wait_until(lambda: alpha.get(FOCUS_MODE).value == 1)
    assert not alpha.get(FOCUS_MODE).writable
    assert alpha.set(FOCUS_MODE, 2) == 0x8402
    switch.unlink()
    alpha.wait_until(lambda: alpha.get(FOCUS_MODE).writable)


def test_colour_temperature_opens_with_its_white_balance(alpha: Connection) -> None:
    alpha.set_and_wait(0x0108, 0x100)
    assert alpha.get(0x0115).values == (2500, 9900, 100)
    alpha.set_and_wait(0x0115, 4200)
    assert alpha.set(0x0115, 4250) == 0x8006


def test_a_cinema_body_has_no_priority_key_and_needs_a_save_folder(
    cinema: Connection, pictures: Path
) -> None:
    assert PRIORITY not in cinema.properties()
    assert cinema.set(PRIORITY, 2) == 0x8402
    assert cinema.get(ISO).writable
    assert cinema.set(DESTINATION, 3) == 0x8402
    assert cinema.save_to(pictures) == 0
    cinema.set_and_wait(DESTINATION, 3)


def test_cine_ei_opens_its_settings_and_the_base_iso_moves_the_index(cinema: Connection) -> None:
    index, base, mode, angle = 0x013B, 0x0139, 0x0157, 0x017A
    assert not cinema.get(index).writable
    cinema.set_and_wait(mode, 0x301)
    assert max(cinema.get(index).values) == 3200
    cinema.set_and_wait(base, 1)
    assert min(cinema.get(index).values) == 3200
    assert cinema.get(index).value == 3200
    assert not cinema.get(angle).writable
    cinema.set_and_wait(0x017C, 2)
    assert cinema.get(angle).writable
    assert not cinema.get(SHUTTER).writable


def test_texts_are_texts(alpha: Connection) -> None:
    image_id = 0x0146
    shown = alpha.properties(0x0765, 0x079F, 0x07B2)
    assert [one.text for one in shown.values()] == ["FE 28-70mm F2.8 GM", ALPHA, "ILCE-7M4"]
    assert alpha.set(image_id, "Rack 7 / links") == 0
    alpha.wait_until(lambda: alpha.get(image_id).text == "Rack 7 / links")
    assert alpha.set(image_id, "x" * 65) == 0x8006


def test_settings_outlive_a_connection_but_the_priority_key_does_not(sim: Simulator) -> None:
    with sim.connected(ALPHA) as body:
        body.set_and_wait(ISO, 1600)
    with sim.connected(ALPHA, pc_remote=False) as body:
        assert (body.get(ISO).value, body.get(PRIORITY).value) == (1600, 1)


def test_the_light_meter_flutters_all_the_time(alpha: Connection) -> None:
    for _ in range(2):
        alpha.listener.wait(lambda e: e == ("codes", [0x0799]), limit_s=3)


def test_contents_mode_has_almost_no_properties(sim: Simulator) -> None:
    with sim.connected(ALPHA, CONTENTS) as body:
        shown = body.properties()
        assert len(shown) < 15
        assert shown[0x0726].value == 1
        assert ISO not in shown
        assert body.command(RELEASE, DOWN) == 0x8402
        assert body.frame()[0] == 0x8402


# --- capture -------------------------------------------------------------------------------------


def test_an_autofocus_capture_tells_its_story_in_order(alpha: Connection, pictures: Path) -> None:
    assert alpha.save_to(pictures) == 0
    before = alpha.get(PHOTOS).value
    alpha.listener.catch_up()
    alpha.listener.history.clear()
    shoot(alpha)
    alpha.listener.wait_for("warning_ext", AF_STATUS, 1)
    noise = ("codes", "property_changed", "lv_codes", "lv_property_changed")
    story = [event for event in alpha.listener.history if event[0] not in noise]
    (picture,) = pictures.iterdir()
    assert story == [
        ("warning_ext", AF_STATUS, 2, 0, 0),
        ("warning", CAPTURED),
        ("download", str(picture).encode(), 0xFFFFFFFF),
        ("warning_ext", AF_STATUS, 1, 0, 0),
    ]
    assert Image.open(picture).convert("RGB").size == (1920, 1280)
    assert alpha.get(PHOTOS).value == before - 1
    assert alpha.properties(S1, FOCUS_INDICATION)[S1].value == 1
    assert alpha.get(FOCUS_INDICATION).value == 1


def test_every_shot_is_another_picture_with_the_next_number(
    alpha: Connection, pictures: Path
) -> None:
    alpha.save_to(pictures)
    for _ in range(2):
        shoot(alpha)
        alpha.listener.wait_for("warning_ext", AF_STATUS, 1)
    first, second = sorted(pictures.iterdir())
    assert (first.name, second.name) == ("DSC00004.JPG", "DSC00005.JPG")
    assert first.read_bytes() != second.read_bytes()


def test_raw_and_jpeg_come_as_two_files(alpha: Connection, pictures: Path) -> None:
    alpha.save_to(pictures, "rack_", 7)
    alpha.set_and_wait(FORMAT, 3)
    shoot(alpha)
    alpha.listener.wait_for("warning_ext", AF_STATUS, 1)
    assert sorted(file.name for file in pictures.iterdir()) == ["rack_00007.ARW", "rack_00007.JPG"]
    assert (pictures / "rack_00007.ARW").read_bytes()[:4] == b"II*\0"


def test_the_alpha_body_focuses_for_itself_and_the_cinema_body_does_not(
    sim: Simulator, pictures: Path
) -> None:
    with sim.connected(ALPHA) as body:
        body.command(RELEASE, DOWN)
        body.command(RELEASE, UP)
        body.listener.wait_for("warning_ext", AF_STATUS, 2)
        body.listener.wait_for("warning", CAPTURED)
        body.listener.wait_for("warning_ext", AF_STATUS, 1)
    with sim.connected(CINEMA) as body:
        assert body.command(RELEASE, DOWN) == 0
        assert body.command(RELEASE, UP) == 0
        body.set_and_wait(FOCUS_MODE, 1)  # whatever happened before is heard by now
        assert ("warning", CAPTURED) not in body.listener.catch_up()
        body.command(RELEASE, DOWN)
        body.command(RELEASE, UP)
        body.listener.wait_for("warning", CAPTURED)


def test_nothing_to_focus_on_means_no_exposure(sim: Simulator, alpha: Connection) -> None:
    (sim.state / f"{ALPHA}.defocused").touch()
    assert alpha.set(S1, 2) == 0
    alpha.listener.wait_for("warning_ext", AF_STATUS, 3)
    alpha.command(RELEASE, DOWN)
    alpha.command(RELEASE, UP)
    assert alpha.get(FOCUS_INDICATION).value == 0x202
    assert alpha.get(S1).value == 2  # it stays until it is written back
    assert alpha.set(S1, 1) == 0
    alpha.listener.wait_for("warning_ext", AF_STATUS, 1)
    assert ("warning", CAPTURED) not in alpha.listener.history


def test_continuous_autofocus_tracks_before_it_is_sharp(alpha: Connection) -> None:
    alpha.set_and_wait(FOCUS_MODE, 3)
    alpha.set(S1, 2)
    alpha.listener.wait_for("warning_ext", AF_STATUS, 5)
    alpha.listener.wait_for("warning_ext", AF_STATUS, 6)
    assert alpha.get(FOCUS_INDICATION).value == 0x103


def test_a_held_release_shoots_on_in_continuous_drive(alpha: Connection, pictures: Path) -> None:
    alpha.save_to(pictures)
    alpha.set_and_wait(DESTINATION, 1)
    alpha.set_and_wait(DRIVE, 0x10001)
    alpha.set(S1, 2)
    alpha.command(RELEASE, DOWN)
    for _ in range(3):
        alpha.listener.wait_for("warning", CAPTURED)
    alpha.command(RELEASE, UP)
    alpha.listener.wait_for("warning_ext", AF_STATUS, 1)
    shots = alpha.listener.history.count(("warning", CAPTURED))
    assert shots >= 3
    assert len(list(pictures.iterdir())) == shots


def test_a_picture_for_the_card_alone_is_not_sent(alpha: Connection, pictures: Path) -> None:
    alpha.save_to(pictures)
    alpha.set_and_wait(DESTINATION, 2)
    shoot(alpha)
    alpha.listener.wait_for("warning_ext", AF_STATUS, 1)
    assert list(pictures.iterdir()) == []


# --- live view -----------------------------------------------------------------------------------


def test_live_view_moves_and_never_gives_a_frame_twice(alpha: Connection) -> None:
    info = ImageInfo()
    assert alpha.call("GetLiveViewImageInfo", c.byref(info)) == 0
    assert (info.width, info.height, info.buffer_size) == (640, 428, 307200)
    frames = [alpha.next_frame() for _ in range(4)]  # every call between them gave 0x20017
    assert len(set(frames)) == 4
    assert all(30_000 < len(frame) < 90_000 for frame in frames)
    picture = Image.open(io.BytesIO(frames[0]))
    assert picture.convert("RGB").size == (640, 428)


def test_live_view_shows_the_exposure(alpha: Connection) -> None:
    def brightness() -> float:
        grey = Image.open(io.BytesIO(alpha.next_frame())).convert("L").resize((1, 1))
        return float(grey.getpixel((0, 0)))  # type: ignore[arg-type]

    normal = brightness()
    alpha.set_and_wait(ISO, 400)
    assert brightness() > normal + 40
    alpha.set_and_wait(ISO, 100)
    alpha.set_and_wait(APERTURE, 1600)
    assert brightness() < normal - 40


def test_live_view_properties_name_the_focus_frame(alpha: Connection) -> None:
    listed, count = c.POINTER(LiveViewProperty)(), c.c_int32()
    assert alpha.call("GetLiveViewProperties", c.byref(listed), c.byref(count)) == 0
    sizes = {one.code: one.size for one in listed[: count.value]}
    assert alpha.call("ReleaseLiveViewProperties", listed) == 0
    assert sizes[0x0121] == 29
    assert sizes[0x0193] == 0


def test_in_remote_transfer_live_view_is_off_and_only_the_alpha_body_has_one(
    sim: Simulator,
) -> None:
    def enable(body: Connection) -> int:
        return body.call("SetDeviceSetting", c.c_uint32(0), c.c_uint32(1))

    with sim.connected(ALPHA, REMOTE_TRANSFER) as body:
        assert body.frame()[0] == 0x8000
        assert enable(body) == 0
        assert body.next_frame().startswith(b"\xff\xd8")
        assert body.get(0x0706).value == 2
    with sim.connected(CINEMA, REMOTE_TRANSFER) as body:
        assert enable(body) == 0
        info = ImageInfo()
        assert body.call("GetLiveViewImageInfo", c.byref(info)) == 0
        assert info.buffer_size == 0
        assert body.frame()[0] == 0x8000


# --- the card ------------------------------------------------------------------------------------


def test_a_fresh_card_holds_a_pair_and_two_pictures(tmp_path: Path) -> None:
    with (
        Simulator.running({}, tmp_path) as sim,
        sim.connected(ALPHA, REMOTE_TRANSFER) as body,
    ):
        contents = body.contents()
        names = [[path.rpartition("/")[2] for path, _ in one["files"].values()] for one in contents]
        assert names == [["DSC00001.ARW", "DSC00001.JPG"], ["DSC00002.JPG"], ["DSC00003.JPG"]]
        assert [one["id"] for one in contents] == [131154, 131155, 131157]
        assert contents[0]["created"] == (2026, 3, 1)
        assert [one["id"] for one in body.contents(most=1)] == [131154]
        assert body.contents(slot=2) == []


def test_the_cinema_body_builds_its_index_first(sim: Simulator) -> None:
    with sim.connected(CINEMA, REMOTE_TRANSFER) as body:
        listed, count, date = c.POINTER(ContentsInfo)(), c.c_uint32(), CaptureDate()
        arguments = (c.c_uint32(1), c.c_uint8(0), c.byref(date), c.c_uint32(0))
        rest = (c.byref(listed), c.byref(count))
        assert body.call("GetRemoteTransferContentsInfoList", *arguments, *rest) == 0x8D05
        assert len(body.contents()) == 3


def test_a_pull_reports_its_progress_and_brings_the_very_file(
    sim: Simulator, pictures: Path
) -> None:
    def digest(file: Path) -> str:
        return hashlib.sha256(file.read_bytes()).hexdigest()

    with sim.connected(ALPHA, REMOTE_TRANSFER) as body:
        assert body.pull(131154, 1, pictures) == 0
        target = pictures / "DSC00001.ARW"
        body.listener.wait_for("transfer", 0x20093, 100, str(target).encode())
        told = [event for event in body.listener.history if event[0] == "transfer"]
        percents = [event[2] for event in told]
        assert percents == sorted(percents)
        assert len(percents) > 3
        assert {event[1] for event in told[:-1]} == {0x20099}
        card = sim.state / ALPHA / "slot1/DCIM/100MSDCF/DSC00001.ARW"
        assert digest(target) == digest(card)
        assert [file.name for file in pictures.iterdir()] == ["DSC00001.ARW"]


def test_one_pull_at_a_time_and_only_of_what_exists(tmp_path: Path, pictures: Path) -> None:
    with (
        Simulator.running({"CRSIM_TIME_SCALE": "1"}, tmp_path / "state") as sim,
        sim.connected(ALPHA, REMOTE_TRANSFER) as body,
    ):
        assert body.pull(4711, 1, pictures) == 0x8D02
        assert body.pull(131154, 9, pictures) == 0x8D02
        assert body.pull(131154, 1, pictures) == 0
        assert body.pull(131155, 1, pictures) == 0x8D03
        assert body.call("ControlGetRemoteTransferContentsDataFile", c.c_uint8(2)) == 0
        body.listener.wait_for("transfer", 0x2009B)
        assert list(pictures.iterdir()) == []
        assert body.pull(131155, 1, pictures, "mine.jpg") == 0
        body.listener.wait_for("transfer", 0x20093)
        assert [file.name for file in pictures.iterdir()] == ["mine.jpg"]


def test_a_pull_that_leaves_its_folder_is_refused(sim: Simulator, pictures: Path) -> None:
    with sim.connected(ALPHA, REMOTE_TRANSFER) as body:
        assert body.pull(131155, 1, pictures, "../escaped.jpg") == 0x8006
        assert body.pull(131155, 1, pictures / "missing") == 0x8106


def test_the_card_is_closed_in_remote_mode(alpha: Connection, pictures: Path) -> None:
    assert alpha.pull(131155, 1, pictures) == 0x8402


@pytest.mark.parametrize(("kind", "size"), [(1, (160, 120)), (2, (1616, 1080))])
def test_previews_are_small_jpegs(
    sim: Simulator, pictures: Path, kind: int, size: tuple[int, int]
) -> None:
    with sim.connected(CINEMA, REMOTE_TRANSFER) as body:
        result = body.call(
            "GetRemoteTransferContentsCompressedDataFile",
            c.c_uint32(1),
            c.c_uint32(131154),
            c.c_uint32(1),
            c.c_uint32(kind),
            str(pictures).encode(),
            b"preview.jpg",
        )
        assert result == 0
        body.listener.wait_for("transfer", 0x20093, 100)
        assert Image.open(pictures / "preview.jpg").convert("RGB").size == size


def test_a_shot_appears_on_the_card_and_is_announced(sim: Simulator) -> None:
    with sim.connected(ALPHA, REMOTE_TRANSFER) as body:
        shoot(body)
        body.listener.wait_for("list_changed", 0x20097, 1, 1)
        assert [path for path, _ in body.contents()[-1]["files"].values()] == [
            "DCIM/100MSDCF/DSC00004.JPG"
        ]
    with sim.connected(ALPHA, REMOTE_TRANSFER) as body:
        assert len(body.contents()) == 4


def test_a_card_pulled_out_shows_in_its_status(sim: Simulator, alpha: Connection) -> None:
    card = sim.state / ALPHA / "slot1"
    card.rename(card.with_name("in-a-pocket"))
    alpha.wait_until(lambda: alpha.get(0x0708).value == 1)
    assert alpha.get(PHOTOS).value == 0
    card.with_name("in-a-pocket").rename(card)
    alpha.wait_until(lambda: alpha.get(0x0708).value == 0)


def test_contents_mode_goes_from_folders_to_files(sim: Simulator, pictures: Path) -> None:
    with sim.connected(ALPHA, CONTENTS) as body:
        folders, handles, count = c.POINTER(FolderInfo)(), c.POINTER(c.c_uint32)(), c.c_uint32()
        content = MtpContent()
        assert body.call("GetContentsDetailInfo", c.c_uint32(1), c.byref(content)) == 0x8C04
        assert body.call("GetDateFolderList", c.byref(folders), c.byref(count)) == 0
        first, names = folders[0].handle, [one.name for one in folders[: count.value]]
        assert body.call("ReleaseDateFolderList", folders) == 0
        assert names[0] == b"2026-03-01"
        wanted = (c.c_uint32(first), c.byref(handles), c.byref(count))
        assert body.call("GetContentsHandleList", *wanted) == 0
        raw, jpeg = handles[: count.value]
        assert body.call("GetContentsDetailInfo", c.c_uint32(jpeg), c.byref(content)) == 0
        assert c.string_at(content.name) == b"DSC00001.JPG"
        sim.lib["_ZN6SCRSDK17CrMtpContentsInfoD1Ev"](c.byref(content))
        pull = (c.c_uint32(raw), c.c_uint16(0), str(pictures).encode(), None)
        assert body.call("PullContentsFile", *pull) == 0
        body.listener.wait_for("contents_transfer", 0x20025, raw)
        target = str(pictures / "DSC00001.ARW").encode()
        body.listener.wait_for("contents_transfer", 0x20026, raw, target)
        # What a real library does with a handle of a list that is gone is worse.
        assert body.call("ReleaseContentsHandleList", handles) == 0
        assert body.call("PullContentsFile", *pull) == 0x8C02


# --- movie, settings file, looks -----------------------------------------------------------------


def test_a_cinema_body_records_and_keeps_its_settings_closed_meanwhile(cinema: Connection) -> None:
    state = 0x0705
    assert cinema.command(MOVIE, DOWN) == 0
    cinema.listener.wait_for("operation", 0x20069)
    assert cinema.get(state).value == 1
    assert not cinema.get(FORMAT).writable
    assert cinema.command(MOVIE, UP) == 0
    cinema.wait_until(lambda: cinema.get(state).value == 0)


def test_an_alpha_body_records_in_the_movie_position_only(alpha: Connection) -> None:
    alpha.command(MOVIE, DOWN)
    alpha.listener.wait_for("operation", 0x20068)
    alpha.set_and_wait(PROGRAM, 0x8053)
    alpha.command(MOVIE, DOWN)
    alpha.listener.wait_for("operation", 0x20069)
    alpha.command(MOVIE, UP)
    alpha.listener.wait_for("operation", 0x20069)


def test_a_settings_file_brings_the_settings_back(alpha: Connection, pictures: Path) -> None:
    alpha.save_to(pictures)
    alpha.set_and_wait(ISO, 3200)
    assert alpha.call("DownloadSettingFile", c.c_uint32(0), None, None, None) == 0
    target = pictures / "CUMSET.DAT"
    alpha.listener.wait_for("download", str(target).encode(), 0)
    alpha.set_and_wait(ISO, 200)
    upload = (c.c_uint32(0x1000), str(target).encode(), None)
    assert alpha.call("UploadSettingFile", *upload) == 0
    alpha.listener.wait_for("warning", 0x20028)
    alpha.listener.wait_for("warning", 0x20002)  # the body starts anew
    alpha.listener.wait_for("warning", 0x20001)
    assert alpha.get(ISO).value == 3200


def test_a_lut_is_looked_at_before_it_is_taken(cinema: Connection, pictures: Path) -> None:
    good, bad = pictures / "look.cube", pictures / "bad.cube"
    good.write_text('TITLE "look"\nLUT_3D_SIZE 2\n' + "0 0 0\n" * 8)
    bad.write_text("nothing of the kind")
    assert cinema.call("ImportLUTFile", str(good).encode(), c.c_uint16(1)) == 0x8402
    cinema.set_and_wait(PROGRAM, 0x8053)
    assert cinema.call("ImportLUTFile", str(good).encode(), c.c_uint16(99)) == 0x8006
    for file, result in ((good, 0x20043), (bad, 0x20049)):
        assert cinema.call("ImportLUTFile", str(file).encode(), c.c_uint16(1)) == 0
        cinema.listener.wait_for("warning", result)


def test_remote_is_a_mode_of_every_body(sim: Simulator) -> None:
    with sim.connected(CINEMA, REMOTE) as remote:
        in_remote = set(remote.properties())
    with sim.connected(CINEMA, REMOTE_TRANSFER) as transfer:
        assert in_remote - set(transfer.properties()) == {0x0581, 0x0582}
