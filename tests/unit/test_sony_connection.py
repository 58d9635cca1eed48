import pytest

from lensbus_services.sony.connection import NEXT, Signal, State, following, is_connected


def walk(*signals: Signal) -> State:
    state = State.ABSENT
    for signal in signals:
        state = following(state, signal)
    return state


def test_a_lost_link_that_comes_back_was_connected_all_the_time() -> None:
    way = [Signal.BEGIN, Signal.OPENED, Signal.INTERRUPTED]
    assert is_connected(walk(*way))
    assert walk(*way, Signal.OPENED) is State.UP


def test_a_refused_connection_has_to_be_released() -> None:
    assert walk(Signal.BEGIN, Signal.FAILED) is State.ENDED
    assert walk(Signal.BEGIN, Signal.FAILED, Signal.RELEASED) is State.ABSENT


def test_a_stop_wins_over_a_callback_that_comes_too_late() -> None:
    assert walk(Signal.BEGIN, Signal.STOP, Signal.OPENED) is State.CLOSING


def test_an_error_while_connected_does_not_end_the_connection() -> None:
    assert walk(Signal.BEGIN, Signal.OPENED, Signal.FAILED) is State.UP


@pytest.mark.parametrize("state", State)
def test_every_state_leads_back_to_the_beginning(state: State) -> None:
    reached = {state}
    while more := {after for (before, _), after in NEXT.items() if before in reached} - reached:
        reached |= more
    assert State.ABSENT in reached
