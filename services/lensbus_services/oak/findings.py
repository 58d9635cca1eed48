"""What a network has found in one picture, as clients read it."""

import json
from collections.abc import Iterable
from typing import Any, Final

from lensbus_services.oak.backend import Finding, Thing

_DIGITS: Final = 5  # of a share of the picture; a picture has fewer pixels than that


def payload(found: Finding, *, with_places: bool) -> bytes:
    """Return a finding as JSON, in the form that both generations of clients read."""
    detections: Iterable[Any] = found.numbers
    if found.things is not None:
        detections = [_detection(thing, with_places) for thing in found.things]
    told = {
        "detections": list(detections),
        "seq": found.seq,
        "ts_us": round(found.tick_s * 1_000_000),
        "running": True,
    }
    return json.dumps(told, separators=(",", ":")).encode("ascii")


def _detection(thing: Thing, with_places: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "label": thing.label,
        "confidence": round(thing.confidence, _DIGITS),
        "coords": [round(side, _DIGITS) for side in thing.box],
    }
    if with_places and thing.place_mm is not None:
        told["spatial_coords"] = dict(zip("xyz", thing.place_mm, strict=True))
    return told
