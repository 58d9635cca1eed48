"""The system that most rows break: it must be whole again after each of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.rig import Rig, Supervised, rig, supervised


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of all rows."""
    stats = terminalreporter.stats
    reports = [report for how in ("passed", "failed") for report in stats.get(how, ())]
    lines = [
        line
        for report in reports
        for line in getattr(report, "capstdout", "").splitlines()
        if line.startswith("row=")
    ]
    if lines:
        terminalreporter.section("fault matrix")
        for line in sorted(lines):
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def running() -> Iterator[Supervised]:
    with supervised(access_origins='["*"]') as plant:
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
