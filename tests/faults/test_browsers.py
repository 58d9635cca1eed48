"""Row F11 with real browsers: a page in each keeps an EventSource open and tells what it got."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from kit.judge import judge
from kit.ledger import Ledger, read_block
from kit.page_server import PageServer
from kit.processes import wait_for
from kit.rig import Rig

# The page reports every event as the block that a plain client would have read.
PAGE: Final = """\
<!doctype html><title>lensbus</title><script>
"use strict";
let told = [], states = {errors: 0, opens: 0, closed: 0};
const source = new EventSource("%(stream)s");
const note = (event) => told.push(
    `id: ${event.lastEventId}\\nevent: ${event.type}\\ndata: ${event.data}`);
for (const kind of ["numbered", "gap", "worker.started", "worker.lost", "worker.stopped"])
    source.addEventListener(kind, note);
source.onopen = () => { states.opens += 1; };
source.onerror = () => { states.errors += 1; };
const report = async () => {
    const blocks = told.splice(0);
    states.closed = Number(source.readyState === EventSource.CLOSED);
    await fetch("/told", {method: "POST", body: JSON.stringify({blocks, states})});
    setTimeout(report, 100);
};
report();
</script>
"""


class Page:
    """A page on an address of its own, and what it has told so far."""

    def __init__(self, name: str, stream: str) -> None:
        self.ledger = Ledger(name)
        self.states: dict[str, int] = {}
        page = (PAGE % {"stream": stream}).encode("ascii")
        self._server = PageServer(page, self._told)
        self.url = self._server.url

    def _told(self, report: Mapping[str, Any]) -> None:
        now = time.monotonic()
        for block in report["blocks"]:
            self.ledger.add(read_block(block.encode("ascii")), now)
        self.states = report["states"]

    def close(self) -> None:
        self._server.close()


def chromium(profile: Path, url: str) -> list[str]:
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options += ["--no-first-run", "--disable-background-networking", f"--user-data-dir={profile}"]
    return ["chromium", *options, url]


def firefox(profile: Path, url: str) -> list[str]:
    return ["firefox-esr", "--headless", "--no-remote", "--profile", str(profile), url]


BROWSERS: Final = {"chromium": chromium, "firefox": firefox}


@contextmanager
def browsing(name: str, folder: Path, stream: str) -> Iterator[Page]:
    """Yield a page that is open in a browser."""
    profile = folder / name
    profile.mkdir()
    page = Page(name, stream)
    command = BROWSERS[name](profile, page.url)
    with (folder / f"{name}.log").open("wb") as log:
        browser = subprocess.Popen(
            command,
            env={**os.environ, "HOME": str(profile)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(lambda: page.states.get("opens"), limit_s=60, every_s=0.1)
        yield page
    finally:
        # A browser is many processes; they are a session of their own.
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait(10)
        page.close()
        shutil.rmtree(profile, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_f11_browsers_hold_every_event_once_whatever_dies(on_system: Rig, tmp_path: Path) -> None:
    there = [name for name in BROWSERS if shutil.which(BROWSERS[name](tmp_path, "")[0])]
    if len(there) < len(BROWSERS):
        pytest.skip(f"of {', '.join(BROWSERS)} only these are installed: {there}")
    made = on_system
    host, port = made.plant.address
    with ExitStack() as stack:
        stream = f"http://{host}:{port}/api/events"
        pages = [stack.enter_context(browsing(name, tmp_path, stream)) for name in there]
        made.add_sources(4, 125)
        for _ in range(10):
            time.sleep(made.nemesis.chance.uniform(0.5, 1.5))
            made.measure()
            killed_s = made.nemesis.kill(made.broker(), *made.gateways())
            made.wait_healed(killed_s, 20)
            wait_for(lambda since=killed_s: all(back(made, page, since) for page in pages), 20)  # type: ignore[misc]
        made.settle()
        newest = {life.key: life.count for source in made.sources for life in source.lives()}
        wait_for(lambda: all(page.ledger.highest == newest for page in pages), limit_s=10)
        lives = [life for source in made.sources for life in source.lives()]
        for page in pages:
            heal_ms = max(
                page.ledger.heal_ms(source.camera, killed_s)
                for source in made.sources
                for killed_s in made.nemesis.injected_s
            )
            row = f"F11-{page.ledger.name}"
            verdict = judge(row, lives, [page.ledger.entries], heal_ms=heal_ms)
            print(verdict, page.states)
            assert verdict.whole
            assert page.states["closed"] == 0
            assert page.states["opens"] == 11
    assert made.judge().whole


def back(made: Rig, page: Page, since_s: float) -> bool:
    """Tell whether a page has something of every source that was emitted since a time."""
    return all(page.ledger.has_emitted_after(source.camera, since_s) for source in made.sources)
