"""What depthai's networks send, in our own values."""

from datetime import timedelta
from typing import Any

from lensbus_proto.runtime.clock import unix_us
from lensbus_services.oak.backend import Finding, Thing
from lensbus_services.oak.running import now
from lensbus_services.oak.sdk import dai


def finding(stream: str, message: Any) -> Finding:
    """Return what is in a message of depthai's detectors, or in bare numbers."""
    tick = message.getTimestamp()
    age_us = (now() - tick) // timedelta(microseconds=1)
    return Finding(
        stream=stream,
        time_us=unix_us() - age_us,
        tick_s=message.getTimestampDevice().total_seconds(),
        seq=message.getSequenceNum(),
        things=_things(message),
        numbers=_numbers(message) if isinstance(message, dai.NNData) else (),
    )


def _things(message: Any) -> tuple[Thing, ...] | None:
    if isinstance(message, dai.NNData):
        return None
    return tuple(_thing(each) for each in message.detections)


def _thing(found: Any) -> Thing:
    place = getattr(found, "spatialCoordinates", None)
    return Thing(
        label=int(found.label),
        confidence=float(found.confidence),
        box=(float(found.xmin), float(found.ymin), float(found.xmax), float(found.ymax)),
        place_mm=None if place is None else _place(place),
    )


def _place(point: Any) -> tuple[float, float, float] | None:
    """Return millimetres; None where nothing was measured, which depthai says as 0."""
    if point.z <= 0:
        return None
    return (round(float(point.x), 1), round(float(point.y), 1), round(float(point.z), 1))


def _numbers(data: Any) -> tuple[float, ...]:
    names = data.getAllLayerNames()
    if not names:
        return ()
    # JSON has no word for what is no number.
    flat = data.getTensor(names[0], True).reshape(-1).tolist()
    return tuple(each if abs(each) < float("inf") else 0.0 for each in flat)
