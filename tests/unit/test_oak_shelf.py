from pathlib import Path

import pytest

from lensbus_services.oak.networks import Layer, Model, Network, Wish, wish
from lensbus_services.oak.shelf import Shelf, name_of

MODEL = Model((300, 200), (Layer("seven", (7, 1)),), ("red",), 0.5, detects=True)
TUNED = wish(
    {
        "type": "YOLO",
        "nn_config": {"anchors": [1, 2.5], "anchor_masks": {"side26": [0, 1]}, "num_classes": 3},
        "throttle_hz": 4,
    }
)
STREAMS = ("CAM_A", "CAM_B")


def laid(shelf: Shelf, folder: Path, content: bytes = b"model", asked: Wish = TUNED) -> Network:
    file = folder / "uploaded"
    file.write_bytes(content)
    network = Network(asked, MODEL, shelf.lay("CAM_A", file, name_of(file, ".blob")))
    assert not file.exists()
    return network


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


def test_what_is_kept_comes_back_whole(shelf: Shelf, tmp_path: Path) -> None:
    assert shelf.load(STREAMS) == {}
    network = laid(shelf, tmp_path)
    shelf.keep("CAM_A", network)
    assert Shelf(tmp_path / "shelf").load(STREAMS) == {"CAM_A": network}
    assert network.path.read_bytes() == b"model"


def test_a_new_model_takes_the_place_of_the_old(shelf: Shelf, tmp_path: Path) -> None:
    old = laid(shelf, tmp_path)
    shelf.keep("CAM_A", old)
    new = laid(shelf, tmp_path, b"another")
    assert old.path.exists(), "the camera runs it until it runs the new one"
    shelf.keep("CAM_A", new)
    assert names(tmp_path / "shelf") == [new.path.name, "CAM_A.json"]
    shelf.drop("CAM_A")
    assert names(tmp_path / "shelf") == []


def test_the_same_model_with_another_wish_stays(shelf: Shelf, tmp_path: Path) -> None:
    shelf.keep("CAM_A", laid(shelf, tmp_path))
    again = laid(shelf, tmp_path, asked=Wish("Generic"))
    shelf.keep("CAM_A", again)
    assert shelf.load(STREAMS) == {"CAM_A": again}


def test_a_model_that_was_never_kept_goes(shelf: Shelf, tmp_path: Path) -> None:
    laid(shelf, tmp_path)
    assert shelf.load(STREAMS) == {}
    assert names(tmp_path / "shelf") == []


@pytest.mark.parametrize(
    "note",
    [
        "",
        "[]",
        '{"version": 2}',
        '{"version": 1, "file": "../../../etc/passwd", "wish": {"type": "YOLO"}, "model": {}}',
        '{"version": 1, "file": "gone.blob", "wish": {"type": "YOLO"}, "model": {}}',
        "[" * 20_000,
    ],
)
def test_a_note_that_makes_no_sense_is_ignored(shelf: Shelf, tmp_path: Path, note: str) -> None:
    shelf.keep("CAM_A", laid(shelf, tmp_path))
    (tmp_path / "shelf" / "CAM_A.json").write_text(note)
    assert shelf.load(STREAMS) == {}


def test_a_model_that_is_not_what_was_kept_is_ignored(shelf: Shelf, tmp_path: Path) -> None:
    """A power cut may leave an empty file, which would end the process that reads it."""
    network = laid(shelf, tmp_path)
    shelf.keep("CAM_A", network)
    network.path.write_bytes(b"")
    assert shelf.load(STREAMS) == {}
    network.path.unlink()
    assert shelf.load(STREAMS) == {}
