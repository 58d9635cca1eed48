import json
from pathlib import Path

import pytest

from lensbus_services.sony.wish import Wish, forget_wish, load_wish, save_wish, wish_path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return wish_path(tmp_path, "CAM1")


def test_a_wish_is_kept_and_dropped(path: Path) -> None:
    wish = Wish("remote", True, live_view=True)
    save_wish(path, wish)
    assert load_wish(path) == wish
    assert json.loads(path.read_text()) == {
        "mode": "remote",
        "reconnecting": True,
        "live_view": True,
    }
    assert [file.name for file in path.parent.iterdir()] == ["CAM1.json"]
    forget_wish(path)
    forget_wish(path)
    assert load_wish(path) is None


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"mode": "fast", "reconnecting": true}', '{"mode": "remote"}', "\xff"],
)
def test_a_file_that_makes_no_sense_is_no_wish(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_bytes(content.encode("latin-1"))
    assert load_wish(path) is None


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "cameras").write_text("in the way")
    save_wish(wish_path(tmp_path, "CAM1"), Wish("remote", False))
    assert load_wish(wish_path(tmp_path, "CAM1")) is None
