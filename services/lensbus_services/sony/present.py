"""Where the one connection of a camera stands: what its opening, its end and its callbacks share.

One condition guards all of it; whoever moves something holds it, and wakes those who wait.
"""

import threading
from enum import Enum, auto
from typing import Final

from lensbus_proto.errors import CameraGone, NotConnected
from lensbus_services.sony.connection import Signal, State, following, is_connected
from lensbus_services.sony.link import Link
from lensbus_services.sony.values import Credentials
from lensbus_services.sony.wish import Wish

ENDING: Final = "the worker of this camera is ending"


class Notice(Enum):
    """What somebody has to look after, besides the end of a connection."""

    BEGAN = auto()  # the camera has told that it is connected
    CAME_BACK = auto()  # by itself
    DESTINATION = auto()  # where pictures go has changed
    TEXTS_READY = auto()  # the camera has put its display texts together
    TEXTS_CHANGED = auto()


class Present:
    """The present connection, one after another, from a driver's open to its close."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.sequence = threading.Lock()  # one capture sequence at a time
        self.state = State.ABSENT
        self.error = 0
        self.error_told = False  # of the last connection: clients have heard of it
        self.number = 0
        self.link: Link | None = None
        self.wish: Wish | None = None  # how it is connected now
        self.login = Credentials()  # of the present connection; never kept anywhere else
        self.lost: Wish | None = None  # how it was connected when the link went away by itself
        self.closed = False
        self.noticed: set[Notice] = set()

    @property
    def is_connected(self) -> bool:
        """Tell whether clients see the camera as connected."""
        return is_connected(self.state)

    def connected_link(self) -> Link:
        """Return the connection; NotConnected without one."""
        with self.changed:
            if self.link is None or not self.is_connected:
                raise NotConnected("the camera is not connected")
            return self.link

    def begin(self, link: Link, wish: Wish, login: Credentials) -> None:
        """Take this connection for the present one; CameraGone once the worker is ending."""
        with self.changed:
            if self.closed:
                raise CameraGone(ENDING)
            self.number = link.number
            self.link = link
            self.wish = wish
            self.login = login
            self.lost = None
            self.error = 0
            self.error_told = False
            self.advance(Signal.BEGIN)

    def released(self) -> None:
        """Note that the present connection is no more."""
        with self.changed:
            self.link = None
            self.wish = None
            self.advance(Signal.RELEASED)

    def pause(self, link: Link, wait_s: float) -> None:
        """Wait; CameraGone as soon as the connection is not there any more."""

        def is_over() -> bool:
            return self.link is not link or not self.is_connected

        with self.changed:
            if self.changed.wait_for(is_over, wait_s):
                raise CameraGone("the connection came to its end meanwhile", began=True)

    def advance(self, signal: Signal) -> None:
        """Move the state; the condition is held."""
        self.state = following(self.state, signal)
        self.changed.notify_all()
