"""Live view: switching it, its newest picture, and its pictures as one endless answer."""

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.alpha.bus import act, ask, camera_of, remembered
from lensbus_gateway.alpha.envelope import Refusal, answer, done
from lensbus_gateway.alpha.resource import Handler
from lensbus_gateway.pictures import PictureWatcher
from lensbus_gateway.stream import picture_response
from lensbus_gateway.viewers import Viewers
from lensbus_proto.errors import CommandError, NotFound, Unsupported
from lensbus_proto.messages import Picture

LIVE_VIEW: Final = "liveview"
OSD: Final = "osd"
FIRST_S: Final = 1.0  # for the camera to begin: pictures flow only while somebody watches
LAST_S: Final = 30.0  # the last picture outlives its stream, as clients know it, but not for ever
NEXT_S: Final = 0.1  # keeps a client that polls without a pause from spinning


class _Given(NamedTuple):
    """The last picture that a client got, and when it was new."""

    picture: Picture
    at_s: float


async def get_live_view(request: Request) -> Response:
    """Give a GET to what its path names."""
    return await _dispatch(
        request,
        {
            "status": _status,
            "frame": _frame,
            "stream": _stream,
            "osd-status": _osd_status,
            "osd-frame": _osd_frame,
        },
    )


async def post_live_view(request: Request) -> Response:
    """Give a POST to what its path names."""
    return await _dispatch(
        request,
        {
            "enable": _enable,
            "disable": _disable,
            "start": _start,
            "stop": _stop,
            "osd-enable": _osd_enable,
            "osd-disable": _osd_disable,
        },
    )


async def unknown(request: Request) -> Response:
    """Refuse any other method: on these paths it is answered like an unknown name."""
    return await _dispatch(request, {})


async def _dispatch(request: Request, handlers: Mapping[str, Handler]) -> Response:
    action = request.path_params["action"]
    handler = handlers.get(action)
    if handler is None:
        raise Refusal(f"Unknown live-view action: {action}", block=False)
    return await handler(request)


async def _enable(request: Request) -> Response:
    await act(request, "live_view.enable")
    return await done(request, "Live view enabled")


async def _disable(request: Request) -> Response:
    await act(request, "live_view.disable")
    return await done(request, "Live view disabled")


async def _start(request: Request) -> Response:
    result = await act(request, "live_view.start", deadline_s=10.0)
    how = "already running" if result["already"] else "started"
    return await done(request, f"Live view streaming {how}")


async def _stop(request: Request) -> Response:
    result = await act(request, "live_view.stop", deadline_s=10.0)
    if result["already"]:
        return answer("Live view streaming not running")
    return await done(request, "Live view streaming stopped")


async def _status(request: Request) -> Response:
    result = await ask(request, "live_view.status")
    data = {"enabled": result["enabled"], "streaming": result["streaming"]}
    return await done(request, "Live view status retrieved", data)


async def _osd_enable(request: Request) -> Response:
    await _set_osd(request, True)
    return await done(request, "OSD enabled")


async def _osd_disable(request: Request) -> Response:
    await _set_osd(request, False)
    return await done(request, "OSD disabled")


async def _set_osd(request: Request, enabled: bool) -> None:
    try:
        await act(request, "osd.set", {"enabled": enabled})
    except (NotFound, Unsupported) as error:
        raise Refusal("OSD mode not supported by this camera") from error


async def _osd_status(request: Request) -> Response:
    result = await ask(request, "osd.status")
    data = {"supported": result["supported"], "enabled": result["enabled"]}
    return await done(request, "OSD status retrieved", data)


async def _frame(request: Request) -> Response:
    return await _newest(request, LIVE_VIEW)


async def _osd_frame(request: Request) -> Response:
    return await _newest(request, OSD)


async def _newest(request: Request, stream: str) -> Response:
    """Show a picture that nobody was given yet; if none comes, the last one again for a while."""
    given: dict[str, _Given] = remembered(request, f"given {stream}")
    camera = camera_of(request)
    last = given.get(camera)
    picture = await _next(request, stream, last)
    if picture is None:
        given.pop(camera, None)
        raise Refusal("No live view frame available", status=404, block=False)
    if last is None or picture is not last.picture:
        given[camera] = _Given(picture, asyncio.get_running_loop().time())
    headers = {"Cache-Control": "no-store"}
    return Response(picture.image, media_type="image/jpeg", headers=headers)


async def _next(request: Request, stream: str, last: _Given | None) -> Picture | None:
    camera = camera_of(request)
    pictures: PictureWatcher = request.app.state.pictures
    if last is not None:
        newer = await pictures.newest(camera, stream, newer_than=last.picture, timeout_s=NEXT_S)
        if newer is not None:
            return newer
    flows = await _flows(request, stream)
    if flows is None:
        return None
    if last is not None and asyncio.get_running_loop().time() < last.at_s + LAST_S:
        return last.picture
    return await pictures.newest(camera, stream, timeout_s=FIRST_S) if flows else None


async def _flows(request: Request, stream: str) -> bool | None:
    """Tell whether pictures flow; None when there can be none, not even a last one."""
    if stream == OSD:
        try:
            if not (await ask(request, "osd.status", deadline_s=1.0))["enabled"]:
                return None
        except CommandError:
            return None
    return await _streaming(request)


async def _stream(request: Request) -> Response:
    """Show pictures until live view stops: one answer without end, which browsers show moving."""
    if not await _streaming(request):
        raise Refusal("No live view frame available", status=404, block=False)
    viewers: Viewers = request.app.state.viewers
    if not viewers.has_room():
        raise Refusal("Too many watch already", status=503, block=False)

    async def goes_on() -> bool:
        return bool(await _streaming(request))

    return picture_response(request, camera_of(request), LIVE_VIEW, goes_on)


async def _streaming(request: Request) -> bool | None:
    """Tell whether pictures flow; None when the camera is not connected or does not answer."""
    try:
        result = await ask(request, "live_view.status", deadline_s=1.0)
    except CommandError:
        return None
    return bool(result["streaming"])
