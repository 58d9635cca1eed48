"""USB as the kernel shows it, below a root folder: devices, rights, rules, and who holds what."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lensbus_services.doctor import Finding, ok, problem, warning

NODES: Final = Path("dev/bus/usb")
RULES: Final = ("etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d")
RULES_FILE: Final = "/etc/udev/rules.d/70-lensbus.rules"

_DEVICES: Final = Path("sys/bus/usb/devices")
_WORKER: Final = "-m lensbus_services "
_DESKTOP: Final = ("gvfs", "kiod", "kioworker")


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """One device on the bus, as sysfs describes it."""

    port: str
    product_id: str
    name: str
    serial: str
    speed_mbps: float
    node: Path  # below the root: dev/bus/usb/001/004
    interfaces: frozenset[str]  # their classes, two hexadecimal digits each

    def __str__(self) -> str:
        named = " ".join(part for part in (self.name, self.serial) if part)
        return f"{named or self.product_id} at USB port {self.port}"


@dataclass(frozen=True, slots=True)
class Process:
    """A process that has a device open."""

    pid: int
    name: str
    command: str

    @property
    def is_worker(self) -> bool:
        """Tell whether it is a worker of lensbus."""
        return _WORKER in f"{self.command} "

    @property
    def is_desktop(self) -> bool:
        """Tell whether it is one of the helpers that desktops start for every camera."""
        return any(word in self.name.lower() for word in _DESKTOP)


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds a device, and how many processes nobody but root may look into."""

    processes: tuple[Process, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class Host:
    """The machine that is looked at. `root` is `/`, or a tree that a test has made."""

    root: Path = Path("/")
    may_use: Callable[[Path], bool] = lambda node: os.access(node, os.R_OK | os.W_OK)

    def text(self, path: str | Path) -> str:
        """Return what a file says; nothing if it cannot be read."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""

    def entries(self, path: str | Path) -> list[Path]:
        """Return what is in a folder, in order; nothing if there is none."""
        try:
            return sorted((self.root / path).iterdir())
        except OSError:
            return []


def devices(host: Host, vendor: str) -> list[UsbDevice]:
    """Return the devices of a vendor (four hexadecimal digits)."""
    entries = host.entries(_DEVICES)
    return [
        _device(host, entry, entries)
        for entry in entries
        if ":" not in entry.name and host.text(entry / "idVendor").lower() == vendor
    ]


def _device(host: Host, entry: Path, entries: Iterable[Path]) -> UsbDevice:
    speed = host.text(entry / "speed")
    bus, number = (_number(host.text(entry / name)) for name in ("busnum", "devnum"))
    return UsbDevice(
        port=entry.name,
        product_id=host.text(entry / "idProduct"),
        name=host.text(entry / "product"),
        serial=host.text(entry / "serial"),
        speed_mbps=float(speed) if speed.replace(".", "", 1).isdigit() else 0.0,
        node=NODES / f"{bus:03}" / f"{number:03}",
        interfaces=frozenset(
            host.text(other / "bInterfaceClass")
            for other in entries
            if other.name.startswith(f"{entry.name}:")
        ),
    )


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def holders(host: Host, node: Path) -> Holders:
    """Return who has a device's node open."""
    found, hidden = [], 0
    for folder in host.entries("proc"):
        if not folder.name.isdigit():
            continue
        try:
            is_open = any(target == f"/{node}" for target in _targets(folder / "fd"))
        except PermissionError:
            hidden += 1
        except OSError:  # it has ended meanwhile
            continue
        else:
            if is_open:
                found.append(_process(host, folder))
    return Holders(tuple(found), hidden)


def _targets(folder: Path) -> Iterator[str]:
    for descriptor in folder.iterdir():
        try:
            yield os.readlink(descriptor)
        except FileNotFoundError:  # closed meanwhile
            continue


def _process(host: Host, folder: Path) -> Process:
    command = host.text(folder / "cmdline").replace("\0", " ").strip()
    # The kernel cuts `comm` at 15 letters; the command has the whole name, if there is one.
    name = Path(command.partition(" ")[0]).name or host.text(folder / "comm")
    return Process(int(folder.name), name, command)


def rule_files(host: Host, vendor: str) -> list[str]:
    """Return the udev rules that speak of a vendor."""
    return [
        f"/{folder}/{file.name}"
        for folder in RULES
        for file in host.entries(folder)
        if file.suffix == ".rules"
        and any(
            vendor in line.lower()
            for line in host.text(file).splitlines()
            if not line.lstrip().startswith("#")
        )
    ]


def rule(vendor: str) -> str:
    """Return the udev rule that lets every user of this machine use a vendor's devices."""
    return f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{vendor}", MODE="0666"'


def rule_advice(vendor: str) -> str:
    """Return how to get the right to use a vendor's devices."""
    return (
        f"echo '{rule(vendor)}' | sudo tee -a {RULES_FILE}"
        " && sudo udevadm control --reload-rules && sudo udevadm trigger"
    )


def permission_finding(host: Host, device: UsbDevice, vendor: str) -> Finding:
    """Tell whether this user may use a device."""
    check = "usb-permission"
    if not (host.root / device.node).exists():
        return problem(
            check,
            f"{device} has no node /{device.node}",
            "in a container, hand in the bus: -v /dev/bus/usb:/dev/bus/usb"
            " --device-cgroup-rule='c 189:* rmw'",
        )
    if not host.may_use(host.root / device.node):
        return problem(
            check, f"{device} is closed to this user: /{device.node}", rule_advice(vendor)
        )
    # Root may do everything: what it sees is no promise for the user that runs lensbus.
    return ok(check, f"{device} may be used{' by root' if os.geteuid() == 0 else ''}")


def holder_finding(host: Host, device: UsbDevice) -> Finding:
    """Tell whether another program holds a device."""
    check = "usb-holder"
    found = holders(host, device.node)
    others = [process for process in found.processes if not process.is_worker]
    if others:
        names = ", ".join(f"{process.name} (pid {process.pid})" for process in others)
        advice = "end it: only one program at a time can hold a camera"
        if any(process.is_desktop for process in others):
            advice = (
                "the desktop takes every camera that it sees; end it and keep it from coming back:"
                " systemctl --user mask --now gvfs-gphoto2-volume-monitor gvfs-mtp-volume-monitor"
                " && pkill gvfsd-gphoto2"
            )
        return problem(check, f"{device} is held by {names}", advice)
    if found.processes:
        pids = ", ".join(str(process.pid) for process in found.processes)
        return ok(check, f"{device} is held by its worker (pid {pids})")
    if found.hidden:
        return warning(
            check,
            f"{device}: none of this user's processes holds it; those of others ({found.hidden})"
            " cannot be looked into",
            "if the camera is said to be in use, look again with sudo",
        )
    return ok(check, f"{device} is held by nobody")
