import threading

import pytest

from lensbus_proto.errors import CameraBusy
from lensbus_services.sony.turns import Turns


def test_a_spare_turn_is_not_given_while_one_is_held() -> None:
    turns = Turns()
    with turns.turn(5):
        assert not turns.take_spare()
    assert turns.take_spare()
    turns.give()


def test_a_spare_turn_is_not_given_while_somebody_waits() -> None:
    turns = Turns()
    assert turns.take_spare()
    got = threading.Event()
    let_go = threading.Event()

    def wait() -> None:
        with turns.turn(5):
            got.set()
            let_go.wait(5)

    thread = threading.Thread(target=wait)
    thread.start()
    turns.give()
    assert got.wait(5)
    assert not turns.take_spare()
    let_go.set()
    thread.join(5)
    assert turns.take_spare()
    turns.give()


def test_a_turn_that_does_not_come_is_busy() -> None:
    turns = Turns()
    with turns.turn(5), pytest.raises(CameraBusy), turns.turn(0.01):
        pass
    with turns.turn(0.01):
        pass
