"""A page in a headless Chromium that plays what it is told to, and shows what it sees."""

import base64
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from kit.page_server import PageServer
from kit.processes import ROOT, wait_for

CHROMIUM: Final = shutil.which("chromium")

# The players are those that the documentation shows.
PLAYERS: Final = (ROOT / "docs" / "examples" / "video" / "play.js").read_text(encoding="utf-8")
# What is seen goes to this page's own server.
SCRIPT: Final = """\
const tell = (what) => fetch("/told", {method: "POST", body: JSON.stringify(what)});
window.onerror = (message) => { tell({error: String(message)}); };
window.onunhandledrejection = (event) => { tell({error: String(event.reason)}); };

const element = (name) => document.body.appendChild(document.createElement(name));
const newVideo = () => Object.assign(element("video"), {muted: true, autoplay: true});
const show = {
    mse: (url) => { const video = newVideo(); playMediaSource(video, url); return video; },
    webrtc: (url) => {
        const video = newVideo();
        playWebRTC(video, url, (event) => tell({event}));
        return video;
    },
    mjpeg: (url) => {
        const image = Object.assign(element("img"), {crossOrigin: "anonymous"});
        playMJPEG(image, url);
        return image;
    },
};
const players = JSON.parse(document.getElementById("players").textContent);
const shown = players.map(([kind, url]) => show[kind](url));
const canvas = document.createElement("canvas");
[canvas.width, canvas.height] = [480, 300];
const context = canvas.getContext("2d", {willReadFrequently: true});
const look = async () => {
    for (const [index, source] of shown.entries()) {
        if (!(source.videoWidth || source.naturalWidth)) continue;
        context.drawImage(source, 0, 0, canvas.width, canvas.height);
        const seen_ms = performance.timeOrigin + performance.now();
        await tell({index, seen_ms, image: canvas.toDataURL("image/png").split(",")[1]});
    }
    setTimeout(look, 100);
};
look();
"""
PAGE: Final = """\
<!doctype html><meta charset="utf-8"><title>lensbus</title><body>
<script type="application/json" id="players">%s</script><script>%s%s</script>
"""


@dataclass(frozen=True)
class Sight:
    """What could be seen at a place of the page at a time."""

    seen_s: float
    image: Any


@dataclass
class Player:
    """What the page has told so far: what it saw at each of its places, and everything else."""

    sights: dict[int, list[Sight]] = field(default_factory=dict)
    told: list[Any] = field(default_factory=list)

    def take(self, report: Mapping[str, Any]) -> None:
        if "image" not in report:
            self.told.append(report)
            return
        data = np.frombuffer(base64.b64decode(report["image"]), np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        self.sights.setdefault(report["index"], []).append(Sight(report["seen_ms"] / 1000, image))


@contextmanager
def playing(folder: Path, players: list[tuple[str, str]]) -> Iterator[Player]:
    """Yield a page that shows these streams, each a kind and a URL."""
    player = Player()
    page = (PAGE % (json.dumps(players), PLAYERS, SCRIPT)).encode()
    server = PageServer(page, player.take)
    try:
        with _chromium(folder, server.url):
            yield player
    finally:
        server.close()


@contextmanager
def _chromium(folder: Path, url: str) -> Iterator[None]:
    profile = folder / "profile"
    profile.mkdir()
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options += ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
    options += ["--autoplay-policy=no-user-gesture-required", f"--user-data-dir={profile}"]
    with (folder / "chromium.log").open("wb") as log:
        browser = subprocess.Popen(
            [CHROMIUM or "chromium", *options, url],
            env={**os.environ, "HOME": str(profile)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        # A browser is many processes; they are a session of their own.
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait(10)
        wait_for(lambda: shutil.rmtree(profile, ignore_errors=True) or not profile.exists(), 5)
