"""The console's wall with many live cameras in Chromium: how old its pictures are, what they cost.

python tests/bench/bench_console.py [--cameras 16] [--rate 15] [--size 640x424] [--seconds 20]

The cameras are workers of one process that publish prepared JPEGs, each at its rate. Age: the clock
when the page has drawn a picture, less the time at which it was taken. CPU: 100 % is one core; the
browser draws without a GPU on the same machine.
"""

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from PIL import Image

from kit.bus import running_worker
from kit.chromium import chromium
from kit.console import SEQUENCES, TILES
from kit.processes import environ
from kit.system import System, command_of, running_system
from lensbus_proto.errors import CommandUnknown
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import load
from lensbus_services.driver import Description, Frame, Observation, Result, Stuck

STREAM = "liveview"
PICTURES = 6  # that differ, so that nothing shows the same again
QUALITY = 80
MEASURE = """
import("/console/pictures.js").then(({ watch }) => {
  window.ages = new Map();
  for (const topic of TOPICS) {
    ages.set(topic, []);
    watch(topic, (image, said) => image && ages.get(topic).push(Date.now() - said.time_us / 1000));
  }
})
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--rate", type=float, default=15.0)
    parser.add_argument("--size", default="640x424")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--publish", action="store_true", help="be the cameras of a system")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    if options.publish:
        publish(options.cameras, options.rate, prepared(width, height))
        return
    print("$", *sys.argv)
    with running_system(sony_enabled="false", oak_enabled="false") as system:
        command = [sys.executable, __file__, "--publish", "--cameras", str(options.cameras)]
        command += ["--rate", str(options.rate), "--size", options.size]
        extra = {"LENSBUS_SYSTEM_STATE": str(system.state)}
        cameras = subprocess.Popen(command, stdin=subprocess.PIPE, env=environ(extra))
        assert cameras.stdin is not None
        try:
            print(measure(system, cameras.pid, options.cameras, options.seconds))
        finally:
            cameras.stdin.close()
            cameras.wait(30)


def measure(system: System, publisher: int, cameras: int, seconds: float) -> str:
    """Return what a page that shows all of them saw, and what everybody spent on it."""
    gateways = [pid for pid in system.pids() if "-m lensbus_gateway" in command_of(pid)]
    with chromium() as tab:
        tab.resize(1440, 1320)  # as large as it takes to have all of them on the screen
        tab.open(system.url + "/")
        tab.wait(f"{TILES} === {cameras}")
        tab.wait(f"{SEQUENCES}.every(Boolean)")
        topics = json.dumps([f"{camera}/{STREAM}" for camera in ids(cameras)])
        tab.run(MEASURE.replace("TOPICS", topics))
        begun, before = time.monotonic(), spent(gateways, publisher)
        time.sleep(seconds)
        took, after = time.monotonic() - begun, spent(gateways, publisher)
        ages: dict[str, list[float]] = tab.run("Object.fromEntries(ages)")
        kilobytes = tab.run("performance.memory?.usedJSHeapSize ?? 0") / 1e3
    assert len(ages) == cameras
    whole = sorted(age for each in ages.values() for age in each)
    rates = [len(each) / took for each in ages.values()]
    shares = [f"{name} {(after[name] - before[name]) / took * 100:.0f} %" for name in after]
    return (
        f"{cameras} cameras  {statistics.median(rates):.1f} pictures/s each, least"
        f" {min(rates):.1f}  age on the page: median {statistics.median(whole):.0f} ms,"
        f" p99 {whole[int(len(whole) * 0.99)]:.0f} ms, most {whole[-1]:.0f} ms"
        f"  CPU: {', '.join(shares)}  page {kilobytes / 1e3:.0f} MB"
    )


def spent(gateways: Sequence[int], publisher: int) -> Mapping[str, float]:
    """Return the CPU seconds of everybody so far."""
    return {
        "gateways": sum(map(cpu_s, gateways)),
        "cameras": cpu_s(publisher),
        "machine": machine_s(),
    }


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has spent."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine_s() -> float:
    """Return the CPU time that all have spent, the browser among them."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / os.sysconf("SC_CLK_TCK")


# The cameras


def ids(cameras: int) -> list[str]:
    return [f"BENCH{number:02}" for number in range(1, cameras + 1)]


def prepared(width: int, height: int) -> list[bytes]:
    """Return pictures as heavy as those of a body: noise over shapes that move."""
    chance = np.random.default_rng(1)
    rows, columns = np.mgrid[0:height, 0:width]
    pictures = []
    for number in range(PICTURES):
        across = width * (0.2 + 0.6 * number / PICTURES)
        disc = np.hypot(columns - across, rows - height / 2) < height / 5
        shades = np.stack((rows * 120 // height + 60, columns * 90 // width + 60, disc * 150), -1)
        noisy = np.clip(shades + chance.normal(0, 9, shades.shape), 0, 255).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(noisy).save(buffer, "jpeg", quality=QUALITY)
        pictures.append(buffer.getvalue())
    return pictures


class Picturing:
    """A camera that is connected and shows prepared pictures, at its rate."""

    def __init__(self, camera: str, number: int, rate: float, pictures: Sequence[bytes]) -> None:
        self._camera = camera
        self._rate = rate
        self._pictures = pictures
        self._due_s = time.monotonic() + number / 16 / rate
        self._count = 0
        self._watched: frozenset[str] = frozenset()
        self._connected = False

    def open(self) -> Description:
        return self.describe()

    def describe(self) -> Description:
        return Description("sony", "BENCH-1")

    def close(self) -> None:
        pass

    def observed(self) -> int:
        return int(self._connected)

    def execute(self, name: str, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        raise CommandUnknown(f"no command {name!r}")

    def drain(self, timeout_s: float) -> Sequence[Observation]:
        if self._connected:
            time.sleep(timeout_s)
            return []
        self._connected = True
        return [Observation("connected", unix_us(), {"id": self._camera, "model": "BENCH-1"})]

    def stuck(self) -> Stuck | None:
        """Return nothing: it never hangs."""
        return None

    def watch(self, streams: frozenset[str]) -> None:
        self._watched = streams

    def pictures(self, timeout_s: float) -> Sequence[Frame]:
        now = time.monotonic()
        if STREAM not in self._watched or self._due_s - now > timeout_s:
            time.sleep(timeout_s)
            return []
        time.sleep(max(0.0, self._due_s - now))
        self._due_s = max(self._due_s, now - 1) + 1 / self._rate
        self._count += 1
        image = self._pictures[self._count % len(self._pictures)]
        return [Frame(STREAM, unix_us(), {"format": "jpeg"}, image)]


def publish(cameras: int, rate: float, pictures: Sequence[bytes]) -> None:
    """Be so many cameras until the input ends."""
    print(f"{len(pictures[0]) / 1e3:.0f} kB a picture, {rate:g} a second", flush=True)
    settings = load(None, os.environ)
    with ExitStack() as stack:
        for number, camera in enumerate(ids(cameras)):
            driver = Picturing(camera, number, rate, pictures)
            stack.enter_context(running_worker(settings, camera, driver))
        sys.stdin.read()


if __name__ == "__main__":
    main()
