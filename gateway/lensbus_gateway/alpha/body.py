"""Request bodies: JSON objects, required or not."""

import json
from typing import Any, NoReturn

from starlette.requests import Request

from lensbus_gateway.alpha.envelope import Refusal


async def optional_body(request: Request) -> dict[str, Any]:
    """Return the body; an unreadable one counts as empty, as the reference server has it."""
    return _object(await request.body()) or {}


async def required_body(request: Request, *fields: str) -> dict[str, Any]:
    """Return the body with these fields in it."""
    raw = await request.body()
    if not raw.strip():
        raise Refusal("Empty request body", block=False)
    body = _object(raw)
    if body is None:
        raise Refusal("Failed to parse JSON body", block=False)
    for field in fields:
        if body.get(field) is None:
            raise Refusal(f"Missing '{field}' in request body", block=False)
    return body


def text_field(body: dict[str, Any], field: str) -> str | None:
    """Return a text, None when it is left out."""
    value = body.get(field)
    if value is not None and not isinstance(value, str):
        raise Refusal(f"'{field}' must be a text", block=False)
    return value


def int_field(body: dict[str, Any], field: str, least: int, most: int) -> int | None:
    """Return an integer within limits, None when it is left out."""
    value = body.get(field)
    if value is None:
        return None
    if type(value) is not int or not least <= value <= most:
        raise Refusal(f"'{field}' must be an integer from {least} to {most}", block=False)
    return value


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(raw, parse_constant=_no_constant)
        # A lone surrogate can be written in JSON and nowhere else.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
