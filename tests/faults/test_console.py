"""What a person who has the console open sees while things die and come back."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.browser import Tab
from kit.cli import lensbus
from kit.console import (
    BROWSERS,
    SEQUENCES,
    connect,
    console,
    faults,
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
from kit.system import (
    ALPHA,
    CINEMA,
    OAK,
    System,
    command_of,
    running_system,
    wait_for_cameras,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

API = f"/api/cameras/{ALPHA}"
STUCK_S = 6.0


@pytest.fixture(scope="module")
def rack() -> Iterator[System]:
    with running_system(
        sony_simulator_time_scale="0.2", worker_stuck_s=str(STUCK_S), sony_connect_s="3"
    ) as started:
        wait_for_cameras(started)
        yield started


@pytest.fixture(scope="module", params=sorted(BROWSERS))
def tab(rack: System, request: pytest.FixtureRequest) -> Iterator[Tab]:
    with console(request.param, rack) as opened:
        yield opened


@pytest.fixture
def page(rack: System, tab: Tab) -> Iterator[Tab]:
    """A fresh page before a whole rack; it complains of nothing but the outage itself."""
    wait_for_cameras(rack)
    tab.complaints.clear()
    open_console(tab, rack)
    yield tab
    tab.run("0")  # what it said until now
    assert faults(tab) == []


def worker(rack: System, camera: str) -> int:
    return wait_for(lambda: rack.worker_pid(camera), limit_s=60)


def test_a_body_that_is_unplugged_is_told_and_comes_back(
    rack: System, page: Tab, tmp_path: Path
) -> None:
    connect(rack, ALPHA)
    go(page, f"camera/{ALPHA}")
    shows(page, ".aim")
    lensbus(rack, "break", ALPHA, "unplugged")
    try:
        page.reads("Disconnected: it was unplugged, switched off or lost its network")
        page.reads("Not ready. Discovery: is not seen any more. Check its power")
        keep(page, "lost-body", folder(tmp_path))
    finally:
        lensbus(rack, "break", ALPHA, "--heal")
    shows(page, ".aim")
    page.wait("document.querySelector('.aim .picture:not(.old) canvas') !== null", 120)
    go(page, "health")
    page.wait(
        f"document.querySelector('[aria-label*={ALPHA}] .verdict')?.innerText === 'Ready.'", 120
    )


def test_an_oak_camera_that_is_lost_is_told_and_comes_back(rack: System, page: Tab) -> None:
    switch(rack, OAK, "CAM_A")
    go(page, "health")
    mine = f"document.querySelector('[aria-label*=\"{OAK}\"]')"
    page.wait(f"{mine}?.innerText.includes('Ready.')")
    lensbus(rack, "break", OAK, "disconnect")
    try:
        page.wait(f"{mine}.innerText.includes('Is not seen any more.')", 120)
        go(page, "")
        page.reads("It is not seen any more. Health says what to do.")
    finally:
        lensbus(rack, "break", OAK, "--heal")
    page.wait(f"!document.body.innerText.includes('not seen any more') && {SEQUENCES}.length", 120)


def test_a_stream_without_pictures_is_told(rack: System, page: Tab) -> None:
    switch(rack, OAK, "CAM_A")
    go(page, "")
    page.wait(f"{SEQUENCES}.some(Boolean)")
    lensbus(rack, "break", OAK, "stall", "stream=CAM_A")
    try:
        page.reads("No picture comes.")
        go(page, f"camera/{OAK}")
        page.reads("CAM_A has given no picture for", "No picture comes. Health tells why.")
        go(page, "health")
        page.reads("Pictures flow: CAM_A gives none.")
    finally:
        lensbus(rack, "break", OAK, "--heal")
    page.reads("CAM_A on.", limit_s=120)
    page.wait("!document.body.innerText.includes('CAM_A gives none')", 120)


def test_a_silent_worker_and_a_lost_one_are_told(rack: System, page: Tab, tmp_path: Path) -> None:
    pid = worker(rack, CINEMA)
    os.kill(pid, signal.SIGSTOP)
    try:
        page.reads("Its worker says nothing.", limit_s=120)
        go(page, f"camera/{CINEMA}")
        page.reads("Worker", "Has said nothing for a while.")
        keep(page, "silent-worker", folder(tmp_path))
        go(page, "")
        page.reads("Its worker is lost.", limit_s=120)
        go(page, "health")
        page.reads("Not ready. Worker: is lost. It is started again as long as the camera is seen.")
        keep(page, "lost-worker", folder(tmp_path))
    finally:
        os.kill(pid, signal.SIGKILL)
    page.wait("!document.body.innerText.includes('Worker: is lost.')", 120)
    assert worker(rack, CINEMA) != pid


def test_a_worker_that_hangs_in_the_sdk_is_told(rack: System, page: Tab, tmp_path: Path) -> None:
    connect(rack, ALPHA)
    pid = worker(rack, ALPHA)
    go(page, f"camera/{ALPHA}")
    shows(page, ".aim")
    lensbus(rack, "break", ALPHA, "hang", "call=SetDeviceProperty")
    try:
        # A setting that hangs, by the hand of the person.
        listed = "[...document.getElementById('property-iso').options].map(one => one.value)"
        page.wait("document.getElementById('property-iso')?.options.length > 5")
        now = page.run("document.getElementById('property-iso').value")
        page.choose("#property-iso", next(one for one in page.run(listed)[2:] if one != now))
        page.reads("Hangs in a call of the camera.", limit_s=120)
        keep(page, "stuck-worker", folder(tmp_path))
        go(page, "")
        page.reads("Its worker hangs in a call of the camera and is started again.")
        wait_for(lambda: rack.worker_pid(ALPHA) not in (None, pid), limit_s=120)
    finally:
        lensbus(rack, "break", ALPHA, "--heal")
    page.wait("!document.body.innerText.includes('hangs in a call')", 120)


def test_a_page_outlives_broker_and_gateways(rack: System, page: Tab, tmp_path: Path) -> None:
    for camera in (ALPHA, CINEMA):
        connect(rack, camera)
    switch(rack, OAK, "CAM_A")
    moves(page, tiles(rack))
    for pid in rack.pids():
        if "-m lensbus_gateway" in command_of(pid) or "-m lensbus_broker" in command_of(pid):
            os.kill(pid, signal.SIGKILL)
    page.wait("document.querySelector('header .standing').innerText.includes('reconnected 1')", 120)
    go(page, "events")
    page.reads("The event stream broke off; it is opened again.")
    page.reads("Back on the stream; nothing was missed.", limit_s=120)
    keep(page, "outlived", folder(tmp_path))
    wait_for_cameras(rack)
    switch(rack, OAK, "CAM_A", "CAM_B")
    switch(rack, OAK, "CAM_A")
    page.reads("CAM_B is off.")
    go(page, "")
    moves(page, tiles(rack))


def test_a_gateway_that_is_away_is_told_until_it_is_back(rack: System, page: Tab) -> None:
    gateways = [pid for pid in rack.pids() if "-m lensbus_gateway" in command_of(pid)]
    go(page, "health")
    page.reads("Gateway", "Answers; events flow since")
    for pid in gateways:
        os.kill(pid, signal.SIGSTOP)
    try:
        # It says nothing, and what says nothing three heartbeats long is taken for gone.
        page.reads("Reconnecting…", "Cannot be reached.", limit_s=120)
    finally:
        for pid in gateways:
            os.kill(pid, signal.SIGCONT)
    page.reads("Live", "Answers; events flow since", limit_s=120)
