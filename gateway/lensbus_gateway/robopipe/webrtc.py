"""Live video over WebRTC: one offer, one answer with all that is needed, no further messages."""

import asyncio
import importlib
import ipaddress
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from lensbus_gateway.access.guard import HOLD
from lensbus_gateway.pictures import PictureWatcher, missed
from lensbus_gateway.robopipe.answers import value
from lensbus_gateway.robopipe.shown import check_shown, full, is_shown
from lensbus_gateway.robopipe.validation import Invalid, check_body, fault
from lensbus_gateway.viewers import Viewers
from lensbus_proto.messages import Picture
from lensbus_proto.topics import video_of

ANSWER_S: Final = 5.0


class SessionDescription(BaseModel):
    """An offer; candidates beside it are not needed."""

    model_config = ConfigDict(extra="ignore")

    sdp: str
    type: Literal["offer"]


OFFER: Final = TypeAdapter(SessionDescription)


class Calls:
    """All WebRTC connections of one gateway."""

    def __init__(self, viewers: Viewers) -> None:
        self._viewers = viewers
        self._running: set[asyncio.Task[None]] = set()

    async def answer(self, request: Request, offer: str) -> str:
        """Return the answer to an offer, and go on with its call."""
        # In a thread: event streams must not wait for an import of a quarter of a second.
        module = await asyncio.to_thread(importlib.import_module, "lensbus_gateway.robopipe.call")
        call = module.Call(lambda last: self._next(request, last))
        try:
            async with asyncio.timeout(ANSWER_S):
                answer: str = await call.answer(offer, address_of(request))
        except BaseException as error:
            await call.close()
            if isinstance(error, module.BadOffer):
                message = "Value error, this offer cannot be answered"
                reason = fault("value_error", ("body", "sdp"), message, offer, error=str(error))
                raise Invalid(reason) from error
            raise
        task = asyncio.create_task(self._run(call))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        if hold := request.scope.get(HOLD):
            over = hold(task.cancel)
            task.add_done_callback(lambda _: over())
        return answer

    async def close(self) -> None:
        """End all calls."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    async def _run(self, call: Any) -> None:
        with self._viewers.seated():
            try:
                await call.run()
            finally:
                await call.close()

    async def _next(self, connection: HTTPConnection, last: Picture | None) -> Picture | None:
        """Return the picture after the last; None when there are no more."""
        pictures: PictureWatcher = connection.app.state.pictures
        camera, stream = connection.path_params["mxid"], connection.path_params["stream_name"]
        name = video_of(stream)
        while True:
            picture = await pictures.newest(
                camera, name, newer_than=last, timeout_s=self._viewers.silence_s
            )
            if picture is not None:
                self._viewers.passed_over[camera, name] += missed(last, picture)
                return picture
            if not await is_shown(connection):
                return None


async def answer_offer(request: Request) -> Response:
    """Answer a viewer's offer."""
    offer = await check_body(request, OFFER)
    await check_shown(request)
    if refusal := full(request):
        return refusal
    calls: Calls = request.app.state.calls
    answer = await calls.answer(request, offer.sdp)
    return value({"sdp": answer, "type": "answer", "candidates": []})


def address_of(connection: HTTPConnection) -> str:
    """Return our address as the client has reached it."""
    server = connection.scope.get("server")
    try:
        address = ipaddress.ip_address(server[0] if server else "127.0.0.1")
    except ValueError:  # the path of a unix socket: a proxy on this host is before us
        return "127.0.0.1"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
