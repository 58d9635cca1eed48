"""The published Python client, unchanged: every one of its operations, sync and async.

One story is told twice. What is looked at are the typed values that the client made of the answers.
"""

import asyncio
import inspect
import io
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from alpha_sdk_client import AlphaSDKClient, AsyncAlphaSDKClient
from alpha_sdk_client.errors import BadRequestError, NotFoundError
from alpha_sdk_client.types.zoom_directional_request import ZoomDirectionalRequest
from alpha_sdk_client.types.zoom_signed_speed_request import ZoomSignedSpeedRequest
from PIL import Image

from kit.counts import counts
from kit.processes import wait_for
from kit.system import ALPHA, CINEMA, Stream, System, running_system, stream, wait_for_cameras
from lensbus_gateway.alpha.catalogue import CATALOGUE

ISO = "0x104"
DESTINATION = "still-image-store-destination"
STORIES = 3
AREAS = (
    *("server", "cameras", "connection", "properties", "actions"),
    *("live_view", "sd_card", "settings", "focus"),
)


def operations() -> set[str]:
    """Return every operation that the client has."""
    client = AlphaSDKClient(base_url="http://127.0.0.1:1")
    return {
        f"{area}.{name}"
        for area in AREAS
        for name, member in inspect.getmembers(getattr(client, area), inspect.ismethod)
        if not name.startswith(("_", "with_"))
    }


class Calls:
    """Calls operations by name, of either client, and notes which were called."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.called: set[str] = set()

    async def __call__(self, operation: str, *arguments: Any, **named: Any) -> Any:
        self.called.add(operation)
        area, _, name = operation.partition(".")
        answer = getattr(getattr(self._client, area), name)(*arguments, **named)
        if inspect.isawaitable(answer):
            return await answer
        if isinstance(answer, AsyncIterator):
            return b"".join([part async for part in answer])
        return b"".join(answer) if isinstance(answer, Iterator) else answer

    async def once_possible(self, operation: str, *arguments: Any, **named: Any) -> Any:
        """Return the answer of an operation that the camera may still have to get ready for."""
        limit_s = asyncio.get_running_loop().time() + 30
        while True:
            try:
                return await self(operation, *arguments, **named)
            except (BadRequestError, NotFoundError):
                if asyncio.get_running_loop().time() > limit_s:
                    raise
            await asyncio.sleep(0.05)

    async def until(self, condition: Callable[[Any], bool], operation: str, *arguments: Any) -> Any:
        """Return the first answer that is as it should be: accepted is not done."""
        limit_s = asyncio.get_running_loop().time() + 30
        while not condition(answer := await self(operation, *arguments)):
            assert asyncio.get_running_loop().time() < limit_s, answer
            await asyncio.sleep(0.05)
        return answer

    async def refused(self, operation: str, *arguments: Any, **named: Any) -> Any:
        """Return the typed body of an operation that has to be refused."""
        with pytest.raises((BadRequestError, NotFoundError)) as caught:
            await self(operation, *arguments, **named)
        assert caught.value.body.success is False
        return caught.value.body


@asynccontextmanager
async def opened(kind: str, url: str) -> AsyncIterator[Calls]:
    """Yield the calls of one kind of client."""
    if kind == "sync":
        with httpx.Client(timeout=60) as http:
            yield Calls(AlphaSDKClient(base_url=url, httpx_client=http))
    else:
        async with httpx.AsyncClient(timeout=60) as http:
            yield Calls(AsyncAlphaSDKClient(base_url=url, httpx_client=http))


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def told() -> dict[str, list[set[str]]]:
    """Which operations each kind of client was seen to do, of each story that came to its end."""
    return {"sync": [], "async": []}


def test_an_alpha_body_does_everything(
    system: System, kind: str, told: dict[str, list[set[str]]]
) -> None:
    async def story() -> None:
        async with opened(kind, system.url) as call:
            with stream(system, f"/api/cameras/{ALPHA}/events") as events:
                await _server_and_connection(call)
                await _properties(call, events)
                await _actions(call, events, system)
                await _live_view(call)
                await _card(call, events)
                await _settings(call, events, system)
                assert (await call("cameras.disconnect", ALPHA)).camera.connected is False
            told[kind].append(call.called)

    asyncio.run(story())


async def _until(condition: Callable[[], Any]) -> Any:
    """Wait for a condition while the client's own loop goes on."""
    return await asyncio.to_thread(wait_for, condition)


async def _server_and_connection(call: Calls) -> None:
    status = await call("server.status")
    assert status.server.version == "3.0.0"
    assert status.server.sdk_version.startswith("V2.")
    assert status.server.uptime >= 0
    assert status.cameras.discovered >= 2
    listed = {camera.id: camera for camera in (await call("cameras.list")).cameras}
    assert listed[ALPHA].model == "ILCE-7M4"
    assert listed[ALPHA].connection_type == "USB"
    fingerprint = await call("connection.get_fingerprint", ALPHA)
    assert fingerprint.data.ssh_supported is False
    assert fingerprint.data.fingerprint is None

    connected = await call("cameras.connect", ALPHA, mode="remote-transfer", reconnecting="on")
    assert (connected.camera.connected, connected.camera.id) == (True, ALPHA)
    known = await call("cameras.get_connection_status", ALPHA)
    assert (known.camera.connected, known.data.mode) == (True, "remote-transfer")
    logs = await call("server.logs", lines=200, level="debug")
    assert 0 < len(logs.logs) <= 200
    assert logs.total >= len(logs.logs)
    assert {entry.level for entry in logs.logs} <= {"debug", "info", "warn", "error"}
    ages = [entry.timestamp for entry in logs.logs]
    assert ages == sorted(ages, reverse=True)
    every = await call("server.logs", lines=1000)  # the worker may have been quiet for long
    assert ALPHA in {entry.camera_id for entry in every.logs}


async def _properties(call: Calls, events: Stream) -> None:
    iso = (await call("properties.get", ALPHA, "iso")).data
    assert (iso.property, iso.writable) == ("iso", True)
    wanted = next(value for value in iso.available_values if value.value != iso.value)
    # A body that was just connected announces every property, this one too: only news that comes
    # with the new value is of this change.
    before = len(events.events)
    done = await call("properties.set", ALPHA, "iso", value=wanted.formatted)
    assert done.data["value"] == wanted.value
    await _shows(call, "iso", wanted.formatted)
    await _until(lambda: ISO in _changed(events, before))
    await call("properties.set", ALPHA, DESTINATION, value="Host PC")
    await _shows(call, DESTINATION, "Host PC")

    every = (await call("properties.get_all", ALPHA)).data
    assert set(every.properties) <= set(CATALOGUE)
    assert every.total_properties >= len(every.properties) >= 25
    assert every.properties["iso"].current_formatted == wanted.formatted
    for name, entry in every.properties.items():
        alone = (await call("properties.get", ALPHA, name)).data
        assert alone.writable == entry.writable
        if entry.writable and alone.available_values and entry.current_formatted:
            # What was shown is taken back, and changes nothing.
            await call("properties.set", ALPHA, name, value=entry.current_formatted)
    lacking = next(iter(set(CATALOGUE) - set(every.properties) - {"image-id-string"}))
    assert (await call("properties.get", ALPHA, lacking)).data.value == ""
    refused = await call.refused("properties.set", ALPHA, "iso", value="999999")
    assert "available values" in refused.message

    await call("properties.set_priority_key", ALPHA, setting="pc-remote")
    assert (await call("properties.get_priority_key", ALPHA)).data.setting == "pc-remote"


async def _actions(call: Calls, events: Stream, system: System) -> None:
    exposures = counts(system.state, ALPHA)["exposures"]
    shot = await call("actions.shutter", ALPHA)
    assert shot.data["action"] == "shutter"
    half = await call("actions.half_press", ALPHA)
    assert half.data["action"] == "half-press"
    before = len(events.events)
    await call("actions.af_shutter", ALPHA)
    await _until(lambda: ("warning", "0x20011") in _codes(events, before))
    # A press without focus may come to nothing, as on real bodies; none may come to two.
    assert 1 <= counts(system.state, ALPHA)["exposures"] - exposures <= 2

    refused = await call.refused("actions.zoom", ALPHA, request=ZoomSignedSpeedRequest(speed=1))
    assert "not supported" in refused.message
    step = await call("actions.focus_near_far", ALPHA, step=-2)
    assert step.data == {"step": -2, "direction": "near"}
    assert "step" in (await call.refused("actions.focus_near_far", ALPHA, step=0)).message
    menu = await call("actions.button", ALPHA, button="menu")
    assert (menu.data["action"], menu.data["button"]) == ("button", "menu")
    refused = await call.refused("actions.button", ALPHA, button="nonsense")
    assert "menu" in refused.data["supported_buttons"].split(", ")
    touched = await call("actions.touch", ALPHA, x=320, y=240)
    assert (touched.data["x"], touched.data["y"]) == ("320", "240")
    refused = await call.refused("actions.touch", ALPHA, x=640, y=0)
    assert refused.data["error"] == "invalid_coordinates"
    cancelled = await call.once_possible("actions.touch_cancel", ALPHA)
    assert cancelled.data["action"] == "touch-cancel"


async def _shows(call: Calls, name: str, formatted: str) -> None:
    """Wait until a property of ALPHA has been changed: its setting was only accepted."""
    await call.until(lambda now: now.data.formatted == formatted, "properties.get", ALPHA, name)


def _codes(events: Stream, begin: int) -> list[tuple[str, Any]]:
    return [(kind, data.get("code")) for kind, data in events.events[begin:]]


def _changed(events: Stream, begin: int) -> set[str]:
    """Return the codes of ALPHA's properties that were told as changed."""
    return {
        code
        for kind, data in events.events[begin:]
        if kind == "propertyChanged" and data["cameraId"] == ALPHA
        for code in data["codes"]
    }


async def _live_view(call: Calls) -> None:
    await call("live_view.enable", ALPHA)
    await call("live_view.start", ALPHA)
    status = (await call("live_view.get_status", ALPHA)).data
    assert (status.enabled, status.streaming) == (True, True)
    picture = await call.once_possible("live_view.get_frame", ALPHA)
    assert picture.startswith(b"\xff\xd8")
    await call.until(lambda later: later != picture, "live_view.get_frame", ALPHA)
    await _display(call, picture)
    await _focus(call)
    await call("live_view.stop", ALPHA)
    await call("live_view.disable", ALPHA)
    assert (await call("live_view.get_status", ALPHA)).data.streaming is False


async def _display(call: Calls, without: bytes) -> None:
    refused = await call.refused("live_view.get_osd_frame", ALPHA)
    assert refused.message == "No live view frame available"
    await call("live_view.enable_osd", ALPHA)
    osd = await call.until(lambda answer: answer.data.enabled, "live_view.get_osd_status", ALPHA)
    assert osd.data.supported
    shown = await call.once_possible("live_view.get_osd_frame", ALPHA)
    assert shown.startswith(b"\xff\xd8")
    assert jpeg_size(shown) != jpeg_size(without), "the display has a size of its own"
    await call("live_view.disable_osd", ALPHA)
    await call.until(lambda answer: not answer.data.enabled, "live_view.get_osd_status", ALPHA)


def jpeg_size(image: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(image)) as opened:
        return opened.size


async def _focus(call: Calls) -> None:
    moved = await call("focus.set_area_position", ALPHA, normalized={"x": 0.25, "y": 0.75})
    assert (moved.data["x"], moved.data["y"]) == (160, 359)
    shown = (await call("focus.get_area_position", ALPHA)).data
    assert shown.available
    assert shown.frame_count == len(shown.frames) >= 1
    frame = shown.frames[0]
    assert frame.position.x == int(frame.normalized.x * 639 + 0.5)
    assert frame.raw.x_numerator / frame.raw.x_denominator == frame.normalized.x
    assert 0 < frame.size.normalized_width < 1
    tracked = (await call("focus.get_tracking_frame", ALPHA)).data
    assert tracked.frame_count == len(tracked.frames)


async def _card(call: Calls, events: Stream) -> None:
    listed = await call("sd_card.list", ALPHA, 1)
    assert (listed.slot, listed.file_count) == (1, len(listed.files))
    file = next(file for file in listed.files if file.file_path.endswith(".JPG"))
    assert (file.creation_year, file.file_size > 0) == (2026, True)
    for operation, type_ in (
        ("sd_card.download", None),
        ("sd_card.download_thumbnail", "thumbnail"),
        ("sd_card.download_screennail", "screennail"),
    ):
        before = len(events.events)
        pulled = await call(operation, ALPHA, 1, file.content_id, file.file_id)
        assert pulled.success
        assert getattr(pulled, "type", None) == type_

        saved = await _until(lambda begin=before: _complete(events, begin))
        assert is_file(saved["savedPath"])


def _complete(events: Stream, begin: int) -> Any:
    return next((d for _, d in events.events[begin:] if d.get("percent") == 100), None)


def is_file(path: str) -> bool:
    return Path(path).is_file()


async def _settings(call: Calls, events: Stream, system: System) -> None:
    folder = system.state / "pictures" / "from the client"
    changed = await call("settings.set_save_info", ALPHA, path=str(folder), prefix="A")
    assert changed.data["prefix"] == "A"
    info = (await call("settings.get_save_info", ALPHA)).data
    assert (info.path, info.prefix, info.start_no) == (str(folder), "A", -1)

    before = len(events.events)
    saved = await call("settings.download", ALPHA, filename="mine.DAT")
    assert saved.data["filename"] == "mine.DAT"
    await asyncio.to_thread(events.wait, "downloadComplete", ALPHA, after=before)
    files = await call("settings.list_files", ALPHA)
    assert "mine.DAT" in files.files
    assert files.count == len(files.files)
    loaded = await call("settings.upload", ALPHA, filename="mine.DAT")
    assert loaded.data["filename"] == "mine.DAT"


def test_a_cinema_body_zooms_records_and_takes_a_look_up_table(
    system: System, kind: str, told: dict[str, list[set[str]]]
) -> None:
    table = system.state / "pictures" / "look.cube"
    table.write_text("TITLE lensbus\nLUT_3D_SIZE 2\n" + "0 0 0\n" * 8)

    async def story() -> None:
        async with opened(kind, system.url) as call:
            await call("cameras.connect", CINEMA, mode="remote")
            towards = ZoomDirectionalRequest(direction="out", speed="fast")
            assert (await call("actions.zoom", CINEMA, request=towards)).data == {"speed": -8}
            stop = ZoomSignedSpeedRequest(speed=0)
            assert (await call("actions.zoom", CINEMA, request=stop)).data == {"speed": 0}
            with stream(system, f"/api/cameras/{CINEMA}/events") as events:
                for recording in (True, False):
                    answer = await call("actions.movie_rec", CINEMA)
                    assert answer.data["recording"] is recording
                    await _until(lambda now=recording: _records(system, now))
                mode = "exposure-program-mode"
                await call.once_possible("properties.set", CINEMA, mode, value="Movie_M")
                imported = await call.once_possible(
                    "settings.import_lut", CINEMA, file_path=str(table), slot=3
                )
                assert imported.data.slot == 3
                result = await asyncio.to_thread(events.wait, "lutImportResult", CINEMA)
                assert result["success"] is True
            await call("cameras.disconnect", CINEMA)
            told[kind].append(call.called)

    asyncio.run(story())


def _records(system: System, now: bool) -> bool:
    path = f"/api/cameras/{CINEMA}/properties/recording-state"
    value: str = system.json("GET", path)["data"]["value"]
    return value == ("0x1" if now else "0x0")


def test_it_ends_the_system(kind: str, told: dict[str, list[set[str]]]) -> None:
    with running_system(oak_enabled="false", sony_simulator_time_scale="0.1") as system:
        wait_for_cameras(system, {ALPHA})
        system.json("POST", f"/api/cameras/{ALPHA}/connection", {"mode": "remote"})

        async def story() -> None:
            async with opened(kind, system.url) as call:
                assert (await call("server.shutdown")).success
                told[kind].append(call.called)

        with stream(system, f"/api/cameras/{ALPHA}/events") as events:
            asyncio.run(story())
            events.wait("disconnected", ALPHA)
        # Ended by itself; `running_system` looks at the exit code and for processes left behind.
        wait_for(lambda: _has_ended(system.pid))


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def test_no_operation_was_left_out(kind: str, told: dict[str, list[set[str]]]) -> None:
    assert len(operations()) == 45  # of 47; events are a stream and none of the client's
    if len(told[kind]) == STORIES:  # all of them ran before, and passed
        assert set().union(*told[kind]) == operations()
