"""The one place that reads the wall clock."""

import time


def unix_us() -> int:
    """Return Unix time in microseconds, as events carry it."""
    return time.time_ns() // 1000
