"""`python -m lensbus_gateway`: one gateway process."""

import logging
import os
import resource
import socket
import sys
from dataclasses import replace
from typing import Final

from lensbus_gateway.app import create_app
from lensbus_gateway.server import BACKLOG, GatewayServer
from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime import lifecycle
from lensbus_proto.runtime.settings import GatewaySettings, Settings, is_loopback

logger = logging.getLogger("lensbus_gateway")

OTHER_DESCRIPTORS: Final = 256


def main() -> int:
    """Serve until SIGTERM; return the exit code."""
    parser = lifecycle.parser("lensbus_gateway", "HTTP and Server-Sent Events for the bus.")
    parser.add_argument("--fd", type=int, help="serve the listening socket on this descriptor")
    arguments = parser.parse_args()
    return lifecycle.run(arguments.config, lambda settings: serve(settings, arguments.fd))


def serve(settings: Settings, descriptor: int | None) -> int:
    """Serve on an inherited descriptor, or on the host and port of the settings."""
    listener = listen(settings.gateway) if descriptor is None else inherit(descriptor)
    settings = fit(settings, _raise_descriptor_limit())
    host, port = listener.getsockname()[:2]
    # Whether tokens are demanded is decided by where others can really reach it.
    if not is_loopback(host):
        settings = replace(settings, gateway=replace(settings.gateway, host=host))
    app = create_app(settings)
    logger.info("serving", extra={"host": host, "port": port})
    GatewayServer(app, settings, app.state.hub, app.state.viewers).run([listener])
    return 0


def listen(settings: GatewaySettings) -> socket.socket:
    """Return a socket that listens on the host and port of the settings."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise SettingsError(
            f"gateway.host {settings.host} with gateway.port {settings.port} cannot be served: "
            f"{os.strerror(error.errno or 0)}"
        ) from error


def inherit(descriptor: int) -> socket.socket:
    """Return the listening socket that a process manager left on a descriptor."""
    try:
        return socket.socket(fileno=descriptor)
    except OSError as error:
        raise SettingsError(f"descriptor {descriptor} is no socket: {error.strerror}") from error


def fit(settings: Settings, descriptors: int) -> Settings:
    """Return the settings with no more streams than descriptors; other requests need some too."""
    if descriptors == resource.RLIM_INFINITY:
        return settings
    others = OTHER_DESCRIPTORS + settings.gateway.viewers
    clients = max(1, min(settings.hub.clients, descriptors - others))
    return replace(settings, hub=replace(settings.hub, clients=clients))


def _raise_descriptor_limit() -> int:
    # Every stream is a descriptor, and the usual soft limit is 1024.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


if __name__ == "__main__":
    sys.exit(main())
