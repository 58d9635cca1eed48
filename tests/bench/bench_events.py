"""SDK callback to SSE client: how old an event is when a client reads it, with four cameras.

Run: `.venv/bin/python tests/bench/bench_events.py`. Starts a whole system on the simulators, opens
`/api/events` and makes all four cameras speak at once. The age is the client's wall clock at
reading minus `timeUs`, the wall clock in the SDK's callback, on the same machine.
"""

import statistics
import sys
import threading
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).parents[2] / folder) for folder in ("tests", "proto", "broker", "services")
]

from kit.system import (  # noqa: E402  # the path comes first
    ALL,
    ALPHA,
    CINEMA,
    OAK,
    OAK_ONE,
    System,
    running_system,
    stream,
    wait_for_cameras,
)

ROUNDS = 100


def speak_sony(system: System, camera: str) -> None:
    for number in range(ROUNDS):
        value = ("0x64", "0xc8")[number % 2]
        system.request("PUT", f"/api/cameras/{camera}/properties/iso", {"value": value})


def speak_oak(system: System, camera: str) -> None:
    for number in range(ROUNDS):
        body = {"brightness": number % 5}
        system.request("POST", f"/cameras/{camera}/streams/CAM_A/control", body)


def main() -> None:
    with running_system(sony_simulator_time_scale="0.05") as system:
        wait_for_cameras(system)
        for camera in (ALPHA, CINEMA):
            system.json("POST", f"/api/cameras/{camera}/connection", {"mode": "remote"})
        with stream(system) as events:
            speakers = [
                threading.Thread(target=speak, args=(system, camera))
                for speak, camera in (
                    (speak_sony, ALPHA),
                    (speak_sony, CINEMA),
                    (speak_oak, OAK),
                    (speak_oak, OAK_ONE),
                )
            ]
            for speaker in speakers:
                speaker.start()
            for speaker in speakers:
                speaker.join()
        pairs = list(zip(events.events, events.times, strict=True))
    ages = {camera: [] for camera in ALL}
    for (_, data), read_s in pairs:
        if data["cameraId"] in ages and data["seq"]:
            ages[data["cameraId"]].append(read_s * 1000 - data["timeUs"] / 1000)
    for camera, times in ages.items():
        cuts = statistics.quantiles(times, n=100)
        print(f"{camera}: {len(times)} events, p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms")


if __name__ == "__main__":
    main()
