"""The pictures of the console that README and docs show, taken of a running system in Chromium.

`make screenshots` takes them anew; they are kept as WebP, which is a tenth of a PNG.
"""

import base64
import io
from pathlib import Path
from typing import Final

from PIL import Image

from kit.browser import PHONE, WIDE
from kit.chromium import ChromiumTab, chromium
from kit.console import connect, go, moves, open_console, shows, switch, tiles
from kit.processes import ROOT
from kit.system import ALPHA, CINEMA, OAK, System, running_system, wait_for_cameras

FOLDER: Final = ROOT / "docs" / "images"
DEPTH: Final = "DEPTH_B_C"
QUALITY: Final = 80


def take(rack: System, tab: ChromiumTab, folder: Path) -> None:
    """Write every picture into a folder."""
    for camera in (ALPHA, CINEMA):
        connect(rack, camera)
    switch(rack, OAK, "CAM_A", DEPTH)
    open_console(tab, rack)
    tab.resize(*WIDE)
    moves(tab, tiles(rack))
    keep(tab, folder / "wall.webp")
    go(tab, f"camera/{ALPHA}")
    tab.reads("Shutter speed")
    shows(tab, "main")
    tab.push("Shoot")
    tab.reads("Saved DSC")
    keep(tab, folder / "sony.webp")
    go(tab, f"camera/{OAK}/{DEPTH}")
    shows(tab, ".depth")
    tab.hover(".depth .aim", across=0.6, down=0.93)
    tab.wait("/^\\d+ mm/.test(document.querySelector('.reading').innerText)")
    tab.prefer(scheme="dark")
    keep(tab, folder / "depth-dark.webp")
    tab.prefer(scheme="light")
    go(tab, "health")
    tab.reads("Battery and heat")
    tab.resize(*PHONE)
    keep(tab, folder / "health-phone.webp")


def keep(tab: ChromiumTab, path: Path) -> None:
    """Keep what is seen."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(base64.b64decode(tab.picture(whole=False)))) as image:
        image.convert("RGB").save(path, quality=QUALITY, method=6)


if __name__ == "__main__":
    with running_system() as started, chromium() as page:
        wait_for_cameras(started)
        take(started, page, FOLDER)
