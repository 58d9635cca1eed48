"""A real Chromium shows what simulated OAK cameras see: moving, and of the present.

How old a picture on the screen is, is read off its discs: the scene is drawn for the moments before
it was seen, and the moment that fits best is when it was taken.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from kit.oak_rig import STREAMS, OakRig, oak_rig
from kit.player import CHROMIUM, Player, Sight, playing
from kit.processes import wait_for
from kit.system import OAK, OAK_ONE, running_system, wait_for_cameras
from lensbus_proto.runtime.clock import unix_us
from lensbus_services.oak.scene import View, color_lens, left_lens, view

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]

LENSES = {"CAM_A": color_lens((1920, 1080)), "CAM_B": left_lens((640, 400))}
MOST_MS = 250


def grey(image: Any, size: tuple[int, int]) -> Any:
    shades = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(shades, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return small - small.mean()


def age_ms(scene: View, sight: Sight) -> float:
    """How long before it was seen the picture was taken; it must fit much better than others."""
    size = sight.image.shape[1::-1]
    seen = grey(sight.image, size)
    # The clock of the scene is the machine's, that of the browser is Unix time.
    since_boot_s = sight.seen_s - unix_us() / 1e6 + time.monotonic()
    ages = np.arange(-50, 1500, 10.0)
    errors = [
        float(((grey(scene.render(since_boot_s - age / 1000), size) - seen) ** 2).mean())
        for age in ages
    ]
    assert min(errors) < 0.7 * max(errors), "this is another scene"
    return float(ages[int(np.argmin(errors))])


def moves(sights: list[Sight]) -> bool:
    first, last = (grey(sight.image, (48, 30)) for sight in (sights[0], sights[-1]))
    return bool(np.abs(first - last).max() > 15)


@contextmanager
def watched(folder: Path, players: list[tuple[str, str]], sights: int = 30) -> Iterator[Player]:
    """Yield a page once it has seen every stream so often; it has told no error."""
    with playing(folder, players) as player:
        places = range(len(players))
        wait_for(
            lambda: all(len(player.sights.get(each, [])) >= sights for each in places), 60, 0.1
        )
        yield player
    assert not [told for told in player.told if "error" in told]


@pytest.fixture(scope="module")
def rig() -> Iterator[OakRig]:
    with oak_rig() as running:
        yield running


@pytest.mark.parametrize("stream", ["CAM_A", "CAM_B"])
@pytest.mark.parametrize("kind", ["mse", "webrtc", "mjpeg"])
def test_a_browser_shows_the_present(rig: OakRig, tmp_path: Path, kind: str, stream: str) -> None:
    path = "mjpeg" if kind == "mjpeg" else "video"
    url = rig.url(f"{STREAMS}/{stream}/{path}", "ws" if kind == "mse" else "http")
    with watched(tmp_path, [(kind, url)]) as player:
        sights = player.sights[0][10:]
    assert moves(sights)
    ages = [age_ms(view(LENSES[stream]), sight) for sight in sights[::2]]
    print(f"{kind} {stream}: {statistics.median(ages):.0f} ms old, at most {max(ages):.0f}")
    assert statistics.median(ages) < MOST_MS
    if kind == "webrtc":
        told = [each["event"]["age_ms"] for each in player.told if "event" in each]
        assert told
        assert max(told) < MOST_MS


def test_a_browser_shows_all_streams_of_two_devices_at_once(tmp_path: Path) -> None:
    with running_system(sony_enabled="false", access_origins='["*"]') as system:
        wait_for_cameras(system, {OAK, OAK_ONE})
        shown = [(OAK, name) for name in ("CAM_A", "CAM_B", "CAM_C")] + [(OAK_ONE, "CAM_A")]
        players = [
            ("mjpeg", f"{system.url}/cameras/{camera}/streams/{name}/mjpeg")
            for camera, name in shown
        ]
        with watched(tmp_path, players, sights=10) as player:
            assert all(moves(player.sights[place]) for place in range(len(players)))
        # Depth in place of its two sensors.
        assert system.request("POST", f"/cameras/{OAK}/streams/DEPTH_B_C/")[0] == 201
        depth = f"{system.url}/cameras/{OAK}/streams/DEPTH_B_C/mjpeg"
        folder = tmp_path / "depth"
        folder.mkdir()
        with watched(folder, [players[0], ("mjpeg", depth), players[3]], sights=10) as player:
            assert all(moves(player.sights[place]) for place in range(3))
