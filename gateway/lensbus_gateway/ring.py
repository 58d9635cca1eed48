"""The newest events, ready as bytes, for clients that fell behind."""

from typing import Final

from lensbus_gateway.sse import Block

SIZE_LIMIT: Final = 64 * 1024 * 1024


class Ring:
    """Keeps the newest blocks up to a count and a size; each has a number, from 0 upwards.

    Numbers belong to this ring alone: `oldest` to `next - 1` can be read.
    """

    __slots__ = ("_blocks", "_size", "_size_limit", "next", "oldest")

    def __init__(self, depth: int, size_limit: int = SIZE_LIMIT) -> None:
        self._blocks: list[Block | None] = [None] * depth
        self._size = 0
        self._size_limit = size_limit
        self.oldest = 0
        self.next = 0

    def append(self, block: Block) -> None:
        """Take a block in, and let the oldest go as far as count and size demand."""
        if self.next - self.oldest == len(self._blocks):
            self._drop_oldest()
        self._blocks[self.next % len(self._blocks)] = block
        self._size += len(block.chunk)
        self.next += 1
        while self._size > self._size_limit:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        place = self.oldest % len(self._blocks)
        block = self._blocks[place]
        assert block is not None, "from oldest to next every place is taken"
        self._size -= len(block.chunk)
        self._blocks[place] = None
        self.oldest += 1

    def read(self, start: int, camera: str | None, size_bytes: int) -> tuple[list[bytes], int]:
        """Return chunks from `start` on (of one camera, or of all) and the number to go on with.

        Stops after about `size_bytes`. Raises LookupError when `start` is no longer kept.
        """
        if start < self.oldest:
            raise LookupError(f"{start} is gone, the oldest is {self.oldest}")
        chunks: list[bytes] = []
        number = start
        while number < self.next and size_bytes > 0:
            block = self._blocks[number % len(self._blocks)]
            assert block is not None, "from oldest to next every place is taken"
            if camera is None or block.camera == camera:
                chunks.append(block.chunk)
                size_bytes -= len(block.chunk)
            number += 1
        return chunks, number
