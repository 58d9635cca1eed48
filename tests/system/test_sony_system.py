"""The Sony half of a running system, as a client sees it."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from kit.processes import wait_for
from kit.system import ALPHA, CINEMA, OAK, System, stream

API = f"/api/cameras/{ALPHA}"


@pytest.fixture
def connected(system: System) -> Iterator[System]:
    """The Alpha body, connected in remote mode and saving to the host."""
    system.json("POST", f"{API}/connection", {"mode": "remote"})
    system.json("PUT", f"{API}/properties/still-image-store-destination", {"value": "Host PC"})
    yield system
    system.json("DELETE", f"{API}/connection")


def test_the_handshake_comes_first_and_once(system: System) -> None:
    with stream(system) as everything, stream(system, f"{API}/events") as one:
        assert everything.events[0] == ("connected", {"cameraId": "*"})
        assert one.events[0] == ("connected", {"cameraId": ALPHA})


def test_a_capture_gives_the_events_of_the_documented_sequence(connected: System) -> None:
    with stream(connected, f"{API}/events") as events:
        connected.json("PUT", f"{API}/properties/iso", {"value": "400"})
        events.wait("propertyChanged", ALPHA)
        connected.json("POST", f"{API}/actions/af-shutter")
        saved = events.wait("downloadComplete", ALPHA)
        wait_for(lambda: events.kinds()[-1] in ("afStatus", "propertyChanged"))
        wait_for(lambda: "unlocked" in [d.get("state") for _, d in events.events])
    story = [
        (kind, data.get("state") or data.get("code") or data.get("type"))
        for kind, data in events.events[1:]
        if kind in ("afStatus", "warning", "downloadComplete")
    ]
    assert story == [
        ("afStatus", "focused"),
        ("warning", "0x20011"),
        ("downloadComplete", "image"),
        ("afStatus", "unlocked"),
    ]
    assert saved["filename"] == saved["savedPath"]
    path = Path(saved["filename"])
    assert path.stat().st_size == saved["size"]
    assert path.is_relative_to(connected.state / "pictures" / ALPHA)
    with Image.open(path) as image:
        assert image.format == "JPEG"
        image.load()


def test_events_are_numbered_without_a_hole(connected: System) -> None:
    with stream(connected, f"{API}/events") as events:
        connected.json("POST", f"{API}/actions/af-shutter")
        events.wait("downloadComplete", ALPHA)
    numbers = [data["seq"] for _, data in events.events[1:]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len({data["epoch"] for _, data in events.events[1:]}) == 1


def test_the_real_event_comes_before_the_answer_that_it_is_connected(system: System) -> None:
    with stream(system, f"/api/cameras/{CINEMA}/events") as events:
        system.json("POST", f"/api/cameras/{CINEMA}/connection", {"mode": "remote"})
        answered = time.time_ns() // 1000
        connected = events.wait("connected", CINEMA, after=1)
        assert connected["timeUs"] <= answered
        assert (connected["id"], connected["model"]) == (CINEMA, "ILME-FX3A")
        system.json("DELETE", f"/api/cameras/{CINEMA}/connection")
        assert events.wait("disconnected", CINEMA)["errorCode"] == "0x0"


def test_live_view_moves(connected: System, tmp_path: Path) -> None:
    connected.json("POST", f"{API}/live-view/start")
    frames = set()
    limit = time.monotonic() + 30
    while len(frames) < 5 and time.monotonic() < limit:
        status, frame = connected.request("GET", f"{API}/live-view/frame")
        assert status == 200
        frames.add(frame)
    assert len(frames) == 5
    (tmp_path / "frame.jpg").write_bytes(frames.pop())
    with Image.open(tmp_path / "frame.jpg") as image:
        assert image.size == (640, 428)
    connected.json("POST", f"{API}/live-view/stop")


def test_a_file_is_pulled_from_the_card(system: System) -> None:
    system.json("POST", f"{API}/connection", {"mode": "remote-transfer"})
    try:
        listing = system.json("GET", f"{API}/sd-card/slot/1/files")
        file = next(file for file in listing["files"] if file["file_path"].endswith(".JPG"))
        with stream(system, f"{API}/events") as events:
            where = f"{API}/sd-card/slot/1/files/{file['content_id']}/{file['file_id']}/download"
            system.json("POST", where, expect=202)

            def done() -> Any:
                return next((d for _, d in events.events if d.get("percent") == 100), None)

            pulled = wait_for(done)
        assert pulled["notify"] == "0x20093"
        assert (pulled["contentId"], pulled["fileId"]) == (file["content_id"], file["file_id"])
        assert Path(pulled["savedPath"]).stat().st_size == file["file_size"]
    finally:
        system.json("DELETE", f"{API}/connection")


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGSEGV], ids=["killed", "crashed"])
def test_a_dead_worker_is_its_own_trouble_and_comes_back(
    connected: System, death: signal.Signals
) -> None:
    others = {camera: connected.worker_pid(camera) for camera in (CINEMA, OAK)}
    pid = connected.worker_pid(ALPHA)
    assert pid is not None
    with stream(connected) as events:
        killed = time.monotonic()
        os.kill(pid, death)
        events.wait("disconnected", ALPHA)
        events.wait("connected", ALPHA, after=1)
        back_s = time.monotonic() - killed
        answer = connected.json("GET", f"{API}/connection")
        assert answer["data"]["mode"] == "remote"
    print(f"\nback after {back_s:.2f} s")
    assert {data["cameraId"] for _, data in events.events[1:]} == {ALPHA}
    assert {camera: connected.worker_pid(camera) for camera in others} == others
    assert connected.worker_pid(ALPHA) != pid
