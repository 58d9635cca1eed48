"""Answers of this surface: plain values, and `detail` for what went wrong."""

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from lensbus_gateway.errors import status_of
from lensbus_gateway.robopipe.validation import Fault, Invalid, fault
from lensbus_proto.errors import CameraUnknown, CommandError, CommandUnknown
from lensbus_proto.messages import Reply

UNPROCESSABLE: Final = 422


class AsciiJson(JSONResponse):
    """JSON in ASCII: a fault shows what was sent, and a lone surrogate has no bytes in UTF-8."""

    def render(self, content: Any) -> bytes:
        """Return the bytes."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def part(reply: Reply, key: str) -> Any:
    """Return one member of what a command gave."""
    return (reply.result or {})[key]


def value(content: Any, status: int = 200) -> Response:
    """Return a plain value."""
    return JSONResponse(content, status)


def detail(
    content: str | list[Fault], status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Return what went wrong."""
    return AsciiJson({"detail": content}, status, headers)


def invalid(error: Invalid) -> Response:
    """Return the faults of a request."""
    return detail(list(error.faults), UNPROCESSABLE)


def failed(request: HTTPConnection, error: CommandError) -> Response:
    """Return what became of a command."""
    if isinstance(error, CameraUnknown | CommandUnknown):
        # A Sony camera does not know these commands: this surface does not have it.
        return detail(f"Camera {request.path_params.get('mxid', '')} not found", 404)
    status = status_of(error)
    field = error.detail.get("field")
    if status == UNPROCESSABLE and isinstance(field, str):
        return detail([fault("value_error", _loc(field), error.message, None)], status)
    return detail(error.message, status)


def _loc(field: str) -> tuple[str, ...]:
    """Return where the caller wrote what a worker calls by the name of its argument."""
    match field.split("."):
        case ["stream"]:
            return ("path", "stream_name")
        case ["format"]:
            return ("query", "format")
        case ["config" | "changes", *parts] | parts:
            return ("body", *parts)
