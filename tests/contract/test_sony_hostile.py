"""A body that lies about names, sizes, lists and serials: nothing leaves its worker (A19, A08)."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.sony import ALPHA, LIMIT_S, Seeing, broken, open_sony, sony_settings
from lensbus_proto.codec import EVENT_LIMIT, pack_map, pack_reply
from lensbus_proto.errors import CameraError, CommandError
from lensbus_proto.messages import Reply
from lensbus_proto.topics import is_camera_id
from lensbus_services.sony.discover import find_cameras, stop_finding

LIES = ("names", "sizes", "lists")
PICTURE: dict[str, object] = {"slot": 1, "content_id": 131154, "file_id": 1, "limit": 1000}
HANDLE: dict[str, object] = {"slot": 1, "file_id": 0}  # of the mode contents
HANDLES = (131154 << 4 | 2, 131155 << 4 | 1, 131157 << 4 | 1)
ASKED: tuple[tuple[str, dict[str, object]], ...] = (
    ("connection", {}),
    ("properties.get", {}),
    ("properties.get", {"codes": [0x104, 0x108, 0x7B2, 0x702, 0x10C]}),
    ("property.set", {"code": 0x104, "value": 0x190}),
    ("live_view.start", {}),
    ("live_view.status", {}),
    ("af_area.get", {}),
    ("tracking.get", {}),
    ("osd.status", {}),
    ("card.list", {"slot": 1}),
    ("card.list", {"slot": 2}),
    ("card.list", {"slot": 1, "day": [2026, 3, 1]}),
    ("card.days", {"slot": 1}),
    *(("card.read", {**PICTURE, "what": what}) for what in ("file", "thumbnail")),
    *(("card.pull", {**HANDLE, "content_id": id_, "what": "thumbnail"}) for id_ in HANDLES),
    ("card.delete", {"slot": 1, "content_id": PICTURE["content_id"]}),
    ("frames.get", {}),
    ("display_texts", {}),
    ("button", {"button": "menu"}),
    ("shutter", {}),
    ("settings.download", {}),
)


@pytest.fixture(params=LIES)
def lying(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Seeing]:
    with broken(tmp_path, "hostile", what=request.param), open_sony(tmp_path) as seeing:
        yield seeing


@pytest.mark.parametrize("mode", ["remote", "remote-transfer", "contents"])
def test_every_answer_can_travel(lying: Seeing, mode: str) -> None:
    lying.execute("connect", mode=mode)
    lying.driver.watch(frozenset({"liveview"}))
    answered = 0
    for name, arguments in ASKED:
        try:
            pack_reply(Reply("1", lying.execute(name, **arguments)))
        except CommandError as error:
            pack_reply(Reply("1", error={"code": error.code, "message": error.message}))
        else:
            answered += 1
    assert answered >= 4
    lying.driver.pictures(0.2)
    lying.kinds()
    for one in lying.observed:
        json.dumps(dict(one.data)).encode()
        pack_map(one.data, EVENT_LIMIT)


def test_settings_go_on_working(lying: Seeing) -> None:
    lying.execute("connect", mode="remote")
    lying.execute("property.set", code=0x104, value=0x190)
    give_up = time.monotonic() + LIMIT_S
    while lying.value(0x104)["value"] != 0x190:
        assert time.monotonic() < give_up


def test_names_from_the_camera_do_not_leave_the_folder(tmp_path: Path) -> None:
    with broken(tmp_path, "hostile", what="names"), open_sony(tmp_path) as seeing:
        seeing.execute("connect")
        listed = seeing.execute("card.list", slot=1)["files"]
        wanted = {name: listed[0][name] for name in ("content_id", "file_id")}
        seeing.execute("card.pull", slot=1, **wanted)
        seeing.until(lambda seen: any(one.data.get("notify") == "0x20093" for one in seen))
        for one in seeing.observed:
            if one.data.get("savedPath"):
                path = Path(one.data["savedPath"])
                assert path.parent == tmp_path / "pictures" / ALPHA
                assert path.stat().st_size == one.data["size"]
            assert not set(str(one.data.get("filename", ""))) & set("\r\n\0")
    written = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert all(path.is_relative_to(tmp_path / "pictures") for path in written - world(tmp_path))


def world(state: Path) -> set[Path]:
    """Return the files of the simulator and of the driver's own state."""
    return {path for name in ("simulator", "cameras") for path in (state / name).rglob("*")}


def test_two_with_one_serial_are_refused_in_words(tmp_path: Path) -> None:
    with (
        broken(tmp_path, "hostile", what="serials"),
        pytest.raises(CameraError, match=f"2 cameras have the serial {ALPHA}"),
        open_sony(tmp_path),
    ):
        pass


def test_every_id_that_is_found_can_be_a_topic(tmp_path: Path) -> None:
    try:
        with broken(tmp_path, "hostile", what="serials"):
            found = [one.camera for one in find_cameras(sony_settings(), tmp_path)]
    finally:
        stop_finding()
    assert ALPHA in found
    assert len(found) > 5
    assert all(map(is_camera_id, found))
