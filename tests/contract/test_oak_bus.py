"""What the bus knows of an OAK camera while it is shut down, lost and back."""

from collections.abc import Iterator
from typing import Any

import pytest
import zmq

from kit.bus import ask, client
from kit.oak_rig import PRO, OakRig, oak_rig
from kit.processes import wait_for
from lensbus_services.oak.discover import world_folder
from lensbus_services.oak.scenarios import World


@pytest.fixture(scope="module")
def rig() -> Iterator[OakRig]:
    with oak_rig() as running:
        yield running


def states(rig: OakRig) -> list[Any]:
    """The state of the device as the broker, its worker and the device tell it."""
    with client(rig.settings, "commands", zmq.REQ) as req:
        entry = (ask(req, "", "cameras").result or {})["cameras"][0]
        details = (ask(req, PRO, "describe").result or {})["details"]
        device = ask(req, PRO, "device").result or {}
    return [entry["description"]["device"]["state"], details["device"]["state"], device["state"]]


def test_a_camera_that_is_shut_down_is_known_to_be(rig: OakRig) -> None:
    wait_for(lambda: states(rig) == ["X_LINK_BOOTED"] * 3)
    for _ in range(2):
        assert rig.ask("DELETE", f"/cameras/{PRO}/").status_code == 200
        wait_for(lambda: states(rig) == ["X_LINK_UNBOOTED"] * 3)
        assert rig.ask("POST", f"/cameras/{PRO}/").status_code == 200
        wait_for(lambda: states(rig) == ["X_LINK_BOOTED"] * 3)


def test_a_camera_that_is_lost_is_known_to_be(rig: OakRig) -> None:
    world = World(world_folder(rig.settings.state), PRO)
    world.begin("disconnect", [])
    wait_for(lambda: states(rig) == ["X_LINK_UNBOOTED"] * 3)
    world.heal("disconnect")
    wait_for(lambda: states(rig) == ["X_LINK_BOOTED"] * 3)
