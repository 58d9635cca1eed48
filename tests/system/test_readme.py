"""The examples of the README, run as they stand there."""

import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

from kit.processes import ROOT, environ, wait_for
from kit.system import running_system, wait_for_cameras

# What a reader types, except the two commands that the test itself stands in for.
OWN = ("make run", "make test")
WATCH = "curl -N http://127.0.0.1:8080/api/events"
STRICT = 'curl() { command curl -sS --fail-with-body --max-time 20 "$@"; }'


def blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_every_example_of_the_readme_works(tmp_path: Path) -> None:
    shell = [block for block in blocks("sh") if block.strip() not in (*OWN, WATCH)]
    assert WATCH in (ROOT / "README.md").read_text()
    (tap,) = blocks("python")
    (tmp_path / "tap.py").write_text(tap)
    with running_system(sony_simulator_time_scale="0.2") as system:
        wait_for_cameras(system)
        local = f"http://127.0.0.1:{system.port}"
        watch = WATCH.replace("http://127.0.0.1:8080", local).split()
        tapper = [sys.executable, str(tmp_path / "tap.py"), str(system.state)]
        with (
            (tmp_path / "events").open("w+") as events,
            (tmp_path / "tapped").open("w+") as tapped,
            subprocess.Popen([*watch, "-s"], stdout=events) as watching,
            subprocess.Popen(tapper, stdout=tapped, env=environ()) as tapping,
        ):
            try:
                wait_for(lambda: "connected" in (tmp_path / "events").read_text())
                script = "\n".join([STRICT, "set -e", *shell]).replace(
                    "http://127.0.0.1:8080", local
                )
                done = subprocess.run(
                    ["bash", "-c", script],
                    cwd=tmp_path,
                    capture_output=True,
                    text=True,
                    timeout=60,
                    check=False,
                )
                assert done.returncode == 0, done.stdout + done.stderr + system.logs()
                wait_for(lambda: "downloadComplete" in (tmp_path / "events").read_text())
                wait_for(lambda: "downloadComplete" in (tmp_path / "tapped").read_text())
            finally:
                watching.terminate()
                tapping.terminate()
    for name in ("view.jpg", "colour.jpg", "depth.png"):
        with Image.open(tmp_path / name) as image:
            assert image.width >= 640
