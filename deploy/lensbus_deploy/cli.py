"""The command `lensbus`: its commands, and how they end (`lensbus_deploy.exits`)."""

import sys

try:
    import typer

    from lensbus_deploy import terminal
except ImportError as missing:  # the base installation is for taps, and has no terminal
    sys.stderr.write(
        f"lensbus: the package {missing.name} is missing: pip install 'lensbus[cli]' for the"
        " command line, 'lensbus[all]' for a whole system\n"
    )
    sys.exit(2)

from lensbus_deploy.commands import (
    bench,
    capture,
    connection,
    doctor,
    download,
    events,
    logs,
    properties,
    ready,
    status,
    still,
    streams,
    system,
    tap,
    token,
)
from lensbus_deploy.exits import Code, Failure
from lensbus_proto.errors import SettingsError

GROUPS = (
    system,
    status,
    ready,
    events,
    tap,
    logs,
    connection,
    properties,
    capture,
    still,
    download,
    streams,
    doctor,
    token,
    bench,
)

EPILOG = "\n\n".join(
    (
        "Exit codes: 0 done, 1 refused or failed, 2 wrong use, 3 no system answers, 4 no such"
        " camera, stream, property or file, 5 the camera is not ready for it, 6 not allowed.",
        "LENSBUS_URL and LENSBUS_TOKEN name a system elsewhere.",
    )
)


def make() -> typer.Typer:
    """Return the whole command line."""
    app = typer.Typer(
        help="Camera racks on one message bus.",
        epilog=EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for group in GROUPS:
        group.add_to(app)
    return app


def main() -> int:
    """Run the command line; return its exit code."""
    try:
        make()(prog_name="lensbus")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Code.FAILED
    except Failure as failure:
        terminal.tell(str(failure))
        return failure.code
    except SettingsError as error:
        terminal.tell(str(error))
        return Code.WRONG_USE
    return Code.DONE


if __name__ == "__main__":
    sys.exit(main())
