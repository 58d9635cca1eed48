"""A machine as a tree of files: `/sys`, `/proc`, `/dev` and udev's rules, for the doctor."""

from dataclasses import dataclass, field
from pathlib import Path

from lensbus_services.usb import Host


@dataclass
class Machine:
    """A tree below `root`; nodes in `closed` may not be used."""

    root: Path
    closed: set[Path] = field(default_factory=set)

    def host(self) -> Host:
        return Host(self.root, lambda node: node not in self.closed)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def plug(
        self,
        vendor: str,
        port: str = "1-4",
        *,
        product_id: str = "0f52",
        name: str = "ILME-FX3A",
        number: int = 7,
        speed: str = "5000",
        interfaces: tuple[str, ...] = ("06",),
        has_node: bool = True,
    ) -> Path:
        """Plug a device in; return its node."""
        about = {
            "idVendor": vendor,
            "idProduct": product_id,
            "product": name,
            "serial": "D20FA3C41E57",
            "speed": speed,
            "busnum": "1",
            "devnum": str(number),
        }
        for file, text in about.items():
            self.write(f"sys/bus/usb/devices/{port}/{file}", f"{text}\n")
        for place, kind in enumerate(interfaces):
            folder = f"sys/bus/usb/devices/{port}:1.{place}"
            self.write(f"{folder}/bInterfaceClass", f"{kind}\n")
        if has_node:
            self.write(f"dev/bus/usb/001/{number:03}", "")
        return self.root / f"dev/bus/usb/001/{number:03}"

    def run(self, pid: int, *command: str, holds: str = "/dev/null", comm: str = "") -> None:
        """Start a process that has one file open."""
        self.write(f"proc/{pid}/cmdline", "".join(f"{part}\0" for part in command))
        self.write(f"proc/{pid}/comm", f"{comm}\n")
        descriptors = self.root / f"proc/{pid}/fd"
        descriptors.mkdir()
        (descriptors / "3").symlink_to(holds)
