"""USB as the kernel shows it, on trees that a test has made."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.machine import Machine
from kit.processes import ROOT
from lensbus_services import usb
from lensbus_services.doctor import Verdict

SONY = "054c"
NODE = "/dev/bus/usb/001/007"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def only(machine: Machine) -> usb.UsbDevice:
    (device,) = usb.devices(machine.host(), SONY)
    return device


def test_only_the_vendors_devices_are_seen(machine: Machine) -> None:
    machine.plug(SONY, "1-4", number=7)
    machine.plug("03e7", "2-1", number=9)
    machine.write("sys/bus/usb/devices/usb1/idVendor", "1d6b\n")
    device = only(machine)
    assert (device.port, device.product_id, device.speed_mbps) == ("1-4", "0f52", 5000)
    assert f"/{device.node}" == NODE
    assert device.interfaces == {"06"}
    assert str(device) == "ILME-FX3A D20FA3C41E57 at USB port 1-4"


def test_a_machine_without_usb_has_no_devices(machine: Machine) -> None:
    assert usb.devices(machine.host(), SONY) == []


def test_a_device_that_tells_nothing_about_itself_is_still_seen(machine: Machine) -> None:
    machine.write("sys/bus/usb/devices/1-4/idVendor", "054C\n")
    device = only(machine)
    assert (device.speed_mbps, str(device)) == (0.0, " at USB port 1-4")


def test_a_device_that_may_be_used_is_well(machine: Machine) -> None:
    machine.plug(SONY)
    finding = usb.permission_finding(machine.host(), only(machine), SONY)
    assert finding.verdict is Verdict.OK


def test_root_is_told_that_it_sees_more_than_others(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.plug(SONY)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "by root" in usb.permission_finding(machine.host(), only(machine), SONY).text
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "by root" not in usb.permission_finding(machine.host(), only(machine), SONY).text


def test_a_closed_device_comes_with_the_rule_that_opens_it(machine: Machine) -> None:
    machine.closed.add(machine.plug(SONY))
    finding = usb.permission_finding(machine.host(), only(machine), SONY)
    assert finding.verdict is Verdict.PROBLEM
    assert NODE in finding.text
    assert usb.rule(SONY) in finding.advice


def test_a_device_without_a_node_is_one_in_a_container(machine: Machine) -> None:
    machine.plug(SONY, has_node=False)
    finding = usb.permission_finding(machine.host(), only(machine), SONY)
    assert finding.verdict is Verdict.PROBLEM
    assert "container" in finding.advice


@pytest.mark.parametrize("vendor", ["054c", "03e7"])
def test_the_shipped_rules_are_those_that_the_doctor_advises(vendor: str) -> None:
    shipped = (ROOT / "deploy" / "udev" / "70-lensbus.rules").read_text().splitlines()
    assert usb.rule(vendor) in shipped
    assert usb.rule(vendor) in usb.rule_advice(vendor)


def test_rules_are_found_where_udev_looks_for_them_but_not_in_comments(machine: Machine) -> None:
    assert usb.rule_files(machine.host(), "03e7") == []
    machine.write("etc/udev/rules.d/80-movidius.rules", usb.rule("03e7"))
    machine.write("usr/lib/udev/rules.d/60-other.rules", '# ATTRS{idVendor}=="03e7"\n')
    machine.write("usr/lib/udev/rules.d/61-upper.rules", 'ATTRS{idVendor}=="03E7"\n')
    machine.write("etc/udev/rules.d/81-movidius.rules.bak", usb.rule("03e7"))
    assert usb.rule_files(machine.host(), "03e7") == [
        "/etc/udev/rules.d/80-movidius.rules",
        "/usr/lib/udev/rules.d/61-upper.rules",
    ]


def test_nobody_holds_a_free_device(machine: Machine) -> None:
    machine.plug(SONY)
    machine.run(12, "/usr/bin/something")
    finding = usb.holder_finding(machine.host(), only(machine))
    assert finding.verdict is Verdict.OK
    assert "held by nobody" in finding.text


def test_who_holds_a_device_is_named(machine: Machine) -> None:
    machine.plug(SONY)
    machine.run(12, "/opt/studio/capture", "--camera", holds=NODE)
    finding = usb.holder_finding(machine.host(), only(machine))
    assert finding.verdict is Verdict.PROBLEM
    assert "held by capture (pid 12)" in finding.text
    assert "gvfs" not in finding.advice


def test_the_desktop_is_a_usual_suspect(machine: Machine) -> None:
    machine.plug(SONY)
    machine.run(40, "/usr/libexec/gvfsd-gphoto2", "--spawner", holds=NODE)
    finding = usb.holder_finding(machine.host(), only(machine))
    assert "gvfsd-gphoto2 (pid 40)" in finding.text
    assert "systemctl --user mask --now gvfs-gphoto2-volume-monitor" in finding.advice


def test_a_process_without_a_command_line_has_its_short_name(machine: Machine) -> None:
    machine.plug(SONY)
    machine.run(41, holds=NODE, comm="gphoto2")
    assert "gphoto2 (pid 41)" in usb.holder_finding(machine.host(), only(machine)).text


def test_a_worker_may_hold_its_camera(machine: Machine) -> None:
    machine.plug(SONY)
    command = ("/v/bin/python", "-m", "lensbus_services", "--vendor", "sony", "--camera", "X")
    machine.run(13, *command, holds=NODE)
    finding = usb.holder_finding(machine.host(), only(machine))
    assert finding.verdict is Verdict.OK
    assert "held by its worker (pid 13)" in finding.text


def test_a_worker_does_not_hide_another_program(machine: Machine) -> None:
    machine.plug(SONY)
    machine.run(13, "python", "-m", "lensbus_services", holds=NODE)
    machine.run(14, "gphoto2", holds=NODE)
    assert "held by gphoto2 (pid 14)" in usb.holder_finding(machine.host(), only(machine)).text


def test_what_cannot_be_looked_into_is_not_called_free(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.plug(SONY)
    machine.run(1, "/sbin/init")
    machine.run(12, "/usr/bin/mine")

    def only_mine(folder: Path) -> Iterator[Path]:
        if folder.parent.name == "1":
            raise PermissionError(folder)
        return real(folder)

    real = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", only_mine)
    finding = usb.holder_finding(machine.host(), only(machine))
    assert finding.verdict is Verdict.WARNING
    assert "those of others (1) cannot" in finding.text
    assert "sudo" in finding.advice


def test_a_process_that_ends_meanwhile_holds_nothing(machine: Machine) -> None:
    machine.plug(SONY)
    machine.write("proc/99/cmdline", "gone\0")
    assert usb.holders(machine.host(), only(machine).node) == usb.Holders((), 0)


def test_this_machine_can_be_looked_at() -> None:
    """Whatever is plugged in: real trees are read without an error."""
    with Path("/dev/null").open() as held:
        assert held
        found = usb.holders(usb.Host(), Path("dev/null"))
    assert os.getpid() in {process.pid for process in found.processes}
    usb.devices(usb.Host(), SONY)
    usb.rule_files(usb.Host(), SONY)
