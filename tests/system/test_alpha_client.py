"""The published Python client, unchanged, against a running system."""

from collections.abc import Iterator

import httpx
import pytest
from alpha_sdk_client import AlphaSDKClient

from kit.processes import wait_for
from kit.system import CINEMA, System, stream


@pytest.fixture
def client(system: System) -> Iterator[AlphaSDKClient]:
    with httpx.Client(timeout=60) as http:
        yield AlphaSDKClient(base_url=system.url, httpx_client=http)


def test_it_lists_connects_sets_shoots_and_looks(system: System, client: AlphaSDKClient) -> None:
    assert CINEMA in {camera.id for camera in client.cameras.list().cameras}
    with stream(system, f"/api/cameras/{CINEMA}/events") as events:
        client.cameras.connect(CINEMA, mode="remote")
        assert client.cameras.get_connection_status(CINEMA).data.mode == "remote"

        iso = client.properties.get(CINEMA, "iso").data
        assert iso.writable
        client.properties.set(CINEMA, "iso", value="ISO 800")
        wait_for(lambda: client.properties.get(CINEMA, "iso").data.value == "0x320")
        client.properties.set(CINEMA, "still-image-store-destination", value="Host PC")
        every = client.properties.get_all(CINEMA).data
        assert every.properties["iso"].current_formatted == "ISO 800"
        assert len(every.properties) >= 25

        client.actions.af_shutter(CINEMA)
        assert events.wait("downloadComplete", CINEMA)["type"] == "image"

        client.live_view.start(CINEMA)
        frame = b"".join(client.live_view.get_frame(CINEMA))
        assert frame.startswith(b"\xff\xd8")
        client.live_view.stop(CINEMA)

        assert client.cameras.disconnect(CINEMA).success
