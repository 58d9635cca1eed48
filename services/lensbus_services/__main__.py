"""`python -m lensbus_services --vendor sony --camera ID`: one worker as a process."""

import logging
import os
import select
import sys
from dataclasses import replace

import zmq

from lensbus_proto.codec import ended_to_map
from lensbus_proto.runtime import lifecycle, records
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.topics import is_camera_id
from lensbus_services.driver import Driver
from lensbus_services.ends import read_past
from lensbus_services.failed import FailedDriver
from lensbus_services.lives import Life, Lives, deaths_before, wait_s
from lensbus_services.record import Record, record_path
from lensbus_services.saved import SavedFiles
from lensbus_services.vendors import VENDORS
from lensbus_services.worker import EXIT_STUCK, Worker

logger = logging.getLogger("lensbus_services")


def main(settings: Settings, vendor: str, camera: str) -> int:
    """Work until SIGTERM."""
    records.of_process(camera=camera)
    stop = lifecycle.StopSignal()
    lives = Lives(settings.state, camera)
    past = read_past(settings.state, camera)
    last = lives.last()
    deaths = deaths_before(last, unix_us(), settings.worker.steady_s)
    if deaths:
        extra = {"camera": camera, "deaths": deaths, "wait_s": wait_s(deaths)}
        if past is not None:
            how = ended_to_map(past.ended)
            extra |= {key: how[key] for key in ("signal", "code") if key in how}
        logger.error("the worker before this one died", extra=extra)
    has_failed = deaths >= settings.worker.deaths
    if not has_failed and select.select([stop], [], [], wait_s(deaths))[0]:
        return 0
    life = replace(last or Life(0), began_us=unix_us(), deaths=deaths)
    lives.begin(life)
    driver = FailedDriver(vendor, life, past) if has_failed else _driver(settings, vendor, camera)
    context = zmq.Context[zmq.Socket[bytes]]()
    files = SavedFiles(
        VENDORS[vendor].folders(camera, settings), Record(record_path(settings.state, camera))
    )
    worker = Worker(context, settings, camera, driver, lives.know, past, files)
    code = worker.run(stop.fileno())
    if code != EXIT_STUCK:  # whoever gets stuck again and again has failed, too
        lives.end()
    context.destroy()
    return code


def _driver(settings: Settings, vendor: str, camera: str) -> Driver:
    return VENDORS[vendor].make_driver(camera, settings)


if __name__ == "__main__":
    parser = lifecycle.parser("lensbus_services", "Hold one camera and carry it on the bus.")
    parser.add_argument("--vendor", choices=sorted(VENDORS), required=True)
    parser.add_argument("--camera", required=True, help="the id of the camera to hold")
    options = parser.parse_args()
    if not is_camera_id(options.camera):
        parser.error(f"--camera is {options.camera!r}, expected a camera id")
    code = lifecycle.run(
        options.config, lambda settings: main(settings, options.vendor, options.camera)
    )
    logging.shutdown()
    sys.stderr.flush()
    # A vendor's thread may be stuck in its SDK: the interpreter would wait for it or crash on it.
    os._exit(code)
