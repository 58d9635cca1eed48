"""The page about the Robopipe surface names every operation that there is, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path

from lensbus_gateway.robopipe.routes import RESOURCES, SOCKETS, STREAM

PAGE = Path(__file__).parents[2] / "docs" / "robopipe.md"


def documented() -> Iterator[tuple[str, str]]:
    for methods, path in re.findall(
        r"^\| ([A-Z, ]+) \| `(\S+)` \|", PAGE.read_text(), re.MULTILINE
    ):
        whole = STREAM + path.removeprefix("S") if path.startswith("S") else path
        for method in methods.split(", "):
            yield method, whole


def test_every_operation_is_in_the_table_and_every_row_is_served() -> None:
    served = {(method, path) for path, one in RESOURCES.items() for method in one.methods}
    assert set(documented()) == served | {("WS", path) for path in SOCKETS}
