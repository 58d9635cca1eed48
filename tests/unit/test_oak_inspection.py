"""Model files as depthai reads them, in a process that may die of it."""

import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.nn_models import IMAGE, MORE, SEVEN, archive, blob, head
from lensbus_proto.errors import BadArguments
from lensbus_services.oak import inspection
from lensbus_services.oak.inspection import Inspector, inspect
from lensbus_services.oak.networks import Layer, Model

Write = Callable[[str, bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def made(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return made


def test_a_blob_names_its_layers_in_their_order(write: Write) -> None:
    layers = (Layer("seven", (7, 1)), Layer("a_later_layer", (4, 5, 1, 1)))
    assert inspect(write("m.blob", blob())) == Model((300, 200), layers)
    turned = blob((IMAGE,), (MORE, SEVEN))
    assert inspect(write("m.blob", turned)) == Model((300, 200), layers[::-1])


@pytest.mark.parametrize("packing", ["xz", "gz"])
def test_an_archive_names_its_heads_too(write: Write, packing: str) -> None:
    content = archive(head("red", "green", threshold=0.25), packing=packing)
    assert inspect(write(f"m.tar.{packing}", content)) == Model(
        input_size=(300, 200),
        outputs=(Layer("seven", (1, 7)),),
        labels=("red", "green"),
        threshold=0.25,
        detects=True,
    )


@pytest.mark.parametrize(
    ("parser", "expected"),
    [
        ("YOLO", (True, False, False)),
        ("SSD", (True, False, False)),
        ("ClassificationParser", (False, True, False)),
        ("SegmentationParser", (False, False, True)),
        ("AnotherParser", (False, False, False)),
    ],
)
def test_depthai_says_which_heads_it_reads(
    write: Write, parser: str, expected: tuple[bool, bool, bool]
) -> None:
    content = archive(head("red") | {"parser": parser})
    model = inspect(write("m.tar.xz", content))
    assert (model.detects, model.classifies, model.segments) == expected


def test_a_file_that_ends_depthai_is_no_model(write: Write) -> None:
    with pytest.raises(BadArguments, match="depthai ends when it reads it"):
        inspect(write("m.blob", b""))


def test_what_takes_too_long_is_no_model(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "LIMIT_S", 0.01)
    with pytest.raises(BadArguments, match=r"within 0\.01 s"):
        inspect(write("m.blob", blob()))


def test_a_file_that_unpacks_to_more_than_there_is_memory_for_is_no_model(write: Write) -> None:
    packed = bomb(gibibytes=6)
    assert len(packed) < 2**20
    with pytest.raises(BadArguments, match="not a model"):
        inspect(write("m.tar.xz", packed))


def bomb(gibibytes: int) -> bytes:
    """Return a small archive whose blob is zeros without end."""
    empty = lzma.decompress(archive(content=b""))
    begin = empty[: empty.index(b"tiny.blob\0", 1024)]
    entry = tarfile.TarInfo("tiny.blob")
    entry.size = gibibytes * 2**30
    zeros = lzma.compress(bytes(2**26)) * (gibibytes * 16)
    return lzma.compress(begin + entry.tobuf(tarfile.USTAR_FORMAT)) + zeros


def test_the_same_bytes_are_read_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    model = Model((1, 1), ())

    def fake(path: Path) -> Model:
        read.append(path)
        return model

    monkeypatch.setattr(inspection, "inspect", fake)
    inspector = Inspector()
    for number in range(inspection.REMEMBERED + 1):
        for _ in range(2):
            assert inspector.inspect(Path("m"), str(number)) is model
    assert len(read) == inspection.REMEMBERED + 1
    inspector.inspect(Path("m"), "0")
    assert len(read) == inspection.REMEMBERED + 2, "the first was forgotten"
