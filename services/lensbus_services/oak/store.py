"""What is wanted of a camera, kept in a file so that a new worker goes on where the last ended."""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import CommandError
from lensbus_services.oak import config, control
from lensbus_services.oak.activation import is_consistent
from lensbus_services.oak.config import Config
from lensbus_services.oak.control import Control
from lensbus_services.oak.features import Features, Sensor
from lensbus_services.oak.lights import Lights, lights

logger = logging.getLogger(__name__)

_VERSION: Final = 1
# What reading a file of any content can raise.
_BROKEN: Final = (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which streams are to be on, how every stream is to run, and whether the camera is at all."""

    active: frozenset[str]
    configs: Mapping[str, Config]
    controls: Mapping[str, Control]
    lights: Lights = field(default_factory=Lights)
    is_booted: bool = True


def defaults(features: Features, active_after_boot: str, fps: float) -> Wanted:
    """Return what is wanted of a camera of which nothing is known."""
    sensors = {stream: features.sensor_of(stream) for stream in features.streams}
    return Wanted(
        active=frozenset(
            sensor.socket for sensor in features.sensors if _boots(sensor, active_after_boot)
        ),
        configs={stream: config.default(sensor, fps) for stream, sensor in sensors.items()},
        controls={
            stream: control.default(sensor.has_autofocus) for stream, sensor in sensors.items()
        },
    )


def _boots(sensor: Sensor, active_after_boot: str) -> bool:
    return active_after_boot == "cameras" or (active_after_boot == "color" and sensor.has_color)


def save(path: Path, wanted: Wanted, features: Features) -> None:
    """Write the file; a crash leaves either the old or the new one.

    What the camera has is written too: of one that is shut down nobody could tell.
    """
    table = {
        "version": _VERSION,
        "booted": wanted.is_booted,
        "active": sorted(wanted.active),
        "configs": {stream: asdict(each) for stream, each in sorted(wanted.configs.items())},
        "controls": {stream: asdict(each) for stream, each in sorted(wanted.controls.items())},
        "lights": asdict(wanted.lights),
        "features": asdict(features),
    }
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(table, indent=1), encoding="utf-8")
        os.replace(fresh, path)
    except OSError as error:
        # The camera does what it was told; only a new worker would not know.
        logger.warning("wanted state not saved", extra={"path": path, "reason": error})


def load(path: Path, features: Features, fallback: Wanted) -> Wanted:
    """Return what the file says, or the fallback if there is none or it makes no sense."""
    try:
        return _read(_table(path), features, fallback)
    except FileNotFoundError:
        return fallback
    except (*_BROKEN, CommandError) as error:
        logger.warning("wanted state ignored", extra={"path": path, "reason": error})
        return fallback


def shut_down(path: Path) -> Features | None:
    """Return what a camera has that was shut down and is to stay so; None if it is to boot."""
    try:
        table = _table(path)
        return None if table.get("booted", True) else Features.from_map(table["features"])
    except _BROKEN:
        return None  # `load` says what is wrong with the file


def _table(path: Path) -> Any:
    table = json.loads(path.read_text(encoding="utf-8"))
    if table["version"] != _VERSION:
        raise ValueError(f"version {table['version']}")
    return table


def _read(table: Any, features: Features, fallback: Wanted) -> Wanted:
    active = frozenset(table["active"])
    if not is_consistent(active, features.streams):
        raise ValueError(f"these streams cannot be on: {sorted(active)}")
    configs = dict(fallback.configs)
    for stream, stored in table["configs"].items():
        configs[stream] = config.change(configs[stream], stored, features.sensor_of(stream))
    controls = dict(fallback.controls)
    for stream, stored in table["controls"].items():
        controls[stream] = control.change(controls[stream], stored)
    return Wanted(active, configs, controls, lights(table.get("lights", {})))
