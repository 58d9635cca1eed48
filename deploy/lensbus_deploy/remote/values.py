"""One thing that a camera can be set to, the same for both vendors."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

_MOST_CHOICES: Final = 6


@dataclass(frozen=True, slots=True)
class Value:
    """A name, what it is set to, and what else it could be set to now."""

    name: str
    value: Any
    shown: str
    writable: bool = True
    choices: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "name": self.name,
            "value": self.value,
            "shown": self.shown,
            "writable": self.writable,
            "choices": list(self.choices),
        }

    def row(self) -> tuple[str, str, str, str]:
        """Return it as one line of a table."""
        some = ", ".join(self.choices[:_MOST_CHOICES])
        more = len(self.choices) - _MOST_CHOICES
        return (
            self.name,
            self.shown,
            "" if self.writable else "read-only",
            f"{some}, {more} more" if more > 0 else some,
        )


def text_of(value: Any) -> str:
    """Return a value of JSON as somebody would write it on a command line."""
    return value if isinstance(value, str) else json.dumps(value)


def value_of(text: str) -> Any:
    """Return what somebody wrote on a command line: JSON, or else text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
