import contextlib
import hashlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lensbus_proto.errors import BadArguments, CommandError, NotFound
from lensbus_services.driver import Observation
from lensbus_services.record import Record, record_path
from lensbus_services.saved import PIECE_LIMIT, Folders, SavedFiles


class Rack:
    """A folder with pictures of a camera, beside one of another camera and a secret."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.root = base / "pictures"
        self.mine = self.root / "CAM1"
        for folder in (self.mine, self.root / "CAM2", base / "elsewhere"):
            folder.mkdir(parents=True)
        self.folders = Folders(self.mine, (self.mine,), (self.root,))
        self.saved = self.restarted()

    def restarted(self) -> SavedFiles:
        return SavedFiles(self.folders, Record(record_path(self.base, "CAM1")))

    def save(self, path: Path, content: bytes = b"picture", time_us: int = 5) -> Path:
        """Write a file and have it told as the driver of a Sony camera does."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        data = {
            "savedPath": str(path),
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        self.saved.note([Observation("downloadComplete", time_us, data)])
        return path

    def read(self, name: str, **arguments: Any) -> tuple[Mapping[str, Any], bytes]:
        result = self.saved.execute("saved.read", {"name": name, **arguments})
        return result.data, result.parts[0]

    def names(self, **arguments: Any) -> list[str]:
        result = self.saved.execute("saved.list", arguments)
        return [file["name"] for file in result.data["files"]]


@pytest.fixture
def rack(tmp_path: Path) -> Rack:
    return Rack(tmp_path)


def test_a_piece_of_a_file_comes_with_what_the_file_is(rack: Rack) -> None:
    path = rack.save(rack.mine / "A.JPG", b"0123456789")
    told, piece = rack.read("A.JPG", offset=2, limit=3)
    assert piece == b"234"
    assert told["path"] == str(path)
    assert (told["name"], told["size"]) == ("A.JPG", 10)
    assert told["time_us"] == path.stat().st_mtime_ns // 1000
    assert told["sha256"] == hashlib.sha256(b"0123456789").hexdigest()


@pytest.mark.parametrize("name", ["{path}", "{path_without_slash}", "A.JPG"])
def test_a_file_is_named_by_its_path_or_below_the_folder(rack: Rack, name: str) -> None:
    path = str(rack.save(rack.mine / "A.JPG"))
    assert rack.read(name.format(path=path, path_without_slash=path[1:]))[1] == b"picture"


def test_beyond_the_end_there_is_nothing(rack: Rack) -> None:
    rack.save(rack.mine / "A.JPG")
    assert rack.read("A.JPG", offset=7)[1] == b""
    assert rack.read("A.JPG", offset=2**62)[1] == b""
    assert rack.read("A.JPG", limit=0)[1] == b""


def test_a_piece_is_never_larger_than_a_reply_may_be(rack: Rack) -> None:
    path = rack.save(rack.mine / "A.MP4")
    os.truncate(path, 3 * PIECE_LIMIT)
    assert len(rack.read("A.MP4")[1]) == PIECE_LIMIT


def test_a_file_in_a_folder_that_a_client_chose_is_this_cameras(rack: Rack) -> None:
    path = rack.save(rack.root / "shoot 7" / "A.JPG")
    assert rack.read(str(path))[0]["name"] == str(path)
    assert rack.restarted().execute("saved.read", {"name": str(path)}).parts == (b"picture",)


def test_a_file_of_its_own_folder_needs_no_record(rack: Rack) -> None:
    (rack.mine / "old.JPG").write_bytes(b"old")
    told, piece = rack.read("old.JPG")
    assert (told["sha256"], piece) == ("", b"old")
    assert rack.names() == []


def test_the_hash_is_told_only_of_the_content_that_was_saved(rack: Rack) -> None:
    path = rack.save(rack.mine / "A.JPG")
    before, _ = rack.read("A.JPG")
    path.write_bytes(b"PICTURE")
    after, _ = rack.read("A.JPG")
    assert (bool(before["sha256"]), after["sha256"]) == (True, "")
    assert before["tag"] != after["tag"]


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "/",
        "//",
        "../CAM2/B.JPG",
        "./A.JPG",
        "A.JPG/",
        "A.JPG/.",
        "x/../A.JPG",
        "{mine}/../CAM2/B.JPG",
        "{mine}//A.JPG",
        "//{mine}/A.JPG",
        "{mine}",
        "{root}",
        "{root}/CAM2/B.JPG",
        "{mine}/.incoming/half.JPG",
        ".incoming/half.JPG",
        ".hidden",
        "%2e%2e/CAM2/B.JPG",
        "..%2fCAM2%2fB.JPG",
        "..\\CAM2\\B.JPG",
        "/etc/passwd",
        "etc/passwd",
        "/dev/zero",
        "/proc/self/environ",
        "secret.link",
        "folder.link/secret",
        "circle.link",
        "fifo",
        "folder",
        "é" * 2000,
        "x/" * 2000 + "y",
        "A.JPG\n",
        "nothing.JPG",
    ],
)
def test_no_name_leads_to_anything_but_this_cameras_files(rack: Rack, name: str) -> None:
    rack.save(rack.mine / "A.JPG")
    (rack.root / "CAM2" / "B.JPG").write_bytes(b"another camera's")
    (rack.mine / ".incoming").mkdir()
    (rack.mine / ".incoming" / "half.JPG").write_bytes(b"half")
    (rack.mine / ".hidden").write_bytes(b"hidden")
    (rack.base / "elsewhere" / "secret").write_bytes(b"secret")
    (rack.mine / "secret.link").symlink_to(rack.base / "elsewhere" / "secret")
    (rack.mine / "folder.link").symlink_to(rack.base / "elsewhere")
    (rack.mine / "circle.link").symlink_to(rack.mine / "circle.link")
    (rack.mine / "folder").mkdir()
    os.mkfifo(rack.mine / "fifo")
    with pytest.raises(NotFound):
        rack.read(name.format(mine=rack.mine, root=rack.root))


@pytest.mark.parametrize("name", [None, 5, "", "A\0.JPG", "x" * 4097, ["A.JPG"]])
def test_what_is_no_name_is_an_argument_error(rack: Rack, name: Any) -> None:
    with pytest.raises(BadArguments) as bad:
        rack.read(name)
    assert bad.value.detail == {"field": "name"}


@pytest.mark.parametrize(
    "place",
    [
        {"offset": -1},
        {"offset": 2**63},
        {"limit": PIECE_LIMIT + 1},
        {"limit": "1"},
        {"offset": 1.0},
    ],
)
def test_what_is_no_place_is_an_argument_error(rack: Rack, place: dict[str, Any]) -> None:
    rack.save(rack.mine / "A.JPG")
    with pytest.raises(BadArguments):
        rack.read("A.JPG", **place)


def test_what_was_told_is_not_given_once_a_link_stands_in_its_place(rack: Rack) -> None:
    path = rack.save(rack.root / "shoot" / "A.JPG")
    secret = rack.base / "elsewhere" / "A.JPG"
    secret.write_bytes(b"secret")
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(NotFound):
        rack.read(str(path))
    path.unlink()
    path.parent.rmdir()
    path.parent.symlink_to(secret.parent)
    with pytest.raises(NotFound):
        rack.read(str(path))
    assert rack.names() == []


def test_what_a_forged_event_names_outside_the_roots_is_not_given(rack: Rack) -> None:
    rack.save(rack.base / "elsewhere" / "secret")
    with pytest.raises(NotFound):
        rack.read(str(rack.base / "elsewhere" / "secret"))
    assert rack.names() == []


def test_a_link_that_is_swapped_in_again_and_again_never_gives_the_secret(rack: Rack) -> None:
    rack.save(rack.root / "shoot" / "A.JPG")
    (rack.base / "elsewhere" / "A.JPG").write_bytes(b"secret")
    shoot, link, aside = (rack.root / name for name in ("shoot", "link", "aside"))
    link.symlink_to(rack.base / "elsewhere")
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            os.rename(shoot, aside)
            os.rename(link, shoot)
            os.rename(shoot, link)
            os.rename(aside, shoot)

    swapper = threading.Thread(target=swap)
    swapper.start()
    got = set()
    try:
        for _ in range(1000):
            with contextlib.suppress(CommandError):
                got.add(rack.read(str(shoot / "A.JPG"))[1])
    finally:
        over.set()
        swapper.join()
    assert got <= {b"picture"}


def test_a_root_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "state").symlink_to(tmp_path / "disk")
    rack = Rack(tmp_path / "state")
    path = rack.save(rack.mine / "A.JPG")
    assert rack.read(str(path))[1] == b"picture"
    assert rack.save(rack.mine.resolve() / "B.JPG").is_relative_to(tmp_path / "disk")
    assert rack.read(str(rack.mine.resolve() / "B.JPG"))[1] == b"picture"


def test_the_newest_files_are_listed_first(rack: Rack) -> None:
    for number in range(5):
        rack.save(rack.mine / f"{number}.JPG", b"x" * number, time_us=number)
    assert rack.names() == ["4.JPG", "3.JPG", "2.JPG", "1.JPG", "0.JPG"]
    page = rack.saved.page(1, 2)
    assert [file["size"] for file in page["files"]] == [3, 2]
    assert (page["total"], page["next"]) == (5, 3)
    assert rack.saved.page(3, 2)["next"] is None


def test_a_file_that_is_gone_is_left_out_and_may_come_back(rack: Rack) -> None:
    rack.save(rack.mine / "A.JPG")
    path = rack.save(rack.mine / "B.JPG")
    path.unlink()
    assert rack.names() == ["A.JPG"]
    assert rack.saved.page(0, 1) == {"files": [], "total": 2, "next": 1}
    rack.save(path)
    assert rack.names() == ["B.JPG", "A.JPG"]


def test_a_page_ends_where_the_reply_would_become_too_large(rack: Rack) -> None:
    folder = rack.root.joinpath(*("x" * 200 for _ in range(15)))
    for number in range(100):
        rack.save(folder / f"{number}.JPG")
    page = rack.saved.page(0, 1000)
    assert 0 < len(page["files"]) == page["next"] < 100
    rest = rack.saved.page(page["next"], 1000)
    assert len(page["files"]) + len(rest["files"]) == 100


def test_settings_and_crash_dumps_are_files_too(rack: Rack) -> None:
    dump = rack.root / "CAM1-1.tar"
    dump.write_bytes(b"dump")
    rack.saved.note([Observation("crashDump", 5, {"path": str(dump)})])
    assert rack.read(str(dump))[1] == b"dump"


def test_events_without_a_file_are_none(rack: Rack) -> None:
    for data in ({}, {"savedPath": ""}, {"savedPath": 5}, {"path": "/x"}):
        rack.saved.note([Observation("transferProgress", 5, data)])
    assert rack.names() == []
