"""`lensbus restart`: end the worker of one camera in order, and see a new one take its place.

It is how a camera comes back whose workers have died too often.
"""

import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import zmq

from lensbus_deploy.exits import Code, Failure
from lensbus_proto.codec import pack_command, unpack_reply
from lensbus_proto.messages import Command
from lensbus_proto.runtime.settings import load
from lensbus_proto.runtime.sockets import dial

LIMIT_MS: Final = 5000
BACK_S: Final = 15.0  # a vendor's SDK may take seconds to let go, and to begin
LOOK_S: Final = 0.1


def restart(camera: str, environ: Mapping[str, str]) -> int:
    """Have the worker replaced; return the exit code. Raises SettingsError and Failure."""
    config = Path(environ["LENSBUS_CONFIG"]) if environ.get("LENSBUS_CONFIG") else None
    settings = load(config, environ)
    context = zmq.Context[zmq.Socket[bytes]]()
    try:
        broker = dial(context, zmq.REQ, settings.endpoint("commands"), "commands")
        before = _lives(broker)
        if camera not in before:
            raise Failure(
                Code.UNKNOWN,
                f"there is no camera {camera}: `lensbus cameras` lists those there are",
            )
        _ask(broker, camera, "restart")
        deadline_s = time.monotonic() + BACK_S
        while _lives(broker).get(camera, 0) in (before[camera], 0):
            if time.monotonic() > deadline_s:
                raise Failure(
                    Code.FAILED,
                    f"the worker of {camera} is ending, but no new one came within {BACK_S:g} s:"
                    f" look at `lensbus logs --camera {camera}`",
                )
            time.sleep(LOOK_S)
    finally:
        context.destroy(linger=0)
    sys.stdout.write(f"{camera} is restarted\n")
    return Code.DONE


def _lives(broker: "zmq.Socket[bytes]") -> dict[str, int]:
    """Return the epoch of each camera's worker; 0 while it is silent."""
    return {
        one["camera"]: int(one["epoch"]) if one["state"] == "present" else 0
        for one in _ask(broker, "", "cameras")["cameras"]
    }


def _ask(broker: "zmq.Socket[bytes]", camera: str, name: str) -> Mapping[str, Any]:
    command = Command(uuid.uuid4().hex, name, deadline_ms=LIMIT_MS)
    broker.send_multipart([camera.encode(), pack_command(command)])
    if not broker.poll(LIMIT_MS + 1000):
        raise Failure(Code.UNREACHABLE, "the broker does not answer: does a system run there?")
    reply = unpack_reply(broker.recv_multipart())
    if reply.error is not None:
        raise Failure(Code.FAILED, str(reply.error["message"]))
    return reply.result or {}
