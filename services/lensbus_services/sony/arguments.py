"""Reading the arguments of a command; what does not fit raises BadArguments with its field."""

from collections.abc import Collection, Mapping
from typing import Any

from lensbus_proto.errors import BadArguments

Arguments = Mapping[str, Any]


def integer(arguments: Arguments, field: str, least: int, most: int) -> int:
    """Return an integer that must be there."""
    value = arguments.get(field)
    if type(value) is not int or not least <= value <= most:
        raise BadArguments.of(field, value, f"an integer from {least} to {most}")
    return value


def optional(arguments: Arguments, field: str, least: int, most: int, otherwise: int) -> int:
    """Return an integer that may be left out."""
    return otherwise if arguments.get(field) is None else integer(arguments, field, least, most)


def flag(arguments: Arguments, field: str) -> bool:
    """Return a boolean, False if left out."""
    value = arguments.get(field)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise BadArguments.of(field, value, "a boolean")
    return value


def text(arguments: Arguments, field: str, *, limit: int = 1024) -> str:
    """Return a text, empty if left out."""
    value = arguments.get(field)
    if value is None:
        return ""
    if not _is_text(value, limit):
        raise BadArguments.of(field, value, f"text of at most {limit} characters")
    return str(value)


def secret(arguments: Arguments, field: str, *, limit: int = 1024) -> str:
    """Return a text that no error may repeat, empty if left out."""
    try:
        return text(arguments, field, limit=limit)
    except BadArguments:
        raise BadArguments.of(field, "***", f"text of at most {limit} characters") from None


def _is_text(value: object, limit: int) -> bool:
    if not isinstance(value, str) or len(value) > limit or "\0" in value:
        return False
    return not any(0xD800 <= ord(letter) < 0xE000 for letter in value)  # half a surrogate pair


def word(arguments: Arguments, field: str, words: Collection[str], otherwise: str) -> str:
    """Return one of some words."""
    value = arguments.get(field)
    if value is None:
        return otherwise
    if not isinstance(value, str) or value not in words:
        raise BadArguments.of(field, value, f"one of {', '.join(words)}")
    return value


def integers(arguments: Arguments, field: str, *, most: int, count: int) -> list[int]:
    """Return a list of integers from 0 to `most`, empty if left out."""
    value = arguments.get(field)
    if value is None:
        return []
    expected = f"a list of at most {count} integers from 0 to {most}"
    if not isinstance(value, list | tuple) or len(value) > count:
        raise BadArguments.of(field, value, expected)
    if not all(type(item) is int and 0 <= item <= most for item in value):
        raise BadArguments.of(field, value, expected)
    return list(value)
