from typing import Any

import pytest

from lensbus_gateway.alpha.point import Misplaced, Missing, point_in


@pytest.mark.parametrize(
    ("body", "point"),
    [
        ({"x": 0, "y": 0}, (0, 0)),
        ({"x": 639, "y": 479}, (639, 479)),
        ({"x": 12.9, "y": 0.2}, (12, 0)),
        ({"normalized": {"x": 0, "y": 1}}, (0, 479)),
        ({"normalized": {"x": 0.5, "y": 0.5}}, (320, 240)),
        ({"x": 5, "y": 5, "normalized": {"x": 1.0, "y": 0.0}}, (639, 0)),
        ({"x": 5, "y": 6, "normalized": None}, (5, 6)),
    ],
)
def test_a_point_is_read(body: Any, point: tuple[int, int]) -> None:
    assert point_in(body) == point


@pytest.mark.parametrize("body", [{}, {"x": 1}, {"y": 1, "x": None}, {"normalized": {"x": 1}}])
def test_half_a_point_is_missing(body: Any) -> None:
    with pytest.raises(Missing):
        point_in(body)


@pytest.mark.parametrize(
    "body",
    [
        {"x": -1, "y": 0},
        {"x": -0.1, "y": 0},
        {"x": 640, "y": 0},
        {"x": 639.5, "y": 0},
        {"x": 0, "y": 480},
        {"x": "1", "y": 1},
        {"x": True, "y": 1},
        {"x": float("inf"), "y": 1},
        {"x": float("nan"), "y": 1},
        {"x": 10**400, "y": 1},
        {"normalized": {"x": 1.01, "y": 0}},
        {"normalized": [0.5, 0.5]},
        {"normalized": "0.5"},
    ],
)
def test_what_lies_outside_is_refused(body: Any) -> None:
    with pytest.raises(Misplaced):
        point_in(body)
