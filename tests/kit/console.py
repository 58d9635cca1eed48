"""The console in a browser: its places, and what stands on them."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from kit.browser import PHONE, WIDE, Tab
from kit.chromium import PROGRAM as CHROMIUM
from kit.chromium import ChromiumTab, chromium
from kit.firefox import PROGRAM as FIREFOX
from kit.firefox import firefox
from kit.system import ALPHA, CINEMA, OAK, OAK_ONE, System

BROWSERS: Final = {"chromium": chromium, "firefox": firefox}
PROGRAMS: Final = {"chromium": CHROMIUM, "firefox": FIREFOX}

# Where screenshots are kept; without it they go where the test keeps its files.
KEPT_IN: Final = "LENSBUS_TEST_SCREENSHOTS"

SEQUENCES: Final = (
    "[...document.querySelectorAll('.tile canvas')].map(one => Number(one.dataset.seq))"
)
TILES: Final = "document.querySelectorAll('.tile canvas').length"

# What a browser says by itself of what is away or refuses: no fault of the page.
OUTAGE: Final = (
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
    "ERR_SOCKET_NOT_CONNECTED",
    "WebSocket connection to",
    "establish a connection to the server",
    "was interrupted while the page was loading",
    "the server responded with a status of",
    "status 4",
    "status 5",
)


@contextmanager
def console(name: str, rack: System) -> Iterator[Tab]:
    """Yield a tab of a browser in which the console stands and follows the events.

    Skips the test where there is no such browser.
    """
    if shutil.which(PROGRAMS[name]) is None:
        pytest.skip(f"{PROGRAMS[name]} is not installed")
    with BROWSERS[name]() as tab:
        open_console(tab, rack)
        yield tab


def open_console(tab: Tab, rack: System) -> None:
    """Open the page, and wait until it follows the events."""
    tab.open(rack.url + "/")
    tab.wait("document.querySelector('header .standing')?.innerText.includes('Live')")


def go(tab: Tab, place: str) -> None:
    """Go to a place: `health`, `camera/<id>`, nothing for the wall."""
    tab.run(f"void (location.hash = {json.dumps('#/' + place)})")


def connect(rack: System, camera: str, mode: str = "remote") -> None:
    """Have a body that is connected in a mode and shows live view, whatever was before."""
    rack.request("DELETE", f"/api/cameras/{camera}/connection")
    rack.json("POST", f"/api/cameras/{camera}/connection", {"mode": mode})
    if mode == "remote":
        rack.json("POST", f"/api/cameras/{camera}/live-view/start")


def switch(rack: System, camera: str, *streams: str) -> None:
    """Have exactly these streams of an OAK camera on."""
    listed = rack.json("GET", f"/cameras/{camera}/streams")
    off = [one["name"] for one in listed if one["active"] and one["name"] not in streams]
    change = {"activate": list(streams), "deactivate": off}
    rack.json("PATCH", f"/cameras/{camera}/streams", change)


def tiles(rack: System) -> int:
    """Return how many pictures the wall has when both Sony bodies are connected."""
    oak = (
        one["active"]
        for camera in (OAK, OAK_ONE)
        for one in rack.json("GET", f"/cameras/{camera}/streams")
    )
    return len((ALPHA, CINEMA)) + sum(oak)


def moves(tab: Tab, pictures: int) -> None:
    """Wait until the wall has so many pictures and each of them is newer than it was."""
    before: list[float] = tab.wait(
        f"{TILES} === {pictures} && {SEQUENCES}.every(Boolean) && {SEQUENCES}", 120
    )
    # A worker that begins anew counts from one.
    tab.wait(f"{SEQUENCES}.every((one, at) => one !== {before}[at])", 120)


def shows(tab: Tab, of: str) -> None:
    """Wait until a canvas has a picture."""
    tab.wait(f"Number(document.querySelector({json.dumps(of + ' canvas')})?.dataset.seq) > 0")


def folder(temporary: Path) -> Path:
    """Return where screenshots of this test run are kept."""
    return Path(os.environ.get(KEPT_IN) or temporary)


def keep(tab: Tab, name: str, where: Path) -> None:
    """Keep what a place looks like: on a desk and on a phone, by day and, in Chromium, by night."""
    kind = "chromium" if isinstance(tab, ChromiumTab) else "firefox"
    for scheme in ("light", "dark") if isinstance(tab, ChromiumTab) else ("light",):
        if isinstance(tab, ChromiumTab):
            tab.prefer(scheme=scheme)
        for size in (WIDE, PHONE):
            tab.resize(*size)
            wide: int = tab.run("document.documentElement.scrollWidth")
            assert wide <= size[0], f"{name} is {wide} pixels wide on {size[0]}"
            tab.screenshot(where / f"{name}-{kind}-{size[0]}-{scheme}.png")
    if isinstance(tab, ChromiumTab):
        tab.prefer(scheme="light")
    tab.resize(*WIDE)


def faults(tab: Tab) -> list[str]:
    """Return what the console complained of, less what every browser says of an outage."""
    return [said for said in tab.complaints if not any(part in said for part in OUTAGE)]
