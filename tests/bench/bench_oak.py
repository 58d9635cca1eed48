"""CPU of one simulated OAK-D-PRO worker's driver, idle and watched.

python tests/bench/bench_oak.py [--seconds 5]
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from lensbus_proto.runtime.settings import OakSettings
from lensbus_services.oak.driver import OakDriver

CAMERA = "14442C10D13EABCE00"
CASES = (
    ("idle, three sensors on", None, ()),
    ("CAM_A watched", None, ("CAM_A",)),
    ("CAM_A, CAM_B, CAM_C watched", None, ("CAM_A", "CAM_B", "CAM_C")),
    ("idle, depth on", "DEPTH_B_C", ()),
    ("depth watched", "DEPTH_B_C", ("DEPTH_B_C",)),
    ("CAM_A and depth watched", "DEPTH_B_C", ("CAM_A", "DEPTH_B_C")),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds: float = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as state:
        driver = OakDriver(CAMERA, OakSettings(), Path(state))
        started = time.monotonic()
        driver.open()
        print(f"open                          {(time.monotonic() - started) * 1000:6.0f} ms")
        for title, stream, watched in CASES:
            if stream is not None:
                driver.execute("stream.activate", {"stream": stream}, 5.0)
            driver.watch(frozenset(watched))
            driver.pictures(0.5)
            print(f"{title:30}{measure(driver, seconds)}")
        started = time.monotonic()
        driver.close()
        print(f"close                         {(time.monotonic() - started) * 1000:6.0f} ms")


def measure(driver: OakDriver, seconds: float) -> str:
    """Return CPU (100 % is one core) and pictures per second of each stream."""
    counts: dict[str, int] = {}
    cpu, end = time.process_time(), time.monotonic() + seconds
    while time.monotonic() < end:
        for frame in driver.pictures(0.2):
            counts[frame.stream] = counts.get(frame.stream, 0) + 1
    share = (time.process_time() - cpu) / seconds * 100
    rates = ", ".join(f"{name} {count / seconds:.1f}/s" for name, count in sorted(counts.items()))
    return f"{share:6.1f} %   {rates}"


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
