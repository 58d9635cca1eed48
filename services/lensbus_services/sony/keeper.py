"""Looking after what a connection does by itself, and after a pull that has gone silent."""

import time
from collections.abc import Callable, Set
from typing import Final

from lensbus_services.sony.connection import State
from lensbus_services.sony.outlet import Outlet
from lensbus_services.sony.present import Notice, Present
from lensbus_services.sony.telling import Teller
from lensbus_services.threads import spawn

KEEP_S: Final = 5.0  # so often a pull is looked after


class Keeper:
    """A thread that calls `look_after` when there is something to do, until the worker ends.

    `look_after` is told what was noticed.
    """

    def __init__(
        self,
        present: Present,
        teller: Teller,
        outlet: Outlet,
        look_after: Callable[[Set[Notice]], None],
    ) -> None:
        self._present = present
        self._teller = teller
        self._outlet = outlet
        self._look_after = look_after
        spawn(self._work, "sony-keeper")

    def _work(self) -> None:
        """Thread: wait, look."""
        present = self._present
        while True:
            with present.changed:
                present.changed.wait_for(self._is_due, KEEP_S)
                due = self._is_due()
                noticed, present.noticed = present.noticed, set()
            if present.closed:
                return
            for observation in self._teller.overdue_pull(time.monotonic()):
                self._outlet.put(observation)
            if due:
                self._look_after(noticed)

    def _is_due(self) -> bool:
        present = self._present
        return present.closed or bool(present.noticed) or present.state is State.ENDED
