"""The newest events, ready as bytes, for clients that fell behind or come back."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from lensbus_gateway.sse import Block
from lensbus_gateway.wish import Selection
from lensbus_proto.cursor import Cursor

SIZE_LIMIT: Final = 64 * 1024 * 1024


class Ring:
    """Keeps the newest blocks up to a count and a size; each has a number, from 0 upwards.

    Numbers belong to this ring alone: `oldest` to `next - 1` can be read. Cursors rise with the
    numbers; when the broker begins a new journal, all of the new are behind all of the old.
    """

    __slots__ = (
        "_before",
        "_blocks",
        "_journals",
        "_size",
        "_size_limit",
        "newest",
        "next",
        "oldest",
    )

    def __init__(self, depth: int, size_limit: int = SIZE_LIMIT) -> None:
        self._blocks: list[Block | None] = [None] * depth
        self._size = 0
        self._size_limit = size_limit
        self._journals: dict[int, int] = {}
        self._before: Cursor | None = None
        self.newest: Cursor | None = None
        self.oldest = 0
        self.next = 0

    def begin(self, cursor: Cursor) -> None:
        """Set the place after which the ring begins; nothing has been taken in yet."""
        assert self.next == 0, "a ring begins once"
        self._before = self.newest = cursor
        self._journals = {cursor.journal: 0}

    def append(self, block: Block) -> None:
        """Take a block in, and let the oldest go as far as count and size demand."""
        if self.next - self.oldest == len(self._blocks):
            self._drop_oldest()
        self._blocks[self.next % len(self._blocks)] = block
        self._size += len(block.chunk)
        self.next += 1
        self.newest = block.cursor
        if block.cursor.journal not in self._journals:
            self._journals[block.cursor.journal] = len(self._journals)
        while self._size > self._size_limit:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        block = self._at(self.oldest)
        self._size -= len(block.chunk)
        self._blocks[self.oldest % len(self._blocks)] = None
        self._before = block.cursor
        self.oldest += 1

    def _at(self, number: int) -> Block:
        block = self._blocks[number % len(self._blocks)]
        assert block is not None, "from oldest to next every place is taken"
        return block

    def place(self, cursor: Cursor) -> int | None:
        """Return the number of the first block after a cursor; None if the ring cannot tell."""
        order = self._order(cursor)
        if order is None or self._before is None or self.newest is None:
            return None
        before, newest = self._order(self._before), self._order(self.newest)
        assert before is not None, "its journal is known"
        assert newest is not None, "its journal is known"
        if not before <= order <= newest:
            return None
        return bisect_right(range(self.next), order, lo=self.oldest, key=self._order_at)

    def _order_at(self, number: int) -> tuple[int, int]:
        order = self._order(self._at(number).cursor)
        assert order is not None, "its journal is known"
        return order

    def _order(self, cursor: Cursor) -> tuple[int, int] | None:
        journal = self._journals.get(cursor.journal)
        return None if journal is None else (journal, cursor.position)

    def is_short_of(self, cursor: Cursor) -> bool:
        """Tell whether the ring may still come to a cursor that the broker has given."""
        newest = self.newest
        return (
            newest is None
            or cursor.journal not in self._journals
            or (cursor.journal == newest.journal and cursor.position > newest.position)
        )

    def read(
        self, start: int, selection: Selection, size_bytes: int
    ) -> tuple[Sequence[Block], int]:
        """Return the selected blocks from `start` on and the number to go on with.

        Stops after about `size_bytes`. Raises LookupError when `start` is no longer kept.
        """
        if start < self.oldest:
            raise LookupError(f"{start} is gone, the oldest is {self.oldest}")
        blocks: list[Block] = []
        number = start
        while number < self.next and size_bytes > 0:
            block = self._at(number)
            if selection.wants(block):
                blocks.append(block)
                size_bytes -= len(block.chunk)
            number += 1
        return blocks, number
