"""Every piece of a configuration that the documents show is one that a system takes."""

import re
from pathlib import Path

import pytest

from kit.processes import ROOT
from lensbus_proto.runtime.settings import load

PAGES = [ROOT / "README.md", ROOT / "deploy" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PIECES = [
    pytest.param(piece, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, piece in enumerate(
        re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    )
]


def test_there_are_some() -> None:
    assert len(PIECES) >= 4


@pytest.mark.parametrize("piece", PIECES)
def test_a_configuration_of_the_documents_is_taken(piece: str, tmp_path: Path) -> None:
    path = tmp_path / "lensbus.toml"
    path.write_text(piece, "utf-8")
    load(path, {})
