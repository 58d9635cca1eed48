"""The console in real browsers before a whole system: what a person sees and does.

`LENSBUS_TEST_SCREENSHOTS` names a folder that keeps what every place looked like.
"""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kit.browser import Tab
from kit.cli import lensbus
from kit.console import (
    BROWSERS,
    connect,
    console,
    folder,
    go,
    keep,
    moves,
    open_console,
    shows,
    switch,
    tiles,
)
from kit.processes import wait_for
from kit.system import ALPHA, CINEMA, OAK, OAK_ONE, System, running_system, wait_for_cameras

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

API = f"/api/cameras/{ALPHA}"
DEPTH = "DEPTH_B_C"


@pytest.fixture(scope="module")
def rack() -> Iterator[System]:
    with running_system(sony_simulator_time_scale="0.2") as started:
        wait_for_cameras(started)
        yield started


@pytest.fixture(scope="module", params=sorted(BROWSERS))
def tab(rack: System, request: pytest.FixtureRequest) -> Iterator[Tab]:
    with console(request.param, rack) as opened:
        yield opened


@pytest.fixture
def page(tab: Tab) -> Iterator[Tab]:
    """A tab on the wall that complains of nothing in this test."""
    go(tab, "")
    tab.wait("document.querySelector('h1')?.innerText === 'Cameras'")
    tab.complaints.clear()
    yield tab
    tab.run("0")  # what it said until now
    assert tab.complaints == []


def forgive(page: Tab, *statuses: int) -> None:
    """Take refusals that a test provoked for what they are: every browser names them."""
    page.run("0")  # what it said until now
    words = [f"status of {status}" for status in statuses]
    words += [f"status {status} " for status in statuses]
    page.complaints[:] = [said for said in page.complaints if not any(w in said for w in words)]


def value_of(rack: System, name: str, key: str = "value") -> Any:
    return rack.json("GET", f"{API}/properties/{name}")["data"][key]


def test_the_wall_is_one_click_away_and_moves(rack: System, page: Tab, tmp_path: Path) -> None:
    switch(rack, OAK, "CAM_A", DEPTH)
    for camera in (ALPHA, CINEMA):
        rack.request("DELETE", f"/api/cameras/{camera}/connection")
    page.reads("Not connected.")
    page.push("Connect all 2 Sony cameras")
    moves(page, tiles(rack))
    ticks = page.wait("[...document.querySelectorAll('.tile .ticks span')].map(x => x.innerText)")
    metres = [float(text.removesuffix(" m")) for text in ticks]
    assert len(metres) == 5
    assert metres == sorted(metres)
    assert 0.2 < metres[0] < metres[-1] < 20
    # One stream of events and one socket for every picture: the rest of the six stays free.
    streams = page.run(
        "performance.getEntriesByType('resource').filter(one => one.name.includes('/frame')"
        " || one.name.includes('/stream') && one.name.includes('live-view')).length"
    )
    assert streams == 0
    keep(page, "wall", folder(tmp_path))


def test_a_camera_is_connected_switched_and_let_go(rack: System, page: Tab, tmp_path: Path) -> None:
    rack.request("DELETE", f"{API}/connection")
    go(page, f"camera/{ALPHA}")
    page.reads("Not connected. In the mode Remote")
    keep(page, "sony-idle", folder(tmp_path))
    page.push("Connect")
    page.reads("Connected: Remote")
    shows(page, ".aim")
    page.choose(".mode select", "remote-transfer")
    page.push("Switch mode")
    page.reads("Connected: Remote with card")
    assert rack.json("GET", f"{API}/connection")["data"]["mode"] == "remote-transfer"
    page.push("Disconnect")
    page.reads("Not connected. In the mode Remote")
    assert not rack.json("GET", f"{API}/connection")["camera"]["connected"]
    forgive(page, 400, 404, 409)  # thumbnails, which were on their way


def test_a_slow_screen_shows_the_mode_that_somebody_else_chose(rack: System, page: Tab) -> None:
    connect(rack, ALPHA)
    go(page, f"camera/{ALPHA}")
    page.reads("Connected: Remote")
    page.run("void (window.requestAnimationFrame = (draw) => setTimeout(draw, 8000))")
    rack.request("DELETE", f"{API}/connection")
    rack.json("POST", f"{API}/connection", {"mode": "remote-transfer"})
    page.reads("Connected: Remote with card")
    open_console(page, rack)


def test_properties_have_the_lists_of_the_moment(rack: System, page: Tab, tmp_path: Path) -> None:
    connect(rack, ALPHA)
    go(page, f"camera/{ALPHA}")
    field = "document.getElementById('property-iso')"
    page.wait(f"{field}?.options.length > 5")
    offered = rack.json("GET", f"{API}/properties/iso")["data"]
    shown: list[str] = page.run(f"[...{field}.options].map(one => one.value)")
    assert shown == [one["value"] for one in offered["available_values"]]
    wanted = next(value for value in shown[2:] if value != offered["value"])
    page.choose("#property-iso", wanted)
    wait_for(lambda: value_of(rack, "iso") == wanted, limit_s=60, every_s=0.1)

    # Whoever sets it, and be it to what it was before: the page follows.
    other = offered["value"]
    rack.json("PUT", f"{API}/properties/iso", {"value": other})
    page.wait(f"{field}.value === {json.dumps(other)}")
    page.choose("input[aria-label='Find a property']", "white")
    page.wait("document.querySelectorAll('.properties .field').length < 5")
    page.reads("White balance")
    page.choose("input[aria-label='Find a property']", "")
    page.reads("Shutter speed")
    shows(page, ".aim")
    keep(page, "sony", folder(tmp_path))


def test_a_click_sets_the_focus_point(rack: System, page: Tab) -> None:
    connect(rack, ALPHA)
    areas = value_of(rack, "focus-area", "available_values")
    movable = next(one for one in areas if "Spot" in one["formatted"] or "Flex" in one["formatted"])
    rack.json("PUT", f"{API}/properties/focus-area", {"value": movable["value"]})
    go(page, f"camera/{ALPHA}")
    shows(page, ".aim")

    def frame_at(across: float, down: float) -> bool:
        frames = rack.json("GET", f"{API}/af-area-position")["data"]["frames"]
        places = [(one["normalized"]["x"], one["normalized"]["y"]) for one in frames]
        return any(abs(x - across) < 0.05 and abs(y - down) < 0.05 for x, y in places)

    page.click(".aim", across=0.3, down=0.4)
    wait_for(lambda: frame_at(0.3, 0.4), limit_s=60, every_s=0.2)
    page.wait("Math.abs(parseFloat(document.querySelector('.aim .frame')?.style.left) - 30) < 8")
    # The same without a pointer.
    page.run("document.querySelector('.aim').focus()")
    for _ in range(5):
        page.press("ArrowRight")
    page.press("ArrowDown")
    page.wait("Math.abs(parseFloat(document.querySelector('.aim .cross')?.style.left) - 40) < 1")
    page.press("Enter")
    wait_for(lambda: frame_at(0.4, 0.42), limit_s=60, every_s=0.2)
    page.press("Escape")
    page.wait("document.querySelector('.aim .cross') === null")


def test_a_focus_point_that_is_not_taken_is_told(rack: System, page: Tab) -> None:
    connect(rack, ALPHA)
    areas = value_of(rack, "focus-area", "available_values")
    fixed = next(one for one in areas if one["formatted"] == "Center")
    rack.json("PUT", f"{API}/properties/focus-area", {"value": fixed["value"]})
    go(page, f"camera/{ALPHA}")
    page.wait("document.querySelector('.aim .frame') !== null")
    page.click(".aim", across=0.2, down=0.2)
    page.reads("The camera kept its focus frame where it was.", "such as a flexible spot.")
    assert page.wait("document.querySelector('.aim .cross') === null")
    page.press("Escape")
    page.wait("document.querySelector('.notice') === null")


def test_shooting_exposes_and_is_told(rack: System, page: Tab) -> None:
    connect(rack, ALPHA)
    go(page, f"camera/{ALPHA}")
    shows(page, ".aim")
    page.push("Shoot")
    page.reads("A picture was exposed.", "Saved DSC")
    shown = "document.querySelector('.captures img')"
    page.wait(f"{shown}?.complete && {shown}.naturalWidth > 0")
    page.push("Focus")
    page.reads("In focus.", "Focus released.")
    before = page.run("document.querySelectorAll('.captures li').length")
    page.push("Focus and shoot")
    page.wait(f"document.querySelectorAll('.captures li').length === {before + 1}")
    page.wait("document.querySelectorAll('.captures img').length > 1")


def test_a_movie_is_recorded_until_it_is_stopped(rack: System, page: Tab) -> None:
    connect(rack, CINEMA)
    go(page, f"camera/{CINEMA}")
    shows(page, ".aim")
    page.push("Record a movie")
    stop = "document.querySelector('button.records')"
    page.wait(f"{stop}?.innerText === 'Stop the movie'")
    assert page.run(f"{stop}.ariaPressed") == "true"
    page.push("Stop the movie")
    page.wait(f"{stop} === null")


def test_the_card_is_browsed_and_a_file_comes(rack: System, page: Tab, tmp_path: Path) -> None:
    connect(rack, ALPHA, "remote-transfer")
    go(page, f"camera/{ALPHA}")
    listed = rack.json("GET", f"{API}/sd-card/slot/1/files")["files"]
    page.wait(f"document.querySelectorAll('.files li').length === {min(12, len(listed))}")
    page.wait("document.querySelectorAll('.files img').length > 1")
    page.wait("[...document.querySelectorAll('.files img')].every(x => x.naturalWidth > 0)")
    # The largest, so that there is a way to be seen.
    largest = max(listed, key=lambda one: one["file_size"])["file_path"].split("/")[-1]
    page.run(
        "void (window.steps = [], new MutationObserver(() => {"
        " const now = document.querySelector('.files progress')?.value;"
        " if (now !== undefined) steps.push(now) }).observe(document.querySelector('.files'),"
        " {subtree: true, childList: true, attributes: true}))"
    )
    page.click(f"button[aria-label='Download {largest}']")
    page.wait("document.querySelector('.files a.button')?.innerText.startsWith('Keep')")
    steps: list[float] = page.run("steps")
    assert steps == sorted(steps)
    assert steps, "no progress was shown"
    status, content = rack.request(
        "GET", page.run("document.querySelector('.files a.button').getAttribute('href')")
    )
    assert status == 200
    assert len(content) == max(one["file_size"] for one in listed)
    page.push("Slot 2")
    page.reads("slot 2")
    keep(page, "card", folder(tmp_path))


def test_switching_depth_shows_what_goes_off(rack: System, page: Tab) -> None:
    switch(rack, OAK, "CAM_A", "CAM_B", "CAM_C")
    go(page, f"camera/{OAK}")
    page.reads("switches CAM_B and CAM_C off")
    page.run("[...document.querySelectorAll('.switches input')].at(-1).click()")
    page.reads(
        f"{DEPTH} is on; CAM_B and CAM_C went off, because they share a sensor.",
        f"used by {DEPTH}",
        "CAM_B went off: another stream needs its sensor.",
    )
    on = {one["name"] for one in rack.json("GET", f"/cameras/{OAK}/streams") if one["active"]}
    assert on == {"CAM_A", DEPTH}
    forgive(page, 409, 504)  # the control of a stream that went off, depth that was not there yet


def test_depth_is_read_under_the_pointer(rack: System, page: Tab, tmp_path: Path) -> None:
    switch(rack, OAK, "CAM_A", DEPTH)
    go(page, f"camera/{OAK}/{DEPTH}")
    shows(page, ".depth")
    reading = "document.querySelector('.reading').innerText.match(/^(\\d+) mm/)?.[1] ?? null"
    for down, (least, most) in {0.05: (3000, 5000), 0.93: (600, 3000)}.items():
        page.hover(".depth .aim", across=0.6, down=down)
        near = f"Number({reading}) > {least} && Number({reading}) < {most}"
        page.wait(near)
        rows = rack.json("GET", f"/cameras/{OAK}/streams/{DEPTH}/depth?at=0.6,{down}")
        assert rows["mm"] is None or least < rows["mm"] < most
    page.run("document.querySelector('.depth .aim').focus()")
    page.press("ArrowLeft")
    page.wait("document.querySelector('.depth .cross') !== null")
    assert page.run("document.querySelectorAll('.scale .ticks span').length") == 5
    # Reading is no capture, of which others would be told.
    go(page, "events")
    page.reads("Following the events of all cameras from now on.")
    assert page.run("document.querySelectorAll('[data-kind=stillCaptured]').length") == 0
    go(page, f"camera/{OAK}/{DEPTH}")
    shows(page, ".depth")
    keep(page, "depth", folder(tmp_path))


def test_the_page_reads_the_true_millimetres(rack: System, page: Tab) -> None:
    switch(rack, OAK, DEPTH)
    status, content = rack.request("GET", f"/cameras/{OAK}/streams/{DEPTH}/depth")
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


def test_sliders_follow_what_an_automatic_does(rack: System, page: Tab, tmp_path: Path) -> None:
    switch(rack, OAK_ONE, "CAM_A")
    control = f"/cameras/{OAK_ONE}/streams/CAM_A/control"
    rack.json("POST", f"{control}/reset")
    go(page, f"camera/{OAK_ONE}")
    slider = "document.getElementById('control-exposure_time')"
    page.wait(f"{slider}?.disabled === true")
    # Less light is wanted: the automatic takes some away, and the sliders go with it.
    light = f"{slider}.value * document.getElementById('control-sensitivity_iso').value"
    started = page.run(light)
    rack.json("POST", control, {"auto_exposure_compensation": -9})
    page.wait(f"{light} < {started} / 2")
    page.reads("auto")
    page.run("document.querySelectorAll('.fields input[role=switch]')[0].click()")
    page.wait(f"{slider}.disabled === false")
    assert rack.json("GET", control)["auto_exposure_enable"] is False
    page.choose("#control-exposure_time", "10000")
    wait_for(lambda: rack.json("GET", control)["exposure_time"] == 10_000, limit_s=60, every_s=0.2)
    page.push("Reset")
    page.reads("All controls have their defaults.")
    page.wait(f"{slider}.disabled === true")
    keep(page, "oak", folder(tmp_path))


def test_stills_come_from_the_panel(rack: System, page: Tab) -> None:
    switch(rack, OAK, "CAM_A", DEPTH)
    for stream, signature in (("CAM_A", b"\xff\xd8"), (DEPTH, b"\x89PNG")):
        go(page, f"camera/{OAK}/{stream}")
        page.wait(f"document.querySelector('.card a[download]')?.href.includes('/{stream}/')")
        link = page.run("document.querySelector('.card a[download]').getAttribute('href')")
        status, content = rack.request("GET", link)
        assert (status, content[: len(signature)]) == (200, signature)


def test_a_camera_is_shut_down_and_booted(rack: System, page: Tab) -> None:
    switch(rack, OAK_ONE, "CAM_A")
    go(page, f"camera/{OAK_ONE}")
    page.push("Shut down")
    page.reads("Shut down, or out of reach")
    go(page, "health")
    page.reads("It was shut down. Press Boot on its page.")
    go(page, f"camera/{OAK_ONE}")
    page.push("Boot")
    page.reads("Booted")
    shows(page, ".stage")
    forgive(page, 409)  # what was asked before it was known


def test_events_are_filtered(rack: System, page: Tab, tmp_path: Path) -> None:
    connect(rack, ALPHA)
    switch(rack, OAK, "CAM_A")
    go(page, "events")
    switch(rack, OAK, "CAM_A", "CAM_B")
    page.reads("CAM_B is on.", "Connected.")
    of = "[...document.querySelectorAll('.timeline li:not(.own) .who')].map(one => one.innerText)"
    page.choose("select[aria-label=Camera]", OAK)
    page.wait(f"{of}.length > 0 && {of}.every(one => one === 'OAK-D-PRO')")
    page.push("Streams")
    page.wait("!document.body.innerText.includes('CAM_B is on.')")
    page.push("Streams")
    page.reads("CAM_B is on.")
    page.choose("select[aria-label=Camera]", "")
    page.choose("input[aria-label='Find an event']", "cam_b")
    page.wait(
        "[...document.querySelectorAll('.timeline li:not(.own) .what')]"
        ".every(one => one.innerText.includes('CAM_B'))"
    )
    # The way of the stream itself passes every filter.
    page.reads("Following the events of all cameras from now on.")
    page.choose("input[aria-label='Find an event']", "")
    page.push("Hold")
    switch(rack, OAK, "CAM_A")
    page.wait(
        "[...document.querySelectorAll('button')].some(x => /Go on .[1-9]/.test(x.innerText))"
    )
    assert "CAM_B is off." not in page.run(
        "document.querySelector('.timeline li:not(.own)').innerText"
    )
    page.run("document.querySelector('.bar button[aria-pressed=true]').click()")
    page.reads("CAM_B is off.")
    keep(page, "events", folder(tmp_path))


def test_properties_are_called_by_name_in_the_events(rack: System, page: Tab) -> None:
    connect(rack, ALPHA)
    offered = value_of(rack, "iso", "available_values")
    go(page, "events")
    now = value_of(rack, "iso")
    other = next(one["value"] for one in offered[2:] if one["value"] != now)
    rack.json("PUT", f"{API}/properties/iso", {"value": other})
    page.reads("ISO changed.")


def test_health_says_why_and_what_to_do(rack: System, page: Tab, tmp_path: Path) -> None:
    connect(rack, ALPHA)
    rack.request("DELETE", f"/api/cameras/{CINEMA}/connection")
    # Until the page is told, it asks what is refused.
    tile = f"document.querySelector('.tile a[href=\"#/camera/{CINEMA}\"]')"
    page.wait(f"{tile}.innerText.includes('Not connected.')")
    go(page, "health")
    page.reads("Not ready. SDK connection: is not open. Press Connect on its page.")
    page.reads(f"1 of 4 is not ready: ILME-FX3A {CINEMA}.")
    # What needs a hand comes first.
    page.wait("document.querySelector('.chains .chain h2').innerText.includes('ILME-FX3A')")
    page.reads("Discovery", "Worker", "SDK answers", "Card", "Battery and heat", "Last picture")
    plots = "[...document.querySelectorAll('.plot path')].map(one => one.getAttribute('d'))"
    page.wait(f"{plots}.length === 4 && {plots}.slice(0, 3).every(one => one.length > 2)")
    keep(page, "health", folder(tmp_path))
    connect(rack, CINEMA)
    page.reads("All 4 cameras are ready.")


def test_health_tells_who_may_hold_a_body(rack: System, page: Tab) -> None:
    rack.request("DELETE", f"{API}/connection")
    lensbus(rack, "break", ALPHA, "held")
    try:
        go(page, f"camera/{ALPHA}")
        page.push("Connect")
        page.reads("another process may hold the camera", "End the other program")
        go(page, "health")
        page.reads("SDK connection: is not open.", "Another process may hold the camera")
    finally:
        lensbus(rack, "break", ALPHA, "--heal")
    forgive(page, 400)


def test_events_are_read_whole_however_they_are_cut(page: Tab) -> None:
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
