"""The console opens in both browsers and moves; `test_console.py` does all there is to do."""

from pathlib import Path

import pytest

from kit.console import BROWSERS, console, folder, go, keep, moves, tiles
from kit.system import ALPHA, CINEMA, System

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("name", sorted(BROWSERS))
def test_a_wall_of_live_pictures_is_one_click_away(
    name: str, system: System, tmp_path: Path
) -> None:
    for camera in (ALPHA, CINEMA):
        system.request("DELETE", f"/api/cameras/{camera}/connection")
    with console(name, system) as tab:
        tab.push("Connect all 2 Sony cameras")
        tab.reads("ILCE-7M4", "OAK-D-PRO")
        moves(tab, tiles(system))
        keep(tab, "wall", folder(tmp_path))
        go(tab, "health")
        tab.reads("Health", "Gateway", "Battery and heat")
        assert tab.complaints == []
