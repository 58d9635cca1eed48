"""The network of a simulated sensor: it knows the scene, and finds what is really there.

What it says has the form of depthai's own messages. Nothing is computed from pixels: boxes and
places are the truth of the scene, so that whoever reads them can be checked.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lensbus_services.oak.backend import Plan
from lensbus_services.oak.features import Size
from lensbus_services.oak.networks import Network
from lensbus_services.oak.scene import Lens, Scene, Thing, box_of
from lensbus_services.oak.sdk import dai
from lensbus_services.oak.sizes import covering, cut

Box = tuple[float, float, float, float]

_SUREST: Final = 0.98
_DOUBT_PER_M: Final = 0.05  # far things are less sure
_DIMENSIONS: Final = 3  # of what says something of every pixel: class, row, column
_LEAST_SEEN: Final = 0.05  # of a thing inside of the picture; less is not found at all


class Seer:
    """Looks at the scene through one lens, with one network."""

    def __init__(
        self, network: Network, plan: Plan, lens: Lens, scene: Scene | None, has_depth: bool
    ) -> None:
        self._network = network
        self._plan = plan
        self._lens = lens
        self._scene = scene
        self._has_depth = has_depth

    def look(self, time_s: float) -> Any:
        """Return what the network says of a moment; of a film, where nothing is known, nothing."""
        if not self._network.finds_things:
            return self._numbers(time_s)
        message: Any = dai.SpatialImgDetections() if self._has_depth else dai.ImgDetections()
        message.detections = [made for _, made in self._found(time_s)]
        return message

    def _detection(self, index: int, thing: Thing, time_s: float) -> Any:
        whole = mapped(box_of(thing, self._lens, time_s), self._plan)
        box: Box = tuple(min(max(side, 0.0), 1.0) for side in whole)  # type: ignore[assignment]  # four again
        seen = _area(box) / _area(whole)
        sure = (_SUREST - _DOUBT_PER_M * thing.distance_m) * seen
        label = self._label(index, thing)
        if seen < _LEAST_SEEN or sure < self._network.threshold or label is None:
            return None
        made: Any = dai.SpatialImgDetection() if self._has_depth else dai.ImgDetection()
        made.label = label
        made.confidence = sure
        made.xmin, made.ymin, made.xmax, made.ymax = box
        if self._has_depth:
            made.spatialCoordinates = self._place(thing, time_s)
        return made

    def _label(self, index: int, thing: Thing) -> int | None:
        """Return the class of a thing; None if the network was never taught it."""
        labels = self._network.model.labels
        if thing.name in labels:
            return labels.index(thing.name)
        classes = self._network.tuning.num_classes or len(labels) or math.inf
        return index if index < classes else None

    def _place(self, thing: Thing, time_s: float) -> Any:
        """Return millimetres right of, above and away from the lens."""
        x_m, y_m = thing.place_m(time_s)
        return dai.Point3f((x_m - self._lens.right_m) * 1000, -y_m * 1000, thing.distance_m * 1000)

    def _numbers(self, time_s: float) -> Any:
        """Return the layers that the model has: numbers that move, or what its head is for."""
        message = dai.NNData()
        for layer in self._network.model.outputs:
            turns = np.arange(layer.length, dtype=np.float32) / max(1, layer.length)
            values = (0.5 + 0.5 * np.sin(2 * np.pi * (turns + time_s / 4)))[None, :]
            if layer is self._network.model.outputs[0]:
                if self._network.classifies:
                    values = self._classes(layer.length, time_s)[None, :]
                elif self._network.segments and len(layer.shape) >= _DIMENSIONS:
                    values = self._pixels(layer.shape[-3:], time_s)[None]
            message.addTensor(layer.name, values.astype(np.float32))
        return message

    def _found(self, time_s: float) -> list[tuple[Thing, Any]]:
        """Return the things that are found, far ones first."""
        things = () if self._scene is None else self._scene.things
        found = ((each, self._detection(at, each, time_s)) for at, each in enumerate(things))
        return [(thing, made) for thing, made in found if made is not None]

    def _pixels(self, shape: tuple[int, ...], time_s: float) -> NDArray[Any]:
        """Return a layer for each class: how sure it is of every pixel."""
        classes, height, width = shape
        rows = ((np.arange(height) + 0.5) / height)[:, None]
        columns = ((np.arange(width) + 0.5) / width)[None, :]
        shares = np.zeros(shape)
        for thing, made in self._found(time_s):
            box = mapped(box_of(thing, self._lens, time_s), self._plan)
            # From -1 to 1 over the whole of the thing, seen or not.
            across = (2 * columns - box[0] - box[2]) / (box[2] - box[0])
            down = (2 * rows - box[1] - box[3]) / (box[3] - box[1])
            away = np.hypot(across, down) if thing.is_round else np.maximum(abs(across), abs(down))
            if made.label < classes:
                shares[:, away <= 1.0] = 0.0
                shares[made.label, away <= 1.0] = made.confidence
        if self._network.model.is_softmax:
            return shares
        # Many classes are weighed against each other, one is weighed against nothing.
        least = np.log(np.maximum(shares, 1e-9))
        return least if classes > 1 else least - np.log(np.maximum(1.0 - shares, 1e-9))

    def _classes(self, length: int, time_s: float) -> NDArray[Any]:
        known = [made for _, made in self._found(time_s) if made.label < length]
        shares = np.full(length, 1.0 / length)
        if known and length > 1:
            best = max(known, key=lambda each: float(each.confidence))
            shares[:] = (1.0 - best.confidence) / (length - 1)
            shares[best.label] = best.confidence
        return shares if self._network.model.is_softmax else np.log(np.maximum(shares, 1e-9))


def mapped(box: Box, plan: Plan) -> Box:
    """Return pixels of the sensor's picture as shares of the picture that clients see."""
    (x_scale, x_shift), (y_scale, y_shift) = _ways(plan)
    width, height = plan.video_size
    left, top, right, bottom = box
    return (
        (left * x_scale + x_shift) / width,
        (top * y_scale + y_shift) / height,
        (right * x_scale + x_shift) / width,
        (bottom * y_scale + y_shift) / height,
    )


def _ways(plan: Plan) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return how a picture is scaled, and then shifted, across and down."""
    mode, size = plan.mode, plan.video_size
    if mode == size:
        return (1.0, 0.0), (1.0, 0.0)
    if plan.resize_mode == "CROP":
        whole = covering(mode, size, plan.crop)
        rows, columns = cut(whole, size, plan.crop)
        return _way(mode, whole, 0, -columns.start), _way(mode, whole, 1, -rows.start)
    whole = size
    if plan.resize_mode == "LETTERBOX":
        scale = min(size[0] / mode[0], size[1] / mode[1])
        whole = (max(1, round(mode[0] * scale)), max(1, round(mode[1] * scale)))
    bars = ((size[0] - whole[0]) // 2, (size[1] - whole[1]) // 2)
    return _way(mode, whole, 0, bars[0]), _way(mode, whole, 1, bars[1])


def _way(mode: Size, whole: Size, side: int, shift: int) -> tuple[float, float]:
    return (whole[side] / mode[side], float(shift))


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
