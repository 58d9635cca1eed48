"""Options and arguments that several commands share."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from lensbus_deploy.exits import Failure
from lensbus_deploy.remote.registry import cameras
from lensbus_deploy.remote.system import System
from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.settings import GatewaySettings, Settings, load

EVERY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="LENSBUS_URL",
        metavar="URL",
        help="The system's address; without it the one of lensbus.toml.",
        show_default=False,
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="LENSBUS_TOKEN",
        metavar="TOKEN",
        help="What opens a system that is not open.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FOLDER",
        help="Copy the files here too, from wherever the system runs.",
        show_default=False,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="LENSBUS_CONFIG",
        metavar="FILE",
        help="The lensbus.toml to read.",
        show_default=False,
    ),
]
State = Annotated[
    str | None,
    typer.Option(
        "--state",
        metavar="FOLDER",
        help="The state folder, instead of the configured one.",
        show_default=False,
    ),
]


def complete_camera(incomplete: str) -> list[str]:
    """Return the ids that a shell offers; none when no system answers."""
    try:
        known = cameras(reach(None, None))
    except (Failure, SettingsError):
        return []
    return [camera.id for camera in known if camera.id.upper().startswith(incomplete.upper())]


CameraId = Annotated[
    str,
    typer.Argument(
        metavar="CAMERA",
        help="The camera's id; its beginning is enough.",
        autocompletion=complete_camera,
        show_default=False,
    ),
]


def reach(url: str | None, token: str | None) -> System:
    """Return the system at an address, or the one that lensbus.toml describes.

    The one of lensbus.toml runs on this machine: whoever may read its state folder needs no token.
    """
    given = token or os.environ.get("LENSBUS_TOKEN")
    elsewhere = url or os.environ.get("LENSBUS_URL")
    if elsewhere:
        return System(elsewhere.rstrip("/"), given)
    there = settings(os.environ)
    return System(_url_of(there.gateway), given, None if given else there.state)


def configured_url(environ: Mapping[str, str]) -> str:
    """Return where the system of this machine answers."""
    return _url_of(settings(environ).gateway)


def _url_of(gateway: GatewaySettings) -> str:
    host = EVERY_ADDRESS.get(gateway.host, gateway.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{gateway.port}"


def settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings that these variables name."""
    config = environ.get("LENSBUS_CONFIG")
    return load(Path(config) if config else None, environ)


def variables(
    config: Path | None,
    state: str | None,
    port: int | None = None,
    host: str | None = None,
    *,
    insecure: bool = False,
) -> dict[str, str]:
    """Return the variables of this process, and what the command line says instead of them."""
    environ = dict(os.environ)
    if config is not None:
        environ["LENSBUS_CONFIG"] = str(config)
    if state is not None:
        environ["LENSBUS_SYSTEM_STATE"] = state
    if port is not None:
        environ["LENSBUS_GATEWAY_PORT"] = str(port)
    if host is not None:
        environ["LENSBUS_GATEWAY_HOST"] = host
    if insecure:
        environ["LENSBUS_ACCESS_INSECURE"] = "true"
    return environ


def examples(*lines: str) -> str:
    """Return the end of a command's help. A test runs every line of it."""
    return "\n\n".join(["Examples:", *lines])
