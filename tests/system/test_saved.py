"""Saved files from the camera to a client of the gateway, through real processes."""

import hashlib
import http.client
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.processes import wait_for
from kit.system import ALPHA, CINEMA, OAK, System, stream

API = f"/api/cameras/{ALPHA}"
LARGE = 48_000_000  # many times what all buffers on the way hold


@pytest.fixture
def connected(system: System) -> Iterator[System]:
    """The Alpha body, connected in remote mode and saving to the host."""
    connect(system)
    yield system
    system.json("DELETE", f"{API}/connection")


def connect(system: System) -> None:
    system.json("POST", f"{API}/connection", {"mode": "remote"})
    system.json("PUT", f"{API}/properties/still-image-store-destination", {"value": "Host PC"})


def shoot(system: System) -> Any:
    """Press once; return the event of the file."""
    with stream(system, f"{API}/events") as events:
        system.json("POST", f"{API}/actions/shutter")
        return events.wait("downloadComplete", ALPHA)


class Download:
    """One download that is read as the test wants it."""

    def __init__(self, system: System, path: str, headers: dict[str, str] | None = None) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", system.port, timeout=60)
        self._line.request("GET", path, headers=headers or {})
        self.answer = self._line.getresponse()

    def rest(self) -> bytes:
        """Return everything that still comes."""
        blocks = []
        try:
            while block := self.answer.read(1 << 16):
                blocks.append(block)
        except (http.client.IncompleteRead, ConnectionError):
            pass
        return b"".join(blocks)

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def large(connected: System) -> Iterator[tuple[System, str, bytes]]:
    """A file that is large enough for its download to be under way while a test reads slowly."""
    path = connected.state / "pictures" / ALPHA / "LARGE.ARW"
    content = os.urandom(1_000_000) * (LARGE // 1_000_000)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    yield connected, f"{API}/saved/LARGE.ARW", content
    path.unlink()


def test_a_picture_is_downloaded_as_its_event_told(connected: System) -> None:
    told = shoot(connected)
    status, content = connected.request("GET", f"{API}/saved{told['savedPath']}")
    assert status == 200
    assert (len(content), hashlib.sha256(content).hexdigest()) == (told["size"], told["sha256"])
    newest = connected.json("GET", f"{API}/saved?limit=1")["files"][0]
    assert (newest["path"], newest["sha256"]) == (told["savedPath"], told["sha256"])
    assert connected.request("GET", newest["url"]) == (200, content)
    # What one camera has saved is no other camera's.
    assert connected.request("GET", f"/api/cameras/{CINEMA}/saved{told['savedPath']}")[0] == 404
    assert connected.json("GET", f"/api/cameras/{OAK}/saved")["files"] == []


def test_a_press_is_answered_while_a_download_is_under_way(
    large: tuple[System, str, bytes],
) -> None:
    system, path, content = large
    download = Download(system, path)
    try:
        begun = download.answer.read(100_000)
        told = shoot(system)
        assert Path(told["savedPath"]).stat().st_size == told["size"]
        # It was under way all the while: so much cannot have been in any buffer.
        assert begun + download.rest() == content
    finally:
        download.close()


def test_a_download_that_a_dead_worker_cut_goes_on_with_the_next_one(
    large: tuple[System, str, bytes],
) -> None:
    system, path, content = large
    told = shoot(system)
    download = Download(system, path)
    pid = system.worker_pid(ALPHA)
    assert pid is not None
    tag = download.answer.headers["ETag"]
    got = download.answer.read(100_000)
    os.kill(pid, signal.SIGKILL)
    got += download.rest()
    download.close()
    assert content.startswith(got)
    assert len(got) < len(content)

    wait_for(lambda: system.worker_pid(ALPHA) not in (None, pid), limit_s=60)
    wait_for(lambda: system.request("HEAD", path)[0] == 200, limit_s=60, every_s=0.2)
    rest = Download(system, path, {"Range": f"bytes={len(got)}-", "If-Range": tag})
    assert rest.answer.status == 206
    assert got + rest.rest() == content
    rest.close()
    # The next life knows what the last one has saved, and its hash.
    files = system.json("GET", f"{API}/saved")["files"]
    assert (told["savedPath"], told["sha256"]) in {(one["path"], one["sha256"]) for one in files}
    connect(system)
