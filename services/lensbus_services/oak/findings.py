"""What a network has found in one picture, as clients read it."""

import base64
import json
from collections.abc import Iterable
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lensbus_services.oak.backend import Finding, Thing

_DIGITS: Final = 5  # of a share of the picture; a picture has fewer pixels than that


def payload(found: Finding, *, with_places: bool) -> bytes:
    """Return a finding as JSON, in the form that both generations of clients read."""
    detections: Iterable[Any] = found.numbers
    if found.things is not None:
        detections = [_detection(thing, with_places) for thing in found.things]
    told: dict[str, Any] = {
        "detections": list(detections),
        "seq": found.seq,
        "ts_us": round(found.tick_s * 1_000_000),
        "running": True,
    }
    if found.mask is not None:
        height, width = found.mask.shape
        told |= {"mask_width": width, "mask_height": height, "masks_png": _png(found.mask)}
    return json.dumps(told, separators=(",", ":")).encode("ascii")


def _png(mask: NDArray[np.uint8]) -> str:
    _, packed = cv2.imencode(".png", mask, (cv2.IMWRITE_PNG_COMPRESSION, 1))
    return base64.b64encode(packed.tobytes()).decode("ascii")


def _detection(thing: Thing, with_places: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "label": thing.label,
        "confidence": round(thing.confidence, _DIGITS),
        "coords": [round(side, _DIGITS) for side in thing.box],
    }
    if with_places and thing.place_mm is not None:
        told["spatial_coords"] = dict(zip("xyz", thing.place_mm, strict=True))
    return told
