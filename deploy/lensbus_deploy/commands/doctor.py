"""`doctor`: what keeps cameras from working on this machine."""

from enum import StrEnum
from typing import Annotated

import typer

from lensbus_deploy.commands.options import Config, Json, State, examples, variables
from lensbus_deploy.exits import Code, Failure


class Vendor(StrEnum):
    """Whose cameras to look at."""

    SONY = "sony"
    OAK = "oak"


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    lines = ("lensbus doctor", "lensbus doctor sony --fix", "lensbus doctor oak --json")
    app.command("doctor", epilog=examples(*lines))(doctor)


def doctor(
    vendor: Annotated[
        Vendor | None, typer.Argument(help="Both, if none is named.", show_default=False)
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="sony: make the interpreter's copy that the SDK needs.")
    ] = False,
    health: Annotated[
        bool,
        typer.Option(
            "--health", help="oak: boot each free camera and test its parts, a minute each."
        ),
    ] = False,
    address: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS", help="oak: a PoE camera that must be reachable.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
    config: Config = None,
    state: State = None,
) -> None:
    """Look for what keeps cameras from working, and say what to do. Exit code 1: problems."""
    from lensbus_deploy import doctor as doctors

    if fix and vendor is Vendor.OAK:
        raise Failure(Code.WRONG_USE, "--fix is for sony alone")
    if (health or address) and vendor is Vendor.SONY:
        raise Failure(Code.WRONG_USE, "--health and --address are for oak alone")
    vendors = doctors.VENDORS if vendor is None else (vendor.value,)
    wishes = doctors.Wishes(vendors, fix, health, tuple(address or ()), as_json)
    raise typer.Exit(doctors.doctor(wishes, variables(config, state)))
