"""`tap`: what is on the bus itself, decoded, without a gateway in between."""

from typing import Annotated, Any

import typer
import zmq

from lensbus_deploy.commands.events import After, Cameras, Count, Kinds, line
from lensbus_deploy.commands.options import Config, Json, State, examples, settings, variables
from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.terminal import show, show_json_line
from lensbus_proto.codec import pack_command
from lensbus_proto.messages import Command
from lensbus_proto.runtime.follow import Gap, Item, follow
from lensbus_proto.runtime.sockets import dial

ANSWER_MS = 2000


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog=examples(
            "lensbus tap --after earliest --count 1",
            "lensbus tap --camera D10F60149B0C --after earliest --json --quiet-s 1",
        )
    )(tap)


def tap(
    camera: Cameras = None,
    kind: Kinds = None,
    after: After = "",
    count: Count = None,
    quiet_s: Annotated[
        float | None,
        typer.Option("--quiet-s", min=0.1, metavar="S", help="End after so long without an event."),
    ] = None,
    as_json: Json = False,
    config: Config = None,
    state: State = None,
) -> None:
    """Print the bus of this machine, decoded: every event with epoch and number, and gaps.

    It only reads, and goes on through restarts of every part; Ctrl-C ends it.
    """
    chosen = settings(variables(config, state))
    places = {name: chosen.endpoint(name) for name in ("events", "commands")}
    check_broker(places["commands"])
    items = follow(
        places["events"],
        places["commands"],
        after=after or None,
        cameras=camera or None,
        kinds=kind or None,
        timeout_s=quiet_s,
    )
    left = count
    try:
        for item in items:
            event = document(item)
            if as_json:
                show_json_line(event)
            else:
                show(line(event))
            left = None if left is None else left - 1
            if left == 0:
                return
    except KeyboardInterrupt:
        return
    finally:
        items.close()  # type: ignore[attr-defined]  # a generator: its sockets are closed now


def document(item: Item) -> dict[str, Any]:
    """Return what was heard, for programs."""
    if isinstance(item, Gap):
        data = {"count": item.count, "reason": item.reason}
        return {"cursor": str(item.cursor), "camera": None, "kind": "gap", "data": data}
    event = item.event
    return {
        "cursor": str(item.cursor),
        "camera": event.camera,
        "kind": event.kind,
        "data": _plain(
            {
                "epoch": event.header.epoch,
                "seq": event.header.seq,
                "timeUs": event.header.time_us,
                **event.data,
            }
        ),
    }


def check_broker(commands: str) -> None:
    """Refuse to wait for a broker that is not there."""
    with (
        zmq.Context[zmq.Socket[bytes]]() as context,
        dial(context, zmq.REQ, commands, "commands") as socket,
    ):
        socket.send_multipart([b"", pack_command(Command("tap", "ping"))])
        if not socket.poll(ANSWER_MS):
            raise Failure(
                Code.UNREACHABLE,
                f"no broker answers at {commands}: name its state folder with --state, or start a"
                " system with `lensbus up`",
            )
        socket.recv_multipart()


def _plain(value: Any) -> Any:
    """Return what msgpack can carry as what JSON can."""
    match value:
        case dict():
            return {str(key): _plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry) for entry in value]
        case bytes():
            return value.hex()
        case _:
            return value
