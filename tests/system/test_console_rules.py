"""The console for everybody: by keyboard, by ear, on a phone, by night (axe-core from npm)."""

from collections.abc import Iterator

import pytest

from kit.axe import fetch_axe, findings
from kit.browser import PHONE, WIDE, Tab
from kit.chromium import ChromiumTab
from kit.console import BROWSERS, connect, console, go, switch
from kit.system import ALPHA, CINEMA, OAK, System, running_system, wait_for_cameras

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

DEPTH = "DEPTH_B_C"
# Every place, and what stands on it once it is there.
PLACES = {
    "": "OAK-D-PRO",
    f"camera/{ALPHA}": "Shutter speed",
    f"camera/{CINEMA}": "Not connected.",
    f"camera/{OAK}/CAM_A": "Exposure time",
    f"camera/{OAK}/{DEPTH}": "Infrared lights",
    "events": "Following the events",
    "health": "Battery and heat",
    "camera/NOBODY": "No camera of this name is known now.",
}


@pytest.fixture(scope="module")
def rack() -> Iterator[System]:
    with running_system(sony_simulator_time_scale="0.2") as started:
        wait_for_cameras(started)
        connect(started, ALPHA, "remote-transfer")
        switch(started, OAK, "CAM_A", DEPTH)
        yield started


@pytest.fixture(scope="module", params=sorted(BROWSERS))
def tab(rack: System, request: pytest.FixtureRequest) -> Iterator[Tab]:
    with console(request.param, rack) as opened:
        yield opened


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    return fetch_axe(tmp_path_factory.mktemp("axe"))


@pytest.mark.parametrize("place", PLACES)
def test_nothing_serious_keeps_anybody_out(tab: Tab, axe: str, place: str) -> None:
    go(tab, place)
    tab.reads(PLACES[place])
    found = []
    for scheme in ("light", "dark") if isinstance(tab, ChromiumTab) else ("light",):
        if isinstance(tab, ChromiumTab):
            tab.prefer(scheme=scheme)
        for size in (WIDE, PHONE):
            tab.resize(*size)
            found += [f"{scheme} {size[0]}: {one}" for one in findings(tab, axe)]
    tab.resize(*WIDE)
    assert found == []


def test_what_is_serious_would_be_found(tab: Tab, axe: str) -> None:
    go(tab, "")
    tab.reads("Cameras")
    plant = """(() => {
        const pale = document.createElement("p"), mute = document.createElement("button");
        pale.textContent = "pale";
        const ground = getComputedStyle(document.body).backgroundColor;
        pale.style.color = `color-mix(in srgb, ${ground} 85%, grey)`;
        pale.className = mute.className = "planted";
        document.querySelector("main").append(pale, mute);
    })()"""
    tab.run(plant)
    try:
        found = " ".join(findings(tab, axe))
    finally:
        tab.run("document.querySelectorAll('.planted').forEach(one => one.remove())")
    assert "color-contrast" in found
    assert "button-name" in found


def test_everything_is_reached_by_keyboard(rack: System, tab: Tab) -> None:
    connect(rack, ALPHA)
    tab.open(rack.url + "/")
    tab.reads("Live")
    assert tab.tab() == "Skip to the content"
    assert [tab.tab() for _ in range(4)] == ["lensbus", "Cameras", "Events", "Health"]
    outline = "getComputedStyle(document.activeElement)"
    assert tab.run(f"{outline}.outlineStyle !== 'none' && parseFloat({outline}.outlineWidth) >= 2")
    tab.press("Enter")
    tab.reads("Ready.")
    # Who reads with the ears begins at the head of the new page.
    tab.wait("document.activeElement.innerText === 'Health'")
    go(tab, f"camera/{ALPHA}")
    tab.wait("Number(document.querySelector('.aim canvas')?.dataset.seq) > 0")
    tab.reads("Shutter speed")
    tab.wait("document.activeElement.tagName === 'H1'")
    met = []
    while len(met) < 60:
        met.append(tab.tab())
        seen = tab.run(
            "(() => { const one = document.activeElement; const box = one.getBoundingClientRect();"
            " return one.matches(':focus-visible') && box.width > 0 })()"
        )
        assert seen, f"{met[-1]} has the focus, and nobody sees it"
        if met[-1] == "Shoot":
            break
    assert "Disconnect" in met
    assert any("Live view of" in one for one in met)
    tab.press("Enter")
    tab.reads("A picture was exposed.")


def test_the_content_is_one_key_away(rack: System, tab: Tab) -> None:
    tab.open(rack.url + "/")
    tab.reads("Live", "OAK-D-PRO")
    assert tab.tab() == "Skip to the content"
    tab.press("Enter")
    tab.wait("document.activeElement.id === 'main'")


def test_who_asked_for_less_motion_sees_none(rack: System, tab: Tab) -> None:
    if not isinstance(tab, ChromiumTab):
        return  # Firefox is told before it starts; the rule is one of the style sheet
    moving = "document.getAnimations().length"
    go(tab, "")
    tab.prefer(motion="no-preference")
    tab.wait(f"{moving} > 0")
    tab.prefer(motion="reduce")
    tab.wait(f"{moving} === 0")
