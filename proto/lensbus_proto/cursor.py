"""Cursors: a place in the journal, as clients carry it: `7f3a0001.1042`.

The text is opaque to clients. Whatever comes back from one is read without raising: what is not a
cursor is a place that nobody knows.
"""

import re
from dataclasses import dataclass
from typing import Final

EARLIEST: Final = "earliest"

TEXT: Final = re.compile(r"([0-9a-f]{8})\.(0|[1-9][0-9]{0,18})", re.ASCII)
_LENGTH: Final = 8 + 1 + 19


@dataclass(frozen=True, slots=True)
class Cursor:
    """Behind the event at this position of this journal; position 0 is before the first."""

    journal: int
    position: int

    def __str__(self) -> str:
        return f"{self.journal:08x}.{self.position}"


def parse(text: str) -> Cursor | None:
    """Return the cursor that a text names; None for anything else, however odd."""
    if len(text) > _LENGTH or (found := TEXT.fullmatch(text)) is None:
        return None
    return Cursor(int(found[1], 16), int(found[2]))
