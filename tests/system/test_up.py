"""`lensbus up`: what keeps it from starting is one sentence; what it started ends with it."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.bus import short_folder
from kit.processes import ROOT, environ, free_port, nothing_left, pids_of, wait_for
from kit.system import running_system, wait_for_cameras

UP = [sys.executable, "-m", "lensbus_deploy.cli", "up"]
QUIET = {"LENSBUS_SONY_ENABLED": "false", "LENSBUS_OAK_ENABLED": "false"}


@pytest.fixture
def state() -> Iterator[Path]:
    with short_folder() as folder, nothing_left(folder):
        yield folder


def refused(*arguments: str, **variables: str) -> str:
    """Return the one line with which `lensbus up` refuses to start."""
    done = subprocess.run(
        [*UP, *arguments],
        env=environ({**QUIET, **variables}),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_a_taken_port_is_named(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused("--state", str(state), "--port", str(port))
    assert line.startswith(f"lensbus: the gateway cannot listen on 127.0.0.1:{port}: Address")


def test_a_folder_that_cannot_be_written_is_named() -> None:
    line = refused("--state", "/proc/lensbus", "--port", str(free_port()))
    assert line.startswith("lensbus: the state folder /proc/lensbus cannot be written")


def test_a_folder_with_too_long_a_path_is_named() -> None:
    line = refused("--state", "/tmp/" + "x" * 100)
    assert "has too long a path for sockets" in line


@pytest.mark.parametrize("name", ["a b", "a%b", "a;b"])
def test_a_folder_that_supervisord_cannot_take_is_named(state: Path, name: str) -> None:
    line = refused("--state", str(state / name))
    assert "has a space, % or ; in its path" in line
    assert not (state / name).exists()


def test_a_bad_setting_is_named(state: Path) -> None:
    line = refused("--state", str(state), LENSBUS_OAK_BACKEND="usb")
    assert line == "lensbus: oak.backend is 'usb', expected one of simulator, device"


def test_a_library_that_is_not_there_is_named(state: Path) -> None:
    line = refused(
        "--state",
        str(state),
        LENSBUS_SONY_ENABLED="true",
        LENSBUS_SONY_LIBRARY="/nowhere/libCr_Core.so",
    )
    assert "sony.library is '/nowhere/libCr_Core.so', expected 'simulator' or the path" in line


def test_a_missing_compiler_is_one_sentence() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "native", "CXX=no-such-compiler"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode != 0
    assert "no C++ compiler 'no-such-compiler' was found" in done.stderr


def test_two_systems_cannot_share_a_state_folder() -> None:
    with running_system(sony_enabled="false", oak_enabled="false") as system:
        line = refused("--state", str(system.state), "--port", str(free_port()))
    assert "is in use by another system" in line


def test_two_systems_run_side_by_side() -> None:
    quiet = {"sony_enabled": "false", "oak_enabled": "false"}
    with running_system(**quiet) as one, running_system(**quiet) as other:
        assert one.json("GET", "/api/server/status")["success"]
        assert other.json("GET", "/api/server/status")["success"]


def test_a_killed_starter_leaves_no_process_behind(state: Path) -> None:
    """`running_system` itself checks the orderly end; here the first process is shot."""
    child = subprocess.Popen(
        [*UP, "--state", str(state), "--port", str(free_port())],
        env=environ(QUIET),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout:
        line = child.stdout.readline()
        child.kill()
        child.wait(10)
    assert "started on" in line
    wait_for(lambda: not pids_of(state), limit_s=10)


def test_a_camera_that_goes_loses_its_worker_and_gets_it_back() -> None:
    body = "ILCE-7M4:D10F60149B0C"
    with running_system(
        oak_enabled="false",
        sony_simulator_cameras=f'["{body}"]',
        sony_simulator_time_scale="0.05",
        discovery_interval_s="0.2",
    ) as system:
        wait_for_cameras(system, {"D10F60149B0C"})
        unplugged = system.state / "simulator" / "sony" / "D10F60149B0C.unplugged"
        unplugged.touch()
        wait_for(lambda: not system.json("GET", "/api/cameras")["cameras"], 15, every_s=0.1)
        unplugged.unlink()
        wait_for_cameras(system, {"D10F60149B0C"})


def test_a_terminated_system_with_four_cameras_leaves_nothing_behind() -> None:
    with running_system(signal.SIGTERM, sony_simulator_time_scale="0.2") as system:
        wait_for_cameras(system)
        assert (
            len(system.pids()) >= 10
        )  # supervisord, broker, two gateways, two discoveries, four workers
