"""A Sony driver over the shim and the simulator, with eyes for what it observes."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from lensbus_deploy.breaking import BreakError, Simulated, ask
from lensbus_proto.runtime.settings import SonySettings, SonySimulatorSettings
from lensbus_services.driver import Description, Frame, Observation
from lensbus_services.sony.driver import SonyDriver

ALPHA = "D10F60149B0C"
CINEMA = "D20FA3C41E57"
PROFILES = {  # every body that the simulator plays
    "ILCE-7M4": ALPHA,
    "ILME-FX3A": CINEMA,
    "SIM-MINIMAL": "D30000000001",
    "SIM-INVERTED": "D40000000001",
    "SIM-UNKNOWN": "D50000000001",
}
FAST = 0.02  # of the time that real bodies take
LIMIT_S = 20.0


def sony_settings(*, time_scale: float = FAST, slots: int = 21, **changes: Any) -> SonySettings:
    """Return settings for the simulator; `changes` are fields of SonySettings."""
    cameras = tuple(f"{model}:{camera}" for model, camera in PROFILES.items())
    simulator = SonySimulatorSettings(cameras, time_scale=time_scale, callback_slots=slots)
    plain = SonySettings(simulator=simulator, save_roots=("{state}/pictures",), connect_s=5.0)
    return dataclasses.replace(plain, **changes)


class Seeing:
    """An open driver and all that it has observed so far."""

    def __init__(self, driver: SonyDriver, description: Description) -> None:
        self.driver = driver
        self.description = description
        self.observed: list[Observation] = []

    def execute(self, name: str, **arguments: Any) -> Mapping[str, Any]:
        """Carry out a command and return its result."""
        return self.driver.execute(name, arguments, LIMIT_S).data

    def until(self, is_enough: Callable[[list[Observation]], object]) -> list[Observation]:
        """Drain until all that was observed so far is enough."""
        give_up = time.monotonic() + LIMIT_S
        while not is_enough(self.observed):
            assert time.monotonic() < give_up, f"only saw {self.kinds()}"
            self.observed += self.driver.drain(0.05)
        return self.observed

    def until_kind(self, kind: str, **data: Any) -> Mapping[str, Any]:
        """Drain until something of this kind with these data was observed; return its data."""

        def matches(one: Observation) -> bool:
            return one.kind == kind and one.data.items() >= data.items()

        self.until(lambda observed: any(map(matches, observed)))
        return next(one.data for one in self.observed if matches(one))

    def kinds(self) -> list[str]:
        """Drain what waits and return the kinds of all that was observed, in order."""
        self.observed += self.driver.drain(0.0)
        return [one.kind for one in self.observed]

    def forget(self) -> None:
        """Drain what waits and begin anew."""
        self.driver.drain(0.0)
        self.observed.clear()

    def frames(self, count: int) -> list[Frame]:
        """Return this many pictures."""
        give_up = time.monotonic() + LIMIT_S
        frames: list[Frame] = []
        while len(frames) < count:
            assert time.monotonic() < give_up, f"only {len(frames)} pictures"
            frames += self.driver.pictures(0.2)
        return frames

    def value(self, code: int) -> Any:
        """Return one property as it travels."""
        properties = self.execute("properties.get", codes=[code])["properties"]
        return properties[0] if properties else None


@contextmanager
def broken(state: Path, scenario: str, camera: str = ALPHA, **words: object) -> Iterator[Path]:
    """Have a scenario hold in the simulator's world, until it has struck or the block ends.

    Once the block begins the body has seen it, or will when it is opened.
    """
    simulated = Simulated(camera, "sony", state / "simulator" / "sony")
    given = [f"{name}={word}" for name, word in words.items()]
    file = simulated.world / f"{camera}.{scenario}"
    # Who dies of it gives no answer.
    with suppress(BreakError) if scenario == "crash" else nullcontext():
        ask(simulated, " ".join(["break", scenario, *given]))
    try:
        yield file
    finally:
        with suppress(BreakError):  # its process has just ended
            ask(simulated, f"heal {scenario}")
        file.unlink(missing_ok=True)


@contextmanager
def open_sony(
    state: Path, camera: str = ALPHA, settings: SonySettings | None = None
) -> Iterator[Seeing]:
    """Open a driver and close it at the end."""
    driver = SonyDriver(camera, settings or sony_settings(), state)
    try:
        yield Seeing(driver, driver.open())
    finally:
        driver.close()
