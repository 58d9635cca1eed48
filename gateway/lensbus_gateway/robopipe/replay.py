"""Films in place of what a sensor sees: uploaded as a form, as they are, or fetched."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.robopipe.answers import detail, value
from lensbus_gateway.robopipe.bus import REOPEN_DEADLINE_S, ask
from lensbus_gateway.robopipe.downloads import DownloadFailed, download, is_allowed
from lensbus_gateway.robopipe.uploads import PIECE, carried, form_of
from lensbus_gateway.robopipe.validation import Invalid, check_body, check_path, fault
from lensbus_proto.runtime.settings import Settings

FIELD: Final = "video"


class Source(BaseModel):
    """Where a film is to be fetched from."""

    model_config = ConfigDict(extra="ignore")

    url: str = Field(min_length=1)
    filename: str | None = None


SOURCE: Final = TypeAdapter(Source)


async def show_film(request: Request) -> Response:
    """Show a film in place of what the sensor sees, once; its last picture stays."""
    check_path(request)
    await ask(request, "replay.get")  # before a film is sent to what is not there
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _take_form(request)
    if kind == "application/json":
        return await _fetch(request)
    async with aclosing(_body(request)) as content:
        return await _show(request, content, request.query_params.get("filename", ""))


async def get_film(request: Request) -> Response:
    """Say whether a film is shown, and which."""
    check_path(request)
    return value((await ask(request, "replay.get")).result)


async def end_film(request: Request) -> Response:
    """Show what the sensor sees."""
    check_path(request)
    await ask(request, "replay.clear", deadline_s=REOPEN_DEADLINE_S)
    return value(None, 202)


async def _take_form(request: Request) -> Response:
    async with form_of(request) as form:
        video = form.get(FIELD)
        if not isinstance(video, UploadFile):
            raise _missing("body", FIELD)
        async with aclosing(_pieces(video)) as content:
            return await _show(request, content, video.filename or "")


async def _fetch(request: Request) -> Response:
    source = await check_body(request, SOURCE)
    settings: Settings = request.app.state.settings
    if not is_allowed(source.url, settings.oak.replay_sources):
        message = "Value error, films are not fetched from there; see oak.replay_sources"
        raise Invalid(fault("value_error", ("body", "url"), message, source.url))
    name = source.filename or PurePosixPath(unquote(urlsplit(source.url).path)).name
    try:
        async with aclosing(download(source.url, settings.oak.upload_limit_bytes)) as content:
            return await _show(request, content, name)
    except DownloadFailed as error:
        return detail(f"Failed to download replay video from URL: {error}", 502)


async def _show(request: Request, content: AsyncIterator[bytes], filename: str) -> Response:
    async with carried(request, content) as file:
        if not file["size"]:
            raise _missing("body")
        arguments: dict[str, Any] = {**file, "filename": filename}
        await ask(request, "replay.set", arguments, deadline_s=REOPEN_DEADLINE_S)
    return value(None, 201)


async def _body(request: Request) -> AsyncGenerator[bytes, None]:
    async for piece in request.stream():
        yield piece


async def _pieces(video: UploadFile) -> AsyncGenerator[bytes, None]:
    while piece := await video.read(PIECE):
        yield piece


def _missing(*loc: str) -> Invalid:
    return Invalid(fault("missing", loc, "Field required", None))
