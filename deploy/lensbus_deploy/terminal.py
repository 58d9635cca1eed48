"""What the commands print: tables for people, JSON for programs, the rest to standard error."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

# A pipe has no width; what is cut there is lost.
_PIPE_WIDTH: Final = 10_000


def console(*, error: bool = False) -> Console:
    """Return the terminal, made anew: tests and pipes change what standard output is."""
    stream = sys.stderr if error else sys.stdout
    return Console(
        stderr=error, highlight=False, width=None if stream.isatty() else _PIPE_WIDTH, emoji=False
    )


def show_json(value: Any) -> None:
    """Print one document."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def show_json_line(value: Any) -> None:
    """Print one line of a document per line, at once."""
    sys.stdout.write(json.dumps(value, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below their titles. Texts come from cameras and are never taken for markup."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_styled(cell) for cell in row))
    console().print(table)


def show(text: str) -> None:
    """Print one line, at once."""
    sys.stdout.write(f"{_plain(text)}\n")
    sys.stdout.flush()


def tell(text: str) -> None:
    """Say something beside the result, where it is in no program's way."""
    sys.stderr.write(f"lensbus: {_plain(text)}\n")
    sys.stderr.flush()


_STYLES: Final = {
    "ready": "green",
    "on": "green",
    "not connected": "yellow",
    "silent": "yellow",
    "lost": "red",
    "stuck": "red",
}


def _styled(cell: str) -> Text:
    return Text(_plain(cell), style=_STYLES.get(cell, ""))


def _plain(text: str) -> str:
    """Return the text without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
