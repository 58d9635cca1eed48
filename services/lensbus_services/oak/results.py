"""What depthai's networks send, in our own values."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import numpy as np

from lensbus_proto.runtime.clock import unix_us
from lensbus_services.oak.backend import Finding, Thing
from lensbus_services.oak.networks import Network
from lensbus_services.oak.running import now
from lensbus_services.oak.sdk import dai

WHOLE: Final = (0.0, 0.0, 1.0, 1.0)


def reader(network: Network) -> Callable[[str, Any], Finding]:
    """Return what takes over the messages of a network."""

    def read(stream: str, message: Any) -> Finding:
        found = finding(stream, message)
        if not network.classifies or not found.numbers:
            return found
        whole = classified(found.numbers, is_softmax=network.model.is_softmax)
        return replace(found, things=(whole,) if whole.confidence >= network.threshold else ())

    return read


def classified(numbers: Sequence[float], *, is_softmax: bool) -> Thing:
    """Return the likeliest class as a thing that is the whole picture."""
    values = np.asarray(numbers, np.float64)
    if not is_softmax:
        values = np.exp(values - values.max())
        values /= values.sum()
    label = int(values.argmax())
    return Thing(label, float(values[label]), WHOLE)


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
