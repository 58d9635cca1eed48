"""A search on demand, where the next one by itself is an hour away."""

from kit.processes import wait_for
from kit.system import OAK, OAK_ONE, System, running_system, wait_for_cameras
from lensbus_services.oak.discover import world_folder
from lensbus_services.oak.scenarios import World


def refreshed(system: System) -> set[str]:
    return {camera["mxid"] for camera in system.json("POST", "/cameras/refresh")}


def test_a_refresh_sees_which_cameras_went_and_came() -> None:
    quiet = {"discovery_interval_s": "3600", "discovery_missing_scans": "1"}
    with running_system(sony_enabled="false", **quiet) as system:
        wait_for_cameras(system, {OAK, OAK_ONE})
        world = World(world_folder(system.state), OAK_ONE)
        world.begin("absent", ["seconds=600"])
        wait_for(lambda: refreshed(system) == {OAK})
        assert system.worker_pid(OAK_ONE) is None
        world.heal("absent")
        assert refreshed(system) == {OAK, OAK_ONE}
