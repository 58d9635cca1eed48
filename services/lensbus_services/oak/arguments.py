"""Reading arguments: plain values of the right kind, or `BadArguments` with the field's name."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lensbus_proto.errors import BadArguments


def member(body: Mapping[str, Any], field: str) -> Any:
    """Return a member that must be there."""
    if field not in body:
        raise BadArguments(f"{field} is missing", detail={"field": field})
    return body[field]


def text(body: Mapping[str, Any], field: str) -> str:
    """Return a text that must be there."""
    value = member(body, field)
    if not isinstance(value, str):
        raise BadArguments.of(field, value, "a text")
    return value


def mapping(body: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    """Return a map that must be there."""
    value = member(body, field)
    if not isinstance(value, Mapping):
        raise BadArguments.of(field, value, "a map")
    return value


def texts(body: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Return a list of texts that must be there."""
    value = member(body, field)
    is_list = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    if not is_list or not all(isinstance(each, str) for each in value):
        raise BadArguments.of(field, value, "a list of texts")
    return tuple(value)


def integer(field: str, value: object, least: int, most: int | None) -> int:
    """Return an integer within its limits; a float without a fraction will do."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadArguments.of(field, value, "an integer")
    if value < least or (most is not None and value > most):
        expected = f"at least {least}" if most is None else f"{least} to {most}"
        raise BadArguments.of(field, value, expected)
    return value


def number(field: str, value: object, least: float, most: float) -> float:
    """Return a number within its limits."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadArguments.of(field, value, "a number")
    if not least <= value <= most:
        raise BadArguments.of(field, value, f"{least:g} to {most:g}")
    return float(value)


def flag(field: str, value: object) -> bool:
    """Return a bool."""
    if not isinstance(value, bool):
        raise BadArguments.of(field, value, "true or false")
    return value


def choice(field: str, value: object, choices: Sequence[str]) -> str:
    """Return one of these words."""
    if not isinstance(value, str) or value not in choices:
        raise BadArguments.of(field, value, f"one of {', '.join(choices)}")
    return value


def pair(field: str, value: object) -> tuple[Any, Any]:
    """Return the two members of a list, unchecked."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or len(value) != 2:
        raise BadArguments.of(field, value, "a list of two")
    return (value[0], value[1])
