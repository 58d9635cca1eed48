"""What every route answers whom: asked of the application, with handlers that only say yes.

`python -m kit.access` prints the table that docs/access.md shows.
"""

import asyncio
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from lensbus_gateway.access.guard import PathGuard
from lensbus_gateway.app import create_app
from lensbus_proto.runtime.settings import AccessSettings, Settings, SystemSettings
from lensbus_proto.runtime.tokens import Scope as TokenScope
from lensbus_proto.runtime.tokens import token_file

CAMERA: Final = "CAM1"
OTHER: Final = "CAM2"
WEBSOCKET: Final = "WebSocket"
YES: Final = 299  # no handler and no guard says this
BEGIN: Final = "<!-- made by `python -m kit.access`: begin -->\n"
END: Final = "<!-- end -->\n"

PARAMETERS: Final = {
    **{"camera": CAMERA, "mxid": CAMERA, "stream_name": "CAM_A", "name": "iso"},
    **{"action": "shutter", "slot": "1", "content": "1", "file": "1", "kind": "download"},
    "rest": "no/such/path",
}


@dataclass(frozen=True)
class Row:
    """One method of one route, and its answer to each visitor."""

    path: str
    method: str
    answers: tuple[str, ...]


VISITORS: Final = ("no token", "view", "control", "admin", "admin of another camera")


def demanding(state: Path) -> Settings:
    """Return settings that demand tokens."""
    return Settings(SystemSettings(str(state)), access=AccessSettings(demand="always"))


def tokens(state: Path) -> Mapping[str, str | None]:
    """Return a token of each visitor."""
    file = token_file(state)
    made: dict[str, str | None] = {"no token": None}
    for scope in TokenScope:
        made[scope.word] = file.create(scope.word, scope)[1]
    made[VISITORS[-1]] = file.create("other", TokenScope.ADMIN, cameras=[OTHER])[1]
    return made


def requests(app: Starlette) -> Iterator[tuple[str, str]]:
    """Yield every path as its route spells it, with each of its methods."""
    seen = set()
    for route in app.routes:
        assert isinstance(route, Route | WebSocketRoute)
        path = route.path.rstrip("/") or "/"
        for method in _methods(route):
            if (path, method) not in seen:  # both spellings are one path
                seen.add((path, method))
                yield path, method


def _methods(route: Route | WebSocketRoute) -> list[str]:
    if isinstance(route, WebSocketRoute):
        return [WEBSOCKET]
    own = route.methods or getattr(route.endpoint, "methods", None) or ("GET", "POST")
    order = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return sorted(set(own) & set(order), key=order.index)


def filled(path: str) -> str:
    """Return a path with all its parameters filled in."""
    return re.sub(r"\{(\w+)(?::path)?\}", lambda found: PARAMETERS[found[1]], path)


def rows() -> list[Row]:
    """Return what every route answers every visitor."""
    with tempfile.TemporaryDirectory(prefix="lb-") as name:
        state = Path(name)
        texts = tokens(state)
        app = create_app(demanding(state))
        for route in app.routes:
            assert isinstance(route, Route | WebSocketRoute)
            assert isinstance(route.app, PathGuard), f"{route.path} is not guarded"
            route.app._app = _say_yes
        try:
            return asyncio.run(_ask_all(app, texts))
        finally:
            app.state.keeper.audit.close()


async def _ask_all(app: Starlette, texts: Mapping[str, str | None]) -> list[Row]:
    found = []
    for path, method in requests(app):
        answers = [await ask(app, method, filled(path), texts[visitor]) for visitor in VISITORS]
        found.append(Row(path, method, tuple("yes" if a == YES else str(a) for a in answers)))
    return found


async def ask(app: Starlette, method: str, path: str, token: str | None) -> int:
    """Return the status of one request to an application, also of a refused WebSocket."""
    headers = [(b"host", b"localhost")]
    if token is not None:
        headers.append((b"authorization", b"Bearer " + token.encode()))
    is_socket = method == WEBSOCKET
    scope: dict[str, Any] = {
        "type": "websocket" if is_socket else "http",
        "http_version": "1.1",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8080),
        "extensions": {"websocket.http.response": {}} if is_socket else {},
    }
    if is_socket:
        scope["subprotocols"] = []
    else:
        scope["method"] = method
    statuses = []

    async def receive() -> Message:
        return {"type": "websocket.connect" if is_socket else "http.request"}

    async def send(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            statuses.append(message["status"])
        elif message["type"] == "websocket.accept":
            statuses.append(YES)

    await app(scope, receive, send)
    assert len(statuses) == 1, (method, path, statuses)
    return int(statuses[0])


async def _say_yes(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).accept()
    else:
        await Response(status_code=YES)(scope, receive, send)


def markdown() -> str:
    """Return the table."""
    lines = [f"| path | method | {' | '.join(VISITORS)} |", "|---" * (2 + len(VISITORS)) + "|"]
    lines += [f"| `{row.path}` | {row.method} | {' | '.join(row.answers)} |" for row in rows()]
    return "".join(f"{line}\n" for line in lines)


def shown(page: str) -> str:
    """Return the table that a page shows."""
    return page.partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    print(markdown(), end="")
