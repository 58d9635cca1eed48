"""Publishes numbered events at a rate on a running system, as the worker of a camera of its own.

    .venv/bin/python tests/bench/publisher.py --state FOLDER --rate 500 --count 1000

FOLDER is the state folder of the system, or `--config` names its lensbus.toml. The data of each
event, kind `numbered`, has `n` (1, 2, 3, ...), `t_ns` (CLOCK_MONOTONIC when it went to the bus) and
`pad`. It is a whole worker: the broker can ask it again for what got lost, and it leaves only when
the broker has the last event. Then it prints one line of JSON; SIGTERM ends it earlier, as well.
"""

import json
import math
import os
import sys
import time
from pathlib import Path

FOLDERS = ("tests", "proto", "broker", "services")
sys.path[:0] = [str(Path(__file__).parents[2] / folder) for folder in FOLDERS]

import zmq  # noqa: E402  # the path comes first

from kit.bus import ask, client  # noqa: E402
from kit.source import CountingDriver, work  # noqa: E402
from lensbus_proto.errors import SettingsError  # noqa: E402
from lensbus_proto.runtime import lifecycle  # noqa: E402
from lensbus_proto.runtime.settings import Settings  # noqa: E402
from lensbus_proto.topics import is_camera_id  # noqa: E402

TICK_S = 0.001


def publish(settings: Settings, camera: str, rate: float, count: float, pad: int) -> int:
    """Publish so many events; return the exit code."""
    wait_for_broker(settings)
    stop = lifecycle.StopSignal()
    begin_s = time.monotonic()
    end_s = begin_s
    newest = 0

    def note(numbers: range) -> None:
        nonlocal newest, end_s
        if numbers:
            newest, end_s = numbers[-1], time.monotonic()
        if newest == count:
            stop.set()

    driver = CountingDriver(lambda: rate, note, pad=pad, most=count, tick_s=TICK_S)
    code = work(settings, camera, driver, stop)
    took_s = end_s - begin_s
    print(json.dumps({"camera": camera, "count": newest, "seconds": round(took_s, 3)}), flush=True)
    return code


def wait_for_broker(settings: Settings) -> None:
    """Return when the broker answers; raise SettingsError when it does not."""
    with client(settings, "commands", zmq.REQ) as socket:
        try:
            ask(socket, "", "ping")
        except zmq.Again:
            endpoint = settings.endpoint("commands")
            raise SettingsError(f"no broker answers at {endpoint}: is the system up?") from None


def main() -> int:
    parser = lifecycle.parser("publisher.py", "Publish numbered events on a running system.")
    parser.add_argument("--state", help="the state folder, instead of the configured one")
    parser.add_argument("--camera", default="BENCH1", help="the camera to be (BENCH1)")
    parser.add_argument("--rate", type=float, default=20, help="events a second (20)")
    parser.add_argument("--count", type=int, default=0, help="how many; 0 is until SIGTERM (0)")
    parser.add_argument("--pad", type=int, default=100, help="bytes of `pad` in each event (100)")
    options = parser.parse_args()
    if not is_camera_id(options.camera):
        parser.error(f"--camera is {options.camera!r}, expected a camera id")
    if options.rate <= 0 or options.count < 0 or options.pad < 0:
        parser.error("--rate must be above 0, --count and --pad not below")
    if options.state is not None:
        os.environ["LENSBUS_SYSTEM_STATE"] = options.state
    return lifecycle.run(
        options.config,
        lambda settings: publish(
            settings, options.camera, options.rate, options.count or math.inf, options.pad
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
