from lensbus_broker.routing import Pending, Tickets
from lensbus_proto.messages import Command


def issue(
    tickets: Tickets, *, deadline_ms: int = 1000, worker: bytes = b"w", camera: str = "C"
) -> Pending:
    command = Command("1", "ping", deadline_ms=deadline_ms)
    return tickets.issue((b"client",), command, camera, worker, now=0.0)


def test_a_ticket_is_redeemed_once() -> None:
    tickets = Tickets()
    pending = issue(tickets)
    assert tickets.redeem(pending.ticket, b"w") == pending
    assert tickets.redeem(pending.ticket, b"w") is None


def test_another_worker_cannot_redeem_it() -> None:
    tickets = Tickets()
    pending = issue(tickets)
    assert tickets.redeem(pending.ticket, b"x") is None
    assert tickets.redeem(pending.ticket, b"w") == pending


def test_what_is_overdue_comes_out_in_order_and_only_once() -> None:
    tickets = Tickets()
    late = issue(tickets, deadline_ms=200)
    early = issue(tickets, deadline_ms=100)
    issue(tickets, deadline_ms=900)
    assert tickets.next_deadline() == 0.1
    assert tickets.overdue(now=0.5) == [early, late]
    assert tickets.overdue(now=0.5) == []
    assert tickets.redeem(early.ticket, b"w") is None


def test_an_answered_command_is_never_overdue() -> None:
    tickets = Tickets()
    tickets.redeem(issue(tickets).ticket, b"w")
    assert tickets.overdue(now=9.0) == []


def test_abandoning_keeps_other_cameras_and_the_worker_that_is_there() -> None:
    tickets = Tickets()
    gone = issue(tickets, worker=b"old")
    issue(tickets, worker=b"new")
    issue(tickets, worker=b"old", camera="D")
    assert tickets.abandon("C", keep=b"new") == [gone]
