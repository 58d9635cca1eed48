"""The published Python client, unchanged, against the Alpha surface."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, get_args

import httpx
import pytest
from alpha_sdk_client import AsyncAlphaSDKClient  # type: ignore[import-untyped]  # it has no py.typed
from alpha_sdk_client.core.api_error import ApiError  # type: ignore[import-untyped]  # it has no py.typed
from alpha_sdk_client.errors import BadRequestError, NotFoundError  # type: ignore[import-untyped]  # it has no py.typed
from alpha_sdk_client.types import PropertyName  # type: ignore[import-untyped]  # it has no py.typed

from kit.fake_commander import Surface
from kit.fake_oak import FakeOak
from kit.fake_sony import FakeSony
from lensbus_gateway.alpha.catalogue import CATALOGUE
from lensbus_gateway.alpha.routes import routes
from lensbus_proto.errors import DeadlinePassed

ID = "D10F60149B0C"


@pytest.fixture
def surface() -> Surface:
    return Surface(routes, FakeSony(), FakeOak())


def use(surface: Surface, program: Callable[[AsyncAlphaSDKClient], Awaitable[None]]) -> None:
    """Run a program with a client of the surface."""

    async def run() -> None:
        transport = httpx.ASGITransport(surface.app)
        async with httpx.AsyncClient(transport=transport) as http:
            await program(AsyncAlphaSDKClient(base_url="http://localhost", httpx_client=http))

    asyncio.run(run())


def test_its_property_names_are_those_of_the_catalogue() -> None:
    literals = next(part for part in get_args(PropertyName) if get_args(part))

    assert set(get_args(literals)) == set(CATALOGUE)


def test_it_lists_connects_sets_shoots_and_looks(surface: Surface) -> None:
    async def program(client: AsyncAlphaSDKClient) -> None:
        status = await client.server.status()
        assert status.server.version == "3.0.0"
        listed = await client.cameras.list()
        assert [(camera.id, camera.connected) for camera in listed.cameras] == [(ID, False)]

        await client.cameras.connect(ID, mode="remote-transfer")
        connection = await client.cameras.get_connection_status(ID)
        assert connection.camera.connected
        assert connection.data is not None
        assert connection.data.mode == "remote-transfer"

        before = await client.properties.get(ID, "iso")
        assert (before.data.value, before.data.formatted) == ("0x190", "ISO 400")
        await client.properties.set(ID, "iso", value="ISO 800")
        after = await client.properties.get(ID, "iso")
        assert after.data.value == "0x320"
        every = await client.properties.get_all(ID)
        assert every.data.properties["iso"].current_formatted == "ISO 800"
        key = await client.properties.get_priority_key(ID)
        assert key.data.setting == "pc-remote"

        await client.actions.shutter(ID)
        await client.actions.half_press(ID)
        await client.actions.af_shutter(ID)

        await client.live_view.start(ID)
        surface.pictures.newest_seq = 1
        live = await client.live_view.get_status(ID)
        assert live.data.streaming
        frame = b"".join([chunk async for chunk in client.live_view.get_frame(ID)])
        assert frame == b"\xff\xd8 1"

        card = await client.sd_card.list(ID, 1)
        file = card.files[0]
        pulled = await client.sd_card.download(ID, 1, file.content_id, file.file_id)
        assert pulled.success
        saved = await client.settings.set_save_info(ID, path="/tmp/p")
        assert saved.success
        assert (await client.settings.get_save_info(ID)).data.path == "/tmp/p"

        assert (await client.cameras.disconnect(ID)).success

    use(surface, program)


def test_its_exceptions_are_those_of_the_contract(surface: Surface) -> None:
    async def program(client: AsyncAlphaSDKClient) -> None:
        with pytest.raises(BadRequestError, match="Camera not connected"):
            await client.actions.shutter(ID)
        with pytest.raises(NotFoundError):
            await client.sd_card.list(ID, 1)

    use(surface, program)


def test_it_presses_once_even_if_nobody_knows_the_outcome(surface: Surface) -> None:
    surface.commander.fail_with("af_shutter", DeadlinePassed("no answer", began=True))

    async def program(client: AsyncAlphaSDKClient) -> None:
        await client.cameras.connect(ID)
        with pytest.raises(ApiError) as caught:
            await client.actions.af_shutter(ID)
        body: Any = caught.value.body
        assert caught.value.status_code == 400
        assert body is not None

    use(surface, program)
    assert len(surface.commander.asked("af_shutter")) == 1
