"""What the bus costs a command: one HTTP endpoint with and without it, side by side in one run.

Run: `.venv/bin/python tests/bench/bench_commands.py`. `GET .../connection` of a simulated Sony
camera goes gateway, broker, worker, driver and back; beside it the same endpoint runs in a second
gateway whose commander answers from memory. Rounds alternate; one keep-alive connection each.
"""

import http.client
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

FOLDERS = ("tests", "proto", "broker", "gateway", "services", "deploy")
sys.path[:0] = [str(Path(__file__).parents[2] / folder) for folder in FOLDERS]

from kit.bus import short_folder  # noqa: E402  # the path comes first
from kit.processes import environ, free_port, wait_for  # noqa: E402
from kit.system import ALPHA, running_system, wait_for_cameras  # noqa: E402

ROUNDS, REQUESTS = 10, 300
PATH = f"/api/cameras/{ALPHA}/connection"


def serve_without_bus(port: int, state: str) -> None:
    from lensbus_gateway import __main__ as gateway
    from lensbus_gateway import app
    from lensbus_gateway.reader import Junk
    from lensbus_proto.messages import Reply
    from lensbus_proto.runtime.settings import GatewaySettings, Settings, SystemSettings

    class FromMemory:
        def __init__(self, *_: object) -> None:
            self.junk = Junk("replies")

        async def send(self, camera: str, name: str, *_: object, **__: object) -> Reply:
            result = {"connected": True, "mode": "remote", "model": "ILCE-7M4"}
            return Reply("1", result | {"cameras": []})

        def close(self) -> None:
            pass

    app.Commander = FromMemory
    gateway.serve(Settings(SystemSettings(state), gateway=GatewaySettings(port=port)), None)


@contextmanager
def without_bus():
    port = free_port()
    with (
        short_folder() as state,
        subprocess.Popen(
            [sys.executable, __file__, "serve", str(port), str(state)], env=environ()
        ) as child,
    ):
        try:
            wait_for(lambda: answers(port))
            yield port
        finally:
            child.terminate()


def answers(port: int) -> bool:
    try:
        return measure(port, 1) is not None
    except OSError:
        return False


def measure(port: int, requests: int) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    times = []
    for _ in range(requests):
        begun = time.perf_counter()
        connection.request("GET", PATH)
        answer = connection.getresponse()
        answer.read()
        times.append((time.perf_counter() - begun) * 1000)
        assert answer.status == 200
    connection.close()
    return times


def main() -> None:
    print("$", *sys.argv)
    with running_system(sony_simulator_time_scale="0.05") as system, without_bus() as bare:
        wait_for_cameras(system, {ALPHA})
        system.json("POST", PATH, {"mode": "remote"})
        rows: dict[str, list[float]] = {"with the bus": [], "without": []}
        for _ in range(ROUNDS):
            rows["with the bus"] += measure(system.port, REQUESTS)
            rows["without"] += measure(bare, REQUESTS)
    for name, times in rows.items():
        cuts = statistics.quantiles(times, n=100)
        print(f"{name}: p50 {cuts[49]:.3f} ms, p99 {cuts[98]:.3f} ms of {len(times)}")
    with_bus, without = (statistics.median(times) for times in rows.values())
    print(f"the bus adds {with_bus - without:.3f} ms at p50, ratio {with_bus / without:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve_without_bus(int(sys.argv[2]), sys.argv[3])
    else:
        main()
