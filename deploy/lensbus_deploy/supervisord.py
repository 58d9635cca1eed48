"""supervisord, with two habits changed (supervisor 4.3.0).

Its loop looks after its children once a second, because a signal does not end its wait: stopping a
system would take a second for each process, and a crashed worker as long to be noticed.

It closes the socket of an `[fcgi-program]` when the last process ends, and opens it anew with the
next. A browser whose reconnect falls into that gap is refused and never comes back.
"""

import sys
from typing import Any, Final

from supervisor import poller, process, supervisord

LOOK_S: Final = 0.1


class QuickPoller(poller.Poller):  # type: ignore[misc]  # untyped package
    """A poller that never waits long."""

    def poll(self, timeout: float) -> Any:
        """Return what is ready within `timeout` or `LOOK_S` seconds, whichever is less."""
        return super().poll(min(timeout, LOOK_S))


class KeptSocketGroup(process.FastCGIProcessGroup):  # type: ignore[misc]  # untyped package
    """A group of processes whose listening socket lives as long as the group."""

    def __init__(self, config: Any, **options: Any) -> None:
        super().__init__(config, **options)
        self.socket_manager.ref_ctr.increment()


if __name__ == "__main__":
    poller.Poller = QuickPoller
    process.FastCGIProcessGroup = KeptSocketGroup
    sys.exit(supervisord.main())
