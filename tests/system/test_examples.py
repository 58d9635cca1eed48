"""The commands and scripts of the documents that no other test runs, as they stand there."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from kit.chromium import PROGRAM, chromium
from kit.cli import lensbus
from kit.processes import ROOT, environ
from kit.system import ALPHA, System, stream

LOCAL = "http://127.0.0.1:8080"


def blocks(page: str, language: str = "") -> list[str]:
    text = (ROOT / "docs" / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_saved_files_are_fetched_over_http(system: System, tmp_path: Path) -> None:
    (fetch,) = blocks("alpha.md")
    camera = f"/api/cameras/{ALPHA}"
    system.json("POST", f"{camera}/connection", {"mode": "remote"})
    system.json("PUT", f"{camera}/properties/still-image-store-destination", {"value": "Host PC"})
    with stream(system, f"{camera}/events") as events:
        system.json("POST", f"{camera}/actions/shutter")
        saved = Path(events.wait("downloadComplete", ALPHA)["filename"])
    curl, ours = fetch.replace("DSC00001.ARW", saved.name).splitlines()
    subprocess.run(
        shlex.split(curl.replace(LOCAL, system.url)),
        cwd=tmp_path,
        env=environ(),
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert (tmp_path / saved.name).read_bytes() == saved.read_bytes()
    own = tmp_path / "pictures"
    lensbus(system, *shlex.split(ours)[1:-1], str(own))
    (fetched,) = own.iterdir()
    assert fetched.read_bytes() == (saved.parent / fetched.name).read_bytes()
    assert fetched.name != saved.name


def test_a_simulated_body_is_broken_and_healed(system: System) -> None:
    commands = next(block for block in blocks("simulators.md") if block.startswith("lensbus"))
    said = [
        lensbus(system, *re.split(r"\s{2,}", line)[0].split()[1:]).out
        for line in commands.splitlines()
    ]
    assert len(said) == 4
    assert "not-exposed" in said[1]
    lensbus(system, "break", ALPHA, "--heal")


@pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is missing")
def test_a_page_without_a_cookie_follows_events_by_a_ticket(system: System) -> None:
    (script,) = blocks("access.md", "js")
    with chromium() as tab:
        tab.open(f"{system.url}/docs")
        assert tab.run(
            "(async (rack, token) => {"
            f"{script}"
            "return new Promise((told) => events.addEventListener('connected', () => told(true)));"
            "})(location.origin, 'none is demanded here')"
        )
