"""How crowded the machine is: a limit in seconds is meant for one that has its processors free."""

import time
from typing import Final

LOOK_S: Final = 0.3


def crowding() -> float:
    """Return how many times longer than alone whatever computes takes now; 1 if nobody is here."""
    began_s, used_s = time.monotonic(), time.thread_time()
    while time.monotonic() - began_s < LOOK_S:
        pass
    return max(1.0, (time.monotonic() - began_s) / max(time.thread_time() - used_s, 0.01))
