"""One running system for the tests that do not break it."""

from collections.abc import Iterator

import pytest

from kit.system import System, running_system, wait_for_cameras


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """Four cameras, with the bodies' time at a fifth."""
    with running_system(sony_simulator_time_scale="0.2") as started:
        wait_for_cameras(started)
        yield started
