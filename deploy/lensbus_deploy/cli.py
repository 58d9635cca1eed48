"""The command `lensbus`."""

import argparse
import os
import sys
from pathlib import Path

from lensbus_deploy.reload import reload
from lensbus_deploy.up import up
from lensbus_proto.errors import SettingsError


def main() -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="lensbus", description="Camera racks on one message bus.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    start = commands.add_parser(
        "up",
        help="start the whole system and keep it in the foreground",
        description="Start the whole system; Ctrl-C stops it.",
    )
    again = commands.add_parser(
        "reload",
        help="replace the gateways of a running system one by one; nobody is refused",
        description="Replace the gateways one by one. They read lensbus.toml anew.",
    )
    for command in (start, again):
        command.add_argument(
            "--config", type=Path, help="the lensbus.toml to read (LENSBUS_CONFIG)"
        )
        command.add_argument("--state", help="the state folder, instead of the configured one")
    start.add_argument("--port", type=int, help="the gateway's port, instead of the configured one")
    options = parser.parse_args()
    environ = dict(os.environ)
    if options.command == "up" and options.port is not None:
        environ["LENSBUS_GATEWAY_PORT"] = str(options.port)
    if options.state is not None:
        environ["LENSBUS_SYSTEM_STATE"] = options.state
    if options.config is not None:
        environ["LENSBUS_CONFIG"] = str(options.config)
    try:
        return up(environ) if options.command == "up" else reload(environ)
    except SettingsError as error:
        sys.stderr.write(f"lensbus: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
