from lensbus_gateway.access.leases import PRUNE_AT, Leases


class Line:
    def __init__(self, *, closing: bool = False) -> None:
        self.closing = closing

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.closing = True


def test_only_what_belongs_to_a_bad_visit_ends() -> None:
    leases, good, bad, ended = Leases(), Line(), Line(), list[str]()
    leases.hold_line("good", good)
    leases.hold_line("bad", bad)
    leases.hold_call("bad", lambda: ended.append("bad"))
    leases.hold_call("good", lambda: ended.append("good"))
    assert leases.end(lambda id_: id_ == "good") == 2
    assert (good.closing, bad.closing, ended) == (False, True, ["bad"])
    assert leases.end(lambda id_: id_ == "good") == 0


def test_what_is_over_by_itself_is_not_ended() -> None:
    leases, ended = Leases(), list[str]()
    over = leases.hold_call("a", lambda: ended.append("a"))
    over()
    leases.hold_line("a", Line(closing=True))
    assert leases.end(lambda id_: False) == 0
    assert ended == []


def test_lines_that_are_over_are_forgotten() -> None:
    leases = Leases()
    for _ in range(10 * PRUNE_AT):
        leases.hold_line("a", Line(closing=True))
    assert sum(len(lines) for lines in leases._lines.values()) < PRUNE_AT
