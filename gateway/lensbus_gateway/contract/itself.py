"""What the gateway says of itself: its contracts and its numbers, as operations."""

from typing import Any, Final

from lensbus_gateway.console.page import TYPES
from lensbus_gateway.contract.operation import (
    Answer,
    Chapter,
    Content,
    Operation,
    Plain,
    file_answer,
    json_answer,
)

METRICS: Final = "text/plain; version=0.0.4"

OPERATIONS: Final = (
    Operation(
        "getOpenapi", "GET", "/openapi.json", {200: json_answer("OpenAPI 3.1", dict[str, Any])}
    ),
    Operation(
        "getAsyncapi", "GET", "/asyncapi.json", {200: json_answer("AsyncAPI 3", dict[str, Any])}
    ),
    Operation("getDocs", "GET", "/docs", {200: file_answer("A page", TYPES[".html"])}),
    Operation(
        "getMetrics",
        "GET",
        "/metrics",
        {200: Answer("Numbers", (Content(Plain({"type": "string"}), METRICS),))},
        summary="Answer one scrape of Prometheus.",
    ),
)

CHAPTERS: Final = (Chapter("itself", "What the gateway says of itself.", OPERATIONS),)
