"""Recovery on a session that does what a test says, at the moment that the test wants."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from kit.processes import wait_for
from lensbus_services.driver import Observation
from lensbus_services.sony.recovery import Recovery
from lensbus_services.sony.session import Session
from lensbus_services.sony.values import Credentials
from lensbus_services.sony.wish import Wish

WISH = Wish("remote", False)


class SlowSession:
    """Connects when it is told to, and remembers whether it was disconnected."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.answer = threading.Event()
        self.disconnected = threading.Event()
        self.error_told = False

    def connect(self, wish: Wish, login: Credentials) -> bool:
        self.asked.set()
        assert self.answer.wait(10)
        return False

    def disconnect(self) -> bool:
        self.disconnected.set()
        return False


def threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "sony-recovery"]


@contextmanager
def trying() -> Iterator[tuple[SlowSession, Recovery]]:
    """Yield a recovery in the middle of its first try."""
    told: list[Observation] = []
    session = SlowSession()
    recovery = Recovery(cast(Session, session), told.append, lambda: None)
    recovery.begin(WISH, Credentials())
    assert session.asked.wait(10)
    try:
        yield session, recovery
    finally:
        session.answer.set()
        recovery.close()
        wait_for(lambda: not threads())
    assert told == []


def test_a_worker_that_ends_right_after_it_connected_leaves_the_wish_to_the_next() -> None:
    with trying() as (session, recovery):
        recovery.close()
        session.answer.set()
        wait_for(lambda: not threads())
        assert not session.disconnected.is_set(), "that would forget the wish"


def test_a_connection_that_nobody_wants_any_more_is_let_go_of() -> None:
    with trying() as (session, recovery):
        recovery.give_up()
        session.answer.set()
        assert session.disconnected.wait(10)
