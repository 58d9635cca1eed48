"""What the gateway says of itself: its contracts, its numbers and whether it is well."""

from typing import Any, Final, Literal

from typing_extensions import TypedDict

from lensbus_gateway.console.page import TYPES
from lensbus_gateway.contract.operation import (
    Answer,
    Chapter,
    Content,
    Operation,
    Parameter,
    Plain,
    file_answer,
    json_answer,
)
from lensbus_gateway.exposition import MEDIA_TYPE as METRICS


class Alive(TypedDict):
    """The process turns."""

    alive: Literal[True]
    process: int


class Ready(TypedDict):
    """Whether the bus answers, and why not."""

    ready: bool
    reason: str


class Journal(TypedDict):
    """Whether history may get a gap, and why."""

    degraded: bool
    reason: str


class CameraReady(TypedDict):
    """Whether one camera is ready, and why not."""

    camera: str
    vendor: str
    ready: bool
    reason: str


class Readiness(TypedDict):
    """Whether everything is ready; a degraded journal does not count."""

    ready: bool
    broker: Ready
    journal: Journal
    cameras: list[CameraReady]


OPERATIONS: Final = (
    Operation(
        "getLivez", "GET", "/livez", {200: json_answer("It turns", Alive)}, summary="Answer."
    ),
    Operation(
        "getReadyz",
        "GET",
        "/readyz",
        {200: json_answer("Ready", Readiness), 503: json_answer("Not ready", Readiness)},
        (Parameter("camera", "query", "Of one camera only"),),
    ),
    Operation(
        "getMetrics",
        "GET",
        "/metrics",
        {200: Answer("Numbers", (Content(Plain({"type": "string"}), METRICS),))},
        summary="Answer one scrape of Prometheus.",
    ),
    Operation(
        "getOpenapi", "GET", "/openapi.json", {200: json_answer("OpenAPI 3.1", dict[str, Any])}
    ),
    Operation(
        "getAsyncapi", "GET", "/asyncapi.json", {200: json_answer("AsyncAPI 3", dict[str, Any])}
    ),
    Operation(
        "getDocs",
        "GET",
        "/docs",
        {200: file_answer("A page", TYPES[".html"]), 304: Answer("The caller has it already")},
        (Parameter("If-None-Match", "header", "The tag of what the caller has"),),
    ),
)

CHAPTERS: Final = (Chapter("itself", "What the gateway says of itself.", OPERATIONS),)
