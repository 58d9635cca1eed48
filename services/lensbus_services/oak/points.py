"""Depth as points in space, in the file format PLY that every viewer of point clouds reads.

Metres, seen from the left sensor of the pair: x to the right, y down, z away from it.
"""

import numpy as np
from numpy.typing import NDArray

from lensbus_services.oak.backend import Intrinsics


def points_of(depth_mm: NDArray[np.uint16], lens: Intrinsics) -> NDArray[np.float32]:
    """Return x, y and z of every pixel that was measured, row by row."""
    rows, columns = np.nonzero(depth_mm)
    away = depth_mm[rows, columns].astype(np.float32) / np.float32(1000)
    across = (columns - np.float32(lens.center_x)) * away / np.float32(lens.focal_x)
    down = (rows - np.float32(lens.center_y)) * away / np.float32(lens.focal_y)
    return np.stack((across, down, away), axis=-1).astype("<f4")


def ply(points: NDArray[np.float32]) -> bytes:
    """Return points as a file: binary, little-endian."""
    header = (
        "ply\n"
        "format binary_little_endian 1.0\n"
        "comment metres; x right, y down, z away from the left sensor\n"
        f"element vertex {len(points)}\n"
        "property float x\n"
        "property float y\n"
        "property float z\n"
        "end_header\n"
    )
    return header.encode("ascii") + points.tobytes()
