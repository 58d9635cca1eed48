"""The command `lensbus`."""

import argparse
import os
import sys
from pathlib import Path

from lensbus_deploy.breaking import break_camera
from lensbus_deploy.doctor import VENDORS, Wishes, doctor
from lensbus_deploy.reload import reload
from lensbus_deploy.restart import restart
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
    anew = commands.add_parser(
        "restart",
        help="start the worker of a camera anew, one that has failed too",
        description="End the worker of a camera in order; the next one opens the camera anew.",
    )
    anew.add_argument("camera", help="the id of the camera")
    broken = commands.add_parser(
        "break",
        help="have a simulated camera misbehave",
        description="Have a simulated camera misbehave until the scenario has struck or is healed.",
    )
    broken.add_argument("camera", help="the id of a simulated camera")
    broken.add_argument("scenario", nargs="?", help="what shall go wrong, see --list")
    broken.add_argument("parameters", nargs="*", metavar="NAME=VALUE", help="how it goes wrong")
    broken.add_argument("--list", action="store_true", help="what can go wrong, and what does now")
    broken.add_argument("--count", action="store_true", help="what the camera has lived through")
    broken.add_argument(
        "--heal", nargs="?", const="all", metavar="SCENARIO", help="end one scenario, or all"
    )
    looked = commands.add_parser(
        "doctor",
        help="look for what keeps cameras from working, and say what to do",
        description="Look for what keeps cameras from working. Exit code 1: there are problems.",
    )
    looked.add_argument("vendor", nargs="?", choices=VENDORS, help="both, if none is named")
    looked.add_argument("--json", action="store_true", help="print JSON")
    looked.add_argument(
        "--fix", action="store_true", help="sony: make the interpreter's copy that the SDK needs"
    )
    looked.add_argument(
        "--health",
        action="store_true",
        help="oak: boot each free camera and test its parts, which takes a minute each",
    )
    looked.add_argument(
        "--address", action="append", default=[], help="oak: a PoE camera that must be reachable"
    )
    for command in (start, again, anew, broken, looked):
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
        match options.command:
            case "up":
                return up(environ)
            case "reload":
                return reload(environ)
            case "restart":
                return restart(options.camera, environ)
            case "doctor":
                return doctor(wishes(looked, options), environ)
            case _:
                return break_camera(options.camera, requests(broken, options), environ)
    except SettingsError as error:
        sys.stderr.write(f"lensbus: {error}\n")
        return 2


def wishes(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Wishes:
    """Return what `lensbus doctor` shall look at; what does not go together ends the program."""
    vendors = (options.vendor,) if options.vendor else VENDORS
    if options.fix and "sony" not in vendors:
        parser.error("--fix is for sony alone")
    if (options.health or options.address) and "oak" not in vendors:
        parser.error("--health and --address are for oak alone")
    return Wishes(
        vendors, options.fix, options.health, tuple(options.address), as_json=options.json
    )


def requests(parser: argparse.ArgumentParser, options: argparse.Namespace) -> list[str]:
    """Return what `lensbus break` shall ask for, in this order: heal, break, list, count."""
    wanted = []
    if options.heal:
        wanted.append(f"heal {options.heal}")
    if options.scenario:
        wanted.append(" ".join(["break", options.scenario, *options.parameters]))
    wanted += [name for name in ("list", "count") if getattr(options, name)]
    if not wanted:
        parser.error("name a scenario, or say --list, --count or --heal")
    return wanted


if __name__ == "__main__":
    sys.exit(main())
