"""Server-Sent Events, read line by line."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """One event of a stream; `cursor` is the place behind it, empty if it brought none."""

    kind: str
    data: Any
    cursor: str = ""
    retry_ms: int | None = None


def messages(lines: Iterable[bytes]) -> Iterator[Message]:
    """Yield the events in the lines of a stream. What is cut off at its end is no event."""
    kind, cursor = "", ""
    data: list[str] = []
    retry_ms = None
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            if data:
                yield Message(kind or "message", _value("\n".join(data)), cursor, retry_ms)
            kind, cursor, data, retry_ms = "", "", [], None
            continue
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                kind = value
            case "data":
                data.append(value)
            case "id":
                cursor = value
            case "retry" if value.isascii() and value.isdigit():
                retry_ms = int(value)
            case _:
                pass  # a comment, or a field of another time


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
