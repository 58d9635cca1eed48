"""What keeps Sony cameras from working on this machine, and what to do about it.

Every check is a function of what was seen: the tree of a host, a report of the child that tried
the SDK. `examine` alone looks at the real machine. Nothing of the driver is imported here: a host
without its packages has to be told so.
"""

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

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
from lensbus_services.sony import launcher
from lensbus_services.sony.launcher import ADAPTER, Fitness, Launcher, Source

VENDOR: Final = "054c"
USBFS_MB: Final = 150  # below that, large live-view pictures and files were seen to fail
SDK_S: Final = 40.0  # loading, initialising and looking for cameras take 3 s on a slow machine

_SIMULATED: Final = "simulator"
_NATIVE: Final = Path(__file__).parent / "native"
_SHIM: Final = _NATIVE / "libcrshim.so"
_SIMULATOR: Final = _NATIVE / "libcrsim.so"
_USBFS: Final = Path("sys/module/usbcore/parameters/usbfs_memory_mb")
_STILL_IMAGE: Final = "06"
_MASS_STORAGE: Final = "08"
_ADAPTOR_CREATE: Final = 0x8703
_ELF: Final = {3: "x86", 40: "arm", 62: "x86-64", 183: "aarch64"}
_FIX: Final = "lensbus doctor sony --fix"
_UNNEEDED: Final = {
    "adapter": "folder CrAdapter beside the executable",
    "usb": "USB port",
    "usb-permission": "right to use USB devices",
    "usb-holder": "USB device to themselves",
    "usbfs-memory": "memory for USB transfers",
}


def examine(settings: Settings, environ: Mapping[str, str], host: usb.Host) -> list[Finding]:
    """Look at this machine, with the settings of a system."""
    if not settings.sony.enabled:
        return [not_applicable("settings", "sony.enabled is false: no Sony camera is looked for")]
    is_simulated = settings.sony.library == _SIMULATED
    library = _SIMULATOR if is_simulated else Path(settings.sony.library).expanduser().absolute()
    findings = [settings_finding(settings.sony.library), platform_finding()]
    findings.append(package_finding())
    findings.append(library_finding(library, Path(sys.executable)))
    used = None if is_simulated else usable_launcher(settings.state, library)
    report = None
    if library.is_file():
        command = [*launcher.command(used), "-m", "lensbus_services.sony.probe"]
        report = ask(command, environ, SDK_S + settings.sony.enumerate_s)
        findings.append(sdk_finding(report))
    if is_simulated:
        findings += simulated(_UNNEEDED)
    else:
        there = launcher.launcher_in(settings.state)
        findings.append(adapter_finding(there, launcher.source_for(library)))
        findings += usb_findings(host)
        findings.append(usbfs_finding(host))
    if report is not None:
        on_usb = 0 if is_simulated else len(usb.devices(host, VENDOR))
        findings += camera_findings(report, on_usb)
    return findings


def fix(settings: Settings) -> None:
    """Make or renew the launcher, where one is needed; LauncherError says why it cannot be."""
    library = settings.sony.library
    if not settings.sony.enabled or library == _SIMULATED:
        return
    source = launcher.source_for(Path(library))
    there = launcher.launcher_in(settings.state)
    if launcher.is_beside(source.executable):
        return
    launcher.make(there, source)


def usable_launcher(state: Path, library: Path) -> Launcher | None:
    """Return the launcher that a worker would be started with, if there is one."""
    there = launcher.launcher_in(state)
    is_absent = launcher.fitness(there, launcher.source_for(library)) is Fitness.ABSENT
    return None if is_absent else there


def settings_finding(library: str) -> Finding:
    """Say what the system would be started with."""
    if library == _SIMULATED:
        return ok(
            "settings",
            'simulators are configured (sony.library = "simulator"); for real cameras set it to'
            " the path of libCr_Core.so",
        )
    return ok("settings", f"sony.library = {library!r}")


def package_finding(package: str = "cffi") -> Finding:
    """Tell whether the package is there through which the SDK is called."""
    if importlib.util.find_spec(package) is None:
        return problem(
            "package", f"the package {package} is missing", "pip install 'lensbus[sony]'"
        )
    return ok("package", f"{package} is there")


def library_finding(library: Path, executable: Path, shim: Path = _SHIM) -> Finding:
    """Tell whether the SDK's library is there, and is for the processor that Python runs on."""
    if not shim.is_file():
        return problem("library", f"{shim.name} has not been built", "run: make native")
    try:
        wanted = architecture(library)
    except OSError as error:
        return problem(
            "library",
            f"{library} cannot be read: {error.strerror}",
            "set sony.library in lensbus.toml to the libCr_Core.so of Sony's Camera Remote SDK",
        )
    ours = architecture(executable)
    if not wanted:
        return problem(
            "library", f"{library} is no shared library", "unpack the SDK for Linux again"
        )
    if wanted != ours:
        return problem(
            "library",
            f"{library} is for {wanted}, this Python for {ours}",
            f"take the SDK for Linux on {ours}",
        )
    return ok("library", f"{library}, {wanted}")


def architecture(file: Path) -> str:
    """Return the processor that an ELF file is for; nothing for another file."""
    with file.open("rb") as opened:
        head = opened.read(20)
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return ""
    machine = int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")
    return _ELF.get(machine, f"machine {machine}")


def sdk_finding(report: Report) -> Finding:
    """Tell whether the SDK loads, has all functions, and is of a version that is known."""
    if "slots" in report:
        version = report["version"]
        text = f"{version >> 24}.{version >> 16 & 255:02}.{version >> 8 & 255:02}"
        if report.facts.get("serial"):
            text += f" (build {report['serial']:#x})"
        return ok("sdk", f"version {text}, callback table with {report['slots']} slots")
    if "error" in report:
        return problem("sdk", report["error"], _load_advice(report["error"]))
    return problem(
        "sdk",
        f"the SDK {report.trouble} while it was loaded",
        "unpack the SDK again, with all libraries that lie beside libCr_Core.so",
    )


def _load_advice(error: str) -> str:
    if "is not known" in error:
        return (
            "take SDK 2.02, or look at IDeviceCallback in the SDK's headers and set"
            " sony.callback_slots"
        )
    if "no function" in error:
        return "name libCr_Core.so of the Camera Remote SDK 1.12 or newer"
    return "the libraries that lie beside libCr_Core.so must stay beside it: see ldd libCr_Core.so"


def adapter_finding(there: Launcher, source: Source) -> Finding:
    """Tell whether the SDK will find CrAdapter beside the executable of a worker."""
    if launcher.is_beside(source.executable):
        return ok("adapter", f"{ADAPTER} lies beside {source.executable}")
    fitness = launcher.fitness(there, source)
    if fitness is Fitness.CURRENT:
        return ok("adapter", f"workers start from the copy {there.interpreter}")
    if not source.adapter.is_dir():
        return problem(
            "adapter",
            f"{source.adapter} is not there: without it the SDK finds no camera",
            f"copy the folder {ADAPTER} of the SDK beside libCr_Core.so, then {_FIX}",
        )
    if fitness is Fitness.STALE:
        return warning(
            "adapter",
            f"{there.folder} was made from another interpreter or SDK",
            f"{_FIX} renews it; so does the next lensbus up",
        )
    return problem(
        "adapter",
        f"{ADAPTER} does not lie beside {source.executable}, where the SDK looks for it",
        f"{_FIX} makes a copy of the interpreter in {there.folder}, beside a link to {ADAPTER}",
    )


def usb_findings(host: usb.Host) -> list[Finding]:
    """Look at every Sony device on the bus: its mode, the right to use it, who holds it."""
    found = usb.devices(host, VENDOR)
    if not found:
        return [
            warning(
                "usb",
                "no Sony device on USB",
                "for a camera on USB: switch it on, try another cable, and choose PC Remote in its"
                " USB menu. Cameras on the network need none",
            )
        ]
    findings = []
    for device in found:
        findings.append(mode_finding(device))
        findings.append(usb.permission_finding(host, device, VENDOR))
        findings.append(usb.holder_finding(host, device))
    return findings


def mode_finding(device: usb.UsbDevice) -> Finding:
    """Tell whether a body is in the mode in which it can be operated."""
    if _MASS_STORAGE in device.interfaces and _STILL_IMAGE not in device.interfaces:
        return problem(
            "usb",
            f"{device} is a disk now (mass storage)",
            "choose PC Remote in the camera's USB menu, then plug it in again",
        )
    return ok("usb", f"{device}, {device.speed_mbps:g} Mbit/s")


def usbfs_finding(host: usb.Host) -> Finding:
    """Tell whether the kernel lends USB transfers enough memory."""
    text = host.text(_USBFS)
    if not text.isdigit():
        return not_applicable("usbfs-memory", "this kernel has no USB")
    memory = int(text)
    if memory in range(1, USBFS_MB):  # 0 is no limit at all
        return warning(
            "usbfs-memory",
            f"usbfs_memory_mb is {memory}: large pictures may not come through",
            f"echo {USBFS_MB} | sudo tee /{_USBFS}; for good: usbcore.usbfs_memory_mb={USBFS_MB} on"
            " the kernel's command line",
        )
    return ok("usbfs-memory", f"usbfs_memory_mb is {memory or 'not limited'}")


def camera_findings(report: Report, on_usb: int) -> Sequence[Finding]:
    """Say which cameras the SDK sees; compare with the bus."""
    if "cameras" in report:
        return _seen(report["cameras"], on_usb)
    if report.stage != "enumerate":
        return [not_applicable("cameras", "the SDK was not there to be asked")]
    if "error" in report:
        advice = _FIX if report["code"] == _ADAPTOR_CREATE else "read what else is said here"
        return [problem("cameras", report["error"], advice)]
    return [
        problem(
            "cameras",
            f"the SDK {report.trouble} while it looked for cameras",
            "switch the cameras off and on, and plug them in again; one of them may be stuck",
        )
    ]


def _seen(cameras: Sequence[Sequence[str]], on_usb: int) -> list[Finding]:
    findings = [
        ok("cameras", f"{model} {camera} on {connection}")
        if camera
        else warning(
            "cameras", f"a {model or 'camera'} without a serial number", "it cannot be operated"
        )
        for camera, model, connection in cameras
    ]
    count = sum(connection == "USB" for _, _, connection in cameras)
    if count < on_usb:
        findings.append(
            problem(
                "cameras",
                f"the SDK sees {count} of {on_usb} Sony devices on USB",
                "put right what is said above; choose PC Remote in the camera's USB menu; take a"
                " body that the SDK's list of cameras names",
            )
        )
    if not findings:
        findings.append(
            warning("cameras", "the SDK sees no camera", "plug one in, or pair one on the network")
        )
    return findings
