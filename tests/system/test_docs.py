"""The page that shows the contracts, in a browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.axe import fetch_axe, findings
from kit.browser import PHONE, Tab
from kit.chromium import PROGRAM, chromium
from kit.console import faults
from kit.system import System

pytestmark = pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is missing")


@pytest.fixture(scope="module")
def tab(system: System) -> Iterator[Tab]:
    with chromium() as opened:
        opened.open(f"{system.url}/docs")
        opened.reads("Contracts of lensbus", "/api/cameras/{camera}/connection", "stillCaptured")
        yield opened


def test_an_operation_is_found_read_and_tried(tab: Tab) -> None:
    tab.run(
        "(() => { const wish = document.querySelector('input[type=search]');"
        " wish.value = 'listSonyCameras'; wish.dispatchEvent(new Event('input')) })()"
    )
    tab.wait("document.querySelectorAll('.docs section details').length === 1")
    tab.click("details summary")
    tab.reads("Answers", 'connectionType: "USB" | "Network"', "curl -X GET")
    tab.push("Try it")
    tab.reads("200 application/json", "Camera discovery completed")
    assert faults(tab) == []


@pytest.mark.slow
def test_nothing_on_the_page_keeps_people_out(tab: Tab, tmp_path: Path) -> None:
    axe = fetch_axe(tmp_path)
    assert findings(tab, axe) == []
    tab.resize(*PHONE)
    assert findings(tab, axe) == []
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
