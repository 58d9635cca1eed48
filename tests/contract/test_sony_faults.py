"""What a client sees of a Sony driver when the simulated body misbehaves."""

import hashlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.sony import ALPHA, LIMIT_S, Seeing, broken, open_sony, sony_settings
from lensbus_proto.errors import CameraBusy, CameraTimeout, CommandError, NotConnected
from lensbus_services.sony.pulls import Pull, note_pull, pull_path
from lensbus_services.sony.wish import Wish, load_wish, wish_path

ISO, FOCUS_MODE, STORE_DESTINATION, FILE_FORMAT = 0x104, 0x109, 0x119, 0x106
MANUAL_FOCUS, TO_HOST, RAW_AND_JPEG = 1, 1, 3


@pytest.fixture
def alpha(tmp_path: Path) -> Iterator[Seeing]:
    with open_sony(tmp_path) as seeing:
        yield seeing


@pytest.fixture
def shooting(alpha: Seeing) -> Seeing:
    """Connected, in manual focus, with pictures for the host."""
    alpha.execute("connect", mode="remote")
    set_value(alpha, FOCUS_MODE, MANUAL_FOCUS)
    set_value(alpha, STORE_DESTINATION, TO_HOST)
    return alpha


@pytest.fixture
def transfer(alpha: Seeing) -> Seeing:
    alpha.execute("connect")
    return alpha


def until(is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def set_value(seeing: Seeing, code: int, value: int) -> None:
    if seeing.value(code)["value"] != value:
        seeing.execute("property.set", code=code, value=value)
    until(lambda: bool(seeing.value(code)["value"] == value))


def files_below(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.rglob("*") if file.is_file())


def jpeg_on_card(seeing: Seeing) -> dict[str, Any]:
    files = seeing.execute("card.list", slot=1)["files"]
    return dict(next(file for file in files if file["path"].endswith(".JPG")))


def begin_pull(seeing: Seeing, file: dict[str, Any]) -> None:
    wanted = {name: file[name] for name in ("content_id", "file_id")}
    seeing.execute("card.pull", slot=1, **wanted)


# Triggers


def test_every_trigger_that_exposes_has_its_files(shooting: Seeing) -> None:
    set_value(shooting, FILE_FORMAT, RAW_AND_JPEG)
    captures = [shooting.execute("shutter")["capture"] for _ in range(3)]
    shooting.until(lambda seen: sum(one.kind == "downloadComplete" for one in seen) == 6)
    exposed = [
        one.data["capture"] for one in shooting.observed if one.data.get("code") == "0x20011"
    ]
    assert exposed == captures
    assert len(set(captures)) == 3
    for capture in captures:
        files = [
            one.data
            for one in shooting.observed
            if one.kind == "downloadComplete" and one.data["capture"] == capture
        ]
        paths = [Path(file["savedPath"]) for file in files]
        assert sorted(path.suffix for path in paths) == [".ARW", ".JPG"]
        assert len({path.stem for path in paths}) == 1
        for path, file in zip(paths, files, strict=True):
            content = path.read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (
                file["size"],
                file["sha256"],
            )


def test_a_trigger_that_exposes_nothing_is_told_by_its_deadline(
    shooting: Seeing, tmp_path: Path
) -> None:
    with broken(tmp_path, "not-exposed", every=2):
        captures = [shooting.execute("shutter")["capture"] for _ in range(4)]

        def verdicts() -> dict[int, str]:
            return {
                one.data["capture"]: one.kind
                for one in shooting.observed
                if one.kind == "capture.not_exposed" or one.data.get("code") == "0x20011"
            }

        shooting.until(lambda _: len(verdicts()) == 4)
    assert sorted(verdicts()) == captures
    assert sorted(verdicts().values()) == ["capture.not_exposed"] * 2 + ["warning"] * 2
    missing = shooting.until_kind("capture.not_exposed")
    assert missing["method"] == "full_press"
    exposed = [capture for capture, kind in verdicts().items() if kind == "warning"]
    shooting.until(lambda seen: sum(one.kind == "downloadComplete" for one in seen) == 2)
    filed = [one.data["capture"] for one in shooting.observed if one.kind == "downloadComplete"]
    assert filed == exposed


def test_a_held_shutter_is_one_capture(shooting: Seeing) -> None:
    down = shooting.execute("shutter", action="down")
    shooting.until_kind("warning", code="0x20011", capture=down["capture"])
    assert shooting.execute("shutter", action="up")["capture"] == down["capture"]
    assert shooting.execute("shutter", action="up")["capture"] is None


def test_the_next_trigger_waits_for_the_last_and_no_longer_than_its_asker(
    shooting: Seeing, tmp_path: Path
) -> None:
    with broken(tmp_path, "not-exposed"):
        shooting.execute("shutter")
        with pytest.raises(CameraBusy, match="not yet exposed"):
            shooting.driver.execute("shutter", {}, 0.3)


def test_a_trigger_is_unknown_when_the_link_goes(shooting: Seeing, tmp_path: Path) -> None:
    with broken(tmp_path, "not-exposed"):
        capture = shooting.execute("shutter")["capture"]
        with broken(tmp_path, "unplugged"):
            unknown = shooting.until_kind("capture.unknown")
            shooting.until_kind("disconnected")
    assert unknown["capture"] == capture
    assert "capture.not_exposed" not in shooting.kinds()


# Files


def test_a_transfer_that_is_cut_leaves_nothing_and_can_be_repeated(
    transfer: Seeing, tmp_path: Path
) -> None:
    file = jpeg_on_card(transfer)
    with broken(tmp_path, "transfer-cut", at=50):
        begin_pull(transfer, file)
        failed = transfer.until_kind("transfer.failed")
    assert (failed["code"], failed["what"]) == ("transfer.cut", "file")
    assert (failed["contentId"], failed["fileId"]) == (file["content_id"], file["file_id"])
    assert files_below(tmp_path / "pictures") == []
    assert not pull_path(tmp_path, ALPHA).exists()

    transfer.forget()
    begin_pull(transfer, file)
    done = transfer.until_kind("transferProgress", percent=100)
    whole = Path(done["savedPath"]).read_bytes()
    assert (len(whole), hashlib.sha256(whole).hexdigest()) == (file["size"], done["sha256"])


def test_a_transfer_ends_with_its_connection(tmp_path: Path) -> None:
    with open_sony(tmp_path, settings=sony_settings(time_scale=1.0)) as seeing:
        seeing.execute("connect")
        files = seeing.execute("card.list", slot=1)["files"]
        begin_pull(seeing, max(files, key=lambda file: file["size"]))
        seeing.execute("disconnect")
        failed = seeing.until_kind("transfer.failed")
    assert failed["code"] == "camera.gone"
    assert files_below(tmp_path / "pictures") == []


def test_what_died_with_a_worker_is_told_by_the_next(tmp_path: Path) -> None:
    note_pull(pull_path(tmp_path, ALPHA), Pull(131301, 2))
    left = tmp_path / "pictures" / ".incoming" / ALPHA
    left.mkdir(parents=True)
    (left / "DSC1.ARW.part").write_bytes(b"half")
    with open_sony(tmp_path) as seeing:
        failed = seeing.until_kind("transfer.failed")
    assert (failed["code"], failed["contentId"], failed["fileId"]) == ("transfer.cut", 131301, 2)
    assert failed["filename"] == "DSC1.ARW.part"
    assert files_below(tmp_path / "pictures") == []
    with open_sony(tmp_path) as seeing:
        assert "transfer.failed" not in seeing.kinds()


def test_a_second_transfer_is_busy_and_the_first_goes_on(tmp_path: Path) -> None:
    with open_sony(tmp_path, settings=sony_settings(time_scale=1.0)) as seeing:
        seeing.execute("connect")
        file = jpeg_on_card(seeing)
        begin_pull(seeing, file)
        with pytest.raises(CameraBusy) as busy:
            begin_pull(seeing, file)
        assert busy.value.vendor_code == 0x8D03
        assert seeing.until_kind("transferProgress", percent=100)["contentId"] == file["content_id"]


# The link


def test_a_lost_link_is_brought_back_while_its_wish_stands(alpha: Seeing, tmp_path: Path) -> None:
    alpha.execute("connect", mode="remote")
    alpha.forget()
    with broken(tmp_path, "unplugged"):
        alpha.until_kind("disconnected")
        with pytest.raises(NotConnected):
            alpha.execute("properties.get")
    alpha.until_kind("connected")
    assert alpha.execute("connection")["mode"] == "remote"
    until(lambda: bool(alpha.value(ISO)["enable"] == 1))


def is_streaming(seeing: Seeing) -> bool:
    return bool(seeing.execute("live_view.status")["streaming"])


def test_live_view_is_as_it_was_after_a_loss(alpha: Seeing, tmp_path: Path) -> None:
    alpha.execute("connect", mode="remote")
    alpha.execute("live_view.start")
    alpha.forget()
    with broken(tmp_path, "unplugged"):
        alpha.until_kind("disconnected")
    alpha.until_kind("connected")
    until(lambda: is_streaming(alpha))
    alpha.execute("live_view.stop")
    assert load_wish(wish_path(tmp_path, ALPHA)) == Wish("remote", reconnecting=False)


def test_live_view_goes_on_with_the_next_worker(tmp_path: Path) -> None:
    with open_sony(tmp_path) as first:
        first.execute("connect", mode="remote")
        first.execute("live_view.start")
    with open_sony(tmp_path) as second:
        second.until_kind("connected")
        until(lambda: is_streaming(second))
        second.execute("disconnect")
        second.execute("connect", mode="remote")
        assert not is_streaming(second)


def test_a_link_that_was_given_up_is_not_brought_back(
    alpha: Seeing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lensbus_services.sony.recovery.WAITS_S", (0.05,))
    alpha.execute("connect", mode="remote")
    with broken(tmp_path, "unplugged"):
        alpha.until_kind("disconnected")
        alpha.execute("disconnect")
    alpha.forget()
    later = [one.kind for _ in range(50) for one in alpha.driver.drain(0.05)]
    assert "connected" not in later


def test_a_stale_link_costs_one_retry(tmp_path: Path) -> None:
    settings = sony_settings(connect_s=1.0)
    with broken(tmp_path, "stale-link"), open_sony(tmp_path, settings=settings) as seeing:
        assert seeing.execute("connect", mode="remote") == {"mode": "remote", "already": False}
        seeing.execute("properties.get", codes=[ISO])


# Calls that do not come back


def test_a_call_that_hangs_answers_within_the_askers_time(alpha: Seeing, tmp_path: Path) -> None:
    alpha.execute("connect", mode="remote")
    with broken(tmp_path, "hang", call="GetDeviceProperties"):
        with pytest.raises(CameraTimeout) as late:
            alpha.driver.execute("properties.get", {}, 1.0)
        assert (late.value.operation, late.value.began) == ("GetDeviceProperties", True)
        stuck = alpha.driver.stuck()
        assert stuck is not None
        assert stuck.call == "GetDeviceProperties"
        with pytest.raises(CameraTimeout, match="still in GetDeviceProperties") as next_one:
            alpha.driver.execute("shutter", {}, 0.5)
        assert next_one.value.began is False
    until(lambda: alpha.driver.stuck() is None)
    alpha.execute("properties.get")


def test_connecting_is_bounded_even_when_the_sdk_is_not(alpha: Seeing, tmp_path: Path) -> None:
    with broken(tmp_path, "hang", call="Connect"):
        with pytest.raises(CameraTimeout) as late:
            alpha.driver.execute("connect", {"mode": "remote"}, 1.0)
        assert late.value.operation == "Connect"
        assert alpha.execute("connection")["connected"] is False
    until(lambda: alpha.driver.stuck() is None)
    until(lambda: bool(connects(alpha)))


def connects(seeing: Seeing) -> bool:
    try:
        return seeing.execute("connect", mode="remote")["mode"] == "remote"
    except CommandError:
        return False


# The disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB where pictures are saved."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if subprocess.run(["mount", *options], capture_output=True, check=False).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=10)


def test_a_full_disk_is_told_by_its_code_and_keeps_nothing_half(
    small_disk: Path, transfer: Seeing
) -> None:
    files = transfer.execute("card.list", slot=1)["files"]
    begin_pull(transfer, max(files, key=lambda file: file["size"]))
    failed = transfer.until_kind("transfer.failed")
    assert failed["code"] == "disk.full"
    assert files_below(small_disk) == []
    small = min(files, key=lambda file: file["size"])
    transfer.forget()
    begin_pull(transfer, small)
    assert transfer.until_kind("transferProgress", percent=100)["size"] == small["size"]


def test_a_picture_that_does_not_fit_is_told_with_its_capture(
    small_disk: Path, shooting: Seeing
) -> None:
    set_value(shooting, FILE_FORMAT, RAW_AND_JPEG)
    capture = shooting.execute("shutter")["capture"]
    failed = shooting.until_kind("transfer.failed")
    assert (failed["code"], failed["capture"]) == ("disk.full", capture)
    assert not any(name.startswith(".") for name in files_below(small_disk))


# Storms


def test_a_storm_is_folded_and_no_exposure_is_lost(shooting: Seeing, tmp_path: Path) -> None:
    shooting.forget()
    captures = []
    with broken(tmp_path, "storm", rate=50_000, seconds=1):
        give_up = time.monotonic() + 1.0
        while time.monotonic() < give_up:
            captures.append(shooting.execute("shutter")["capture"])
            shooting.kinds()
    shooting.until(
        lambda seen: sum(one.kind == "downloadComplete" for one in seen) == len(captures)
    )
    exposed = [
        one.data["capture"] for one in shooting.observed if one.data.get("code") == "0x20011"
    ]
    assert exposed == captures
    changes = sum(one.kind == "propertyChanged" for one in shooting.observed)
    # Two for each file, exposure and change of status, and fifty a second of the storm.
    assert changes < 200 + 20 * len(captures)
    fared = shooting.execute("callbacks")
    assert (fared["taken"] > 10_000, fared["lost"]) == (True, 0)
    assert fared["taken"] - fared["folded"] < 400 + 30 * len(captures), "folded below the reader"
    assert fared["most"] < 64
