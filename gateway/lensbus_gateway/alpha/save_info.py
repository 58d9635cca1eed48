"""Where the camera's pictures are saved on this computer, and how they are named."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.alpha.body import int_field, required_body, text_field
from lensbus_gateway.alpha.bus import act, ask
from lensbus_gateway.alpha.envelope import ABSENT, Refusal, done, explain, sdk_code
from lensbus_proto.errors import CommandError

AUTOMATIC: Final = -1
START_LIMIT: Final = 0x7FFFFFFF
NOT_SET: Final = "Not set"


async def get_save_info(request: Request) -> Response:
    """Show the folder, the prefix and the next number."""
    result = await ask(request, "save_info.get")
    data = {
        "path": result["path"] or NOT_SET,
        "prefix": result["prefix"] or NOT_SET,
        "startNo": result["start_number"],
    }
    return await done(request, "Save info retrieved", data)


async def put_save_info(request: Request) -> Response:
    """Change all three; what is left out goes back to its default."""
    body = await required_body(request, "path")
    start = int_field(body, "startNo", AUTOMATIC, START_LIMIT)
    arguments = {
        "path": text_field(body, "path"),
        "prefix": text_field(body, "prefix") or "",
        "start_number": AUTOMATIC if start is None else start,
    }
    result = await _set(request, arguments)
    data = {
        "path": result["path"],
        "prefix": result["prefix"],
        "startNo": result["start_number"],
    }
    return await done(request, "Save info set successfully", data)


async def _set(request: Request, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return await act(request, "save_info.set", arguments)
    except ABSENT:
        raise
    except CommandError as error:
        raise Refusal(explain(error), data=sdk_code(error)) from error
