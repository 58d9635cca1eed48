"""The system that most rows break: it must be whole again after each of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.rig import Rig, Supervised, rig, supervised


@pytest.fixture(scope="session")
def running() -> Iterator[Supervised]:
    with supervised() as plant:
        yield plant


@pytest.fixture
def row(request: pytest.FixtureRequest) -> str:
    """The name of the row: `F08` for `test_f08_...`."""
    name: str = request.function.__name__
    return name.removeprefix("test_").split("_")[0].upper()


@pytest.fixture
def on_system(running: Supervised, row: str, tmp_path: Path) -> Iterator[Rig]:
    with rig(row, running, tmp_path) as made:
        yield made
