"""`lensbus restart`: end the worker of one camera in order, and have a new one open the camera.

It is how a camera comes back whose workers have died too often.
"""

import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import zmq

from lensbus_proto.codec import pack_command, unpack_reply
from lensbus_proto.messages import Command
from lensbus_proto.runtime.settings import load
from lensbus_proto.runtime.sockets import dial

LIMIT_MS: Final = 5000


def restart(camera: str, environ: Mapping[str, str]) -> int:
    """Ask the worker to end; return the exit code. Raises SettingsError for bad settings."""
    config = Path(environ["LENSBUS_CONFIG"]) if environ.get("LENSBUS_CONFIG") else None
    settings = load(config, environ)
    context = zmq.Context[zmq.Socket[bytes]]()
    try:
        socket = dial(context, zmq.REQ, settings.endpoint("commands"), "commands")
        command = Command(uuid.uuid4().hex, "restart", deadline_ms=LIMIT_MS)
        socket.send_multipart([camera.encode(), pack_command(command)])
        if not socket.poll(LIMIT_MS + 1000):
            return _refuse("the broker does not answer: does a system run there?")
        reply = unpack_reply(socket.recv_multipart())
    finally:
        context.destroy(linger=0)
    if reply.error is not None:
        return _refuse(str(reply.error["message"]))
    sys.stdout.write(f"{camera} is restarted\n")
    return 0


def _refuse(reason: str) -> int:
    sys.stderr.write(f"lensbus: {reason}\n")
    return 2
