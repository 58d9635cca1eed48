"""The infrared lights of a camera: a flood light, and a projector of dots for stereo matching."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from lensbus_services.oak.arguments import number


@dataclass(frozen=True, slots=True)
class Lights:
    """How bright each light is, 0 to 1."""

    flood_light: float = 0.0
    dot_projector: float = 0.0


def lights(body: Mapping[str, Any]) -> Lights:
    """Return the lights that a client asks for; one that is left out is off."""
    return Lights(
        **{
            item.name: number(item.name, body.get(item.name, 0.0), 0.0, 1.0)
            for item in fields(Lights)
        }
    )


def to_map(wanted: Lights) -> dict[str, float]:
    """Return the lights as clients see them."""
    return asdict(wanted)
