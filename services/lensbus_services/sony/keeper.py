"""Noticing that a connection ended, or came back, by itself, and that a pull has gone silent."""

import time
from collections.abc import Callable
from typing import Final

from lensbus_services.sony.connection import State
from lensbus_services.sony.life import Life
from lensbus_services.sony.outlet import Outlet
from lensbus_services.sony.telling import Teller
from lensbus_services.threads import spawn

KEEP_S: Final = 5.0  # so often a pull is looked after


class Keeper:
    """A thread that calls `look_after` when there is something to do, until the life is closed.

    `look_after` is told whether the link has come back.
    """

    def __init__(
        self, life: Life, teller: Teller, outlet: Outlet, look_after: Callable[[bool], None]
    ) -> None:
        self._life = life
        self._teller = teller
        self._outlet = outlet
        self._look_after = look_after
        spawn(self._work, "sony-keeper")

    def _work(self) -> None:
        """Thread: wait, look."""
        life = self._life
        while True:
            with life.changed:
                life.changed.wait_for(self._is_due, KEEP_S)
                due = self._is_due()
                came_back, life.came_back = life.came_back, False
                life.destination_changed = False
            if life.closed:
                return
            for observation in self._teller.overdue_pull(time.monotonic()):
                self._outlet.put(observation)
            if due:
                self._look_after(came_back)

    def _is_due(self) -> bool:
        life = self._life
        return (
            life.closed or life.came_back or life.destination_changed or life.state is State.ENDED
        )
