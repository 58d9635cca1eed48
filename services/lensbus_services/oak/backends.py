"""Which backend a camera gets. Only what is made here imports depthai."""

from pathlib import Path

from lensbus_proto.errors import CameraGone
from lensbus_proto.runtime.settings import OakSettings
from lensbus_services.oak.backend import Backend, Report
from lensbus_services.oak.discover import simulated_cameras


def make_backend(camera: str, settings: OakSettings, state: Path, report: Report) -> Backend:
    """Return the backend of the settings for one camera, not opened yet."""
    if settings.backend == "device":
        from lensbus_services.oak.device import DeviceBackend

        return DeviceBackend(camera, report)
    from lensbus_services.oak.profiles import PROFILES
    from lensbus_services.oak.simulator import SimulatorBackend

    models = {found.camera: found.model for found in simulated_cameras(settings.simulator.cameras)}
    if camera not in models:
        raise CameraGone(f"the simulator does not play {camera}; it plays {', '.join(models)}")
    return SimulatorBackend(camera, PROFILES[models[camera]], report)
