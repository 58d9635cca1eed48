"""What the doctor says about Sony cameras, for every state that a machine can be in."""

import shutil
import sys
from pathlib import Path

import pytest

from kit.machine import Machine
from lensbus_proto.runtime.settings import Settings, SonySettings, SystemSettings
from lensbus_services.doctor import Finding, Verdict
from lensbus_services.probe import Report
from lensbus_services.sony import doctor, launcher
from lensbus_services.sony.launcher import Launcher, Source

SONY = doctor.VENDOR
BODY = ["D10F60149B0C", "ILCE-7M4", "USB"]
LOADED = {"version": 0x02020100, "slots": 21}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def verdict_of(finding: Finding) -> Verdict:
    has_advice = bool(finding.advice)
    assert has_advice is (finding.verdict in (Verdict.WARNING, Verdict.PROBLEM)), finding
    return finding.verdict


# --- the library ---------------------------------------------------------------------------------


def elf(machine: int, order: int = 1) -> bytes:
    number = machine.to_bytes(2, "little" if order == 1 else "big")
    return b"\x7fELF\x02" + bytes([order]) + bytes(12) + number + bytes(44)


@pytest.fixture
def shim(tmp_path: Path) -> Path:
    file = tmp_path / "libcrshim.so"
    file.touch()
    return file


def test_a_missing_package_comes_with_its_installation() -> None:
    assert verdict_of(doctor.package_finding()) is Verdict.OK
    found = doctor.package_finding("no_such_package")
    assert verdict_of(found) is Verdict.PROBLEM
    assert "lensbus[sony]" in found.advice


def test_a_library_for_this_processor_is_well(tmp_path: Path, shim: Path) -> None:
    for name in ("library", "python"):
        (tmp_path / name).write_bytes(elf(183))
    found = doctor.library_finding(tmp_path / "library", tmp_path / "python", shim)
    assert verdict_of(found) is Verdict.OK
    assert found.text.endswith("aarch64")


def test_a_library_for_another_processor_is_named_with_both(tmp_path: Path, shim: Path) -> None:
    (tmp_path / "library").write_bytes(elf(62))
    (tmp_path / "python").write_bytes(elf(40))
    found = doctor.library_finding(tmp_path / "library", tmp_path / "python", shim)
    assert verdict_of(found) is Verdict.PROBLEM
    assert "is for x86-64, this Python for arm" in found.text


@pytest.mark.parametrize("content", [b"", b"MZ, a library for Windows", b"\x7fELF"])
def test_a_file_that_is_no_library_is_refused(tmp_path: Path, shim: Path, content: bytes) -> None:
    (tmp_path / "library").write_bytes(content)
    found = doctor.library_finding(tmp_path / "library", Path(sys.executable), shim)
    assert verdict_of(found) is Verdict.PROBLEM
    assert "is no shared library" in found.text


def test_a_library_that_is_not_there_is_named(tmp_path: Path, shim: Path) -> None:
    found = doctor.library_finding(tmp_path / "libCr_Core.so", Path(sys.executable), shim)
    assert verdict_of(found) is Verdict.PROBLEM
    assert "No such file" in found.text
    assert "sony.library" in found.advice


def test_a_shim_that_was_not_built_is_named(tmp_path: Path) -> None:
    found = doctor.library_finding(tmp_path, Path(sys.executable), tmp_path / "libcrshim.so")
    assert verdict_of(found) is Verdict.PROBLEM
    assert "make native" in found.advice


@pytest.mark.parametrize(("order", "number", "name"), [(2, 62, "x86-64"), (1, 243, "machine 243")])
def test_processors_are_read_in_both_byte_orders(
    tmp_path: Path, order: int, number: int, name: str
) -> None:
    (tmp_path / "library").write_bytes(elf(number, order))
    assert doctor.architecture(tmp_path / "library") == name


# --- the SDK -------------------------------------------------------------------------------------


def test_version_and_callback_table_are_told() -> None:
    found = doctor.sdk_finding(Report(LOADED, "release"))
    assert verdict_of(found) is Verdict.OK
    assert found.text == "version 2.02.01, callback table with 21 slots"


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("the SDK cannot be used: SDK V3.00.00 is not known here", "sony.callback_slots"),
        ("the SDK cannot be used: x has no function Connect: not this SDK", "1.12 or newer"),
        ("the SDK cannot be used: libxml2.so.2: cannot open shared object file", "ldd"),
    ],
)
def test_an_sdk_that_cannot_be_used_comes_with_its_own_advice(error: str, advice: str) -> None:
    found = doctor.sdk_finding(Report({"error": error, "code": None}, "load"))
    assert verdict_of(found) is Verdict.PROBLEM
    assert found.text == error
    assert advice in found.advice


@pytest.mark.parametrize("trouble", ["died of signal 11", "gave no answer within 41 s"])
def test_an_sdk_that_takes_its_process_along_is_a_problem(trouble: str) -> None:
    found = doctor.sdk_finding(Report({}, "load", trouble))
    assert verdict_of(found) is Verdict.PROBLEM
    assert f"the SDK {trouble} while it was loaded" in found.text


# --- cameras -------------------------------------------------------------------------------------


def cameras(facts: dict[str, object], stage: str = "release", on_usb: int = 0) -> list[Finding]:
    trouble = "" if "cameras" in facts or "error" in facts else "gave no answer within 41 s"
    return list(doctor.camera_findings(Report({**LOADED, **facts}, stage, trouble), on_usb))


def test_cameras_are_named_with_model_and_id() -> None:
    (found,) = cameras({"cameras": [BODY]}, on_usb=1)
    assert verdict_of(found) is Verdict.OK
    assert found.text == "ILCE-7M4 D10F60149B0C on USB"


def test_no_camera_at_all_is_a_warning() -> None:
    (found,) = cameras({"cameras": []})
    assert verdict_of(found) is Verdict.WARNING


def test_a_camera_without_a_serial_number_cannot_be_operated() -> None:
    (found,) = cameras({"cameras": [["", "ILCE-7M4", "USB"]]})
    assert verdict_of(found) is Verdict.WARNING


def test_a_body_on_usb_that_the_sdk_does_not_see_is_a_problem() -> None:
    findings = cameras({"cameras": [BODY, ["02:00:5e", "ILME-FX3A", "Network"]]}, on_usb=2)
    assert [verdict_of(found) for found in findings] == [Verdict.OK, Verdict.OK, Verdict.PROBLEM]
    assert "sees 1 of 2" in findings[-1].text


def test_a_missing_adapter_leads_to_the_fix() -> None:
    (found,) = cameras({"error": "CrAdapter is missing", "code": 0x8703}, "enumerate")
    assert verdict_of(found) is Verdict.PROBLEM
    assert found.advice == "lensbus doctor sony --fix"


def test_another_error_of_the_search_is_passed_on() -> None:
    (found,) = cameras({"error": "no answer to EnumCameraObjects", "code": None}, "enumerate")
    assert verdict_of(found) is Verdict.PROBLEM
    assert found.text == "no answer to EnumCameraObjects"


def test_a_search_that_hangs_is_a_problem_of_the_cameras() -> None:
    (found,) = cameras({}, "enumerate")
    assert verdict_of(found) is Verdict.PROBLEM
    assert "gave no answer within 41 s while it looked for cameras" in found.text


def test_an_sdk_that_was_not_loaded_says_nothing_about_cameras() -> None:
    (found,) = doctor.camera_findings(Report({"error": "x", "code": None}, "load"), 1)
    assert verdict_of(found) is Verdict.NOT_APPLICABLE


# --- the folder CrAdapter ------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path) -> Source:
    python = tmp_path / "python" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    (tmp_path / "python" / "lib").mkdir()
    python.write_text("an interpreter")
    adapter = tmp_path / "sdk" / "CrAdapter"
    adapter.mkdir(parents=True)
    return Source(python, tmp_path / "python", adapter)


def made(there: Launcher, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "prove", lambda there: None)
    launcher.make(there, source)


def test_an_adapter_beside_the_interpreter_is_well(tmp_path: Path, source: Source) -> None:
    (source.executable.parent / "CrAdapter").mkdir()
    found = doctor.adapter_finding(Launcher(tmp_path / "launcher"), source)
    assert verdict_of(found) is Verdict.OK


def test_a_current_launcher_is_well(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Launcher(tmp_path / "launcher")
    made(there, source, monkeypatch)
    found = doctor.adapter_finding(there, source)
    assert verdict_of(found) is Verdict.OK
    assert str(there.interpreter) in found.text


def test_a_stale_launcher_is_a_warning(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Launcher(tmp_path / "launcher")
    made(there, source, monkeypatch)
    source.executable.write_text("a newer interpreter")
    found = doctor.adapter_finding(there, source)
    assert verdict_of(found) is Verdict.WARNING
    assert "--fix renews it" in found.advice


def test_a_missing_launcher_is_a_problem_with_its_fix(tmp_path: Path, source: Source) -> None:
    found = doctor.adapter_finding(Launcher(tmp_path / "launcher"), source)
    assert verdict_of(found) is Verdict.PROBLEM
    assert "lensbus doctor sony --fix" in found.advice


def test_a_missing_folder_of_the_sdk_is_a_problem(tmp_path: Path, source: Source) -> None:
    source.adapter.rmdir()
    found = doctor.adapter_finding(Launcher(tmp_path / "launcher"), source)
    assert verdict_of(found) is Verdict.PROBLEM
    assert "copy the folder CrAdapter" in found.advice


# --- the bus and the kernel ----------------------------------------------------------------------


def test_a_bus_without_sony_devices_is_a_warning(machine: Machine) -> None:
    machine.plug("03e7")
    (found,) = doctor.usb_findings(machine.host())
    assert verdict_of(found) is Verdict.WARNING
    assert "PC Remote" in found.advice


def test_each_body_on_usb_is_looked_at(machine: Machine) -> None:
    machine.plug(SONY, "1-4", number=7)
    machine.closed.add(machine.plug(SONY, "1-5", number=8))
    machine.run(9, "gphoto2", holds="/dev/bus/usb/001/008")
    findings = doctor.usb_findings(machine.host())
    assert [(found.check, verdict_of(found).value) for found in findings] == [
        ("usb", "ok"),
        ("usb-permission", "ok"),
        ("usb-holder", "ok"),
        ("usb", "ok"),
        ("usb-permission", "problem"),
        ("usb-holder", "problem"),
    ]


def test_a_body_that_is_a_disk_is_a_problem(machine: Machine) -> None:
    machine.plug(SONY, interfaces=("08",))
    found = doctor.usb_findings(machine.host())[0]
    assert verdict_of(found) is Verdict.PROBLEM
    assert "mass storage" in found.text


@pytest.mark.parametrize(
    ("memory", "verdict"),
    [
        ("16", Verdict.WARNING),
        ("149", Verdict.WARNING),
        ("150", Verdict.OK),
        ("0", Verdict.OK),
        ("", Verdict.NOT_APPLICABLE),
    ],
)
def test_the_memory_of_usb_transfers(machine: Machine, memory: str, verdict: Verdict) -> None:
    if memory:
        machine.write("sys/module/usbcore/parameters/usbfs_memory_mb", f"{memory}\n")
    found = doctor.usbfs_finding(machine.host())
    assert verdict_of(found) is verdict
    if verdict is Verdict.WARNING:
        assert "usbcore.usbfs_memory_mb=150" in found.advice


# --- the whole -----------------------------------------------------------------------------------


def settings(tmp_path: Path, **sony: object) -> Settings:
    return Settings(
        system=SystemSettings(state=str(tmp_path / "state")),
        sony=SonySettings(**sony),  # type: ignore[arg-type]  # as the test says
    )


def test_a_disabled_vendor_is_not_looked_at(tmp_path: Path, machine: Machine) -> None:
    (found,) = doctor.examine(settings(tmp_path, enabled=False), {}, machine.host())
    assert verdict_of(found) is Verdict.NOT_APPLICABLE


def test_a_library_that_is_missing_does_not_keep_the_bus_from_being_looked_at(
    tmp_path: Path, machine: Machine
) -> None:
    machine.plug(SONY)
    given = settings(tmp_path, library=str(tmp_path / "libCr_Core.so"))
    findings = doctor.examine(given, {}, machine.host())
    checks = [found.check for found in findings]
    assert "sdk" not in checks
    assert checks[-4:] == ["usb", "usb-permission", "usb-holder", "usbfs-memory"]
    assert {found.check for found in findings if found.verdict is Verdict.PROBLEM} == {
        "library",
        "adapter",
    }


def test_simulators_and_disabled_vendors_need_no_fix(tmp_path: Path) -> None:
    doctor.fix(settings(tmp_path))
    doctor.fix(settings(tmp_path, enabled=False, library="/opt/CrSDK/libCr_Core.so"))
    assert not (tmp_path / "state").exists()


def test_a_fix_is_not_made_where_none_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "is_beside", lambda executable: True)
    doctor.fix(settings(tmp_path, library=str(tmp_path / "libCr_Core.so")))
    assert not (tmp_path / "state").exists()


def test_the_fix_makes_the_launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "prove", lambda there: None)
    (tmp_path / "CrAdapter").mkdir()
    given = settings(tmp_path, library=str(tmp_path / "libCr_Core.so"))
    assert doctor.usable_launcher(given.state, tmp_path / "libCr_Core.so") is None
    doctor.fix(given)
    assert doctor.usable_launcher(given.state, tmp_path / "libCr_Core.so") is not None
    shutil.rmtree(given.state)
