"""The real Sony driver over the shim and the simulator."""

import fcntl
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from kit.sony import ALPHA, CINEMA, LIMIT_S, PROFILES, Seeing, open_sony, sony_settings
from lensbus_proto.errors import (
    BadArguments,
    BadValue,
    CameraError,
    CameraGone,
    CommandError,
    CommandUnknown,
    NotConnected,
    NotFound,
    NotWritable,
    Refused,
    Unsupported,
)
from lensbus_services.sony.discover import find_cameras, stop_finding
from lensbus_services.sony.liveview import jpeg_size
from lensbus_services.sony.shim import SIMULATOR
from lensbus_services.sony.wish import Wish, load_wish, wish_path

ISO, WHITE_BALANCE, COLOR_TEMPERATURE = 0x104, 0x108, 0x115
FOCUS_MODE, STORE_DESTINATION, PRIORITY_KEY = 0x109, 0x119, 0x11A
LENS_NAME = 0x765
NEED_A_CONNECTION = (
    "properties.get",
    "property.set",
    "shutter",
    "half_press",
    "af_shutter",
    "live_view.enable",
    "live_view.start",
    "live_view.status",
    "card.list",
    "card.pull",
    "save_info.get",
    "save_info.set",
)


@pytest.fixture
def alpha(tmp_path: Path) -> Iterator[Seeing]:
    with open_sony(tmp_path) as seeing:
        yield seeing


@pytest.fixture
def remote(alpha: Seeing) -> Seeing:
    alpha.execute("connect", mode="remote")
    settle(alpha)
    return alpha


@pytest.fixture
def shooting(tmp_path: Path) -> Iterator[Seeing]:
    """Connected like `remote`, with more time between the steps of a capture."""
    with open_sony(tmp_path, settings=sony_settings(time_scale=0.2)) as seeing:
        seeing.execute("connect", mode="remote")
        settle(seeing)
        yield seeing


@pytest.fixture
def transfer(alpha: Seeing) -> Seeing:
    alpha.execute("connect")
    settle(alpha)
    return alpha


def settle(seeing: Seeing) -> None:
    """Wait until the burst of changes after a connection is over, and forget it."""
    while seeing.driver.drain(0.02):
        pass
    seeing.forget()


def to_host_and_card(seeing: Seeing) -> None:
    seeing.execute("property.set", code=STORE_DESTINATION, value=3)
    give_up = time.monotonic() + LIMIT_S
    while seeing.value(STORE_DESTINATION)["value"] != 3:
        assert time.monotonic() < give_up
    seeing.forget()


# Finding and connecting


def test_a_driver_describes_its_camera(alpha: Seeing) -> None:
    assert (alpha.description.vendor, alpha.description.model) == ("sony", "ILCE-7M4")
    assert alpha.description.details == {"connection_type": "USB", "sdk_version": "V2.02.00"}
    assert alpha.execute("describe") == {
        "vendor": "sony",
        "model": "ILCE-7M4",
        "details": alpha.description.details,
    }


def test_a_camera_that_is_not_there_is_gone(tmp_path: Path) -> None:
    with (
        pytest.raises(CameraGone, match=f"NOBODY is not there; there are: {ALPHA}, {CINEMA}, "),
        open_sony(tmp_path, "NOBODY"),
    ):
        pass


def test_cameras_are_found_again_and_again(tmp_path: Path) -> None:
    settings = sony_settings()
    try:
        for _ in range(3):
            found = [(one.camera, one.model) for one in find_cameras(settings, tmp_path)]
            assert found == [(camera, model) for model, camera in PROFILES.items()]
    finally:
        stop_finding()


@pytest.mark.parametrize("mode", ["remote", "contents", "remote-transfer"])
def test_it_connects_in_three_modes(alpha: Seeing, mode: str) -> None:
    unconnected = {"connected": False, "mode": None, "model": "ILCE-7M4", "wished": False}
    assert alpha.execute("connection") == unconnected
    assert alpha.execute("connect", mode=mode) == {"mode": mode, "already": False}
    connected = {"connected": True, "mode": mode, "model": "ILCE-7M4", "wished": True}
    assert alpha.execute("connection") == connected
    # Before the reply: nothing has to be waited for.
    assert alpha.kinds()[0] == "connected"
    assert alpha.observed[0].data == {"id": ALPHA, "model": "ILCE-7M4"}


def test_the_mode_is_remote_transfer_unless_said_otherwise(alpha: Seeing) -> None:
    assert alpha.execute("connect")["mode"] == "remote-transfer"


def test_connecting_twice_changes_nothing(remote: Seeing) -> None:
    assert remote.execute("connect", mode="contents") == {"mode": "remote", "already": True}
    assert "connected" not in remote.kinds()


def test_an_unknown_mode_is_refused_even_when_connected(remote: Seeing) -> None:
    with pytest.raises(BadArguments, match="remote, contents, remote-transfer"):
        remote.execute("connect", mode="fast")


def test_disconnecting_is_told_before_it_is_done(remote: Seeing) -> None:
    assert remote.execute("disconnect") == {"already": False}
    kinds = remote.kinds()
    assert kinds.count("disconnected") == 1
    assert kinds[-1] == "disconnected"
    assert remote.observed[-1].data == {
        "id": ALPHA,
        "error": "0x00000000",
        "errorCode": "0x0",
        "reason": "requested",
    }
    assert remote.execute("disconnect") == {"already": True}
    assert remote.execute("connection")["connected"] is False


def test_it_connects_again_in_another_mode(remote: Seeing) -> None:
    remote.execute("disconnect")
    assert remote.execute("connect", mode="remote-transfer")["already"] is False
    remote.until_kind("connected")


@pytest.mark.parametrize("name", NEED_A_CONNECTION)
def test_what_needs_a_connection_says_so(alpha: Seeing, name: str) -> None:
    arguments = {"slot": 1, "content_id": 1, "file_id": 1, "code": ISO, "value": 1, "path": "/"}
    with pytest.raises(NotConnected):
        alpha.execute(name, **arguments)


def test_an_unknown_command_is_unknown(alpha: Seeing) -> None:
    with pytest.raises(CommandUnknown):
        alpha.execute("fly")


def test_two_that_connect_at_once_make_one_connection(alpha: Seeing) -> None:
    answers: list[bool] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(alpha.execute("connect", mode="remote")["already"])
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    assert sorted(answers) == [False, True, True]
    assert alpha.kinds().count("connected") == 1


# Callback tables


@pytest.mark.parametrize(
    ("slots", "version"),
    [(12, "V1.12.00"), (18, "V1.14.00"), (19, "V2.00.00"), (21, "V2.02.00")],
)
def test_warnings_arrive_through_every_callback_table(
    slots: int, version: str, tmp_path: Path
) -> None:
    with open_sony(tmp_path, settings=sony_settings(slots=slots, time_scale=0.2)) as seeing:
        assert seeing.description.details["sdk_version"] == version
        seeing.execute("connect", mode="remote")
        seeing.execute("af_shutter")
        seeing.until_kind("warning", code="0x20011")
        seeing.until_kind("afStatus", state="focused")


# Properties


def test_all_properties_are_told_with_their_lists(remote: Seeing) -> None:
    result = remote.execute("properties.get")
    assert result["total"] == len(result["properties"]) >= 25
    iso = next(one for one in result["properties"] if one["code"] == ISO)
    assert 0x190 in iso["values"]
    assert (iso["enable"], iso["range"]) == (1, None)


def test_a_selection_leaves_out_what_the_camera_has_not(remote: Seeing) -> None:
    result = remote.execute("properties.get", codes=[ISO, 0xFEED, LENS_NAME])
    assert {one["code"] for one in result["properties"]} == {ISO, LENS_NAME}
    assert result["total"] == 2


def test_a_text_property_is_readable(remote: Seeing) -> None:
    lens = remote.value(LENS_NAME)
    assert lens["text"]
    assert lens["text"].isascii()


def test_setting_a_property_is_seen_by_all(remote: Seeing) -> None:
    assert remote.execute("property.set", code=ISO, value=0x190) == {"code": ISO, "value": 0x190}
    remote.until(lambda seen: any("0x104" in one.data.get("codes", ()) for one in seen))
    assert remote.value(ISO)["value"] == 0x190


def test_a_value_that_is_not_offered_is_refused_with_those_that_are(remote: Seeing) -> None:
    with pytest.raises(BadValue) as bad:
        remote.execute("property.set", code=ISO, value=999_999)
    assert bad.value.detail["code"] == "0x104"
    assert 0x190 in bad.value.detail["values"]


def test_a_gate_closes_and_opens_with_the_setting_that_it_hangs_on(remote: Seeing) -> None:
    remote.execute("property.set", code=WHITE_BALANCE, value=0x11)
    until_value(remote, WHITE_BALANCE, 0x11)
    with pytest.raises(NotWritable):
        remote.execute("property.set", code=COLOR_TEMPERATURE, value=5500)
    remote.execute("property.set", code=WHITE_BALANCE, value=0x100)
    until_value(remote, WHITE_BALANCE, 0x100)
    assert remote.value(COLOR_TEMPERATURE)["range"] == [2500, 9900, 100]
    remote.execute("property.set", code=COLOR_TEMPERATURE, value=5500)


def test_the_priority_key_is_the_gate_of_everything(remote: Seeing) -> None:
    assert remote.value(PRIORITY_KEY)["value"] == 2  # the driver has turned it
    remote.execute("property.set", code=PRIORITY_KEY, value=1)
    until_value(remote, PRIORITY_KEY, 1)
    with pytest.raises(NotWritable):
        remote.execute("property.set", code=ISO, value=0x190)
    remote.execute("property.set", code=PRIORITY_KEY, value=2)
    until_value(remote, PRIORITY_KEY, 2)
    remote.execute("property.set", code=ISO, value=0x190)


def test_a_body_without_a_property_says_so_with_the_sdks_number(tmp_path: Path) -> None:
    with open_sony(tmp_path, CINEMA) as seeing:
        seeing.execute("connect", mode="remote")
        with pytest.raises(NotFound) as missing:
            seeing.execute("property.set", code=PRIORITY_KEY, value=2)
        assert missing.value.vendor_code == 0x8402


@pytest.mark.parametrize(
    "arguments",
    [{}, {"code": ISO}, {"code": "iso", "value": 1}, {"code": ISO, "value": "400"}],
)
def test_arguments_of_the_wrong_kind_are_named(remote: Seeing, arguments: dict[str, Any]) -> None:
    with pytest.raises(BadArguments):
        remote.execute("property.set", **arguments)


def until_value(seeing: Seeing, code: int, value: int) -> None:
    give_up = time.monotonic() + LIMIT_S
    while seeing.value(code)["value"] != value:
        assert time.monotonic() < give_up, f"0x{code:x} is {seeing.value(code)}"
        time.sleep(0.01)


# Capture


def test_a_capture_with_autofocus_tells_its_steps_and_leaves_a_jpeg(
    shooting: Seeing, tmp_path: Path
) -> None:
    to_host_and_card(shooting)
    answer = shooting.execute("af_shutter")
    assert answer["method"] == "af_shutter"
    done = shooting.until_kind("downloadComplete")
    shooting.until_kind("afStatus", state="unlocked")

    steps = [
        (one.kind, one.data.get("state") or one.data.get("code") or "")
        for one in shooting.observed
        if one.kind in ("afStatus", "warning", "downloadComplete")
    ]
    assert [step for step in steps if step[0] != "downloadComplete"] == [
        ("afStatus", "focused"),
        ("warning", "0x20011"),
        ("afStatus", "unlocked"),
    ]
    assert steps.index(("downloadComplete", "")) > steps.index(("warning", "0x20011"))

    file = Path(done["savedPath"])
    assert file.parent == tmp_path / "pictures" / ALPHA
    assert done["filename"] == str(file)
    assert (done["type"], done["size"]) == ("image", file.stat().st_size)
    assert done["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert jpeg_size(file.read_bytes()) is not None
    exposed = next(one.data for one in shooting.observed if one.data.get("code") == "0x20011")
    assert exposed["capture"] == done["capture"] == answer["capture"]


def test_autofocus_is_refused_in_manual_focus(remote: Seeing) -> None:
    remote.execute("property.set", code=FOCUS_MODE, value=1)
    until_value(remote, FOCUS_MODE, 1)
    with pytest.raises(CameraError, match="Manual Focus") as refused:
        remote.execute("af_shutter")
    assert refused.value.detail == {"error": "focus_mode_not_af"}


def test_a_half_press_focuses_and_lets_go(shooting: Seeing) -> None:
    shooting.execute("half_press")
    shooting.until_kind("afStatus", state="focused")
    shooting.until_kind("afStatus", state="unlocked")
    assert "warning" not in shooting.kinds()


@pytest.mark.parametrize("action", ["press", "down", "up"])
def test_the_shutter_has_three_actions(remote: Seeing, action: str) -> None:
    assert "method" in remote.execute("shutter", action=action)


def test_disconnecting_ends_a_capture_that_goes_on(tmp_path: Path) -> None:
    with open_sony(tmp_path, settings=sony_settings(time_scale=1.0)) as seeing:
        seeing.execute("connect", mode="remote")
        seeing.forget()
        failures: list[CommandError] = []

        def capture() -> None:
            try:
                seeing.execute("half_press")  # a second, unless it is ended
            except CommandError as error:
                failures.append(error)

        thread = threading.Thread(target=capture)
        thread.start()
        seeing.until_kind("afStatus", state="focused")
        began = time.monotonic()
        seeing.execute("disconnect")
        thread.join(LIMIT_S)
        assert time.monotonic() - began < 0.7
        assert [(error.code, error.began) for error in failures] == [("camera.gone", True)]


# Live view


def test_live_view_shows_pictures_that_move(remote: Seeing) -> None:
    assert remote.execute("live_view.status")["streaming"] is False
    assert remote.execute("live_view.start") == {"already": False}
    assert remote.execute("live_view.start") == {"already": True}
    assert remote.execute("live_view.status") == {"enabled": True, "streaming": True}
    remote.driver.watch(frozenset({"liveview"}))
    frames = remote.frames(3)
    assert {frame.stream for frame in frames} == {"liveview"}
    assert [dict(frame.info) for frame in frames] == [
        {"format": "jpeg", "width": 640, "height": 428}
    ] * 3
    assert len({frame.image for frame in frames}) == 3
    assert remote.execute("live_view.stop") == {"already": False}
    assert remote.execute("live_view.stop") == {"already": True}
    assert remote.driver.pictures(0.1) == []


def test_nothing_is_fetched_while_nobody_looks(remote: Seeing) -> None:
    remote.execute("live_view.start")
    assert remote.driver.pictures(0.1) == []
    remote.driver.watch(frozenset({"liveview"}))
    remote.frames(1)
    remote.driver.watch(frozenset())
    assert remote.driver.pictures(0.1) == []


def test_a_new_connection_begins_without_live_view(remote: Seeing) -> None:
    remote.execute("live_view.start")
    remote.execute("disconnect")
    remote.execute("connect", mode="remote")
    assert remote.execute("live_view.status")["streaming"] is False


def test_starting_switches_live_view_on_in_remote_transfer(transfer: Seeing) -> None:
    assert transfer.execute("live_view.status") == {"enabled": False, "streaming": False}
    transfer.execute("live_view.start")
    transfer.driver.watch(frozenset({"liveview"}))
    assert transfer.frames(1)


# Card


def test_a_card_is_listed_and_a_file_pulled(transfer: Seeing, tmp_path: Path) -> None:
    files = transfer.execute("card.list", slot=1)["files"]
    assert len(files) >= 2
    assert all(len(file["created"]) == 6 and file["path"] for file in files)
    wanted = next(file for file in files if file["path"].endswith(".JPG"))

    result = transfer.execute(
        "card.pull", slot=1, content_id=wanted["content_id"], file_id=wanted["file_id"]
    )
    assert result == {"path": str(tmp_path / "pictures" / ALPHA)}
    done = transfer.until_kind("transferProgress", percent=100, notify="0x20093")
    assert (done["contentId"], done["fileId"]) == (wanted["content_id"], wanted["file_id"])
    pulled = Path(done["savedPath"])
    assert pulled.parent == tmp_path / "pictures" / ALPHA
    assert pulled.stat().st_size == wanted["size"] == done["size"]
    assert done["sha256"] == hashlib.sha256(pulled.read_bytes()).hexdigest()
    assert jpeg_size(pulled.read_bytes()) is not None


@pytest.mark.parametrize("what", ["thumbnail", "screennail"])
def test_small_pictures_are_pulled_too(transfer: Seeing, tmp_path: Path, what: str) -> None:
    file = transfer.execute("card.list", slot=1)["files"][0]
    folder = tmp_path / "pictures" / "small"
    result = transfer.execute(
        "card.pull",
        slot=1,
        content_id=file["content_id"],
        file_id=file["file_id"],
        what=what,
        save_path=str(folder),
    )
    assert result == {"path": str(folder)}
    done = transfer.until_kind("transferProgress", percent=100)
    assert jpeg_size(Path(done["savedPath"]).read_bytes()) is not None
    assert transfer.execute("save_info.get")["path"] == str(folder)


def test_an_unknown_file_is_not_found(transfer: Seeing) -> None:
    transfer.execute("card.list", slot=1)
    with pytest.raises(NotFound) as missing:
        transfer.execute("card.pull", slot=1, content_id=1, file_id=1)
    assert missing.value.vendor_code == 0x8D02


def test_the_card_is_closed_in_the_mode_remote(remote: Seeing) -> None:
    with pytest.raises(CameraError, match="mode remote"):
        remote.execute("card.list", slot=1)


@pytest.mark.parametrize("slot", [0, 3, "1", None])
def test_a_card_slot_is_one_or_two(transfer: Seeing, slot: Any) -> None:
    with pytest.raises(BadArguments):
        transfer.execute("card.list", slot=slot)


def test_contents_are_listed_and_pulled_in_their_mode(alpha: Seeing, tmp_path: Path) -> None:
    alpha.execute("connect", mode="contents")
    give_up = time.monotonic() + LIMIT_S
    while True:
        try:
            files = alpha.execute("card.list", slot=1)["files"]
            break
        except CameraError:
            assert time.monotonic() < give_up
            time.sleep(0.02)
    assert files
    assert all(file["width"] and file["file_id"] == 0 for file in files)
    alpha.execute("card.pull", slot=1, content_id=files[0]["content_id"], file_id=0)
    assert alpha.until_kind("contentsTransfer", status="complete")


# Saving


def test_the_save_folder_is_set_with_the_connection(remote: Seeing, tmp_path: Path) -> None:
    assert remote.execute("save_info.get") == {
        "path": str(tmp_path / "pictures" / ALPHA),
        "prefix": "",
        "start_number": -1,
    }
    assert (tmp_path / "pictures" / ALPHA).is_dir()


def test_pictures_go_where_the_client_says(shooting: Seeing, tmp_path: Path) -> None:
    folder = tmp_path / "pictures" / "shoot"
    answer = {"path": str(folder), "prefix": "TAKE", "start_number": 7}
    assert shooting.execute("save_info.set", **answer) == answer
    assert shooting.execute("save_info.get") == answer
    to_host_and_card(shooting)
    shooting.execute("af_shutter")
    saved = Path(shooting.until_kind("downloadComplete")["savedPath"])
    assert saved.parent == folder
    assert saved.name.startswith("TAKE")


@pytest.mark.parametrize("path", ["/etc", "relative", "{state}/pictures/../../etc"])
def test_no_client_saves_outside_the_roots(remote: Seeing, tmp_path: Path, path: str) -> None:
    filled = path.format(state=tmp_path)
    with pytest.raises(BadArguments) as bad:
        remote.execute("save_info.set", path=filled)
    assert bad.value.detail == {"field": "path"}
    with pytest.raises(BadArguments) as bad:
        remote.execute("card.pull", slot=1, content_id=1, file_id=1, save_path=filled)
    assert bad.value.detail == {"field": "save_path"}


# Losing the link


@contextmanager
def unplugged(state: Path) -> Iterator[None]:
    cable = state / "simulator" / "sony" / f"{ALPHA}.unplugged"
    cable.touch()
    try:
        yield
    finally:
        cable.unlink()


@contextmanager
def held_by_another(state: Path) -> Iterator[None]:
    """Have another process's grip on the body: it does not answer."""
    with (state / "simulator" / "sony" / f"{ALPHA}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def test_a_lost_cable_is_a_lost_connection(remote: Seeing, tmp_path: Path) -> None:
    with unplugged(tmp_path):
        lost = remote.until_kind("disconnected")
        assert lost == {
            "id": ALPHA,
            "error": "0x00008207",
            "errorCode": "0x8207",
            "reason": "Connect_Disconnected",
        }
        with pytest.raises(NotConnected):
            remote.execute("properties.get")
        with pytest.raises(CameraGone):
            remote.execute("connect", mode="remote")
    assert remote.execute("connect", mode="remote")["mode"] == "remote"  # or by itself, just now
    until_value(remote, PRIORITY_KEY, 2)
    remote.execute("property.set", code=ISO, value=0x190)


def test_a_link_that_reconnects_was_never_disconnected(alpha: Seeing, tmp_path: Path) -> None:
    alpha.execute("connect", mode="remote", reconnecting=True)
    settle(alpha)
    with unplugged(tmp_path):
        alpha.until_kind("reconnecting")
        assert alpha.execute("connection")["connected"] is True
        with pytest.raises(CommandError):
            alpha.execute("properties.get")
    alpha.until_kind("reconnected")
    lifeline = [kind for kind in alpha.kinds() if "connect" in kind]
    assert lifeline == ["reconnecting", "connected", "reconnected"]
    until_value(alpha, PRIORITY_KEY, 2)  # a body that was switched off has forgotten it
    alpha.execute("property.set", code=ISO, value=0x190)


def test_a_body_that_another_process_holds_refuses(alpha: Seeing, tmp_path: Path) -> None:
    with held_by_another(tmp_path):
        with pytest.raises(Refused, match="another process") as refused:
            alpha.execute("connect")
        assert (refused.value.vendor_code, refused.value.operation) == (0x8208, "Connect")
        assert alpha.execute("connection")["connected"] is False
        assert alpha.until_kind("error")["code"] == "0x00008208"
    assert alpha.execute("connect")["already"] is False


# Coming back


def test_a_camera_comes_back_by_itself_after_its_workers_death(tmp_path: Path) -> None:
    settings = sony_settings()
    with open_sony(tmp_path, settings=settings) as seeing:
        seeing.execute("connect", mode="remote", reconnecting=True)
        assert load_wish(wish_path(tmp_path, ALPHA)) == Wish("remote", reconnecting=True)
    with open_sony(tmp_path, settings=settings) as seeing:
        seeing.until_kind("connected")
        assert seeing.execute("connect", mode="contents") == {"mode": "remote", "already": True}
        seeing.execute("disconnect")
    assert not wish_path(tmp_path, ALPHA).exists()
    with open_sony(tmp_path, settings=settings) as seeing:
        assert seeing.driver.drain(0.3) == []


def test_coming_back_is_tried_until_it_works(tmp_path: Path) -> None:
    with open_sony(tmp_path) as seeing:
        seeing.execute("connect", mode="remote")
    with ExitStack() as other_process:
        other_process.enter_context(held_by_another(tmp_path))
        with open_sony(tmp_path) as seeing:
            assert seeing.until_kind("error")["code"] == "0x00008208"
            assert seeing.kinds().count("error") == 1
            other_process.close()
            seeing.until_kind("connected")


def test_nobody_comes_back_after_a_disconnect(tmp_path: Path) -> None:
    with open_sony(tmp_path) as seeing:
        seeing.execute("connect", mode="remote")
    with held_by_another(tmp_path), open_sony(tmp_path) as seeing:
        seeing.until_kind("error")
        assert seeing.execute("disconnect") == {"already": True}
        assert not wish_path(tmp_path, ALPHA).exists()


def test_no_password_is_kept(tmp_path: Path) -> None:
    with open_sony(tmp_path) as seeing:
        seeing.execute("connect", username="admin", password="Sesame-open", fingerprint="f00")
        assert "Sesame" not in wish_path(tmp_path, ALPHA).read_text()
        with pytest.raises(BadArguments) as bad:
            seeing.execute("connect", password="Sesame\0")
        assert "Sesame" not in bad.value.message


def test_closing_is_quick_orderly_and_may_be_repeated(tmp_path: Path) -> None:
    with open_sony(tmp_path, settings=sony_settings(time_scale=1.0)) as seeing:
        seeing.execute("connect", mode="remote")
        seeing.execute("live_view.start")
        began = time.monotonic()
        seeing.driver.close()
        assert time.monotonic() - began < 1.5
        seeing.driver.close()
        assert seeing.kinds()[-1] == "disconnected"
        assert seeing.observed[-1].data["reason"] == "the worker stops"
        with pytest.raises(CameraGone):
            seeing.execute("connection")


def test_closing_ends_a_connection_that_is_on_its_way(tmp_path: Path) -> None:
    with open_sony(tmp_path, settings=sony_settings(time_scale=1.0)) as seeing:
        failures: list[CommandError] = []

        def connect() -> None:
            try:
                seeing.execute("connect")
            except CommandError as error:
                failures.append(error)

        thread = threading.Thread(target=connect)
        thread.start()
        thread.join(0.05)  # the camera takes longer than that
        began = time.monotonic()
        seeing.driver.close()
        assert time.monotonic() - began < 1.5
        thread.join(LIMIT_S)
        assert [error.code for error in failures] == ["camera.gone"]


def test_an_sdk_is_named_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRSIM_STATE", str(tmp_path / "bodies"))
    monkeypatch.setenv("CRSIM_TIME_SCALE", "0.02")
    with open_sony(tmp_path, settings=sony_settings(library=str(SIMULATOR))) as seeing:
        assert seeing.description.model == "ILCE-7M4"
        seeing.execute("connect", mode="remote")


def test_a_library_of_an_unknown_kind_is_refused_in_words(tmp_path: Path) -> None:
    with (
        pytest.raises(Unsupported, match="cannot be used"),
        open_sony(tmp_path, settings=sony_settings(library=str(tmp_path / "libCr_Core.so"))),
    ):
        pass
