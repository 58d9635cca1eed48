"""Still images, and what is measured: depth as numbers and as points."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lensbus_gateway.robopipe.bus import ask
from lensbus_gateway.robopipe.validation import Invalid, check_path, fault, path_faults

DEFAULT: Final = "jpeg"
IMAGES: Final = ("jpeg", "png", "webp", "bmp", "tiff", "gif")
NUMBERS: Final = ("png16", "npy")  # the millimetres of a depth stream
FORMATS: Final = (*IMAGES, *NUMBERS)
OTHER_NAMES: Final = ("", "jpg")  # of the default

_FRESH: Final = {"Cache-Control": "no-store"}


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
    if format_ == "npy":
        return _file(request, reply.parts[0], "npy")
    shown = "png" if format_ == "png16" else spelled if spelled.lower() == format_ else format_
    return Response(reply.parts[0], headers={"Content-Type": f"image/{shown}", **_FRESH})


async def get_depth(request: Request) -> Response:
    """Measure: the newest depth picture as numbers, or with `?at=x,y` what it says of one place.

    Unlike a still this is no capture, of which an event would tell: pages do it twice a second.
    """
    spelled = request.query_params.get("at")
    faults = path_faults(request)
    at = None if spelled is None else _place(spelled)
    if spelled is not None and at is None:
        message = "Input should be two numbers from 0 to 1 with a comma between them"
        faults.append(fault("place", ("query", "at"), message, spelled))
    if faults:
        raise Invalid(*faults)
    reply = await ask(request, "depth", {} if at is None else {"at": at})
    if reply.parts:
        return Response(reply.parts[0], headers={"Content-Type": "image/png", **_FRESH})
    result = reply.result or {}
    told = {key: result[key] for key in ("mm", "width", "height", "time_us")}
    return JSONResponse(told, headers=_FRESH)


def _place(spelled: str) -> list[float] | None:
    try:
        place = [float(part) for part in spelled.split(",")]
    except ValueError:
        return None
    return place if len(place) == 2 and all(0 <= part <= 1 for part in place) else None


async def get_points(request: Request) -> Response:
    """Give the points of one depth picture as a file of the format PLY."""
    check_path(request)
    return _file(request, (await ask(request, "points")).parts[0], "ply")


def _file(request: Request, content: bytes, suffix: str) -> Response:
    name = f"{request.path_params['stream_name']}.{suffix}"
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'attachment; filename="{name}"',
        **_FRESH,
    }
    return Response(content, headers=headers)


def still_format(name: str) -> str | None:
    """Return a format by its name in any case, None if there is no such format."""
    known = name.lower()
    if known in OTHER_NAMES:
        return DEFAULT
    return known if known in FORMATS else None
