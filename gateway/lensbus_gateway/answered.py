"""Counts the answers of this gateway: by surface and class of status, and how long they took.

Streams are handed over, and counted where they are open; here their answers count as begun. Counts
begin with 0: of one that begins with its first case, Prometheus never sees that case.
"""

import itertools
import re
import time
from collections import Counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lensbus_gateway.exposition import Histogram
from lensbus_proto.runtime.records import known

SURFACES: Final = {
    "api": "alpha",
    "cameras": "robopipe",
    "console": "console",
    "": "console",
    "metrics": "system",
    "livez": "system",
    "readyz": "system",
}
CAMERA: Final = re.compile(r"(?:/api)?/cameras/([A-Za-z0-9][A-Za-z0-9:._-]{0,63})(?:/|$)")
OTHER: Final = "other"
CLASSES: Final = ("2xx", "4xx", "5xx")
REFUSALS: Final = (400, 413, 429, 431)  # of the protocol
# What a WebSocket that was not accepted gets, unless it is told more.
DENIED: Final = 403


class Answered:
    """What has been answered since this gateway began."""

    def __init__(self) -> None:
        surfaces = {*SURFACES.values(), OTHER}
        self.statuses = Counter(dict.fromkeys(itertools.product(surfaces, CLASSES), 0))
        self.durations: dict[str, Histogram] = {}
        # By the protocol, before the application.
        self.refused = Counter(dict.fromkeys(REFUSALS, 0))

    def count(self, path: str, status: int) -> None:
        """Count one answer."""
        self.statuses[surface_of(path), f"{status // 100}xx"] += 1

    def took(self, path: str, seconds: float) -> None:
        """Count how long one answer took."""
        surface = surface_of(path)
        if surface not in self.durations:
            self.durations[surface] = Histogram()
        self.durations[surface].observe(seconds)


def surface_of(path: str) -> str:
    """Return which part of this gateway a path belongs to."""
    return SURFACES.get(path[1:].partition("/")[0], OTHER)


class Counted:
    """Counts every answer of an application."""

    def __init__(self, app: ASGIApp, answered: Answered) -> None:
        self._app = app
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if (camera := CAMERA.match(path)) is not None:
            known(camera=camera[1])
        begun_s = time.monotonic()
        status = 0

        async def note_status(message: Message) -> None:
            nonlocal status
            if not status:
                status = _status_of(message)
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            if status:
                self._answered.count(path, status)
            if status and scope["type"] == "http":
                self._answered.took(path, time.monotonic() - begun_s)


def _status_of(message: Message) -> int:
    """Return the status that a message begins an answer with; 0 of any other message."""
    match message["type"]:
        case "http.response.start" | "websocket.http.response.start":
            return int(message["status"])
        case "websocket.accept":
            return 101
        case "websocket.close":
            return DENIED
        case _:
            return 0
