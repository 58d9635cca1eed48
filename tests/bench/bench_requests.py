"""What programs on the Alpha API ask again and again: one property, all of them, status, list.

python tests/bench/bench_requests.py [--requests 300] [--rounds 5]

One client with one connection that stays open, to one simulated body; the requests take turns.
"""

import argparse
import http.client
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kit.system import ALPHA, running_system, wait_for_cameras

CAMERA = f"/api/cameras/{ALPHA}"
PATHS = {
    "one property": f"{CAMERA}/properties/iso",
    "all properties": f"{CAMERA}/properties/all",
    "connection": f"{CAMERA}/connection",
    "server status": "/api/server/status",
    "list of cameras": "/api/cameras",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("$", *sys.argv)
    times: dict[str, list[float]] = {name: [] for name in PATHS}
    with running_system(oak_enabled="false") as system:
        wait_for_cameras(system, {ALPHA})
        system.json("POST", f"{CAMERA}/connection", {"mode": "remote"})
        for _ in range(options.rounds):
            for name, path in PATHS.items():
                times[name] += measure(system.port, path, options.requests)
    for name, taken in times.items():
        cuts = statistics.quantiles(taken, n=100)
        print(f"{name:16} p50 {cuts[49]:6.2f} ms  p99 {cuts[98]:6.2f} ms  of {len(taken)}")


def measure(port: int, path: str, requests: int) -> list[float]:
    """Return how many milliseconds each request took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    times = []
    for _ in range(requests):
        begun = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        times.append((time.perf_counter() - begun) * 1000)
        assert answer.status == 200, answer.status
    connection.close()
    return times


if __name__ == "__main__":
    main()
