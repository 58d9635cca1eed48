"""`lensbus up`, from the start of the command to the first event in an SSE client.

Run: `.venv/bin/python tests/bench/bench_start.py`.
"""

import sys
import time
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).parents[2] / folder) for folder in ("tests", "proto", "broker", "services")
]

from kit.processes import wait_for  # noqa: E402  # the path comes first
from kit.system import ALL, running_system, stream, wait_for_cameras  # noqa: E402

RUNS = 5


def main() -> None:
    rows = []
    for _ in range(RUNS):
        begun = time.monotonic()
        with running_system() as system:
            answering = time.monotonic() - begun
            with stream(system) as events:
                wait_for(lambda: len(events.events) > 1, limit_s=20, every_s=0.005)
                first = time.monotonic() - begun
                wait_for_cameras(system, ALL)
            rows.append((answering, first, time.monotonic() - begun))
    for name, column in zip(
        ("answers", "first event", "all four cameras"), zip(*rows, strict=True), strict=True
    ):
        ordered = sorted(column)
        print(f"{name}: median {ordered[RUNS // 2]:.2f} s, max {ordered[-1]:.2f} s of {RUNS} runs")


if __name__ == "__main__":
    main()
