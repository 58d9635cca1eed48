"""Carrying a file to a camera, in pieces that the bus takes."""

import secrets
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from lensbus_gateway.robopipe.bus import ask_camera
from lensbus_gateway.robopipe.validation import Invalid, fault
from lensbus_proto.errors import CommandError

PIECE: Final = 512 * 1024  # a request has at most 1 MiB
PIECE_S: Final = 5.0
PARTS: Final = 16  # of a form; clients send two


@asynccontextmanager
async def form_of(request: Request) -> AsyncIterator[FormData]:
    """Yield the form in the body; its files are gone afterwards."""
    try:
        form = await request.form(max_files=PARTS, max_fields=PARTS)
    except HTTPException as error:
        raise Invalid(fault("multipart_invalid", ("body",), error.detail, None)) from error
    try:
        yield form
    finally:
        await form.close()


@asynccontextmanager
async def carried(
    request: Request, content: AsyncIterable[bytes]
) -> AsyncIterator[Mapping[str, Any]]:
    """Carry a file to the camera in the path; yield the arguments by which a command takes it.

    What goes wrong before it is taken drops it there.
    """
    limit: int = request.app.state.settings.oak.upload_limit_bytes
    upload = secrets.token_hex(8)
    size = 0
    try:
        async for piece in _pieces(content):
            if size + len(piece) > limit:
                raise HTTPException(413, f"The file has more than {limit} bytes")
            await _send(request, "upload", {"upload": upload, "offset": size, "data": piece})
            size += len(piece)
        yield {"upload": upload, "size": size}
    except BaseException:
        await _drop(request, upload)
        raise


async def _send(request: Request, name: str, arguments: Mapping[str, Any]) -> None:
    camera: str = request.path_params["mxid"]
    await ask_camera(request, camera, name, arguments, deadline_s=PIECE_S)


async def _pieces(content: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    waiting = bytearray()
    async for chunk in content:
        waiting += chunk
        while len(waiting) >= PIECE:
            yield bytes(waiting[:PIECE])
            del waiting[:PIECE]
    if waiting:
        yield bytes(waiting)


async def _drop(request: Request, upload: str) -> None:
    try:
        await _send(request, "upload.drop", {"upload": upload})
    except CommandError:
        return  # the worker drops by itself what does not grow
