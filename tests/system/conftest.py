"""One running system for the tests that do not break it."""

from collections.abc import Iterator

import pytest

from kit.system import System, running_system, wait_for_cameras


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """Four cameras, with the bodies' time at a fifth; tests ask faster than users may."""
    with running_system(sony_simulator_time_scale="0.2", gateway_requests_per_s="0") as started:
        wait_for_cameras(started)
        yield started
