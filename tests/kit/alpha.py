"""Requests of the Alpha surface that several tests send, with a wait for what they bring about."""

from kit.processes import wait_for
from kit.system import System


def set_property(system: System, camera: str, name: str, value: str) -> None:
    """Set a property and wait until the body shows it: it is accepted a little earlier."""
    path = f"/api/cameras/{camera}/properties/{name}"
    system.json("PUT", path, {"value": value})

    def shows() -> bool:
        shown = system.json("GET", path)["data"]
        return value in (shown["value"], shown["formatted"])

    wait_for(shows, limit_s=20, every_s=0.05)


def shoot_for_the_host(system: System, camera: str) -> None:
    """Set a body so that it releases at once and its pictures go to the host alone."""
    set_property(system, camera, "focus-mode", "MF")
    set_property(system, camera, "still-image-store-destination", "Host PC")
