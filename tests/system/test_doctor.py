"""`lensbus doctor` as a user calls it, and a system whose SDK insists on CrAdapter."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kit.processes import environ, nothing_left, process
from kit.system import ALPHA, CINEMA, running_system, wait_for_cameras
from lensbus_services.sony.shim import SIMULATOR

pytestmark = pytest.mark.skipif(not SIMULATOR.exists(), reason="make -C services/native")


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An unpacked SDK: the simulator under Sony's name, as strict about CrAdapter as Sony's."""
    folder = tmp_path / "sdk"
    (folder / "CrAdapter").mkdir(parents=True)
    shutil.copy(SIMULATOR, folder / "libCr_Core.so")
    monkeypatch.setenv("CRSIM_ADAPTER", "1")
    monkeypatch.setenv("CRSIM_STATE", str(tmp_path / "world"))
    monkeypatch.setenv("CRSIM_TIME_SCALE", "0.1")
    with nothing_left(tmp_path / "s"):
        yield folder / "libCr_Core.so"


def lensbus(
    *arguments: str, settings: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "lensbus_deploy.cli", *arguments],
        env=environ(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def verdicts(output: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in json.loads(output)["findings"]:
        found.setdefault(finding["check"], []).append(finding["verdict"])
    return found


def exe_of(pid: int | None) -> Path:
    return Path(f"/proc/{pid}/exe").readlink()


def test_a_system_runs_by_the_launcher_that_the_doctor_makes(library: Path) -> None:
    said: list[str] = []

    def prepare(state: Path) -> None:
        done = lensbus(
            "doctor",
            "sony",
            "--fix",
            "--state",
            str(state),
            settings={"LENSBUS_SONY_LIBRARY": str(library)},
        )
        said.append(done.stdout)
        assert done.returncode == 0, done.stdout + done.stderr

    with running_system(
        prepare=prepare, sony_library=str(library), oak_enabled="false", discovery_interval_s="0.5"
    ) as system:
        copy = (system.state / "launcher" / "bin" / "python").resolve()
        assert f"workers start from the copy {copy}" in " ".join(said[0].split())
        wait_for_cameras(system, {ALPHA, CINEMA})
        assert exe_of(system.worker_pid(ALPHA)) == copy
        assert exe_of(system.worker_pid(CINEMA)) == copy
        system.json("POST", f"/api/cameras/{ALPHA}/connection", {"mode": "remote"})
        shown: Any = system.json("GET", f"/api/cameras/{ALPHA}/properties/iso")
        assert shown


def test_without_the_launcher_a_system_does_not_start_and_says_why(
    library: Path, tmp_path: Path
) -> None:
    settings = {"LENSBUS_SONY_LIBRARY": str(library), "LENSBUS_SYSTEM_STATE": str(tmp_path / "s")}
    done = lensbus("up", settings=settings)
    assert done.returncode == 2
    assert "CrAdapter does not lie beside" in done.stderr
    assert "run `lensbus doctor sony --fix`" in done.stderr


def test_a_discovery_without_the_launcher_says_what_to_do(library: Path, tmp_path: Path) -> None:
    (tmp_path / "s" / "run").mkdir(parents=True)
    settings = {"LENSBUS_SONY_LIBRARY": str(library), "LENSBUS_SYSTEM_STATE": str(tmp_path / "s")}
    with process("lensbus_services.discovery", ["--vendor", "sony"], settings) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
    assert "`lensbus doctor sony --fix`" in line


def test_the_doctor_finds_the_missing_launcher_and_the_cameras_that_it_costs(
    library: Path, tmp_path: Path
) -> None:
    settings = {"LENSBUS_SONY_LIBRARY": str(library), "LENSBUS_SYSTEM_STATE": str(tmp_path / "s")}
    before = lensbus("doctor", "sony", "--json", settings=settings)
    assert before.returncode == 1
    assert verdicts(before.stdout)["adapter"] == ["problem"]
    assert verdicts(before.stdout)["cameras"] == ["problem"]
    after = lensbus("doctor", "sony", "--json", "--fix", settings=settings)
    assert after.returncode == 0, after.stdout
    assert verdicts(after.stdout)["adapter"] == ["ok"]
    assert verdicts(after.stdout)["cameras"] == ["ok", "ok"]


def test_simulators_are_well_and_most_checks_do_not_apply(tmp_path: Path) -> None:
    done = lensbus("doctor", "--state", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("simulators are configured") == 2
    assert "simulators need no udev rule" in done.stdout
    assert f"ILCE-7M4 {ALPHA} on USB" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "nikon"),
        ("doctor", "oak", "--fix"),
        ("doctor", "sony", "--health"),
        ("doctor", "sony", "--address", "192.0.2.1"),
        ("doctor", "sony", "--config", "/nowhere/lensbus.toml"),
    ],
)
def test_wrong_use_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    done = lensbus(*arguments)
    assert done.returncode == 2
    assert done.stderr


def test_a_device_backend_without_devices_is_no_problem_of_the_doctor(tmp_path: Path) -> None:
    settings = {"LENSBUS_OAK_BACKEND": "device", "LENSBUS_SYSTEM_STATE": str(tmp_path)}
    done = lensbus("doctor", "oak", "--json", settings=settings)
    found = verdicts(done.stdout)
    assert found["depthai"] == ["ok"]
    assert found["health"] == ["not applicable"]
    assert found["devices"]
