"""Findings as values, as text and as JSON."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kit.machine import Machine
from kit.processes import environ as variables
from lensbus_deploy.doctor import Wishes, as_json, as_text, doctor
from lensbus_services import doctor as findings
from lensbus_services.doctor import Verdict, not_applicable, ok, platform_finding, problem, warning
from lensbus_services.sony import doctor as sony

ADVICE = "echo 150 | sudo tee /sys/module/usbcore/parameters/usbfs_memory_mb " * 3
FOUND = {
    "sony": [ok("sdk", "version 2.02.00"), problem("usb", "no way", ADVICE)],
    "oak": [warning("devices", "none", "plug one in"), not_applicable("health", "not asked for")],
}


@pytest.mark.parametrize(
    ("system", "machine", "verdict"),
    [
        ("Linux", "x86_64", Verdict.OK),
        ("Linux", "aarch64", Verdict.OK),
        ("Linux", "riscv64", Verdict.WARNING),
        ("Darwin", "arm64", Verdict.PROBLEM),
    ],
)
def test_the_platform_is_judged(system: str, machine: str, verdict: Verdict) -> None:
    found = platform_finding(system, machine, "6.1.0")
    assert found.verdict is verdict
    assert f"{system} 6.1.0 on {machine}" in found.text


def test_the_platform_of_this_machine_is_known() -> None:
    assert platform_finding().verdict is Verdict.OK


def test_verdicts_are_counted() -> None:
    assert findings.count(FOUND["sony"], Verdict.PROBLEM) == 1
    assert findings.count(FOUND["oak"], Verdict.PROBLEM) == 0


def test_text_has_a_line_for_each_finding_and_whole_commands() -> None:
    lines = as_text(FOUND).splitlines()
    assert lines[0] == "sony"
    assert lines[1] == "  ok              sdk: version 2.02.00"
    assert lines[2] == "  problem         usb: no way"
    assert lines[3].endswith(f"-> {ADVICE}")
    assert lines[4] == "oak"


def test_a_long_text_is_wrapped_under_itself() -> None:
    lines = as_text({"oak": [ok("devices", "word " * 40)]}).splitlines()
    assert len(lines) > 2
    assert all(len(line) <= 100 for line in lines)
    assert lines[2].startswith(" " * 18 + "word")


def test_json_has_every_field_and_the_counts() -> None:
    told = json.loads(as_json(FOUND))
    assert told["findings"][1] == {
        "vendor": "sony",
        "check": "usb",
        "verdict": "problem",
        "text": "no way",
        "advice": ADVICE,
    }
    assert told["counts"] == {"ok": 1, "warning": 1, "problem": 1, "not applicable": 1}


def test_a_host_of_one_vendor_needs_no_package_of_the_other() -> None:
    """Nor does a host without any: the doctor is the one who says what is missing."""
    names = ("cffi", "depthai", "numpy", "cv2", "PIL", "simplejpeg")
    program = f"import sys; sys.modules.update(dict.fromkeys({names})); import lensbus_deploy.cli"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=variables(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"LENSBUS_SYSTEM_STATE": str(tmp_path / "state"), "LENSBUS_OAK_ENABLED": "false"}


def test_a_problem_is_exit_code_1(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ["LENSBUS_SONY_LIBRARY"] = str(tmp_path / "libCr_Core.so")
    assert doctor(Wishes(), environ, Machine(tmp_path).host()) == 1
    assert "libCr_Core.so cannot be read" in " ".join(capsys.readouterr().out.split())


def test_warnings_are_no_problem(
    environ: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sony, "examine", lambda *given: FOUND["oak"])
    assert doctor(Wishes(as_json=True), environ, Machine(tmp_path).host()) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["warning"] == 1


def test_a_fix_that_fails_is_told_before_all_else(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ["LENSBUS_SONY_LIBRARY"] = str(tmp_path / "libCr_Core.so")
    assert doctor(Wishes(("sony",), fix=True), environ, Machine(tmp_path).host()) == 1
    out = capsys.readouterr().out
    assert "fix:" in out.splitlines()[1]
    assert "CrAdapter is not there" in " ".join(out.split())
