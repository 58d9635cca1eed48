"""Operating a Sony camera besides the shutter, over the shim and the simulator."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.sony import ALPHA, CINEMA, LIMIT_S, Seeing, open_sony
from lensbus_proto.codec import pack_reply
from lensbus_proto.errors import (
    BadArguments,
    CameraBusy,
    CameraError,
    NotFound,
    Refused,
    Unsupported,
)
from lensbus_proto.messages import Reply
from lensbus_services.sony.actions import BUTTONS
from lensbus_services.sony.card import page
from lensbus_services.sony.values import CardFile

EXPOSURE_PROGRAM, LOOK_IMPORT, MOVIE_MANUAL = 0x105, 0x764, 0x8053
RECORDING, ZOOM_DISTANCE, FOCUS_POSITION = 0x705, 0x14D, 0x766


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Seeing]:
    with open_sony(tmp_path) as seeing:
        seeing.execute("connect", mode="remote")
        yield seeing


@pytest.fixture
def cinema(tmp_path: Path) -> Iterator[Seeing]:
    with open_sony(tmp_path, CINEMA) as seeing:
        seeing.execute("connect", mode="remote")
        yield seeing


def until(is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.01)


# Zoom, focus, movie


def test_a_lens_that_does_not_zoom_says_so(remote: Seeing) -> None:
    with pytest.raises(Unsupported, match="Zoom operation not supported"):
        remote.execute("zoom", speed=4)


def test_zooming_goes_on_until_it_is_stopped(cinema: Seeing) -> None:
    before = cinema.value(ZOOM_DISTANCE)["value"]
    assert cinema.execute("zoom", speed=-2) == {"speed": -2}
    until(lambda: cinema.value(ZOOM_DISTANCE)["value"] < before)
    assert cinema.execute("zoom", speed=0) == {"speed": 0}


@pytest.mark.parametrize("speed", [-11, 11, None, "fast", 1.5])
def test_a_zoom_speed_is_a_whole_number(cinema: Seeing, speed: object) -> None:
    with pytest.raises(BadArguments):
        cinema.execute("zoom", speed=speed)


def test_a_focus_step_moves_the_focus(cinema: Seeing) -> None:
    cinema.execute("property.set", code=0x109, value=1)
    until(lambda: bool(cinema.value(0x109)["value"] == 1))
    before = cinema.value(FOCUS_POSITION)["value"]
    assert cinema.execute("focus_step", step=3) == {"step": 3}
    until(lambda: cinema.value(FOCUS_POSITION)["value"] > before)


@pytest.mark.parametrize("step", [0, -8, 8])
def test_a_focus_step_goes_somewhere(cinema: Seeing, step: int) -> None:
    with pytest.raises(BadArguments):
        cinema.execute("focus_step", step=step)


def test_recording_begins_and_ends_with_the_same_command(cinema: Seeing) -> None:
    assert cinema.execute("movie_rec") == {"recording": True, "method": "movie_record"}
    until(lambda: bool(cinema.value(RECORDING)["value"] == 1))
    assert cinema.execute("movie_rec") == {"recording": False, "method": "movie_record"}
    until(lambda: bool(cinema.value(RECORDING)["value"] == 0))


# Buttons, touch


def test_a_button_is_pressed_held_and_let_go(remote: Seeing) -> None:
    assert remote.execute("button", button="menu") == {"button": "menu", "method": "button_press"}
    assert remote.execute("button", button="menu", action="down")["method"] == "button_down"
    with pytest.raises(CameraBusy, match="held down"):
        remote.execute("button", button="menu")
    remote.execute("button", button="menu", action="up")
    remote.execute("button", button="menu")


@pytest.mark.parametrize("name", ["eject", "", "thumbnail"])
def test_a_button_that_is_not_there_is_refused_with_those_that_are(
    remote: Seeing, name: str
) -> None:
    with pytest.raises((BadArguments, Unsupported)) as refused:
        remote.execute("button", button=name)
    offered = refused.value.detail["supported_buttons"]
    assert len(offered) == 24
    assert "menu" in offered
    assert set(offered) <= set(BUTTONS)


def test_a_touch_moves_the_focus_area_and_can_be_cancelled(remote: Seeing) -> None:
    with pytest.raises(CameraError, match="no touch"):
        remote.execute("touch_cancel")
    done = remote.execute("touch", x=200, y=300)
    assert (done["x"], done["y"]) == (200, 300)
    assert done["verify"]
    until(lambda: bool(remote.value(0x755)["value"] == 1))
    assert remote.execute("touch_cancel") == {"method": "cancel_remote_touch"}


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (640, 0), (0, 480), (None, 1), (1.5, 1)])
@pytest.mark.parametrize("name", ["touch", "af_area.set"])
def test_a_point_lies_in_the_picture(remote: Seeing, name: str, x: object, y: object) -> None:
    with pytest.raises(BadArguments):
        remote.execute(name, x=x, y=y)


def test_the_focus_area_is_seen_where_the_camera_put_it(remote: Seeing) -> None:
    remote.execute("property.set", code=0x113, value=6)
    remote.execute("live_view.start")
    remote.execute("af_area.set", x=100, y=100)

    def place() -> tuple[int, int] | None:
        frames = remote.execute("af_area.get")["frames"]
        return (frames[0]["x"], frames[0]["y"]) if frames else None

    until(lambda: place() == (100, 100))
    told = remote.execute("af_area.get")
    assert told["available"] is True
    assert told["frames"][0] | {"state": ""} == {
        "type": "contrast-flexible-main",
        "state": "",
        "priority": 1,
        "x": 100,
        "x_of": 640,
        "y": 100,
        "y_of": 480,
        "width": 38,
        "height": 38,
    }
    assert remote.execute("tracking.get") == {"frames": [], "available": True}


def test_faces_and_the_level_are_told_with_all_that_is_drawn(remote: Seeing) -> None:
    remote.execute("live_view.start")
    remote.execute("property.set", code=0x113, value=1)  # wide: the body looks for faces
    until(lambda: remote.execute("frames.get")["faces"])
    frames = remote.execute("frames.get")
    (face,) = frames["faces"]
    assert (face["type"], face["selected"], face["width"] > 0) == ("detected", False, True)
    assert frames["level"] == {"state": 1, "x": 0, "y": 0, "z": 0}
    assert frames["focus"] == remote.execute("af_area.get")["frames"] == []


def test_without_a_frame_the_focus_area_is_not_available(remote: Seeing) -> None:
    remote.execute("property.set", code=0x109, value=1)  # manual: nothing is drawn
    until(lambda: remote.execute("af_area.get") == {"frames": [], "available": False})


# Display


def test_a_camera_without_a_display_picture_says_so(cinema: Seeing) -> None:
    status = cinema.execute("osd.status")
    assert set(status) == {"supported", "enabled"}
    if not status["supported"]:
        with pytest.raises(Unsupported, match="OSD mode not supported"):
            cinema.execute("osd.set", enabled=True)


def test_a_body_that_sends_no_live_view_in_its_mode_refuses_to_start_it(tmp_path: Path) -> None:
    with open_sony(tmp_path, CINEMA) as seeing:
        seeing.execute("connect", mode="remote-transfer")
        with pytest.raises(Unsupported, match="no live view in the mode remote-transfer") as no:
            seeing.execute("live_view.start")
        assert no.value.detail == {"mode": "remote-transfer"}
        assert seeing.execute("live_view.status") == {"enabled": False, "streaming": False}


# Fingerprint, settings files, looks


def test_a_camera_on_usb_has_no_fingerprint(tmp_path: Path) -> None:
    with open_sony(tmp_path) as seeing:  # not connected: none is needed
        answer = seeing.execute("fingerprint")
        assert answer == {"ssh_supported": False, "fingerprint": None, "length": 0}


def test_settings_are_saved_listed_and_given_back(remote: Seeing, tmp_path: Path) -> None:
    assert remote.execute("settings.files") == {"files": []}
    answer = remote.execute("settings.download")
    file = tmp_path / "camera_settings" / ALPHA / "CUMSET.DAT"
    assert answer == {"filename": "CUMSET.DAT", "path": str(file)}
    done = remote.until_kind("downloadComplete", type="settings")
    assert (done["savedPath"], done["size"]) == (str(file), file.stat().st_size)
    assert remote.execute("settings.files") == {"files": ["CUMSET.DAT"]}

    answer = remote.execute("settings.upload", filename="CUMSET.DAT")
    assert answer["filename"] == "CUMSET.DAT"
    assert "restarts" in answer["warning"]
    remote.until_kind("settingsResult", operation="read", success=True)


def test_settings_that_are_not_there_are_not_found(remote: Seeing) -> None:
    with pytest.raises(NotFound, match="no settings file"):
        remote.execute("settings.upload", filename="OTHER.DAT")


@pytest.mark.parametrize(
    "name", ["../A.DAT", "/etc/passwd", "a/b", "..", ".hidden", "x" * 256, "\n"]
)
@pytest.mark.parametrize("command", ["settings.download", "settings.upload"])
def test_a_settings_file_stays_in_its_folder(remote: Seeing, command: str, name: str) -> None:
    with pytest.raises(BadArguments) as bad:
        remote.execute(command, filename=name)
    assert bad.value.detail == {"field": "filename"}


@pytest.mark.parametrize("path", ["/etc/passwd", "{root}/../other.cube", "{root}/missing.cube"])
def test_a_look_comes_from_below_the_roots(remote: Seeing, tmp_path: Path, path: str) -> None:
    (tmp_path / "other.cube").write_text("")
    with pytest.raises(BadArguments) as bad:
        remote.execute("lut.import", file_path=path.format(root=tmp_path / "pictures"))
    assert bad.value.detail == {"field": "file_path"}


def test_importing_a_look_answers_with_its_slot(cinema: Seeing, tmp_path: Path) -> None:
    file = tmp_path / "pictures" / "look.cube"
    file.write_text("LUT_3D_SIZE 2\n" + "0 0 0\n" * 8)
    with pytest.raises(Refused, match="movie position"):
        cinema.execute("lut.import", file_path=str(file))
    cinema.execute("property.set", code=EXPOSURE_PROGRAM, value=MOVIE_MANUAL)
    until(lambda: bool(cinema.value(LOOK_IMPORT)["value"] == 1))
    assert cinema.execute("lut.import", file_path=str(file), slot=3) == {
        "slot": 3,
        "file": "look.cube",
    }
    assert cinema.until_kind("lutImportResult")["slot"] == 3


@pytest.mark.parametrize("slot", [0, 17, "1"])
def test_a_look_has_one_of_sixteen_slots(cinema: Seeing, slot: object) -> None:
    with pytest.raises(BadArguments):
        cinema.execute("lut.import", file_path="/x", slot=slot)


# Long lists


def test_a_long_list_comes_in_pages_that_fit_into_a_reply() -> None:
    files = [
        CardFile(
            2**32 - 1 - n, 65535, f"DCIM/100MSDCF/DSC{n:05}.ARW", 2**40, (2026, 11, 21, 9, 9, 9)
        )
        for n in range(10_000)
    ]
    listed = []
    while len(listed) < len(files):
        answer = page(files, len(listed), 100_000)
        assert answer["total"] == 10_000
        assert sum(map(len, pack_reply(Reply("1", answer)))) < 700_000
        listed += answer["files"]
    assert [one["content_id"] for one in listed] == [file.content_id for file in files]


def test_a_card_is_listed_in_pages(tmp_path: Path) -> None:
    with open_sony(tmp_path) as seeing:
        seeing.execute("connect")
        whole = seeing.execute("card.list", slot=1)
        assert whole["total"] == len(whole["files"]) >= 2
        first = seeing.execute("card.list", slot=1, limit=1)
        second = seeing.execute("card.list", slot=1, offset=1, limit=1)
        assert first["files"] + second["files"] == whole["files"][:2]
        assert second["total"] == whole["total"]
        behind = seeing.execute("card.list", slot=1, offset=10_000)
        assert behind == {"files": [], "total": whole["total"]}
