"""The life of a connection as a table."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final


class State(Enum):
    """What a connection is doing."""

    ABSENT = auto()  # no device handle
    CONNECTING = auto()  # Connect was accepted, no callback yet
    UP = auto()
    RECOVERING = auto()  # the link is down and the SDK tries to get it back
    CLOSING = auto()  # we have asked for the end
    ENDED = auto()  # the SDK has told the end; the device is not released yet


class Signal(Enum):
    """What moves it."""

    BEGIN = auto()
    OPENED = auto()  # OnConnected
    FAILED = auto()  # OnError
    INTERRUPTED = auto()  # warning 0x20002
    DROPPED = auto()  # OnDisconnected
    STOP = auto()
    RELEASED = auto()


NEXT: Final[Mapping[tuple[State, Signal], State]] = {
    (State.ABSENT, Signal.BEGIN): State.CONNECTING,
    (State.CONNECTING, Signal.OPENED): State.UP,
    (State.CONNECTING, Signal.FAILED): State.ENDED,
    (State.CONNECTING, Signal.DROPPED): State.ENDED,
    (State.CONNECTING, Signal.STOP): State.CLOSING,
    (State.UP, Signal.INTERRUPTED): State.RECOVERING,
    (State.UP, Signal.DROPPED): State.ENDED,
    (State.UP, Signal.STOP): State.CLOSING,
    # With no "closed" in between: the handle stays good.
    (State.RECOVERING, Signal.OPENED): State.UP,
    (State.RECOVERING, Signal.DROPPED): State.ENDED,
    (State.RECOVERING, Signal.STOP): State.CLOSING,
    (State.CLOSING, Signal.DROPPED): State.ENDED,
    (State.CLOSING, Signal.RELEASED): State.ABSENT,
    (State.ENDED, Signal.RELEASED): State.ABSENT,
}


def following(state: State, signal: Signal) -> State:
    """Return the state after a signal; what is not in the table changes nothing."""
    return NEXT.get((state, signal), state)


def is_connected(state: State) -> bool:
    """Tell whether clients see the camera as connected."""
    return state in (State.UP, State.RECOVERING)
