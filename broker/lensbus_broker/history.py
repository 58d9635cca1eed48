"""The command `history`: what is asked, which page answers it, and what must be called a gap.

Pure: the records come from the caller, in order of position.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from lensbus_broker.records import position_of, unpack_record
from lensbus_proto.cursor import EARLIEST, Cursor, parse
from lensbus_proto.errors import BadArguments
from lensbus_proto.messages import Data

LIMIT: Final = 1000
LIMIT_DEFAULT: Final = 500
PAGE_BYTES: Final = 1024 * 1024
# A filter that lets nothing through must not keep the reader for ever: so much is looked at.
LOOK_EVENTS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Query:
    """One question; `after` is None for a place that nobody knows."""

    after: Cursor | None
    earliest: bool = False
    limit: int = LIMIT_DEFAULT
    cameras: frozenset[bytes] | None = None
    kinds: frozenset[bytes] | None = None

    @property
    def filtered(self) -> bool:
        """Whether events may be left out."""
        return self.cameras is not None or self.kinds is not None

    def wants(self, topic: bytes) -> bool:
        """Tell whether an event of this topic is asked for."""
        camera, _, kind = topic.partition(b"/")
        return (self.cameras is None or camera in self.cameras) and (
            self.kinds is None or kind in self.kinds
        )


def read_query(arguments: Data) -> Query:
    """Return the question in a command's arguments. Raises BadArguments."""
    after = arguments.get("after", EARLIEST)
    if not isinstance(after, str):
        raise BadArguments.of("after", after, "a cursor or earliest")
    limit = arguments.get("limit", LIMIT_DEFAULT)
    if type(limit) is not int or not 1 <= limit <= LIMIT:
        raise BadArguments.of("limit", limit, f"1 to {LIMIT}")
    return Query(
        after=None if after == EARLIEST else parse(after),
        earliest=after == EARLIEST,
        limit=limit,
        cameras=_names(arguments, "cameras"),
        kinds=_names(arguments, "kinds"),
    )


def _names(arguments: Data, key: str) -> frozenset[bytes] | None:
    names = arguments.get(key)
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadArguments.of(key, names, "a list of texts")
    return frozenset(name.encode("utf-8", "replace") for name in names)


@dataclass(frozen=True, slots=True)
class Extent:
    """What a journal holds: its id and the first and last position; `oldest` may be one past."""

    journal: int
    oldest: int
    newest: int


@dataclass(slots=True)
class Page:
    """One answer: the events, how far it looked, and what is gone before it."""

    extent: Extent
    next: int
    more: bool = False
    gap: dict[str, Any] | None = None
    parts: list[bytes] = field(default_factory=list)

    def result(self) -> dict[str, Any]:
        """Return the map of the reply."""
        journal = self.extent.journal
        return {
            "journal": journal,
            "next": str(Cursor(journal, self.next)),
            "more": self.more,
            "newest": str(Cursor(journal, self.extent.newest)),
            "oldest": self.extent.oldest,
            "gap": self.gap,
        }


def start_of(query: Query, extent: Extent) -> Page:
    """Return the page before anything is read: where it begins, and the gap before that."""
    first = extent.oldest - 1
    after = query.after
    if query.earliest:
        return Page(extent, first)
    if after is None or after.journal != extent.journal or after.position > extent.newest:
        return Page(extent, first, gap=_gap(extent, after, first, "unknown", None))
    if after.position < first:
        count = None if query.filtered else first - after.position
        return Page(extent, first, gap=_gap(extent, after, first, "expired", count))
    return Page(extent, after.position)


def fill(
    page: Page,
    query: Query,
    records: Iterable[bytes],
    unsure: frozenset[int] = frozenset(),
    floor: int = 0,
) -> Page:
    """Fill a page with the records behind `page.next`.

    Where positions are missing the page ends, so that the next one can begin with a gap. A
    position in `unsure` follows a range whose size nobody knows. What is missing up to `floor`
    will not come any more.
    """
    size = looked = 0
    for looked, record in enumerate(records, 1):
        position = position_of(record)
        if position != page.next + 1:
            if looked > 1 or page.gap:
                page.more = True
                return page
            _miss(page, query, position - 1, unsure)
        page.next = position
        parts = unpack_record(record)
        if query.wants(parts[0]):
            page.parts += parts
            size += len(record)
        if size >= PAGE_BYTES or looked >= LOOK_EVENTS or len(page.parts) >= 3 * query.limit:
            break
    else:
        if page.next < floor and not looked and not page.gap:
            _miss(page, query, floor, unsure)
    page.more = page.next < page.extent.newest
    return page


def _miss(page: Page, query: Query, to: int, unsure: frozenset[int]) -> None:
    """Note that everything behind `page.next` up to a position is gone."""
    jumped = to + 1 in unsure
    count = None if query.filtered or jumped else to - page.next
    before = Cursor(page.extent.journal, page.next)
    page.gap = _gap(page.extent, before, to, "unknown" if jumped else "degraded", count)
    page.next = to


def _gap(
    extent: Extent, after: Cursor | None, to: int, reason: str, count: int | None
) -> dict[str, Any]:
    return {
        "count": count,
        "reason": reason,
        "from": None if after is None else str(after),
        "to": str(Cursor(extent.journal, to)),
    }
