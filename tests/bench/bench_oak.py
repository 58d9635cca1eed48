"""What one simulated OAK-D-PRO costs, and how quickly it does what it is told.

python tests/bench/bench_oak.py [--seconds 5] [--minutes 0]

Goals: colour 1080p30 and depth 400P30 with JPEG of both at 15/s at most 60 % of a core; from
activation to the first picture at most 150 ms; from a control to its effect at most two periods of
the frame rate; with `--minutes 10` memory grows by at most 10 MB after the first minute.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import OakSettings
from lensbus_proto.topics import video_of
from lensbus_services.driver import Frame
from lensbus_services.oak.driver import OakDriver
from lensbus_services.oak.scene import color_lens, left_lens, view
from lensbus_services.oak.video import Encoder

CAMERA = "14442C10D13EABCE00"
CASES: Sequence[tuple[str, str, tuple[str, ...], float]] = (
    ("idle, three sensors on", "CAM_B", (), 30),
    ("CAM_A", "CAM_B", ("CAM_A",), 30),
    ("CAM_A, CAM_B, CAM_C", "CAM_B", ("CAM_A", "CAM_B", "CAM_C"), 30),
    ("CAM_A as video", "CAM_B", (video_of("CAM_A"),), 30),
    ("CAM_A as JPEG and video", "CAM_B", ("CAM_A", video_of("CAM_A")), 30),
    ("idle, depth on", "DEPTH_B_C", (), 30),
    ("depth", "DEPTH_B_C", ("DEPTH_B_C",), 30),
    ("CAM_A and depth", "DEPTH_B_C", ("CAM_A", "DEPTH_B_C"), 30),
    ("CAM_A and depth, JPEG at 15/s", "DEPTH_B_C", ("CAM_A", "DEPTH_B_C"), 15),
)
CYCLES = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--minutes", type=float, default=0.0)
    arguments = parser.parse_args()
    encodings()
    with tempfile.TemporaryDirectory() as state:
        driver = OakDriver(CAMERA, OakSettings(), Path(state))
        print(f"{'open':34}{timed(lambda: driver.open()):6.0f} ms")
        for title, stream, watched, rate in CASES:
            switch(driver, stream)
            driver.watch(frozenset(watched))
            driver.pictures(0.5)
            print(f"{title:34}{measure(driver, arguments.seconds, rate)}")
        activation(driver)
        control(driver)
        cycles(driver)
        if arguments.minutes:
            memory(driver, arguments.minutes)
        print(f"{'close':34}{timed(driver.close):6.0f} ms")


def switch(driver: OakDriver, stream: str) -> None:
    """Have depth on, or all sensors."""
    names = ("CAM_B", "CAM_C") if stream == "CAM_B" else (stream,)
    for name in names:
        driver.execute("stream.activate", {"stream": name}, 5.0)


def encodings() -> None:
    """Print the CPU of one picture as video."""
    for lens in (color_lens((1920, 1080)), left_lens((640, 400))):
        encoder = Encoder(lens.size, 30.0, OakSettings().video_mbit * 1e6)
        pictures = [view(lens).render(moment / 3) for moment in range(15)]
        costs, sizes = [], []
        for picture in pictures * 4:
            began = time.thread_time()
            sizes.append(len(encoder.encode(picture)))
            costs.append((time.thread_time() - began) * 1000)
        width, height = lens.size
        typical = statistics.median(costs[10:])
        print(f"{f'H.264 {width} x {height}':34}{typical:6.1f} ms   {max(sizes) / 1024:.0f} KiB")


def measure(driver: OakDriver, seconds: float, rate: float) -> str:
    """Return CPU (100 % is one core), pictures per second of each stream, and their age."""
    counts: dict[str, int] = {}
    ages_ms: list[float] = []
    cpu, began = time.process_time(), time.monotonic()
    turn = 0
    while time.monotonic() < began + seconds:
        for frame in driver.pictures(0.2):
            counts[frame.stream] = counts.get(frame.stream, 0) + 1
            ages_ms.append((unix_us() - frame.time_us) / 1000)
        turn += 1
        if rate < 30:
            time.sleep(max(0.0, began + turn / rate - time.monotonic()))
    share = (time.process_time() - cpu) / seconds * 100
    rates = ", ".join(f"{name} {count / seconds:.1f}/s" for name, count in sorted(counts.items()))
    return f"{share:6.1f} %    {rates}{spread(ages_ms, ', age')}"


def spread(values_ms: Sequence[float], title: str) -> str:
    """Return median and 99th percentile."""
    if not values_ms:
        return ""
    high = float(np.percentile(values_ms, 99))
    return f"{title} p50 {statistics.median(values_ms):.1f} p99 {high:.1f} ms"


def activation(driver: OakDriver) -> None:
    """Print how long it takes from the command to the first picture."""
    driver.watch(frozenset(("DEPTH_B_C", "CAM_B")))
    taken: dict[str, list[float]] = {"CAM_B": [], "DEPTH_B_C": []}
    for stream in ("DEPTH_B_C", "CAM_B") * 10:
        began = time.monotonic()
        driver.execute("stream.activate", {"stream": stream}, 5.0)
        await_picture(driver, lambda frame, wanted=stream: frame.stream == wanted)
        taken[stream].append((time.monotonic() - began) * 1000)
    for stream, times in taken.items():
        title = f"activation of {stream}"
        print(f"{title:34}{statistics.median(times):6.0f} ms   at most {max(times):.0f}")


def await_picture(driver: OakDriver, is_wanted: Callable[[Frame], bool]) -> Frame:
    while True:
        for frame in driver.pictures(0.5):
            if is_wanted(frame):
                return frame


def control(driver: OakDriver) -> None:
    """Print how long after a command the first picture was taken that shows its effect."""
    driver.watch(frozenset(("CAM_A",)))
    taken: list[float] = []
    for turn in range(20):
        before = brightness(await_picture(driver, lambda frame: True))
        began_us = unix_us()
        # Another thread, as in a worker: the answer waits for a frame, pictures do not.
        changes = {"brightness": -10 if turn % 2 == 0 else 0}
        arguments = {"stream": "CAM_A", "changes": changes}
        asking = threading.Thread(target=driver.execute, args=("control.set", arguments, 5.0))
        asking.start()
        limit = time.monotonic() + 2
        shown = await_picture(
            driver,
            lambda frame, was=before, until=limit: (
                abs(brightness(frame) - was) > 10 or time.monotonic() > until
            ),
        )
        asking.join()
        taken.append((shown.time_us - began_us) / 1000)
        time.sleep(0.1)
    periods = max(taken) / (1000 / 30)
    typical = statistics.median(taken)
    print(f"{'control to effect':34}{typical:6.0f} ms   at most {periods:.1f} periods of 30/s")


def brightness(frame: Frame) -> float:
    data = np.frombuffer(frame.image, np.uint8)
    return float(cv2.imdecode(data, cv2.IMREAD_REDUCED_GRAYSCALE_8).mean())


def cycles(driver: OakDriver) -> None:
    """Print what is left behind by switching."""
    for count in (20, CYCLES):
        before = footprint()
        for _ in range(count):
            driver.execute("stream.activate", {"stream": "DEPTH_B_C"}, 5.0)
            driver.execute("stream.activate", {"stream": "CAM_B"}, 5.0)
            driver.drain(0.0)
    grown = [after - earlier for earlier, after in zip(before, footprint(), strict=True)]
    title = f"{CYCLES} times depth on and off"
    print(f"{title:34}{grown[0]:+6.1f} MB   {grown[1]:+.0f} threads, {grown[2]:+.0f} descriptors")


def memory(driver: OakDriver, minutes: float) -> None:
    """Print how memory grows with all forms of all streams watched."""
    driver.execute("stream.activate", {"stream": "DEPTH_B_C"}, 5.0)
    names = ("CAM_A", "DEPTH_B_C", video_of("CAM_A"), video_of("DEPTH_B_C"))
    driver.watch(frozenset(names))
    began, warm = time.monotonic(), 0.0
    while (passed := time.monotonic() - began) < minutes * 60:
        driver.pictures(0.2)
        if not warm and passed > min(60, minutes * 30):
            warm = footprint()[0]
    print(f"{f'{minutes:g} minutes':34}{footprint()[0] - warm:+6.1f} MB   from {warm:.0f} MB")


def footprint() -> tuple[float, int, int]:
    """Return resident megabytes, threads and descriptors of this process."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    megabytes = int(fields["VmRSS"].split()[0]) / 1024
    return megabytes, int(fields["Threads"]), len(os.listdir("/proc/self/fd"))


def timed(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return (time.monotonic() - began) * 1000


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
