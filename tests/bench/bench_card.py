"""A file from a memory card over the API, beside a plain copy of the same file.

python tests/bench/bench_card.py [--megabytes 200] [--rounds 3]

A download is answered with 202 before it begins: what is timed is from the request to the event
that says 100 percent, when the file is whole, measured with SHA-256, and has its name. The copy is
that of `shutil.copyfile`, alone and with a SHA-256 of the copy, to the same disk, synced to it by
none of them. They take turns. With a time scale of 1 the simulated cable is the limit, about 80
MB/s; with 0.001 there is none.
"""

import argparse
import hashlib
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kit.processes import wait_for
from kit.system import ALPHA, Stream, System, running_system, stream, wait_for_cameras

CAMERA = f"/api/cameras/{ALPHA}"
MB = 1_000_000
SCALES = ("1", "0.001")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("$", *sys.argv)
    for scale in SCALES:
        with running_system(oak_enabled="false", sony_simulator_time_scale=scale) as system:
            wait_for_cameras(system, {ALPHA})
            system.json("POST", f"{CAMERA}/connection", {"mode": "remote-transfer"})
            raw = put_on_the_card(system, options.megabytes * MB)
            taken: dict[str, list[float]] = {"download": [], "copy": [], "copy, SHA-256": []}
            with stream(system, f"{CAMERA}/events") as events:
                for _ in range(options.rounds):
                    taken["copy"].append(copy(raw, system.state / "copy"))
                    taken["copy, SHA-256"].append(copy(raw, system.state / "copy", measured=True))
                    taken["download"].append(pull(system, events, raw))
        median_s = {name: statistics.median(times) for name, times in taken.items()}
        print(f"time scale {scale}")
        for name, time_s in median_s.items():
            ratio = time_s / median_s["download"]
            print(
                f"  {name:14} {options.megabytes / time_s:6.0f} MB/s  the download is {ratio:.2f}"
            )


def put_on_the_card(system: System, size: int) -> Path:
    """Write a RAW beside the pictures of the simulated card; nothing in it repeats."""
    folder = next((system.state / "simulator" / "sony").glob(f"{ALPHA}*/**/DCIM/*"))
    raw = folder / "DSC09000.ARW"
    with raw.open("wb") as file:
        while file.tell() < size:
            file.write(os.urandom(min(MB, size - file.tell())))
    return raw


def copy(raw: Path, target: Path, *, measured: bool = False) -> float:
    """Return the seconds that a copy took."""
    begun = time.perf_counter()
    shutil.copyfile(raw, target)
    if measured:
        with target.open("rb") as file:
            hashlib.file_digest(file, "sha256")
    taken = time.perf_counter() - begun
    target.unlink()
    return taken


def pull(system: System, events: Stream, raw: Path, *, keep: bool = False) -> float:
    """Return the seconds from the request to the whole file."""
    files = system.json("GET", f"{CAMERA}/sd-card/slot/1/files")["files"]
    file = next(file for file in files if file["file_path"].endswith(raw.name))
    path = f"{CAMERA}/sd-card/slot/1/files/{file['content_id']}/{file['file_id']}/download"
    before, begun = len(events.events), time.perf_counter()
    system.json("POST", path, {}, expect=202)
    done = wait_for(lambda: whole(events, before), limit_s=60, every_s=0.001)
    taken = time.perf_counter() - begun
    assert done["size"] == raw.stat().st_size
    if not keep:
        Path(done["savedPath"]).unlink()
    return taken


def whole(events: Stream, begin: int) -> dict[str, str | int] | None:
    """Return the event that ends a pull, once it is there."""
    return next((data for _, data in events.events[begin:] if data.get("percent") == 100), None)


if __name__ == "__main__":
    main()
