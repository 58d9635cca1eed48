"""`up`, `reload`, `restart` and `break`: on the machine of the system itself."""

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from lensbus_deploy.commands.options import Config, State, examples, variables
from lensbus_deploy.exits import Code, Failure


class HealsAlone(TyperCommand):
    """Takes `--heal` without a scenario for `--heal all`; an option must have a value or none."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Fill in the value, then go on as ever."""
        filled = []
        for argument, after in zip(args, [*args[1:], "-"], strict=True):
            filled.append(argument)
            if argument == "--heal" and after.startswith("-"):
                filled.append("all")
        return super().parse_args(ctx, filled)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("up", epilog=examples("lensbus up", "lensbus up --port 8090 --state /tmp/rack"))(up)
    app.command("reload", epilog=examples("lensbus reload"))(reload)
    app.command("restart", epilog=examples("lensbus restart D10F60149B0C"))(restart)
    app.command(
        "break",
        cls=HealsAlone,
        epilog=examples(
            "lensbus break D10F60149B0C --list",
            "lensbus break D10F60149B0C not-exposed every=4",
            "lensbus break D10F60149B0C --heal",
        ),
    )(break_)


def up(
    host: Annotated[
        str | None,
        typer.Option(
            help="The gateway's address, instead of the configured one; 0.0.0.0 is every address"
            " of this machine, and demands tokens.",
            metavar="ADDRESS",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="The gateway's port, instead of the configured one.",
            metavar="PORT",
            show_default=False,
        ),
    ] = None,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Let everybody who reaches the address do everything."),
    ] = False,
    config: Config = None,
    state: State = None,
) -> None:
    """Start the whole system and keep it in the foreground; Ctrl-C stops it."""
    from lensbus_deploy import up as starting

    environ = variables(config, state, port, host, insecure=insecure)
    raise typer.Exit(starting.up(environ))


def reload(config: Config = None, state: State = None) -> None:
    """Replace the gateways one by one; nobody is refused. They read lensbus.toml anew."""
    from lensbus_deploy import reload as reloading

    raise typer.Exit(reloading.reload(variables(config, state)))


def restart(
    camera: Annotated[str, typer.Argument(metavar="CAMERA", help="The id of a camera.")],
    config: Config = None,
    state: State = None,
) -> None:
    """End the worker of a camera in order; the next one opens it anew, one that failed too."""
    from lensbus_deploy import restart as restarting

    raise typer.Exit(restarting.restart(camera, variables(config, state)))


def break_(
    camera: Annotated[str, typer.Argument(metavar="CAMERA", help="The id of a simulated camera.")],
    scenario: Annotated[
        str | None, typer.Argument(help="What shall go wrong, see --list.", show_default=False)
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE...", help="How it goes wrong.", show_default=False),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="What can go wrong, and what does now.")
    ] = False,
    count: Annotated[
        bool, typer.Option("--count", help="What the camera has lived through.")
    ] = False,
    heal: Annotated[
        str | None,
        typer.Option(
            "--heal", metavar="[SCENARIO]", help="End one scenario, or all.", show_default=False
        ),
    ] = None,
    config: Config = None,
    state: State = None,
) -> None:
    """Have a simulated camera misbehave until the scenario has struck or is healed."""
    from lensbus_deploy.breaking import break_camera

    wanted = []
    if heal:
        wanted.append(f"heal {heal}")
    if scenario:
        wanted.append(" ".join(["break", scenario, *(parameters or ())]))
    wanted += [name for name, asked in (("list", listed), ("count", count)) if asked]
    if not wanted:
        raise Failure(Code.WRONG_USE, "name a scenario, or say --list, --count or --heal")
    raise typer.Exit(break_camera(camera, wanted, variables(config, state)))
