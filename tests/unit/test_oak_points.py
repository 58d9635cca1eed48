"""Depth as points: where they are, and how they are written."""

import numpy as np
import pytest

from lensbus_services.oak.backend import Intrinsics
from lensbus_services.oak.points import ply, points_of

LENS = Intrinsics(focal_x=400.0, focal_y=200.0, center_x=2.0, center_y=1.0)


def test_a_pixel_becomes_the_point_that_it_shows() -> None:
    depth = np.zeros((3, 5), np.uint16)
    depth[1, 2] = 4000  # straight ahead
    depth[0, 4] = 2000  # two pixels to the right, one up
    points = points_of(depth, LENS)
    assert points.tolist() == [
        pytest.approx([2 * 2.0 / 400, -1 * 2.0 / 200, 2.0]),
        [0.0, 0.0, 4.0],
    ]


def test_what_was_not_measured_is_no_point() -> None:
    assert points_of(np.zeros((3, 5), np.uint16), LENS).shape == (0, 3)


def test_the_file_says_how_to_read_it() -> None:
    points = np.array([[1.5, -2.0, 3.25], [0.0, 0.5, 65.535]], np.float32)
    head, _, body = ply(points).partition(b"end_header\n")
    lines = head.decode("ascii").splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    assert "element vertex 2" in lines
    assert [line for line in lines if line.startswith("property")] == [
        "property float x",
        "property float y",
        "property float z",
    ]
    assert (np.frombuffer(body, "<f4").reshape(-1, 3) == points).all()


def test_a_file_without_points_is_whole() -> None:
    assert b"element vertex 0\n" in ply(np.zeros((0, 3), np.float32))
