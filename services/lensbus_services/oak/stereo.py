"""Depth from two rectified pictures, by block matching as the devices do it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from lensbus_services.oak.scene import BASELINE_M, Lens

_DISPARITIES = 96
_BLOCK = 15
_FRACTIONS = 16  # of a pixel, in what the matcher returns


class Matcher:
    """Measures depth for one size of pictures; one thread at a time."""

    def __init__(self, lens: Lens) -> None:
        self._matcher = cv2.StereoBM.create(numDisparities=_DISPARITIES, blockSize=_BLOCK)
        self._scale = lens.focal_px * BASELINE_M * 1000 * _FRACTIONS

    def depth_mm(self, left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.uint16]:
        """Return millimetres for every pixel of the left picture, 0 where nothing matched."""
        disparity = self._matcher.compute(left, right)
        matched = disparity > 0
        depth = np.zeros(disparity.shape, np.float32)
        np.divide(self._scale, disparity, out=depth, where=matched)
        millimetres: NDArray[np.uint16] = np.minimum(np.rint(depth), 65_535).astype(np.uint16)
        return millimetres
