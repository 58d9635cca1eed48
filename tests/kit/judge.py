"""Reads what sources emitted and what clients noted, and says what was lost, repeated or hidden.

Pure. A life is one epoch of one source: it emitted 1, 2, 3, ... up to `count`. A ledger is what one
client noted, in its order. The judge counts, for each ledger:

- lost: numbers that the client does not have, whether it was told so or not;
- undeclared: those of them that no gap covers, and gaps that speak of a wrong count;
- repeated, disordered: numbers that came again, or after a higher one of their life;
- tail: the last numbers of a life that was killed. Nobody else ever knew of them: the end of the
  life must be told (as lost, or by the beginning of the next), and no ledger may have more of it
  than another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

Epoch = tuple[str, int]

COLUMNS: Final = (
    *("row", "sent", "got", "lost", "repeated", "disordered", "gaps", "undeclared"),
    *("tail", "heal_ms", "max_rss_mib"),
)

ENDINGS: Final = frozenset(("worker.lost", "worker.stopped"))


@dataclass(frozen=True, slots=True)
class Life:
    """One epoch of one source; `killed` if it had no orderly end."""

    camera: str
    epoch: int
    count: int
    killed: bool = False

    @property
    def key(self) -> Epoch:
        """What identifies it."""
        return self.camera, self.epoch


class Gap(NamedTuple):
    """A declared loss. With `first` and `last` it speaks of the numbers of one life."""

    missing: int | None
    first: int | None = None
    last: int | None = None


class Entry(NamedTuple):
    """One event as a client noted it; `camera` is `*` if it speaks of the stream."""

    camera: str
    kind: str
    epoch: int = 0
    seq: int = 0
    n: int | None = None
    journal: str = ""
    position: int = 0
    emitted_s: float = 0.0
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says about one row."""

    row: str
    sent: int
    got: int
    lost: int = 0
    repeated: int = 0
    disordered: int = 0
    gaps: int = 0
    undeclared: int = 0
    tail: int = 0
    heal_ms: int = 0
    max_rss_mib: int = 0
    faults: tuple[str, ...] = field(default=())

    @property
    def honest(self) -> bool:
        """Whether every event came once and in order, or its loss was declared."""
        return not (self.repeated or self.disordered or self.undeclared or self.faults)

    @property
    def whole(self) -> bool:
        """Whether nothing was lost at all."""
        return self.honest and not self.lost and not self.gaps

    def __str__(self) -> str:
        """The line of a row."""
        line = " ".join(f"{name}={getattr(self, name)}" for name in COLUMNS)
        return "\n  ".join((line, *self.faults[:10]))


@dataclass(slots=True)
class _Account:
    """What one ledger comes to."""

    got: int = 0
    lost: int = 0
    repeated: int = 0
    disordered: int = 0
    gaps: int = 0
    undeclared: int = 0
    tail: int = 0
    faults: list[str] = field(default_factory=list)


def judge(
    row: str,
    lives: Sequence[Life],
    ledgers: Sequence[Sequence[Entry]],
    *,
    heal_ms: float = 0.0,
    max_rss_mib: float = 0.0,
) -> Verdict:
    """Return the verdict over all ledgers; each of them must hold everything."""
    reached = _reached(ledgers)
    accounts = [_account(lives, ledger, reached) for ledger in ledgers]
    return Verdict(
        row=row,
        sent=sum(life.count for life in lives),
        got=min((one.got for one in accounts), default=0),
        lost=max((one.lost for one in accounts), default=0),
        repeated=sum(one.repeated for one in accounts),
        disordered=sum(one.disordered for one in accounts),
        gaps=max((one.gaps for one in accounts), default=0),
        undeclared=max((one.undeclared for one in accounts), default=0),
        tail=max((one.tail for one in accounts), default=0),
        heal_ms=round(heal_ms),
        max_rss_mib=round(max_rss_mib),
        faults=tuple(fault for one in accounts for fault in one.faults),
    )


def _reached(ledgers: Iterable[Sequence[Entry]]) -> dict[Epoch, int]:
    """Return the highest number of each life that anybody has, or was told of."""
    reached: dict[Epoch, int] = {}
    for ledger in ledgers:
        for entry in ledger:
            last = entry.gap.last if entry.gap is not None else entry.n
            key = (entry.camera, entry.epoch)
            reached[key] = max(reached.get(key, 0), last or 0)
    return reached


def _account(
    lives: Sequence[Life], ledger: Sequence[Entry], reached: Mapping[Epoch, int]
) -> _Account:
    account = _Account()
    capacity = _gaps(ledger, account)
    noted: dict[Epoch, list[tuple[int, int]]] = {}
    declared: dict[Epoch, set[int]] = {}
    ended: set[Epoch] = set()
    started: dict[str, int] = {}
    for index, entry in enumerate(ledger):
        key = (entry.camera, entry.epoch)
        if entry.n is not None:
            noted.setdefault(key, []).append((entry.n, index))
            if entry.n != entry.seq:
                account.faults.append(f"{key} said {entry.n} as number {entry.seq}")
        elif entry.gap is not None and entry.gap.first is not None and entry.gap.last is not None:
            declared.setdefault(key, set()).update(range(entry.gap.first, entry.gap.last + 1))
        elif entry.kind in ENDINGS:
            ended.add(key)
        elif entry.kind == "worker.started":
            started[entry.camera] = max(started.get(entry.camera, 0), entry.epoch)
    for key in noted.keys() - {life.key for life in lives}:
        account.faults.append(f"{key} was never emitted")
    for life in lives:
        index_of = _count(life, noted.get(life.key, []), account)
        missing = set(range(1, life.count + 1)) - index_of.keys()
        if life.killed:
            tail = {n for n in missing if n > reached.get(life.key, 0)}
            missing -= tail
            account.tail += len(tail)
            if life.key not in ended and started.get(life.camera, 0) <= life.epoch:
                account.faults.append(f"{life.key} was killed, and nobody said so")
        account.lost += len(missing)
        told = declared.get(life.key, set())
        if false := told & index_of.keys():
            account.faults.append(f"{life.key}: declared lost, yet here: {sorted(false)[:5]}")
        for first, last in _runs(sorted(missing - told)):
            left, right = index_of.get(first - 1, -1), index_of.get(last + 1, len(ledger))
            undeclared = _take(capacity, range(left + 1, right), last - first + 1)
            account.undeclared += undeclared
            if undeclared:
                account.faults.append(f"{life.key}: {first} to {last} are missing")
    return account


def _count(life: Life, noted: Sequence[tuple[int, int]], account: _Account) -> dict[int, int]:
    """Add what came of one life to the account; return where each number stands first."""
    index_of: dict[int, int] = {}
    highest = 0
    for n, index in noted:
        if n in index_of:
            account.repeated += 1
        elif n < highest:
            account.disordered += 1
        if not 1 <= n <= life.count:
            account.faults.append(f"{life.key} never emitted {n}, only {life.count}")
        index_of.setdefault(n, index)
        highest = max(highest, n)
    account.got += len(index_of)
    return index_of


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of consecutive numbers."""
    runs: list[tuple[int, int]] = []
    for n in numbers:
        if runs and runs[-1][1] == n - 1:
            runs[-1] = (runs[-1][0], n)
        else:
            runs.append((n, n))
    return runs


def _take(capacity: dict[int, int | None], where: range, count: int) -> int:
    """Take missing events out of the gaps of the stream there; return how many are left over."""
    for index, room in capacity.items():
        if index in where:
            if room is None:
                return 0
            taken = min(room, count)
            capacity[index] = room - taken
            count -= taken
    return count


def _gaps(ledger: Sequence[Entry], account: _Account) -> dict[int, int | None]:
    """Count the gaps; return how many events may be missing at each gap of the stream.

    A gap of a camera must count its own numbers, one of the stream the positions it stands for.
    """
    capacity: dict[int, int | None] = {}
    before: Entry | None = None
    for index, entry in enumerate(ledger):
        gap = entry.gap
        if gap is not None:
            account.gaps += 1
            if gap.first is None or gap.last is None:
                capacity[index] = gap.missing
                if gap.missing is not None and before is not None:
                    stands_for = entry.position - before.position
                    if entry.journal == before.journal and stands_for != gap.missing:
                        fault = f"a gap of {gap.missing} stands for {stands_for} events"
                        account.faults.append(fault)
            elif gap.missing not in (None, gap.last - gap.first + 1):
                account.faults.append(f"{entry.camera}: a gap with a wrong count: {gap}")
        if entry.position:
            before = entry
    return capacity
