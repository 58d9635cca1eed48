"""What the doctor says about OAK cameras, for every state that a machine can be in."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kit.machine import Machine
from kit.processes import environ
from lensbus_proto.runtime.settings import OakSettings, Settings
from lensbus_services.doctor import Finding, Verdict
from lensbus_services.oak import doctor, probe
from lensbus_services.probe import Report
from lensbus_services.usb import rule

OAK = doctor.VENDOR
ID = "14442C10D13EABCE00"
KNOWN = {"version": "3.12.0", "firmware": {"RVC2": "711e3afb3414982d4d41"}, "has_health": True}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def plug(machine: Machine, product_id: str = "f63b", speed: str = "5000") -> Path:
    return machine.plug(OAK, "2-1", product_id=product_id, name="Movidius MyriadX", speed=speed)


def device(**changes: str) -> dict[str, str]:
    return {
        "id": ID,
        "name": "2.1",
        "protocol": "X_LINK_USB_VSC",
        "state": "X_LINK_UNBOOTED",
        "status": "X_LINK_SUCCESS",
        "is_free": "yes",
        **changes,
    }


def seen(*devices: Mapping[str, str]) -> Report:
    return Report({**KNOWN, "devices": list(devices)}, "search")


def verdict_of(finding: Finding) -> Verdict:
    has_advice = bool(finding.advice)
    assert has_advice is (finding.verdict in (Verdict.WARNING, Verdict.PROBLEM)), finding
    return finding.verdict


# --- depthai -------------------------------------------------------------------------------------


def test_the_versions_of_depthai_and_its_firmware_are_told() -> None:
    found = doctor.version_finding(seen())
    assert verdict_of(found) is Verdict.OK
    assert found.text == "version 3.12.0, firmware: RVC2 711e3afb34149"


def test_a_depthai_that_cannot_be_imported_is_a_problem() -> None:
    found = doctor.version_finding(Report({"error": "No module named 'depthai'"}, "import"))
    assert verdict_of(found) is Verdict.PROBLEM
    assert "No module named 'depthai'" in found.text


def test_a_depthai_that_dies_is_a_problem() -> None:
    found = doctor.version_finding(Report({}, "import", "died of signal 4"))
    assert verdict_of(found) is Verdict.PROBLEM
    assert "died of signal 4" in found.text


# --- the bus and its rights ----------------------------------------------------------------------


def test_a_machine_without_usb_can_only_use_the_network(machine: Machine) -> None:
    assert verdict_of(doctor.bus_finding(machine.host())) is Verdict.WARNING
    plug(machine)
    assert verdict_of(doctor.bus_finding(machine.host())) is Verdict.OK


def rule_finding(machine: Machine) -> Finding:
    from lensbus_services import usb

    return doctor.rule_finding(machine.host(), usb.devices(machine.host(), OAK))


def test_a_udev_rule_is_named_with_its_file(machine: Machine) -> None:
    machine.write("etc/udev/rules.d/80-movidius.rules", rule(OAK))
    found = rule_finding(machine)
    assert verdict_of(found) is Verdict.OK
    assert "/etc/udev/rules.d/80-movidius.rules" in found.text


def test_a_missing_rule_is_a_warning_while_nothing_is_closed(machine: Machine) -> None:
    plug(machine)
    found = rule_finding(machine)
    assert verdict_of(found) is Verdict.WARNING
    assert rule(OAK) in found.advice


def test_a_missing_rule_is_a_problem_when_a_camera_is_closed(machine: Machine) -> None:
    machine.closed.add(plug(machine))
    assert verdict_of(rule_finding(machine)) is Verdict.PROBLEM


@pytest.mark.parametrize(
    ("product_id", "speed", "verdict"),
    [
        ("2485", "480", Verdict.NOT_APPLICABLE),
        ("f63b", "480", Verdict.WARNING),
        ("f63b", "5000", Verdict.OK),
        ("f63b", "10000", Verdict.OK),
    ],
)
def test_the_speed_counts_once_a_camera_has_booted(
    machine: Machine, product_id: str, speed: str, verdict: Verdict
) -> None:
    from lensbus_services import usb

    plug(machine, product_id, speed)
    (found,) = usb.devices(machine.host(), OAK)
    assert verdict_of(doctor.speed_finding(found)) is verdict


# --- devices -------------------------------------------------------------------------------------


def test_a_free_device_and_one_in_use_are_both_well() -> None:
    free, used = doctor.device_findings(seen(device(), device(id="1844", is_free="")))
    assert (verdict_of(free), verdict_of(used)) == (Verdict.OK, Verdict.OK)
    assert free.text.endswith("X_LINK_UNBOOTED, free")
    assert used.text.endswith("in use")


def test_no_device_is_a_warning() -> None:
    (found,) = doctor.device_findings(seen())
    assert verdict_of(found) is Verdict.WARNING


def test_a_device_without_rights_comes_with_the_rule() -> None:
    (found,) = doctor.device_findings(seen(device(id="", status="X_LINK_INSUFFICIENT_PERMISSIONS")))
    assert verdict_of(found) is Verdict.PROBLEM
    assert rule(OAK) in found.advice


def test_a_device_with_another_error_is_a_problem() -> None:
    (found,) = doctor.device_findings(seen(device(status="X_LINK_COMMUNICATION_FAIL")))
    assert verdict_of(found) is Verdict.PROBLEM
    assert "X_LINK_COMMUNICATION_FAIL" in found.text


def test_a_search_that_hangs_is_a_problem() -> None:
    (found,) = doctor.device_findings(Report(KNOWN, "search", "gave no answer within 30 s"))
    assert verdict_of(found) is Verdict.PROBLEM
    assert "gave no answer within 30 s" in found.text


def test_without_depthai_nothing_is_said_about_devices() -> None:
    (found,) = doctor.device_findings(Report({"error": "No module"}, "import"))
    assert verdict_of(found) is Verdict.NOT_APPLICABLE


def test_only_free_devices_may_be_booted_or_knocked_at() -> None:
    network = {"protocol": "X_LINK_TCP_IP", "name": "192.0.2.7"}
    report = seen(device(), device(id="USED", is_free=""), device(id="POE", **network))
    assert doctor.free_devices(report) == [ID, "POE"]
    assert doctor.network_names(report) == {"192.0.2.7"}
    assert doctor.network_names(seen(device(is_free="", **network))) == set()
    assert doctor.free_devices(Report()) == []


# --- addresses -----------------------------------------------------------------------------------


def test_without_addresses_nothing_is_reached_for() -> None:
    (found,) = doctor.address_findings([], doctor.reach)
    assert verdict_of(found) is Verdict.NOT_APPLICABLE


def test_each_address_is_told_apart() -> None:
    answers = {"192.0.2.1": "", "192.0.2.2": "No route to host"}
    one, other = doctor.address_findings(answers.keys(), answers.__getitem__)
    assert verdict_of(one) is Verdict.OK
    assert verdict_of(other) is Verdict.PROBLEM
    assert "No route to host" in other.text


def test_an_address_is_reached_when_its_port_takes_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setattr(doctor, "XLINK_PORT", listening.getsockname()[1])
        assert doctor.reach("127.0.0.1") == ""
    assert doctor.reach("127.0.0.1") == "Connection refused"


# --- health --------------------------------------------------------------------------------------


def health(issues: list[list[str]], **results: str) -> list[Finding]:
    told = {
        "usb": "SUPER",
        "bandwidth_mbit_s": 1900.4,
        "results": results,
        "issues": issues,
        "obstacles": [],
    }
    return doctor.health_findings(ID, Report({**KNOWN, "health": told}, "health"))


def test_a_healthy_camera_tells_what_was_tried() -> None:
    (found,) = health([], cameraFunctionality="PASS", imuFunctionality="NOT_RUN")
    assert verdict_of(found) is Verdict.OK
    assert found.text == f"{ID} passed: cameraFunctionality; USB SUPER, 1900 Mbit/s"


def test_errors_and_warnings_of_the_check_stay_apart() -> None:
    error, hint = health([["Error", "CameraFunctionality", "no frame"], ["Warning", "Imu", "old"]])
    assert verdict_of(error) is Verdict.PROBLEM
    assert "CameraFunctionality: no frame" in error.text
    assert verdict_of(hint) is Verdict.WARNING


def test_a_failure_without_an_issue_is_still_a_problem() -> None:
    (found,) = health([], cameraCalibration="FAIL", imuCalibration="PASS")
    assert verdict_of(found) is Verdict.PROBLEM
    assert "cameraCalibration" in found.text


def test_a_check_that_checked_nothing_is_not_passed() -> None:
    (found,) = health([], cameraFunctionality="NOT_RUN")
    assert verdict_of(found) is Verdict.WARNING


def test_the_names_are_those_of_the_real_depthai() -> None:
    from lensbus_services.oak.sdk import dai  # with its telemetry off

    metrics = dai.HealthCheckMetrics()
    for name in (*probe._RESULTS, *probe._OBSTACLES, "usbGeneration", "bandwidthMbps", "issues"):
        assert hasattr(metrics, name), name
    issue = dai.HealthCheckIssue(
        dai.HealthCheckIssueType.Error, dai.HealthCheckIssueStage.Bandwidth, "slow"
    )
    assert [issue.type.name, issue.stage.name] == ["Error", "Bandwidth"]


def test_a_check_that_does_not_come_back_is_a_problem() -> None:
    (found,) = doctor.health_findings(ID, Report(KNOWN, "health", "gave no answer within 120 s"))
    assert verdict_of(found) is Verdict.PROBLEM


def test_a_depthai_without_the_check_is_no_problem() -> None:
    report = Report({**KNOWN, "has_health": False, "error": "no attribute"}, "health")
    (found,) = doctor.health_findings(ID, report)
    assert verdict_of(found) is Verdict.NOT_APPLICABLE


# --- the whole, with a depthai of the test's own --------------------------------------------------

FAKE = """\
import enum, os, time
from types import SimpleNamespace as Value
__version__ = "9.9"
__device_version__ = "0123456789abcdef"
assert os.environ["DEPTHAI_TELEMETRY"] == "0"
class Name(enum.Enum):
    X_LINK_USB_VSC = 1; X_LINK_UNBOOTED = 2; X_LINK_SUCCESS = 3
    Error = 4; BANDWIDTH = 5; SUPER = 6; PASS = 7
USB = dict(protocol=Name.X_LINK_USB_VSC, state=Name.X_LINK_UNBOOTED, status=Name.X_LINK_SUCCESS)
def DeviceInfo(name): return name
class Device:
    @staticmethod
    def getAllConnectedDevices():
        return [Value(deviceId="USED", name="2.2", **USB)]
    @staticmethod
    def getAllAvailableDevices():
        print("a line of the vendor's")
        return [Value(deviceId="FREE", name="2.1", **USB)]
"""
HEALTHY = """
    @staticmethod
    def performHealthCheck(info):
        assert info == "FREE"
        parts = "cameraFunctionality cameraCalibration imuFunctionality imuCalibration".split()
        results = {part: Name.PASS for part in [*parts, "powerSupplyFunctionality"]}
        issue = Value(type=Name.Error, stage=Name.BANDWIDTH, message="slow cable")
        flags = dict(deviceInUse=True, deviceInSetupMode=False, missingUdevRules=False)
        speed = dict(usbGeneration=Name.SUPER, bandwidthMbps=12.0)
        return Value(issues=[issue], **speed, **flags, **results)
"""


def examine(
    tmp_path: Path, machine: Machine, module: str, *, has_health: bool = False
) -> dict[str, list[Finding]]:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "depthai.py").write_text(module)
    variables = environ()
    variables["PYTHONPATH"] = f"{tmp_path / 'modules'}:{variables['PYTHONPATH']}"
    given = Settings(oak=OakSettings(backend="device"))
    found: dict[str, list[Finding]] = {}
    for finding in doctor.examine(given, variables, machine.host(), has_health=has_health):
        verdict_of(finding)
        found.setdefault(finding.check, []).append(finding)
    return found


def test_devices_are_asked_for_and_left_alone(tmp_path: Path, machine: Machine) -> None:
    plug(machine)
    machine.run(30, "/usr/bin/viewer", holds="/dev/bus/usb/001/007")
    found = examine(tmp_path, machine, FAKE + HEALTHY)
    assert "9.9" in found["depthai"][0].text
    assert [one.text.partition(" ")[0] for one in found["devices"]] == ["USED", "FREE"]
    assert "held by viewer (pid 30)" in found["usb-holder"][0].text
    assert [one.verdict for one in found["health"]] == [Verdict.NOT_APPLICABLE]


def test_health_is_checked_on_demand_on_free_devices(tmp_path: Path, machine: Machine) -> None:
    found = examine(tmp_path, machine, FAKE + HEALTHY, has_health=True)
    assert {finding.verdict for finding in found["health"]} == {Verdict.PROBLEM}
    assert [finding.text for finding in found["health"]] == [
        "FREE, BANDWIDTH: slow cable",
        "FREE is in use",
    ]


def test_an_older_depthai_has_no_health_to_check(tmp_path: Path, machine: Machine) -> None:
    (finding,) = examine(tmp_path, machine, FAKE, has_health=True)["health"]
    assert finding.verdict is Verdict.NOT_APPLICABLE
    assert "9.9" in finding.text


@pytest.mark.parametrize(
    ("search", "trouble"),
    [
        ("time.sleep(600)", "gave no answer within 2 s"),
        ("os.abort()", "died of signal 6"),
        ("raise RuntimeError('no XLink\\nand a long story')", "failed: no XLink"),
    ],
)
def test_a_search_that_hangs_or_dies_does_not_take_the_doctor_along(
    tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch, search: str, trouble: str
) -> None:
    if "sleep" in search:
        monkeypatch.setattr(doctor, "SEARCH_S", 2.0)
    broken = FAKE.replace("""print("a line of the vendor's")""", search)
    (finding,) = examine(tmp_path, machine, broken)["devices"]
    assert finding.verdict is Verdict.PROBLEM
    assert trouble in finding.text


def test_a_disabled_vendor_is_not_looked_at(machine: Machine) -> None:
    given = Settings(oak=OakSettings(enabled=False))
    (found,) = doctor.examine(given, {}, machine.host())
    assert verdict_of(found) is Verdict.NOT_APPLICABLE


def test_the_real_depthai_finds_nothing_wrong_with_itself() -> None:
    """Without a camera; with one, it is listed."""
    report: Any = doctor.ask_depthai(environ(), doctor.SEARCH_S)
    assert report.trouble == ""
    assert report["has_health"]
    assert doctor.version_finding(report).verdict is Verdict.OK
    assert all(set(device()) == set(one) for one in report["devices"])
