"""Cameras that the settings name: an enumeration need not find them.

`model:serial` is a body on USB, `model:mac@address` one on a network, also beyond a router. The SDK
makes an object of that without asking the camera: it is there as far as anybody can tell, and what
stands in the way is known when it is connected.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lensbus_proto.errors import SettingsError
from lensbus_proto.topics import is_camera_id
from lensbus_services.sony.values import Found

MAC_TEXT_SINCE: Final = 0x02000000  # from this SDK on, bodies tell their MAC address as a text
SERIAL_LENGTH: Final = 12

# CrCameraDeviceModelList, in the order of its numbers.
MODELS: Final = (
    *("ILCE-7RM4", "ILCE-9M2", "ILCE-7C", "ILCE-7SM3", "ILCE-1", "ILCE-7RM4A", "DSC-RX0M2"),
    *("ILCE-7M4", "ILME-FX3", "ILME-FX30", "ILME-FX6", "ILCE-7RM5", "ZV-E1", "ILCE-6700"),
    *("ILCE-7CM2", "ILCE-7CR", "ILX-LR1", "MPC-2610", "ILCE-9M3", "ZV-E10M2", "PXW-Z200"),
    *("HXR-NX800", "ILCE-1M2", "ILME-FX3A", "BRC-AM7", "ILME-FR7", "ILME-FX2", "DSC-RX1RM3"),
    *("ILCE-7M5", "PXW-Z300", "PXW-Z380", "ILCE-7RM6"),
)

_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(:?)(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class Configured:
    """A camera of the settings; `mac` and `address` are empty for one on USB."""

    model: str
    serial: str = ""
    mac: bytes = b""
    address: bytes = b""

    @property
    def model_number(self) -> int | None:
        """The number of the model in the SDK's list, None for one that was not on it."""
        return MODELS.index(self.model) if self.model in MODELS else None

    def camera(self, version: int) -> str:
        """Return the id that an enumeration by this version of the SDK would give it."""
        if not self.mac:
            return self.serial
        text = self.mac.hex(":").upper()
        return text if version >= MAC_TEXT_SINCE else text.replace(":", "")

    def found(self, version: int) -> Found:
        """Return the camera as if it had been found."""
        kind = "Network" if self.mac else "USB"
        return Found(self.camera(version), self.model, kind, has_ssh=bool(self.mac))


def configured_cameras(entries: Sequence[str]) -> list[Configured]:
    """Return the cameras of `sony.cameras`; SettingsError for an entry that names none."""
    return [_parse(entry) for entry in entries]


def _parse(entry: str) -> Configured:
    model, colon, rest = entry.partition(":")
    name, at, host = rest.partition("@")
    try:
        if model and colon and not at and len(name) == SERIAL_LENGTH and is_camera_id(name):
            return Configured(model, serial=name)
        if model and at and _MAC.fullmatch(name):
            address = ipaddress.IPv4Address(host).packed
            return Configured(model, mac=bytes.fromhex(name.replace(":", "")), address=address)
    except ipaddress.AddressValueError:
        pass
    raise SettingsError(
        f"sony.cameras has {entry!r}, expected model:serial with a serial number of"
        f" {SERIAL_LENGTH} characters, or model:mac@address with six bytes and an IPv4 address"
    )
