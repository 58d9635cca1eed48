"""Still images."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.robopipe.bus import ask
from lensbus_gateway.robopipe.validation import Invalid, fault, path_faults

DEFAULT: Final = "jpeg"
FORMATS: Final = ("jpeg", "png", "webp", "bmp", "tiff", "gif")
OTHER_NAMES: Final = ("", "jpg")  # of the default


async def get_still(request: Request) -> Response:
    """Show one picture in the wanted format; its type is spelled as the caller spelled it."""
    spelled = request.query_params.get("format", DEFAULT)
    format_ = still_format(spelled)
    faults = path_faults(request)
    if format_ is None:
        expected = ", ".join(f"'{name}'" for name in FORMATS)
        message = f"Input should be one of {expected}"
        faults.append(fault("enum", ("query", "format"), message, spelled, expected=expected))
    if faults:
        raise Invalid(*faults)
    reply = await ask(request, "still", {"format": format_})
    shown = spelled if spelled.lower() == format_ else format_
    headers = {"Content-Type": f"image/{shown}", "Cache-Control": "no-store"}
    return Response(reply.parts[0], headers=headers)


def still_format(name: str) -> str | None:
    """Return a format by its name in any case, None if there is no such format."""
    known = name.lower()
    if known in OTHER_NAMES:
        return DEFAULT
    return known if known in FORMATS else None
