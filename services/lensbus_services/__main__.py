"""`python -m lensbus_services --vendor sony --camera ID`: one worker as a process."""

import logging
import os
import sys

import zmq

from lensbus_proto.runtime import lifecycle
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.topics import is_camera_id
from lensbus_services.vendors import VENDORS
from lensbus_services.worker import Worker


def main(settings: Settings, vendor: str, camera: str) -> int:
    """Work until SIGTERM."""
    stop = lifecycle.StopSignal()
    context = zmq.Context[zmq.Socket[bytes]]()
    worker = Worker(context, settings, camera, VENDORS[vendor].make_driver(camera, settings))
    code = worker.run(stop.fileno())
    context.destroy()
    return code


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
