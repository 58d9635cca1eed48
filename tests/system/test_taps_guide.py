"""The programs of docs/taps.md, run as they stand there."""

import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

from kit.processes import ROOT, environ, wait_for
from kit.system import ALL, OAK, System

FOLLOW, ASK, LOOK = re.findall(
    r"```python\n(.*?)```", (ROOT / "docs" / "taps.md").read_text(), re.DOTALL
)


def run(program: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=cwd,
        env=environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_tap_follows_from_the_earliest_event(system: System, tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = [sys.executable, "-c", FOLLOW, str(system.state)]
    with (
        told.open("w") as output,
        subprocess.Popen(command, env=environ(), stdout=output) as tap,
    ):
        try:
            wait_for(lambda: all(f"{id_} worker.started" in told.read_text() for id_ in ALL), 20)
        finally:
            tap.terminate()


def test_a_tap_asks_for_the_cameras(system: System, tmp_path: Path) -> None:
    lines = run(ASK, str(system.state), cwd=tmp_path).splitlines()
    assert {line.split()[0] for line in lines} >= ALL


def test_a_tap_sees_a_picture(system: System, tmp_path: Path) -> None:
    run(LOOK, str(system.state), f"{OAK}/CAM_A", cwd=tmp_path)
    with Image.open(tmp_path / "picture.jpg") as image:
        assert image.format == "JPEG"
