"""Neural networks on a stream: which one runs, and what it finds."""

from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.datastructures import FormData, UploadFile
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from lensbus_gateway.robopipe.answers import part, value
from lensbus_gateway.robopipe.bus import REOPEN_DEADLINE_S, ask
from lensbus_gateway.robopipe.models import NETWORK, NNConfig
from lensbus_gateway.robopipe.shown import check_shown
from lensbus_gateway.robopipe.sockets import show
from lensbus_gateway.robopipe.uploads import carried, form_of
from lensbus_gateway.robopipe.validation import (
    Fault,
    Invalid,
    check,
    check_path,
    fault,
    parse_json,
    path_faults,
)
from lensbus_proto.errors import NotActive, RemoteProtocolError
from lensbus_proto.messages import Picture
from lensbus_proto.topics import network_of

FIELDS: Final = ("config", "nn_config")  # of newer clients, of older ones
DEPLOY_DEADLINE_S: Final = 2 * REOPEN_DEADLINE_S  # the model is read first
CONFIG_BYTES: Final = 65_536
PIECE: Final = 512 * 1024


async def get_network(request: Request) -> Response:
    """Show which network looks at a stream; null without one."""
    check_path(request)
    return value(part(await ask(request, "nn.get"), "network"))


async def deploy_network(request: Request) -> Response:
    """Have a network look at a stream, in place of the one before."""
    async with form_of(request) as form:
        config, model = await _read(form, path_faults(request))
        await check_shown(request)
        async with carried(request, _content(model)) as uploaded:
            filename = model.filename or ""
            wanted = config.model_dump(mode="json")
            arguments = {**uploaded, "filename": filename, "config": wanted}
            await ask(request, "nn.deploy", arguments, deadline_s=DEPLOY_DEADLINE_S)
    return value(None, 201)


async def remove_network(request: Request) -> Response:
    """Have no network look at a stream; who listens to it is told goodbye."""
    check_path(request)
    await ask(request, "nn.remove", deadline_s=REOPEN_DEADLINE_S)
    return value(None, 202)


async def show_findings(socket: WebSocket) -> None:
    """Tell what the network of a stream finds, until it is removed or the listener leaves."""

    async def send(picture: Picture) -> None:
        try:
            text = picture.image.decode()
        except UnicodeDecodeError as error:
            raise RemoteProtocolError(f"no text: {error}") from error
        await socket.send_text(text)

    await show(socket, network_of(socket.path_params["stream_name"]), _check_looks, send)


async def _check_looks(connection: HTTPConnection) -> None:
    """Refuse a stream that is off, or that no network looks at."""
    await check_shown(connection)
    if part(await ask(connection, "nn.get"), "network") is None:
        raise NotActive(f"No network looks at {connection.path_params['stream_name']}")


async def _read(form: FormData, faults: list[Fault]) -> tuple[NNConfig, UploadFile]:
    """Return the configuration and the model of a form, or all that is wrong with it."""
    config: NNConfig | None = None
    try:
        config = check(NETWORK, await _config(form))
    except Invalid as invalid:
        faults.extend(invalid.faults)
    model = form.get("model")
    if model is None:
        faults.append(fault("missing", ("body", "model"), "Field required", None))
    elif isinstance(model, str):
        message = "Value error, expected a file"
        faults.append(fault("value_error", ("body", "model"), message, model[:80]))
    elif not model.size:
        message = "Value error, the file is empty"
        faults.append(fault("value_error", ("body", "model"), message, model.filename))
    if faults or config is None or not isinstance(model, UploadFile):
        raise Invalid(*faults)
    return config, model


async def _config(form: FormData) -> Any:
    """Return what the text of the configuration holds; browsers may send it as a file."""
    sent = next((form[name] for name in FIELDS if name in form), None)
    if sent is None:
        raise Invalid(fault("missing", ("body", "config"), "Field required", None))
    raw = sent.encode() if isinstance(sent, str) else await sent.read(CONFIG_BYTES)
    return parse_json(raw, "body", "config")


async def _content(file: UploadFile) -> AsyncIterator[bytes]:
    await file.seek(0)
    while piece := await file.read(PIECE):
        yield piece
