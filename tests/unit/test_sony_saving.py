from pathlib import Path

import pytest

from lensbus_proto.errors import BadArguments
from lensbus_proto.runtime.settings import SonySettings
from lensbus_services.sony.saving import Places, check_prefix


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.of(SonySettings(save_roots=("{state}/pictures",)), tmp_path, "CAM1")


def test_the_settings_are_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    places = Places.of(SonySettings(), tmp_path, "CAM1")
    assert places.default == tmp_path / "pictures" / "CAM1"
    assert places.roots == (tmp_path / "pictures", Path("/home/somebody/Pictures"))


def test_a_folder_below_a_root_is_made(places: Places, tmp_path: Path) -> None:
    folder = places.prepare("path", str(tmp_path / "pictures" / "a" / "b"))
    assert folder.is_dir()


def test_the_root_itself_will_do(places: Places, tmp_path: Path) -> None:
    assert places.prepare("path", str(tmp_path / "pictures")) == tmp_path / "pictures"


@pytest.mark.parametrize(
    "value",
    [
        "/etc",
        "{root}/../elsewhere",
        "{root}-beside",
        "pictures",
        "",
        ".",
        "{root}/.incoming/CAM2",
        "/a\0b",
        "/" + "x" * 5000,
    ],
)
def test_everything_else_is_refused_with_field_value_and_roots(
    value: str, places: Places, tmp_path: Path
) -> None:
    filled = value.format(root=tmp_path / "pictures")
    with pytest.raises(BadArguments) as bad:
        places.prepare("save_path", filled)
    assert bad.value.detail == {"field": "save_path"}
    assert str(tmp_path / "pictures") in bad.value.message
    assert repr(filled) in bad.value.message


def test_a_link_does_not_lead_out(places: Places, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "pictures" / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadArguments):
        places.prepare("path", str(tmp_path / "pictures" / "link" / "deeper"))


def test_links_in_a_circle_are_an_argument_error(places: Places, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a").symlink_to(tmp_path / "pictures" / "a")
    with pytest.raises(BadArguments):
        places.prepare("path", str(tmp_path / "pictures" / "a" / "b"))


def test_a_file_in_the_way_is_an_argument_error(places: Places, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "file").write_text("")
    with pytest.raises(BadArguments, match="can be made"):
        places.prepare("path", str(tmp_path / "pictures" / "file" / "b"))


def test_the_sdk_writes_below_the_root_of_the_folder(places: Places, tmp_path: Path) -> None:
    folder = places.prepare("path", str(tmp_path / "pictures" / "a"))
    incoming = places.incoming(folder)
    assert incoming.prepare() == tmp_path / "pictures" / ".incoming" / "CAM1"
    assert incoming.path.stat().st_mode & 0o077 == 0


def test_the_default_may_lie_below_no_root(tmp_path: Path) -> None:
    settings = SonySettings(save_path="{state}/here", save_roots=("{state}/pictures",))
    places = Places.of(settings, tmp_path, "CAM1")
    folder = places.prepare_default()
    incoming = places.incoming(folder)
    (incoming.prepare() / "left.part").write_text("half")
    assert incoming.path == tmp_path / "here" / ".incoming" / "CAM1"
    assert places.sweep() == ["left.part"]
    assert list(incoming.path.iterdir()) == []


@pytest.mark.parametrize("prefix", ["", "DSC", "Take 2 "])
def test_a_prefix_is_a_piece_of_a_name(prefix: str) -> None:
    assert check_prefix(prefix) == prefix


@pytest.mark.parametrize("prefix", ["../", "a/b", "..", "\n", "x" * 65])
def test_a_prefix_does_not_lead_out(prefix: str) -> None:
    with pytest.raises(BadArguments):
        check_prefix(prefix)
