import hashlib
import os
from pathlib import Path

import pytest

from lensbus_services.folders import open_folder
from lensbus_services.sony.incoming import Incoming, clean_name, is_full


@pytest.fixture
def incoming(tmp_path: Path) -> Incoming:
    made = Incoming(tmp_path / "root", tmp_path / "root" / ".incoming" / "CAM1")
    made.root.mkdir()
    made.prepare()
    return made


@pytest.fixture
def target(incoming: Incoming) -> Path:
    folder = incoming.root / "shoot"
    folder.mkdir()
    return folder


def arrive(incoming: Incoming, name: str = "A.JPG", content: bytes = b"picture") -> bytes:
    (incoming.path / name).write_bytes(content)
    return os.fsencode(name)


def test_a_whole_file_gets_its_name_with_size_and_hash(incoming: Incoming, target: Path) -> None:
    arrive(incoming)
    saved = incoming.finish(os.fsencode(incoming.path / "A.JPG"), target)
    assert saved.path == target / "A.JPG"
    assert saved.path.read_bytes() == b"picture"
    assert (saved.size, saved.sha256) == (7, hashlib.sha256(b"picture").hexdigest())
    assert list(incoming.path.iterdir()) == []


def test_another_picture_of_that_name_is_never_lost(incoming: Incoming, target: Path) -> None:
    (target / "A.JPG").write_bytes(b"older")
    (target / "A-1.JPG").write_bytes(b"old")
    saved = incoming.finish(arrive(incoming), target)
    assert saved.path == target / "A-2.JPG"
    assert (target / "A.JPG").read_bytes() == b"older"


def test_the_same_picture_again_is_the_same_file(incoming: Incoming, target: Path) -> None:
    first = incoming.finish(arrive(incoming), target)
    assert incoming.finish(arrive(incoming), target) == first
    assert list(incoming.path.iterdir()) == []


def test_a_file_that_is_to_be_replaced_is(incoming: Incoming, target: Path) -> None:
    (target / "A.JPG").write_bytes(b"older")
    assert incoming.finish(arrive(incoming), target, replace=True).path == target / "A.JPG"
    assert (target / "A.JPG").read_bytes() == b"picture"


@pytest.mark.parametrize("told", [b"", b".", b"..", b"/", b"../..", b"a\0b", b"MISSING.JPG"])
def test_a_name_that_is_none_is_no_file(incoming: Incoming, target: Path, told: bytes) -> None:
    with pytest.raises((OSError, ValueError)):
        incoming.finish(told, target)
    assert not incoming.has(told)


@pytest.mark.parametrize("told", [b"../../../etc/passwd", b"/etc/passwd", b"../secret"])
def test_a_name_does_not_lead_out_of_the_folder(
    incoming: Incoming, target: Path, told: bytes
) -> None:
    (incoming.root / "secret").write_text("secret")
    with pytest.raises(FileNotFoundError):
        incoming.finish(told, target)
    assert (incoming.root / "secret").exists()


def test_neither_a_link_nor_a_folder_nor_a_pipe_is_a_file(incoming: Incoming, target: Path) -> None:
    (incoming.root / "secret").write_text("secret")
    (incoming.path / "link").symlink_to(incoming.root / "secret")
    (incoming.path / "folder").mkdir()
    os.mkfifo(incoming.path / "pipe")
    for name in (b"link", b"folder", b"pipe"):
        with pytest.raises(OSError, match=r"symbolic links|no file"):
            incoming.finish(name, target)
    assert list(target.iterdir()) == []


def test_a_target_that_was_swapped_for_a_link_is_refused(
    incoming: Incoming, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (incoming.root / "shoot").symlink_to(tmp_path / "elsewhere")
    told = arrive(incoming)
    with pytest.raises(NotADirectoryError):
        incoming.finish(told, incoming.root / "shoot")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_an_incoming_folder_that_was_swapped_for_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "root" / ".incoming").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotADirectoryError):
        Incoming(tmp_path / "root", tmp_path / "root" / ".incoming" / "CAM1").prepare()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_nobody_climbs_out_of_a_root(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    outside = tmp_path / "root" / ".." / "x"
    with pytest.raises(OSError, match="leads out"), open_folder(tmp_path / "root", outside):
        pass


def test_what_was_left_behind_is_swept_and_named(incoming: Incoming) -> None:
    arrive(incoming, "A.JPG.part")
    arrive(incoming, "line\nbreak")
    assert incoming.sweep() == ["A.JPG.part", "line_break"]
    assert list(incoming.path.iterdir()) == []
    assert Incoming(incoming.root, incoming.root / "nowhere").sweep() == []


def test_what_did_not_become_whole_is_discarded(incoming: Incoming) -> None:
    told = arrive(incoming)
    assert incoming.has(told)
    incoming.discard(told)
    assert not incoming.has(told)
    incoming.discard(told)
    incoming.discard(b"..")


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("A.JPG", "A.JPG"),
        ("Bild 1 é.JPG", "Bild 1 é.JPG"),
        ("a\r\nb", "a__b"),
        ("..hidden", "hidden"),
        ("...", "_"),
        ("\u2028", "_"),
        (os.fsdecode(b"\xff.JPG"), "_.JPG"),
        ("a/b", "a_b"),
    ],
)
def test_a_name_is_cleaned(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned
    cleaned.encode()


def test_a_name_that_is_not_utf_8_is_a_file_like_any_other(
    incoming: Incoming, target: Path
) -> None:
    told = b"\xff\xfe.JPG"
    (incoming.path / os.fsdecode(told)).write_bytes(b"picture")
    assert incoming.finish(told, target).path == target / "__.JPG"


def test_a_long_name_stays_within_its_limit(incoming: Incoming, target: Path) -> None:
    name = "x" * 251 + ".JPG"
    incoming.finish(arrive(incoming, name, b"1"), target)
    again = incoming.finish(arrive(incoming, name, b"2"), target)
    assert again.path.name.endswith("-1.JPG")
    assert len(again.path.name) <= 255


def test_a_disk_is_full_when_it_has_no_room(tmp_path: Path) -> None:
    assert not is_full(tmp_path, 1)
    assert is_full(tmp_path, 2**62)
    assert not is_full(tmp_path / "nowhere", 2**62)
