"""The console in a real browser before a whole system: what a person sees and does."""

import io
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kit.chromium import Page, chromium, has_chromium
from kit.processes import wait_for
from kit.system import (
    ALPHA,
    CINEMA,
    OAK,
    OAK_ONE,
    System,
    command_of,
    running_system,
    wait_for_cameras,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not has_chromium(), reason="there is no Chromium on this machine"),
]

SEQUENCES = "[...document.querySelectorAll('.tile canvas')].map(one => Number(one.dataset.seq))"


@pytest.fixture(scope="module")
def rack() -> Iterator[System]:
    with running_system(sony_simulator_time_scale="0.2") as started:
        wait_for_cameras(started)
        yield started


@pytest.fixture
def page(rack: System) -> Iterator[Page]:
    """A tab that has the console open."""
    with chromium() as tab:
        tab.open(rack.url + "/")
        tab.wait("document.querySelector('header .standing')?.innerText.includes('Live')")
        yield tab


def go(page: Page, rack: System, place: str) -> None:
    page.run(f"location.hash = {json.dumps('#/' + place)}; 0")


def press_button(page: Page, words: str) -> None:
    """Click the button with these words."""
    found = (
        "[...document.querySelectorAll('button')]"
        f".find(one => one.innerText.trim() === {json.dumps(words)} && !one.disabled)"
    )
    page.wait(f"{found} !== undefined")
    page.run(f"{found}.click()")


def reads(page: Page, words: str, limit_s: float = 15.0) -> None:
    page.wait(f"document.body.innerText.includes({json.dumps(words)})", limit_s)


def connected(rack: System, *cameras: str) -> None:
    """Have bodies that show live view, whatever a test did before."""
    for camera in cameras:
        rack.request("DELETE", f"/api/cameras/{camera}/connection")
        rack.json("POST", f"/api/cameras/{camera}/connection", {"mode": "remote"})
        rack.json("POST", f"/api/cameras/{camera}/live-view/start")


def test_the_wall_is_one_click_away_and_moves(rack: System, page: Page, tmp_path: Path) -> None:
    for camera in (ALPHA, CINEMA):
        rack.request("DELETE", f"/api/cameras/{camera}/connection")
    press_button(page, "Connect all 2 Sony cameras")
    reads(page, "ILCE-7M4")

    tiles = 2 + sum(
        one["active"]
        for camera in (OAK, OAK_ONE)
        for one in rack.json("GET", f"/cameras/{camera}/streams")
    )

    def moving() -> list[float] | None:
        now: list[float | None] = page.run(SEQUENCES)
        return [one for one in now if one] if len(now) == tiles and all(now) else None

    before = wait_for(moving, limit_s=30, every_s=0.2)
    wait_for(
        lambda: all(new > old for new, old in zip(moving() or before, before, strict=True)),
        limit_s=15,
        every_s=0.2,
    )
    # One stream of events and one socket for every picture: the rest of the six stays free.
    opened = page.run(
        "performance.getEntriesByType('resource').filter(one => one.name.includes('/frame')"
        " || one.name.includes('/stream') && one.name.includes('live-view')).length"
    )
    assert opened == 0
    for width, scheme in ((1280, "light"), (390, "dark")):
        page.prefer(scheme=scheme)
        page.resize(width, 844)
        assert page.run("document.documentElement.scrollWidth") <= width
        page.screenshot(tmp_path / f"wall-{width}-{scheme}.png")
    assert page.complaints == []


def test_shooting_exposes_and_is_told(rack: System, page: Page) -> None:
    connected(rack, ALPHA)
    go(page, rack, f"camera/{ALPHA}")
    page.wait("Number(document.querySelector('.aim canvas')?.dataset.seq) > 0")
    press_button(page, "Shoot")
    reads(page, "A picture was exposed.")
    reads(page, "Saved DSC", limit_s=30)
    shown = "document.querySelector('.captures img')"
    page.wait(f"{shown}?.complete && {shown}.naturalWidth > 0")
    before = rack.json("GET", f"/api/cameras/{ALPHA}/properties/iso")["data"]["value"]
    page.wait("document.getElementById('property-iso')?.options.length > 5")
    wanted = "0x190" if before != "0x190" else "0xc8"
    page.run(
        "(() => { const list = document.getElementById('property-iso');"
        f" list.value = {json.dumps(wanted)};"
        " list.dispatchEvent(new Event('change', {bubbles: true})) })()"
    )
    iso = f"/api/cameras/{ALPHA}/properties/iso"
    wait_for(lambda: rack.json("GET", iso)["data"]["value"] == wanted, every_s=0.1)
    page.click(".aim", across=0.3, down=0.3)
    page.wait("document.querySelector('.aim .cross') !== null")
    assert page.complaints == []


def test_the_card_is_browsed_and_a_file_comes(rack: System, page: Page) -> None:
    rack.request("DELETE", f"/api/cameras/{ALPHA}/connection")
    rack.json("POST", f"/api/cameras/{ALPHA}/connection", {"mode": "remote-transfer"})
    go(page, rack, f"camera/{ALPHA}")
    page.wait("document.querySelectorAll('.files img').length > 1", limit_s=30)
    page.run("document.querySelector('.files button').click()")
    page.wait("document.querySelector('.files a.button')?.innerText.startsWith('Keep')", 30)
    link = page.run("document.querySelector('.files a.button').getAttribute('href')")
    status, content = rack.request("GET", link)
    assert status == 200
    assert content.startswith(b"\xff\xd8")
    assert page.complaints == []


def test_switching_depth_shows_what_goes_off(rack: System, page: Page) -> None:
    streams = f"/cameras/{OAK}/streams"
    rack.json("PATCH", streams, {"activate": ["CAM_A", "CAM_B", "CAM_C"]})
    go(page, rack, f"camera/{OAK}")
    reads(page, "switches CAM_B and CAM_C off")
    page.run("[...document.querySelectorAll('.switches input')].at(-1).click()")
    reads(page, "DEPTH_B_C is on; CAM_B and CAM_C went off, because they share a sensor.")
    reads(page, "used by DEPTH_B_C")
    reads(page, "CAM_B went off: another stream needs its sensor.")
    on = {one["name"] for one in rack.json("GET", streams) if one["active"]}
    assert on == {"CAM_A", "DEPTH_B_C"}

    go(page, rack, f"camera/{OAK}/DEPTH_B_C")
    page.wait("Number(document.querySelector('.depth canvas')?.dataset.seq) > 0")
    page.click(".depth .aim", across=0.72, down=0.68)
    reading = page.wait(
        "document.querySelector('.reading').innerText.match(/^(\\d+) mm/)?.[1] ?? null"
    )
    assert 300 < int(reading) < 5000
    assert page.run("document.querySelectorAll('.scale .ticks span').length") == 5
    assert page.complaints == []


def test_the_page_reads_the_true_millimetres(rack: System, page: Page) -> None:
    rack.json("PATCH", f"/cameras/{OAK}/streams", {"activate": ["DEPTH_B_C"]})
    status, content = rack.request("GET", f"/cameras/{OAK}/streams/DEPTH_B_C/still?format=png16")
    assert status == 200
    truth = np.asarray(Image.open(io.BytesIO(content))).astype(np.int64)
    numbers = ",".join(map(str, content))
    read: dict[str, Any] = page.run(
        "(async () => { const { decode } = await import('/console/png16.js');"
        f" const found = await decode(new Uint8Array([{numbers}]).buffer);"
        " let sum = 0; found.values.forEach((mm, at) => sum += mm * (at % 997));"
        " return { size: [found.width, found.height], sum } })()"
    )
    flat = truth.ravel()
    assert read["size"] == [truth.shape[1], truth.shape[0]]
    assert read["sum"] == int((flat * (np.arange(flat.size) % 997)).sum())


def test_events_are_read_whole_however_they_are_cut(page: Page) -> None:
    text = ": hello\nretry: 1500\n\nid: a.1\nevent: x\ndata: {}\ndata: 2\n\nid: a.2\ndata:3\n\n"
    found = page.run(
        "(async () => { const { reader } = await import('/console/sse.js');"
        f" const text = {json.dumps(text)};"
        " const whole = reader()(text); const cut = reader();"
        " return [whole, [...text].flatMap(letter => cut(letter))] })()"
    )
    assert found[0] == found[1]
    assert [(one["name"], one["data"], one["id"], one["retry"]) for one in found[0]] == [
        ("message", "", None, 1500),
        ("x", "{}\n2", "a.1", None),
        ("message", "3", "a.2", None),
    ]


def test_everything_is_reached_by_keyboard(rack: System, page: Page) -> None:
    connected(rack, ALPHA)
    assert page.tab() == "Skip to the content"
    assert [page.tab() for _ in range(4)] == ["lensbus", "Cameras", "Events", "Health"]
    page.press("Enter", 13, "\r")
    reads(page, "Ready.")
    assert page.run("document.activeElement.innerText") == "Health"
    go(page, rack, f"camera/{ALPHA}")
    page.wait("Number(document.querySelector('.aim canvas')?.dataset.seq) > 0")
    for _ in range(25):
        if page.tab() == "Shoot":
            break
    page.press("Enter", 13, "\r")
    reads(page, "A picture was exposed.")
    assert page.complaints == []


def test_health_says_why_and_what_to_do(rack: System, page: Page) -> None:
    rack.request("DELETE", f"/api/cameras/{CINEMA}/connection")
    go(page, rack, "health")
    reads(page, "Not ready: its SDK connection is not open. Press Connect on its page.")
    rack.json("DELETE", f"/cameras/{OAK}")
    reads(page, "It was shut down. Press Boot on its page.", 20)
    rack.json("POST", f"/cameras/{OAK}")
    page.wait("!document.body.innerText.includes('It was shut down.')", 30)


def test_health_tells_a_crash_with_its_signal(rack: System, page: Page) -> None:
    go(page, rack, "events")
    reads(page, "Following the events of all cameras from now on.")
    pid = rack.worker_pid(CINEMA)
    assert pid is not None
    os.kill(pid, signal.SIGSEGV)
    reads(page, "the process before it ended by SIGSEGV.", 60)
    go(page, rack, "health")
    reads(page, "Answers. Its process crashed once, at ", 30)
    reads(page, "(SIGSEGV). It was started again.", 30)


def test_a_page_outlives_broker_and_gateways(rack: System, page: Page) -> None:
    go(page, rack, "events")
    reads(page, "Following the events of all cameras from now on.")
    for pid in rack.pids():
        if any(name in command_of(pid) for name in ("-m lensbus_gateway", "-m lensbus_broker")):
            os.kill(pid, signal.SIGKILL)
    reads(page, "The event stream broke off; it is opened again.", 20)
    reads(page, "Back on the stream; nothing was missed.", 30)
    page.wait("document.querySelector('header .standing').innerText.includes('reconnected 1')")
    wait_for_cameras(rack)
    rack.json("PATCH", f"/cameras/{OAK}/streams", {"activate": ["CAM_A", "CAM_B"]})
    rack.json("PATCH", f"/cameras/{OAK}/streams", {"deactivate": ["CAM_B"]})
    reads(page, "CAM_B is off.", 20)
    go(page, rack, "")
    page.wait(f"{SEQUENCES}.filter(Boolean).length > 1", 30)
