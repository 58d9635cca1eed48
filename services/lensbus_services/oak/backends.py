"""Which backend a camera gets. Only what is made here imports depthai."""

from pathlib import Path

from lensbus_proto.errors import CameraGone, SettingsError
from lensbus_proto.runtime.settings import OakSettings
from lensbus_services.oak.backend import Backend, Report
from lensbus_services.oak.discover import simulated_cameras, world_folder


def make_backend(camera: str, settings: OakSettings, state: Path, report: Report) -> Backend:
    """Return the backend of the settings for one camera, not opened yet."""
    if settings.backend == "device":
        from lensbus_services.oak.device import DeviceBackend, opener

        return DeviceBackend(
            camera,
            report,
            crash_folder=state / "crashes",
            open_device=opener(settings.addresses),
        )
    return _simulator(camera, settings, state, report)


def _simulator(camera: str, settings: OakSettings, state: Path, report: Report) -> Backend:
    from lensbus_services.oak.films import load
    from lensbus_services.oak.profiles import PROFILES
    from lensbus_services.oak.scenarios import World
    from lensbus_services.oak.scene import DEFAULT, SCENES
    from lensbus_services.oak.simulator import SimulatorBackend

    models = {found.camera: found.model for found in simulated_cameras(settings.simulator.cameras)}
    if camera not in models:
        raise CameraGone(f"the simulator does not play {camera}; it plays {', '.join(models)}")
    scene = settings.simulator.scene
    film = Path(scene).expanduser()
    if scene not in SCENES and not film.exists():
        raise SettingsError(
            f"oak.simulator.scene is {scene!r}, expected {', '.join(SCENES)}, "
            "or the path of a film or a folder of pictures"
        )
    return SimulatorBackend(
        camera,
        PROFILES[models[camera]],
        report,
        world=World(world_folder(state), camera),
        scene=SCENES.get(scene, DEFAULT),
        film=None if scene in SCENES else load(film),
        time_scale=settings.simulator.time_scale,
    )
