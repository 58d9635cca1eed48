"""The Node program of the documentation gets along with WIRE.md and nothing else."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from kit.bus import ask, bus_settings, client, running_broker, running_worker, short_folder
from kit.fake_driver import FakeDriver
from kit.processes import ROOT, wait_for

EXAMPLE = ROOT / "docs" / "examples" / "node"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The example with its packages installed."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "tap.mjs"):
        shutil.copy(EXAMPLE / name, folder)
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"],
        cwd=folder,
        check=True,
        timeout=100,
    )
    yield folder / "tap.mjs"
    shutil.rmtree(folder)


def test_a_program_in_another_language_commands_and_listens(program: Path) -> None:
    with short_folder() as state:
        settings = bus_settings(state)
        fake = FakeDriver()
        with running_broker(settings), running_worker(settings, "CAM1", fake):
            with client(settings, "commands", zmq.REQ) as req:
                wait_for(lambda: ask(req, "", "cameras").result["cameras"])
            node = subprocess.Popen(
                ["node", str(program), str(state / "run")],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert node.stdout is not None
            done = threading.Event()
            # Its subscription may need a moment: go on until the program has printed something.
            observer = threading.Thread(target=observe_until, args=(fake, done))
            observer.start()
            try:
                assert node.stdout.readline() == "camera CAM1 fake Fake 1\n"
                words = node.stdout.readline().split()
            finally:
                done.set()
                observer.join()
                node.kill()
                node.wait(10)
                node.stdout.close()
    assert words[0].isdigit()
    assert words[1] == "CAM1"
    assert re.fullmatch(r"\d{16}\.\d+", words[2])
    assert words[3:] == ["warning", '{"code":"0x20011"}']


def observe_until(fake: FakeDriver, done: threading.Event) -> None:
    while not done.wait(0.02):
        fake.observe("warning", code="0x20011")
