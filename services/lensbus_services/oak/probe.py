"""The child in which the doctor tries depthai: versions, devices, and on demand their health.

Run as `python -m lensbus_services.oak.probe [DEVICE_ID]`: with an id it boots that device and tests
its parts, otherwise it only looks.
"""

import os
import sys
from typing import Any

from lensbus_proto.runtime import lifecycle
from lensbus_services.probe import Teller, teller

_RESULTS = (
    "cameraFunctionality",
    "cameraCalibration",
    "imuFunctionality",
    "imuCalibration",
    "powerSupplyFunctionality",
)
_OBSTACLES = {
    "deviceInUse": "is in use",
    "deviceInSetupMode": "is in setup mode",
    "missingUdevRules": "has no udev rule",
}


def tell(told: Teller, camera: str | None) -> None:
    """Tell what depthai knows. A failure of depthai is a fact too."""
    try:
        told.stage("import")
        from lensbus_services.oak.sdk import dai

        told.fact("version", dai.__version__)
        told.fact("firmware", _firmware(dai))
        told.fact("has_health", hasattr(dai.Device, "performHealthCheck"))
        told.stage("search")
        if camera is None:
            told.fact("devices", devices(dai))
        else:
            told.stage("health")
            told.fact("health", health(dai, camera))
    except (ImportError, RuntimeError) as error:
        told.fact("error", f"{error}".strip().partition("\n")[0])
    told.done()


def devices(dai: Any) -> list[dict[str, str]]:
    """Return every device, free or in use: each of the two calls may leave out some."""
    free = {info.name: info for info in dai.Device.getAllAvailableDevices()}
    found = {info.name: info for info in dai.Device.getAllConnectedDevices()} | free
    return [
        {
            "id": info.deviceId,
            "name": info.name,
            "protocol": info.protocol.name,
            "state": info.state.name,
            "status": info.status.name,
            "is_free": "yes" if info.name in free else "",
        }
        for info in found.values()
    ]


def health(dai: Any, camera: str) -> dict[str, Any]:
    """Boot a device and return what its own check says."""
    metrics = dai.Device.performHealthCheck(dai.DeviceInfo(camera))
    return {
        "usb": metrics.usbGeneration.name,
        "bandwidth_mbit_s": metrics.bandwidthMbps,
        "results": {name: getattr(metrics, name).name for name in _RESULTS},
        "obstacles": [text for name, text in _OBSTACLES.items() if getattr(metrics, name)],
        "issues": [[issue.type.name, issue.stage.name, issue.message] for issue in metrics.issues],
    }


def _firmware(dai: Any) -> dict[str, str]:
    """Return the firmware that depthai brings along: a device runs it while it is used."""
    names = {
        "RVC2": "__device_version__",
        "RVC4": "__device_rvc4_version__",
        "bootloader": "__bootloader_version__",
    }
    return {name: str(getattr(dai, key)) for name, key in names.items() if hasattr(dai, key)}


if __name__ == "__main__":
    lifecycle.die_with_parent()
    tell(teller(), sys.argv[1] if len(sys.argv) > 1 else None)
    sys.stderr.flush()
    os._exit(0)  # depthai's threads may not end
