"""Checking what a caller sends, and saying in FastAPI's words what is wrong with it.

Clients of this API read `detail` lists with `type`, `loc`, `msg`, `input` and `ctx`. All faults of
one request are listed together: path first, then query, then body.
"""

import json
import math
from collections.abc import Mapping
from email.message import Message
from typing import Any, Final, NoReturn, TypeVar

from pydantic import TypeAdapter, ValidationError
from starlette.requests import HTTPConnection, Request

from lensbus_gateway.robopipe.models import MXID_TEXT, STREAM_TEXT

Fault = Mapping[str, Any]
T = TypeVar("T")

SHOWN_DEPTH: Final = 20  # of what was sent; nobody reads deeper, and Python cannot either

_NO_BODY: Final = object()


class Invalid(Exception):
    """A request with faults: 422."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


def fault(kind: str, loc: tuple[str | int, ...], msg: str, value: object, **ctx: Any) -> Fault:
    """Return one entry of the list."""
    entry = {"type": kind, "loc": list(loc), "msg": msg, "input": _plain(value)}
    return entry | {"ctx": _plain(ctx)} if ctx else entry


def check(adapter: TypeAdapter[T], value: object, *where: str) -> T:
    """Return the value as its type has it; `where` begins the `loc` of its faults."""
    try:
        return adapter.validate_python(value, from_attributes=True)
    except ValidationError as error:
        raise Invalid(
            *(
                fault(
                    entry["type"],
                    (*where, *entry["loc"]),
                    entry["msg"],
                    entry["input"],
                    **entry.get("ctx", {}),
                )
                for entry in error.errors(include_url=False)
            )
        ) from error


def path_faults(request: HTTPConnection) -> list[Fault]:
    """Return what is wrong with the path; the patterns are searched for, not matched whole."""
    faults: list[Fault] = []
    for name, adapter in (("mxid", MXID_TEXT), ("stream_name", STREAM_TEXT)):
        if name in request.path_params:
            try:
                check(adapter, request.path_params[name], "path", name)
            except Invalid as invalid:
                faults.extend(invalid.faults)
    return faults


def check_path(request: Request) -> None:
    """Refuse a path that is wrong."""
    faults = path_faults(request)
    if faults:
        raise Invalid(*faults)


async def check_body(request: Request, adapter: TypeAdapter[T]) -> T:
    """Return the body as a model; the faults of the path are listed before its own."""
    body = await read_body(request)
    faults = path_faults(request)
    try:
        if body is _NO_BODY:
            raise Invalid(fault("missing", ("body",), "Field required", None))
        checked = check(adapter, body, "body")
    except Invalid as invalid:
        raise Invalid(*faults, *invalid.faults) from invalid
    if faults:
        raise Invalid(*faults)
    return checked


async def read_body(request: Request) -> object:
    """Return what the body holds; anything that does not call itself JSON is a text."""
    raw = await request.body()
    if not raw:
        return _NO_BODY
    if not _says_json(request.headers.get("content-type")):
        return raw.decode(errors="replace")
    return parse_json(raw, "body")


def parse_json(raw: bytes, *where: str) -> object:
    """Return what a text holds; `where` begins the `loc` of its fault."""
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _not_json(where, error.pos, error.msg) from error
    except UnicodeDecodeError as error:
        raise _not_json(where, error.start, "Invalid UTF-8") from error
    except ValueError as error:
        raise _not_json(where, 0, str(error)) from error
    except RecursionError as error:
        raise _not_json(where, 0, "Nested too deep") from error


def _says_json(content_type: str | None) -> bool:
    if not content_type:
        return True
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (
        subtype == "json" or subtype.endswith("+json")
    )


def _not_json(where: tuple[str, ...], position: int, reason: str) -> Invalid:
    loc: tuple[str | int, ...] = (*where, position)
    return Invalid(fault("json_invalid", loc, "JSON decode error", {}, error=reason))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _plain(value: object, depth: int = 0) -> Any:
    """Return a value that JSON can carry, so that a fault can show what was sent."""
    if depth > SHOWN_DEPTH:
        return "..."
    match value:
        case Mapping():
            return {str(key): _plain(item, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, depth + 1) for item in value]
        case float():
            return value if math.isfinite(value) else str(value)
        case None | bool() | int() | str():
            return value
        case _:
            return str(value)
