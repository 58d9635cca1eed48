import os
from pathlib import Path

import pytest

from lensbus_gateway.access.tickets import LIFE_S, Holder, Tickets

NOW_S = 2_000_000_000.0
HOLDER = Holder("e8e5d040c7", None)


def test_a_ticket_opens_once_whichever_gateway_is_asked(tmp_path: Path) -> None:
    one, other = Tickets(tmp_path), Tickets(tmp_path)
    ticket = one.issue(HOLDER, NOW_S)
    assert other.use(ticket, NOW_S) == HOLDER
    assert other.use(ticket, NOW_S) is None
    assert one.use(ticket, NOW_S) is None


def test_a_ticket_that_is_too_old_opens_nothing(tmp_path: Path) -> None:
    tickets = Tickets(tmp_path)
    assert tickets.use(tickets.issue(HOLDER, NOW_S), NOW_S + LIFE_S) is None


def test_what_lies_on_disk_cannot_be_used(tmp_path: Path) -> None:
    tickets = Tickets(tmp_path)
    ticket = tickets.issue(HOLDER, NOW_S)
    (kept,) = (tmp_path / "run" / "tickets").iterdir()
    assert ticket not in kept.name + kept.read_text()
    assert tickets.use(kept.name, NOW_S) is None


def test_unused_tickets_are_swept(tmp_path: Path) -> None:
    tickets = Tickets(tmp_path)
    tickets.issue(HOLDER, NOW_S)
    folder = tmp_path / "run" / "tickets"
    for kept in folder.iterdir():
        os.utime(kept, (NOW_S, NOW_S))
    tickets.issue(HOLDER, NOW_S + 3 * LIFE_S)
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("text", ["", "ticket_", "../access/key", "ticket_" + "/" * 43, "\0"])
def test_what_is_no_ticket_opens_nothing(tmp_path: Path, text: str) -> None:
    assert Tickets(tmp_path).use(text, NOW_S) is None
