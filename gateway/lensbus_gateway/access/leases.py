"""What goes on for long on a token: it is ended as soon as the token is revoked or has expired."""

from collections.abc import Callable
from typing import Final, Protocol

PRUNE_AT: Final = 64


class Line(Protocol):
    """An open connection, as asyncio's transports are."""

    def is_closing(self) -> bool:
        """Tell whether it is over."""

    def abort(self) -> None:
        """Cut it."""


class Leases:
    """Open lines and calls, by the visit that they belong to."""

    def __init__(self) -> None:
        self._lines: dict[str, list[Line]] = {}
        self._calls: dict[str, set[Callable[[], object]]] = {}
        self._prune_at: dict[str, int] = {}

    def hold_line(self, id_: str, line: Line) -> None:
        """Remember a line; those that are over are forgotten whenever their number has doubled."""
        lines = self._lines.setdefault(id_, [])
        lines.append(line)
        if len(lines) >= self._prune_at.get(id_, PRUNE_AT):
            lines[:] = [line for line in lines if not line.is_closing()]
            self._prune_at[id_] = max(PRUNE_AT, 2 * len(lines))

    def hold_call(self, id_: str, end: Callable[[], object]) -> Callable[[], None]:
        """Remember what ends a call; return what is to be called when it is over by itself."""
        calls = self._calls.setdefault(id_, set())
        calls.add(end)

        def over() -> None:
            calls.discard(end)

        return over

    def end(self, is_good: Callable[[str], bool]) -> int:
        """End what belongs to visits that are no good any more; return how much that was."""
        bad = [id_ for id_ in {*self._lines, *self._calls} if not is_good(id_)]
        ended = 0
        for id_ in bad:
            self._prune_at.pop(id_, None)
            lines = [line for line in self._lines.pop(id_, []) if not line.is_closing()]
            calls = self._calls.pop(id_, set())
            for line in lines:
                line.abort()
            for end in tuple(calls):
                end()
            ended += len(lines) + len(calls)
        return ended
