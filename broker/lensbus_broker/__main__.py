"""`python -m lensbus_broker`: the broker as a process."""

import logging
import sys

import zmq

from lensbus_broker.broker import Broker
from lensbus_broker.pictures import start_relay
from lensbus_proto.runtime import lifecycle
from lensbus_proto.runtime.settings import Settings

logger = logging.getLogger("lensbus_broker")


def main(settings: Settings) -> int:
    """Serve until SIGTERM."""
    stop = lifecycle.StopSignal()
    context = zmq.Context[zmq.Socket[bytes]]()
    try:
        start_relay(context, settings)
        broker = Broker(context, settings)
        logger.info("broker ready", extra={"events": settings.endpoint("events")})
        try:
            broker.run(stop.fileno())
        finally:
            broker.close()
    finally:
        context.term()
    return 0


if __name__ == "__main__":
    options = lifecycle.parser("lensbus_broker", "Relay events and pictures, route commands.")
    sys.exit(lifecycle.run(options.parse_args().config, main))
