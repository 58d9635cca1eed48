"""How often the process of a camera's worker crashed, and what that says to an operator."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lensbus_proto.runtime.clock import unix_us

RECENT_S: Final = 3600.0  # longer ago it is history: the metrics and `cameras --json` have it


@dataclass(frozen=True, slots=True)
class Crashes:
    """The crashes by one signal since the system began."""

    signal: str
    count: int
    last_s: float  # Unix time


def read_crashes(entry: Mapping[str, Any]) -> tuple[Crashes, ...]:
    """Return the crashes in a camera's entry of the registry."""
    return tuple(
        Crashes(one["signal"], one["count"], one["time_us"] / 1e6)
        for one in entry.get("crashes", ())
    )


def complaint(crashes: Sequence[Crashes], camera: str, now_s: float | None = None) -> str | None:
    """Return what to say of crashes, the last of which was a short time ago, and what to do."""
    if not crashes:
        return None
    last = max(crashes, key=lambda one: one.last_s)
    if (unix_us() / 1e6 if now_s is None else now_s) - last.last_s > RECENT_S:
        return None
    total = sum(one.count for one in crashes)
    times = "once" if total == 1 else f"{total} times, the last"
    at = time.strftime("%H:%M:%S", time.localtime(last.last_s))
    advice = f"look at its stacks with `lensbus logs --camera {camera}`"
    if last.signal == "SIGKILL":
        advice = "somebody killed it, or memory ran out: look with `journalctl -k`"
    return f"{camera}'s process crashed {times} at {at} ({last.signal}): {advice}"
