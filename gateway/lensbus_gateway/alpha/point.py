"""A point of the picture in a request: in the camera's grid, or as fractions of the picture."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

X_MOST: Final = 639
Y_MOST: Final = 479


class Missing(ValueError):
    """There is no point in the request."""


class Misplaced(ValueError):
    """What is there is no point of the picture."""


class Point(NamedTuple):
    """A place in the camera's grid of 640 by 480."""

    x: int
    y: int


def point_in(body: Mapping[str, Any]) -> Point:
    """Return the point of a request. Raises Missing or Misplaced."""
    fractions = body.get("normalized")
    if fractions is not None:
        if not isinstance(fractions, Mapping):
            raise Misplaced("'normalized' must be an object with x and y from 0 to 1")
        x, y = _pair(fractions, 1, 1, "'normalized' x and y must be from 0 to 1")
        return on_grid(x, y)
    x, y = _pair(body, X_MOST, Y_MOST, f"x must be from 0 to {X_MOST}, y from 0 to {Y_MOST}")
    return Point(int(x), int(y))


def on_grid(x: float, y: float) -> Point:
    """Return the place of a point that is given as fractions of the picture."""
    return Point(int(x * X_MOST + 0.5), int(y * Y_MOST + 0.5))


def _pair(body: Mapping[str, Any], x_most: int, y_most: int, rule: str) -> tuple[float, float]:
    x, y = body.get("x"), body.get("y")
    if x is None or y is None:
        raise Missing("Missing coordinates: send x and y, or normalized with x and y")
    if not _within(x, x_most) or not _within(y, y_most):
        raise Misplaced(f"Invalid coordinates: {rule}")
    return x, y


def _within(value: object, most: int) -> bool:
    return type(value) in (int, float) and 0 <= value <= most  # type: ignore[operator]  # a number
