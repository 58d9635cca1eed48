"""Carrying a file to a camera, in pieces that the bus takes."""

import secrets
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from starlette.requests import Request

from lensbus_gateway.robopipe.bus import ask
from lensbus_proto.errors import CommandError

PIECE: Final = 512 * 1024  # a request has at most 1 MiB


@asynccontextmanager
async def carried(
    request: Request, content: AsyncIterable[bytes]
) -> AsyncIterator[Mapping[str, Any]]:
    """Carry a file to the camera in the path; yield the arguments by which a command takes it.

    What goes wrong before it is taken drops it there.
    """
    upload = secrets.token_hex(8)
    size = 0
    try:
        async for piece in _pieces(content):
            await ask(request, "upload", {"upload": upload, "offset": size, "data": piece})
            size += len(piece)
        yield {"upload": upload, "size": size}
    except BaseException:
        await _drop(request, upload)
        raise


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
        await ask(request, "upload.drop", {"upload": upload})
    except CommandError:
        return  # the worker drops by itself what does not grow
