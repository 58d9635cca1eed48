"""What is on a memory card: all of it, or sorted and in pages for clients that ask for that."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_gateway.alpha.bus import ask
from lensbus_gateway.alpha.card import slot_of
from lensbus_gateway.alpha.envelope import ABSENT, Refusal, absent, explain
from lensbus_proto.errors import CameraError, CommandError

DEADLINE_S: Final = 15.0
LIMIT: Final = 100_000

_DATES: Final = ("year", "month", "day", "hour", "minute", "second")

File = Mapping[str, Any]

_ORDERS: Final[Mapping[str, Callable[[File], Any]]] = {
    "created": lambda file: (list(file["created"]), file["path"]),
    "name": lambda file: file["path"],
    "size": lambda file: (file["size"], file["path"]),
}
SORTS: Final = (*_ORDERS, *(f"-{name}" for name in _ORDERS))


async def list_files(request: Request) -> Response:
    """List one slot, in the order of the camera unless `sort`, `offset` and `limit` say more."""
    slot = slot_of(request)
    order = _order(request)
    offset = _count(request, "offset", 0)
    limit = _count(request, "limit", LIMIT)
    try:
        if order is None:
            found, total = await _fetch(request, slot, offset, limit)
        else:
            every, total = await _fetch(request, slot, 0, LIMIT)
            found = order(every)[offset : offset + limit]
    except ABSENT as error:
        raise absent(error) from error
    except CameraError as error:
        if error.vendor_code is None:
            raise Refusal(explain(error), block=False) from error
        message = "Failed to get contents list from SD card"
        raise Refusal(message, block=False) from error
    except CommandError as error:
        raise Refusal(explain(error), block=False) from error
    files = [_file(entry) for entry in found]
    return JSONResponse(
        {
            "success": True,
            "slot": slot,
            "file_count": len(files),
            "total": total,
            "files": files,
        }
    )


async def _fetch(
    request: Request, slot: int, offset: int, limit: int
) -> tuple[Sequence[File], int]:
    """Return files in the order of the camera and how many there are in all.

    A page of the bus may end early, because a reply is bounded.
    """
    found: list[File] = []
    while True:
        place = {"slot": slot, "offset": offset + len(found), "limit": limit - len(found)}
        result = await ask(request, "card.list", place, deadline_s=DEADLINE_S)
        found += result["files"]
        total = result["total"]
        if not result["files"] or len(found) == limit or offset + len(found) >= total:
            return found, total


def _order(request: Request) -> Callable[[Sequence[File]], list[File]] | None:
    text = request.query_params.get("sort")
    if text is None:
        return None
    key = _ORDERS.get(text.removeprefix("-"))
    if key is None:
        names = ", ".join(_ORDERS)
        raise Refusal(
            f"Unknown sort: {text}. Use one of {names}, with - for descending", block=False
        )
    return lambda files: sorted(files, key=key, reverse=text.startswith("-"))


def _count(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch("[0-9]{1,6}", text) or not 0 <= int(text) <= LIMIT:
        raise Refusal(f"'{name}' must be an integer from 0 to {LIMIT}", block=False)
    return int(text)


def _file(entry: File) -> Mapping[str, Any]:
    return {
        "content_id": entry["content_id"],
        "file_id": entry["file_id"],
        "file_path": entry["path"],
        "file_size": entry["size"],
        **{
            f"creation_{part}": number
            for part, number in zip(_DATES, entry["created"], strict=True)
        },
        **{key: entry[key] for key in ("width", "height") if key in entry},
    }
