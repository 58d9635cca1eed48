"""The child in which the doctor tries an SDK, on the simulator and on what is no SDK."""

import sys
from pathlib import Path

import pytest

from kit.children import until_begun
from kit.processes import environ
from lensbus_services.doctor import Verdict
from lensbus_services.probe import Report, ask
from lensbus_services.sony.doctor import camera_findings, sdk_finding
from lensbus_services.sony.shim import SHIM, SIMULATOR

pytestmark = pytest.mark.skipif(not SIMULATOR.exists(), reason="make -C services/native")

ALPHA = "D10F60149B0C"


def probe(state: Path, limit_s: float = 20.0, **extra: str) -> Report:
    variables = environ({"LENSBUS_SYSTEM_STATE": str(state), **extra})
    return ask([sys.executable, "-m", "lensbus_services.sony.probe"], variables, limit_s)


@pytest.mark.parametrize(("slots", "version"), [("21", 0x0202), ("19", 0x0200), ("12", 0x010C)])
def test_an_sdk_tells_version_table_and_cameras(tmp_path: Path, slots: str, version: int) -> None:
    told = probe(tmp_path, LENSBUS_SONY_SIMULATOR_CALLBACK_SLOTS=slots)
    assert (told["version"] >> 16, told["slots"]) == (version, int(slots))
    assert f"(build {told['serial']:#x})" in sdk_finding(told).text
    assert [ALPHA, "ILCE-7M4", "USB"] in told["cameras"]
    assert (told.stage, told.trouble) == ("release", "")


def test_a_library_without_the_functions_is_no_sdk(tmp_path: Path) -> None:
    told = probe(tmp_path, LENSBUS_SONY_LIBRARY=str(SHIM))
    found = sdk_finding(told)
    assert found.verdict is Verdict.PROBLEM
    assert "has no function Init: not this SDK" in found.text


def test_a_search_that_hangs_does_not_hang_the_doctor(tmp_path: Path) -> None:
    world = tmp_path / "simulator" / "sony"
    world.mkdir(parents=True)
    (world / f"{ALPHA}.hang").write_text("call=EnumCameraObjects")
    told = until_begun(lambda limit_s: probe(tmp_path, limit_s=limit_s))
    assert told.stage == "enumerate"
    assert sdk_finding(told).verdict is Verdict.OK
    (found,) = camera_findings(told, 1)
    assert found.verdict is Verdict.PROBLEM
    assert "s while it looked for cameras" in found.text
