"""What depthai's networks send, in our own values."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lensbus_proto.runtime.clock import unix_us
from lensbus_services.oak.backend import Finding, Thing
from lensbus_services.oak.networks import Network
from lensbus_services.oak.running import now
from lensbus_services.oak.sdk import dai

MOST_CLASSES: Final = 255  # a pixel of a mask is a byte
WHOLE: Final = (0.0, 0.0, 1.0, 1.0)


def reader(network: Network) -> Callable[[str, Any], Finding]:
    """Return what takes over the messages of a network."""

    def read(stream: str, message: Any) -> Finding:
        if network.segments:
            return _finding(stream, message, things=(), mask=_mask_of(message, network))
        found = finding(stream, message)
        if not network.classifies or not found.numbers:
            return found
        whole = classified(found.numbers, is_softmax=network.model.is_softmax)
        return replace(found, things=(whole,) if whole.confidence >= network.threshold else ())

    return read


def segmented(
    values: NDArray[Any], *, threshold: float, is_softmax: bool, most: int | None
) -> NDArray[np.uint8]:
    """Return what every pixel is: 0 where nothing is sure enough, else its label and one more.

    `values` has a layer for each class. The longer side has at most `most` pixels.
    """
    classes, height, width = values.shape
    step = 1 if most is None else math.ceil(max(height, width) / most)
    layers = values[:MOST_CLASSES, ::step, ::step].astype(np.float64)
    if not is_softmax and classes == 1:
        layers = 1.0 / (1.0 + np.exp(-np.clip(layers, -60.0, 60.0)))
    elif not is_softmax:
        layers = np.exp(layers - layers.max(axis=0))
        layers /= layers.sum(axis=0)
    mask: NDArray[np.uint8] = np.where(
        layers.max(axis=0) > threshold, layers.argmax(axis=0) + 1, 0
    ).astype(np.uint8)
    return mask


def _mask_of(data: Any, network: Network) -> NDArray[np.uint8]:
    values = data.getTensor(data.getAllLayerNames()[0], True)
    height, width = values.shape[-2:]
    return segmented(
        values.reshape(-1, height, width),
        threshold=network.threshold,
        is_softmax=network.model.is_softmax,
        most=network.wish.mask_max_dim,
    )


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
    if isinstance(message, dai.NNData):
        return _finding(stream, message, things=None, numbers=_numbers(message))
    return _finding(stream, message, things=tuple(_thing(each) for each in message.detections))


def _finding(stream: str, message: Any, **found: Any) -> Finding:
    tick = message.getTimestamp()
    age_us = (now() - tick) // timedelta(microseconds=1)
    return Finding(
        stream=stream,
        time_us=unix_us() - age_us,
        tick_s=message.getTimestampDevice().total_seconds(),
        seq=message.getSequenceNum(),
        **found,
    )


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
