"""A Sony driver and a card, besides pulling files: reading, deleting, days, thumbnails."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kit.sony import ALPHA, LIMIT_S, Seeing, broken, open_sony, sony_settings
from lensbus_proto.errors import (
    BadArguments,
    CameraBusy,
    CameraError,
    CameraTimeout,
    NotFound,
    Refused,
)
from lensbus_services.sony.liveview import jpeg_size


@pytest.fixture
def transfer(tmp_path: Path) -> Iterator[Seeing]:
    with open_sony(tmp_path) as seeing:
        seeing.execute("connect", mode="remote-transfer")
        yield seeing


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Seeing]:
    with open_sony(tmp_path, settings=sony_settings(time_scale=4.0, connect_s=60.0)) as seeing:
        seeing.driver.execute("connect", {"mode": "remote-transfer"}, 60.0)
        yield seeing


@pytest.fixture
def contents(tmp_path: Path) -> Iterator[Seeing]:
    with open_sony(tmp_path) as seeing:
        seeing.execute("connect", mode="contents")
        yield seeing


def on_card(state: Path) -> Path:
    return state / "simulator" / "sony" / ALPHA / "slot1" / "DCIM" / "100MSDCF"


def listed(seeing: Seeing, suffix: str = "", **words: Any) -> list[Mapping[str, Any]]:
    files = seeing.execute("card.list", slot=1, **words)["files"]
    return [file for file in files if file["path"].endswith(suffix)]


def place(file: Mapping[str, Any]) -> dict[str, int]:
    return {"slot": 1, "content_id": file["content_id"], "file_id": file["file_id"]}


def read(seeing: Seeing, **arguments: Any) -> tuple[Mapping[str, Any], bytes]:
    result = seeing.driver.execute("card.read", arguments, LIMIT_S)
    (data,) = result.parts
    return result.data, data


# Reading into memory


@pytest.mark.parametrize("slots", [18, 19, 21])
def test_a_file_is_read_without_a_file_on_the_host(tmp_path: Path, slots: int) -> None:
    with open_sony(tmp_path, settings=sony_settings(slots=slots)) as seeing:
        seeing.execute("connect", mode="remote-transfer")
        for file in listed(seeing)[:2]:
            told, data = read(seeing, **place(file))
            assert told == {"size": file["size"], "complete": True}
            assert data == (on_card(tmp_path) / Path(file["path"]).name).read_bytes()
        assert "transferProgress" not in seeing.kinds()
    left = [path for path in (tmp_path / "pictures").rglob("*") if path.is_file()]
    assert left == []


@pytest.mark.parametrize("what", ["thumbnail", "screennail"])
def test_small_pictures_are_read_too(transfer: Seeing, what: str) -> None:
    told, data = read(transfer, **place(listed(transfer, ".ARW")[0]), what=what)
    assert told["complete"] is True
    assert jpeg_size(data) == {"thumbnail": (160, 120), "screennail": (1616, 1080)}[what]


def test_the_beginning_of_a_file_is_read_and_the_rest_is_stopped(
    transfer: Seeing, tmp_path: Path
) -> None:
    raw = listed(transfer, ".ARW")[0]
    told, data = read(transfer, **place(raw), limit=100_000)
    assert told == {"size": 100_000, "complete": False}
    whole = (on_card(tmp_path) / Path(raw["path"]).name).read_bytes()
    assert data == whole[:100_000]
    # The camera is free at once for what comes next.
    transfer.execute("card.pull", **place(listed(transfer, ".JPG")[0]))
    transfer.until_kind("transferProgress", percent=100)
    assert "transfer.failed" not in transfer.kinds()


def test_a_read_that_breaks_off_is_an_error_and_nothing_is_told(
    transfer: Seeing, tmp_path: Path
) -> None:
    raw = listed(transfer, ".ARW")[0]
    with broken(tmp_path, "transfer-cut", at=30), pytest.raises(CameraError, match="did not send"):
        read(transfer, **place(raw))
    assert not {"transferProgress", "transfer.failed"} & set(transfer.kinds())
    told, _ = read(transfer, **place(raw))
    assert told["complete"] is True


def test_a_file_that_is_not_there_cannot_be_read(transfer: Seeing) -> None:
    with pytest.raises(NotFound):
        read(transfer, slot=1, content_id=1, file_id=1)


def test_one_transfer_at_a_time(tmp_path: Path) -> None:
    with open_sony(tmp_path, settings=sony_settings(time_scale=1.0)) as seeing:
        seeing.execute("connect", mode="remote-transfer")
        raw = listed(seeing, ".ARW")[0]
        seeing.execute("card.pull", **place(raw))
        with pytest.raises(CameraBusy):
            read(seeing, **place(raw))
        with pytest.raises(CameraBusy):
            seeing.execute("card.pull", **place(raw))
        seeing.until_kind("transferProgress", percent=100)
        assert read(seeing, **place(raw))[0]["complete"] is True


def test_what_has_not_come_by_the_deadline_may_still_act(slow: Seeing) -> None:
    raw = listed(slow, ".ARW")[0]
    with pytest.raises(CameraTimeout) as late:
        slow.driver.execute("card.read", place(raw), 0.2)
    assert late.value.began
    with pytest.raises(CameraTimeout) as late:
        slow.driver.execute("card.delete", {"slot": 1, "content_id": raw["content_id"]}, 0.2)
    assert late.value.began


# Deleting


def test_a_content_is_deleted_with_all_its_files(transfer: Seeing, tmp_path: Path) -> None:
    raw = listed(transfer, ".ARW")[0]
    of_it = [file for file in listed(transfer) if file["content_id"] == raw["content_id"]]
    assert len(of_it) == 2
    told = transfer.execute("card.delete", slot=1, content_id=raw["content_id"])
    assert told == {"content_id": raw["content_id"]}
    assert [file for file in listed(transfer) if file["content_id"] == raw["content_id"]] == []
    assert not (on_card(tmp_path) / Path(raw["path"]).name).exists()
    assert transfer.until_kind("warning", code="0x6000d")["message"] == "DeleteContent"
    with pytest.raises(NotFound):
        transfer.execute("card.delete", slot=1, content_id=raw["content_id"])


def test_a_protected_content_stays(transfer: Seeing, tmp_path: Path) -> None:
    file = listed(transfer, ".JPG")[-1]
    path = on_card(tmp_path) / Path(file["path"]).name
    path.chmod(0o444)
    with pytest.raises(Refused, match="protected"):
        transfer.execute("card.delete", slot=1, content_id=file["content_id"])
    assert path.exists()


# Days


@pytest.mark.parametrize("mode", ["remote-transfer", "contents"])
def test_a_card_is_listed_day_by_day(tmp_path: Path, mode: str) -> None:
    with open_sony(tmp_path) as seeing:
        seeing.execute("connect", mode=mode)
        everything = listed(seeing)
        newest = sorted(on_card(tmp_path).iterdir())[-1]
        os.utime(newest, (1_700_000_000, 1_700_000_000))  # 14 November 2023
        days = seeing.execute("card.days", slot=1)["days"]
        assert days == sorted(days)
        assert days[0] == [2023, 11, 14]
        of_days = [listed(seeing, day=day) for day in days]
        assert [Path(file["path"]).name for file in of_days[0]] == [newest.name]
        assert sum(map(len, of_days)) == len(everything)
        for day, files in zip(days, of_days, strict=True):
            assert {tuple(file["created"][:3]) for file in files} == {tuple(day)}


@pytest.mark.parametrize("day", [[2026], "today", [2026, 3, -1], [2026, 3, 1, 0]])
def test_a_day_is_year_month_and_day(transfer: Seeing, day: Any) -> None:
    with pytest.raises(BadArguments):
        listed(transfer, day=day)


# The mode contents


def test_thumbnails_come_in_the_mode_contents(contents: Seeing, tmp_path: Path) -> None:
    raw = listed(contents, ".ARW")[0]
    contents.execute("card.pull", **place(raw), what="thumbnail")
    done = contents.until_kind("transferProgress", percent=100, notify="0x20093")
    assert done["contentId"] == raw["content_id"]
    saved = Path(done["savedPath"])
    assert saved == tmp_path / "pictures" / ALPHA / f"{Path(raw['path']).stem}.JPG"
    assert jpeg_size(saved.read_bytes()) == (160, 120)
    assert done["size"] == saved.stat().st_size


def test_screennails_come_in_the_mode_contents(contents: Seeing) -> None:
    contents.execute("card.pull", **place(listed(contents, ".JPG")[0]), what="screennail")
    done = contents.until_kind("contentsTransfer", status="complete")
    assert jpeg_size(Path(done["savedPath"]).read_bytes()) == (1616, 1080)


def test_a_handle_of_an_earlier_connection_is_good_again(contents: Seeing) -> None:
    handle = listed(contents, ".JPG")[0]
    contents.execute("disconnect")
    contents.execute("connect", mode="contents")
    contents.execute("card.pull", **place(handle), what="thumbnail")
    contents.until_kind("transferProgress", percent=100)


def test_a_thumbnail_that_cannot_be_had_leaves_the_camera_free(contents: Seeing) -> None:
    with pytest.raises(NotFound):
        contents.execute("card.pull", slot=1, content_id=1, file_id=0, what="thumbnail")
    contents.execute("card.pull", **place(listed(contents)[0]), what="thumbnail")
    contents.until_kind("transferProgress", percent=100)
