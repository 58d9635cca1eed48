"""Depth from two rectified pictures, by block matching as the devices do it."""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lensbus_services.oak.scene import BASELINE_M, Lens

_DISPARITIES: Final = 96
_BLOCK: Final = 11
_STEP: Final = 2  # every second row is matched: half the time, and edges no worse than by blocks
_FRACTIONS: Final = 16  # of a pixel, in what the matcher returns
_MOST: Final = _DISPARITIES * _FRACTIONS


class Matcher:
    """Measures depth for one size of pictures; one thread at a time."""

    def __init__(self, lens: Lens) -> None:
        self._matcher = cv2.StereoBM.create(numDisparities=_DISPARITIES, blockSize=_BLOCK)
        scale = lens.focal_px * BASELINE_M * 1000 * _FRACTIONS
        disparities = np.arange(1, _MOST + 1)
        self._millimetres = np.zeros(_MOST + 1, np.uint16)
        self._millimetres[1:] = np.minimum(np.rint(scale / disparities), 65_535)

    def depth_mm(self, left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.uint16]:
        """Return millimetres for every pixel of the left picture, 0 where nothing matched."""
        rows = (np.ascontiguousarray(picture[::_STEP]) for picture in (left, right))
        disparity: Any = self._matcher.compute(*rows)
        depth = self._millimetres.take(np.maximum(disparity, 0))
        whole: NDArray[np.uint16] = np.repeat(depth, _STEP, axis=0)[: left.shape[0]]
        return whole
