"""What the tests of the Sony simulator share: a fresh world, and one body of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.crsim_client import ALPHA, Connection, Simulator


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Simulator]:
    with Simulator.running({}, tmp_path / "state") as simulator:
        yield simulator


@pytest.fixture
def alpha(sim: Simulator) -> Iterator[Connection]:
    with sim.connected(ALPHA) as connection:
        yield connection


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder
