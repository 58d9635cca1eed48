"""What keeps OAK cameras from working on this machine, and what to do about it.

Every check is a function of what was seen: the tree of a host, a report of the child that tried
depthai. `examine` alone looks at the real machine.
"""

import socket
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from lensbus_proto.runtime.settings import Settings
from lensbus_services import usb
from lensbus_services.doctor import (
    Finding,
    not_applicable,
    ok,
    platform_finding,
    problem,
    simulated,
    warning,
)
from lensbus_services.probe import Report, ask

VENDOR: Final = "03e7"
SEARCH_S: Final = 30.0  # the import and three searches of up to 1.5 s
HEALTH_S: Final = 120.0  # booting, 20 s of load on the power supply, and the parts one by one
REACH_S: Final = 2.0
XLINK_PORT: Final = 11490  # of a PoE device that waits for its host

_MACHINES: Final = ("x86_64", "aarch64")
_UNBOOTED: Final = "2485"  # in this state every device is on USB 2
_SUPER_MBPS: Final = 5000
_TELEMETRY: Final = {"DEPTHAI_TELEMETRY": "0", "DEPTHAI_DISABLE_CRASHDUMP_COLLECTION": "1"}
_UNNEEDED: Final = {
    "usb-bus": "USB",
    "udev-rule": "udev rule",
    "usb-permission": "right to use USB devices",
    "usb-speed": "USB port",
    "usb-holder": "USB device to themselves",
    "devices": "device",
    "health": "check of their health",
}

Reach = Callable[[str], str]


def examine(
    settings: Settings,
    environ: Mapping[str, str],
    host: usb.Host,
    addresses: Sequence[str] = (),
    *,
    has_health: bool = False,
) -> list[Finding]:
    """Look at this machine, with the settings of a system."""
    if not settings.oak.enabled:
        return [not_applicable("settings", "oak.enabled is false: no OAK camera is looked for")]
    is_simulated = settings.oak.backend == "simulator"
    findings = [settings_finding(settings.oak.backend), platform_finding(machines=_MACHINES)]
    report = ask_depthai(environ, SEARCH_S)
    findings.append(version_finding(report))
    if is_simulated:
        return [*findings, *simulated(_UNNEEDED)]
    on_usb = usb.devices(host, VENDOR)
    findings.append(bus_finding(host))
    findings.append(rule_finding(host, on_usb))
    for device in on_usb:
        findings.append(usb.permission_finding(host, device, VENDOR))
        findings.append(speed_finding(device))
        findings.append(usb.holder_finding(host, device))
    findings += device_findings(report)
    findings += address_findings({*addresses, *network_names(report)}, reach)
    if not has_health:
        return [*findings, not_applicable("health", "not asked for: --health boots the cameras")]
    for camera in free_devices(report):
        findings += health_findings(camera, ask_depthai(environ, HEALTH_S, camera))
    return findings


def ask_depthai(environ: Mapping[str, str], limit_s: float, *arguments: str) -> Report:
    """Ask depthai in a child that reports to nobody else."""
    command = [sys.executable, "-m", "lensbus_services.oak.probe", *arguments]
    return ask(command, {**environ, **_TELEMETRY}, limit_s)


def reach(address: str) -> str:
    """Return why a device on the network cannot be reached; nothing if it can."""
    try:
        with socket.create_connection((address, XLINK_PORT), REACH_S):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def settings_finding(backend: str) -> Finding:
    """Say what the system would be started with."""
    if backend == "simulator":
        return ok(
            "settings",
            'simulators are configured (oak.backend = "simulator"); for real cameras set it to'
            ' "device"',
        )
    return ok("settings", f"oak.backend = {backend!r}")


def version_finding(report: Report) -> Finding:
    """Tell whether depthai can be imported, and which firmware it brings along."""
    if "version" in report:
        firmware = ", ".join(f"{name} {text[:13]}" for name, text in report["firmware"].items())
        return ok("depthai", f"version {report['version']}, firmware: {firmware or 'not told'}")
    reason = report.reason
    return problem(
        "depthai",
        f"depthai cannot be used: {reason}",
        "pip install --force-reinstall 'lensbus[oak]'",
    )


def bus_finding(host: usb.Host) -> Finding:
    """Tell whether programs can reach USB at all."""
    if host.entries(usb.NODES):
        return ok("usb-bus", f"/{usb.NODES} is there")
    return warning(
        "usb-bus",
        f"/{usb.NODES} is not there: only cameras on the network can be used",
        "in a container, hand in the bus: -v /dev/bus/usb:/dev/bus/usb"
        " --device-cgroup-rule='c 189:* rmw'",
    )


def rule_finding(host: usb.Host, on_usb: Sequence[usb.UsbDevice]) -> Finding:
    """Tell whether a udev rule gives users the right to use OAK cameras.

    It matters even when a camera may be used now: one that boots comes back as another device.
    """
    check = "udev-rule"
    files = usb.rule_files(host, VENDOR)
    if files:
        return ok(check, f"in {', '.join(files)}")
    text = f"no udev rule speaks of vendor {VENDOR}"
    # A container has none of its own: what counts there is that the nodes may be used.
    if on_usb and not all(host.may_use(host.root / device.node) for device in on_usb):
        return problem(check, text, usb.rule_advice(VENDOR))
    return warning(check, text, usb.rule_advice(VENDOR))


def speed_finding(device: usb.UsbDevice) -> Finding:
    """Tell whether a device that has booted is on USB 3."""
    check = "usb-speed"
    if device.product_id == _UNBOOTED:
        return not_applicable(check, f"{device} shows its speed when it has booted")
    if device.speed_mbps < _SUPER_MBPS:
        return warning(
            check,
            f"{device} is on USB 2 ({device.speed_mbps:g} Mbit/s): fewer and later pictures",
            "take a USB 3 port and a USB 3 cable; turn the plug of a USB-C cable over",
        )
    return ok(check, f"{device}, {device.speed_mbps:g} Mbit/s")


def device_findings(report: Report) -> list[Finding]:
    """Say which devices depthai sees, and what it says about each."""
    check = "devices"
    if "devices" not in report:
        if report.stage != "search":
            return [not_applicable(check, "depthai was not there to be asked")]
        reason = report.reason
        return [
            problem(
                check,
                f"the search for devices failed: {reason}",
                "plug the cameras in again; end other programs that use them",
            )
        ]
    if not report["devices"]:
        return [
            warning(
                check,
                "depthai sees no device",
                "plug one in; for a PoE camera its switch must give power, and both must be in one"
                " network",
            )
        ]
    return [_device_finding(found) for found in report["devices"]]


def _device_finding(found: Mapping[str, str]) -> Finding:
    named = f"{found['id'] or 'a device'} at {found['name']}"
    if found["status"] == "X_LINK_INSUFFICIENT_PERMISSIONS":
        return problem("devices", f"{named} is closed to this user", usb.rule_advice(VENDOR))
    if found["status"] != "X_LINK_SUCCESS":
        return problem(
            "devices", f"{named} answers {found['status']}", "take its power away for ten seconds"
        )
    use = "free" if found["is_free"] else "in use"
    return ok("devices", f"{named}, {found['protocol']}, {found['state']}, {use}")


def free_devices(report: Report) -> list[str]:
    """Return the ids of the devices that nobody uses."""
    found = report.facts.get("devices", [])
    return [one["id"] for one in found if one["is_free"] and one["id"]]


def network_names(report: Report) -> set[str]:
    """Return the addresses of free devices on the network; one in use takes no second host."""
    found: Sequence[Mapping[str, str]] = report.facts.get("devices", [])
    return {one["name"] for one in found if one["protocol"] == "X_LINK_TCP_IP" and one["is_free"]}


def address_findings(addresses: Collection[str], can: Reach) -> list[Finding]:
    """Tell which PoE cameras can be reached."""
    if not addresses:
        return [not_applicable("address", "no PoE camera was found or named (--address)")]
    findings = []
    for address in sorted(addresses):
        reason = can(address)
        findings.append(
            problem(
                "address",
                f"{address} cannot be reached at port {XLINK_PORT}: {reason}",
                "ping it; a camera needs ten seconds after a disconnect, and power from its switch;"
                " a firewall must let TCP 11490 and UDP 11491 pass",
            )
            if reason
            else ok("address", f"{address} can be reached")
        )
    return findings


def health_findings(camera: str, report: Report) -> list[Finding]:
    """Say what a device's check of its own parts found."""
    check = "health"
    if "health" not in report:
        if "has_health" in report and not report["has_health"]:
            return [not_applicable(check, f"depthai {report['version']} has no health check")]
        reason = report.reason
        return [
            problem(
                check,
                f"{camera} could not be checked: {reason}",
                "take its power away for ten seconds, then try again",
            )
        ]
    told: Mapping[str, Any] = report["health"]
    findings = [
        (problem if kind == "Error" else warning)(
            check, f"{camera}, {stage}: {message}", "see the vendor's page on this part"
        )
        for kind, stage, message in told["issues"]
    ]
    passed = [name for name, result in told["results"].items() if result == "PASS"]
    failed = [name for name, result in told["results"].items() if result == "FAIL"]
    if failed and not findings:
        findings.append(problem(check, f"{camera} failed: {', '.join(failed)}", "have it repaired"))
    findings += [
        problem(check, f"{camera} {obstacle}", "put this right, then try again")
        for obstacle in told["obstacles"]
    ]
    if not findings and not passed:
        findings.append(warning(check, f"{camera}: nothing was checked", "update depthai"))
    if not findings:
        speed = f"USB {told['usb']}, {told['bandwidth_mbit_s']:.0f} Mbit/s"
        findings.append(ok(check, f"{camera} passed: {', '.join(passed)}; {speed}"))
    return findings
