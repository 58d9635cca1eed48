"""What can go wrong with a simulated device, and the folder by which it is switched.

While a file `<camera>.<scenario>` exists, the scenario holds; its text has the parameters. Any
process may create or remove it at any time.
"""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lensbus_proto.runtime.clock import unix_us

logger = logging.getLogger(__name__)

Parameters = Mapping[str, float | str]


class BadScenario(ValueError):
    """A scenario or a parameter that is not known; its text names what is accepted."""


@dataclass(frozen=True, slots=True)
class Range:
    """A number as a parameter; without a default it may be left out."""

    least: float
    most: float
    default: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """What goes wrong, and its parameters. With `stream` it may strike a single stream."""

    name: str
    what: str
    numbers: Mapping[str, Range]
    of_stream: bool = False


_SECONDS: Final = Range(0.1, 86_400)

SCENARIOS: Final = {
    scenario.name: scenario
    for scenario in (
        Scenario("disconnect", "the link is lost", {"seconds": _SECONDS}),
        Scenario(
            "absent",
            "the device is away and boots when it is back",
            {"seconds": Range(0.1, 86_400, 10)},
        ),
        Scenario("stall", "no pictures come, in silence", {"seconds": _SECONDS}, of_stream=True),
        Scenario(
            "slow",
            "every picture comes late",
            {"ms": Range(1, 10_000, 200), "seconds": _SECONDS},
            of_stream=True,
        ),
        Scenario("node-crash", "a node of the pipeline fails", {}, of_stream=True),
        Scenario("crash", "the vendor's library takes the process down", {}),
        Scenario("boot-failure", "the device does not boot", {"times": Range(1, 1000, 1)}),
        Scenario("over-temperature", "the chip is too hot", {"seconds": _SECONDS}),
    )
}


def parse(name: str, words: Sequence[str], streams: Iterable[str] | None = None) -> Parameters:
    """Return the parameters of a scenario, defaults filled in. `streams`: those there are."""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise BadScenario(f"no scenario {name!r} here; there are {', '.join(SCENARIOS)}")
    found: dict[str, float | str] = {
        key: each.default for key, each in scenario.numbers.items() if each.default is not None
    }
    for word in words:
        key, equals, value = word.partition("=")
        if key == "stream" and equals and scenario.of_stream:
            if streams is not None and value not in set(streams):
                raise BadScenario(f"no stream {value!r} here; there are {', '.join(streams)}")
            found[key] = value
        elif equals and key in scenario.numbers:
            found[key] = _number(key, value, scenario.numbers[key])
        else:
            raise BadScenario(f"{name} has no parameter {word!r}; it takes {usage(scenario)}")
    return found


def usage(scenario: Scenario) -> str:
    """Return the parameters of a scenario as one types them."""
    stream = ["[stream=NAME]"] if scenario.of_stream else []
    numbers = [f"[{key}={each.least:g}..{each.most:g}]" for key, each in scenario.numbers.items()]
    return " ".join(numbers + stream) or "nothing"


def _number(key: str, value: str, allowed: Range) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not allowed.least <= number <= allowed.most:
        raise BadScenario(f"{key} is {value!r}, expected {allowed.least:g} to {allowed.most:g}")
    return number


class World:
    """The scenarios of one camera in their folder."""

    def __init__(self, folder: Path, camera: str) -> None:
        self.folder = folder
        self._camera = camera
        self._complained: set[str] = set()

    def held(self) -> dict[str, Parameters]:
        """Return the scenarios that hold now. One whose `seconds` are over is ended."""
        found: dict[str, Parameters] = {}
        for name in self._names():
            path = self._path(name)
            try:
                words = path.read_text(encoding="utf-8").split()
                age_s = unix_us() / 1e6 - path.stat().st_mtime
                parameters = parse(name, words)
            except (OSError, UnicodeDecodeError):
                continue
            except BadScenario as error:
                self._complain(name, error)
                continue
            if age_s >= float(parameters.get("seconds", "inf")):
                self.heal(name)
            else:
                found[name] = parameters
        return found

    def begin(self, name: str, words: Sequence[str]) -> None:
        """Have a scenario hold, from now on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f"{self._camera}.{name}.new"
        fresh.write_text(" ".join(words), encoding="utf-8")
        os.replace(fresh, self._path(name))

    def heal(self, name: str) -> None:
        """End a scenario, if it holds."""
        self._path(name).unlink(missing_ok=True)

    def strike(self, name: str) -> Parameters | None:
        """Return a scenario that strikes now, one time less often from now on; None if not."""
        parameters = self.held().get(name)
        if parameters is None:
            return None
        left = int(float(parameters.get("times", 1))) - 1
        if left > 0:
            self.begin(name, [f"times={left}"])
        else:
            self.heal(name)
        return parameters

    def _names(self) -> list[str]:
        try:
            files = os.listdir(self.folder)
        except OSError:
            return []
        prefix = f"{self._camera}."
        names = {each.removeprefix(prefix) for each in files if each.startswith(prefix)}
        return [name for name in SCENARIOS if name in names]

    def _path(self, name: str) -> Path:
        return self.folder / f"{self._camera}.{name}"

    def _complain(self, name: str, error: BadScenario) -> None:
        if str(error) not in self._complained:
            self._complained.add(str(error))
            extra = {"camera": self._camera, "scenario": name, "reason": error}
            logger.warning("scenario ignored", extra=extra)


def is_absent(folder: Path, camera: str) -> bool:
    """Tell whether a search would miss this camera now."""
    return not {"absent", "disconnect"}.isdisjoint(World(folder, camera).held())
