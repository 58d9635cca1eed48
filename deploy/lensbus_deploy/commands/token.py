"""`token`: make, list and revoke what opens a system to those who are not on its machine."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from lensbus_deploy import terminal
from lensbus_deploy.commands.options import Config, Json, State, examples, settings, variables
from lensbus_deploy.exits import Code, Failure
from lensbus_proto.runtime import audit
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.runtime.tokens import Scope, Token, token_file

SCOPES = ("view", "control", "admin")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        help="Tokens: what opens a system to those who are not on its machine.",
        no_args_is_help=True,
        rich_markup_mode="markdown",
    )
    group.command(
        "create",
        epilog=examples(
            "lensbus token create --name wall --scope view",
            "lensbus token create --name booth --scope control --camera D10F60149B0C --days 30",
        ),
    )(create)
    group.command("list", epilog=examples("lensbus token list"))(list_)
    group.command("revoke", epilog=examples("lensbus token revoke 0123456789"))(revoke)
    app.add_typer(group, name="token")


def create(
    name: Annotated[str, typer.Option(metavar="NAME", help="Who will use it.")],
    scope: Annotated[
        str,
        typer.Option(
            metavar="SCOPE",
            help="`view` sees, `control` moves cameras too, `admin` runs the system too.",
        ),
    ] = "view",
    camera: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CAMERA",
            help="Only this camera; may be given again. Without it all, of the future too.",
            show_default=False,
        ),
    ] = None,
    days: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS", help="How long it is good; without it for ever.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
    config: Config = None,
    state: State = None,
) -> None:
    """Make a token. It is shown once: only its hash is kept."""
    if scope not in SCOPES:
        raise Failure(Code.WRONG_USE, f"{scope!r} is no scope: say one of {', '.join(SCOPES)}")
    there = _settings(config, state)
    made, text = token_file(there.state).create(
        name, Scope[scope.upper()], cameras=camera or (), days=days
    )
    _note(there, "token created", made)
    if as_json:
        terminal.show_json({**_document(made), "token": text})
        return
    terminal.show(text)
    terminal.tell(
        f"the token {made.id} for {name!r}, {_what(made)}, {_until(made)}. It is shown this once:"
        " keep it, as LENSBUS_TOKEN or where its program looks for it"
    )


def list_(as_json: Json = False, config: Config = None, state: State = None) -> None:
    """List the tokens of this system."""
    known = token_file(_settings(config, state).state).read().values()
    if as_json:
        terminal.show_json([_document(token) for token in known])
        return
    if not known:
        terminal.tell("there are no tokens: `lensbus token create` makes one")
        return
    rows = [
        (token.id, token.name, _what(token), _day(token.created), _until(token)) for token in known
    ]
    terminal.show_table(("ID", "NAME", "OPENS", "MADE", "GOOD"), rows)


def revoke(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `lensbus token list` says.")],
    config: Config = None,
    state: State = None,
) -> None:
    """Make a token worthless at once; streams that are open on it end."""
    there = _settings(config, state)
    gone = token_file(there.state).revoke(id_)
    if gone is None:
        raise Failure(Code.UNKNOWN, f"there is no token {id_!r}: `lensbus token list` shows them")
    _note(there, "token revoked", gone)
    terminal.tell(f"the token {gone.id} of {gone.name!r} opens nothing any more")


def _settings(config: Path | None, state: str | None) -> Settings:
    return settings(variables(config, state))


def _note(there: Settings, event: str, token: Token) -> None:
    """Write into the audit log, if there is a place for it yet."""
    line = audit.line_of(
        {"event": event, "id": token.id, "name": token.name, "opens": _what(token)}
    )
    logs = there.state / "logs"
    if logs.is_dir():
        audit.append(logs / audit.NAME, line)


def _document(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scope": token.scope.word,
        "cameras": None if token.cameras is None else sorted(token.cameras),
        "created": token.created,
        "expires": token.expires,
        "expired": _is_over(token),
    }


def _what(token: Token) -> str:
    cameras = "all cameras" if token.cameras is None else ", ".join(sorted(token.cameras))
    return f"{token.scope.word} of {cameras}"


def _until(token: Token) -> str:
    if token.expires is None:
        return "for ever"
    return f"{'until' if not _is_over(token) else 'no more since'} {_day(token.expires)}"


def _is_over(token: Token) -> bool:
    return token.is_over(unix_us() / 1e6)


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
