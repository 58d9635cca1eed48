"""The gateway's core in miniature: a commander over fake workers, pictures, and a client."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import httpx
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from lensbus_proto.errors import CameraUnknown, CommandError
from lensbus_proto.messages import Header, HeaderType, Picture, Reply
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.topics import is_camera_id


class Worker(Protocol):
    """What a fake camera offers."""

    camera: str

    @property
    def entry(self) -> dict[str, Any]: ...

    def execute(self, name: str, arguments: Mapping[str, Any]) -> Reply: ...


class FakeCommander:
    """Sends commands to fake workers; `fail_with` makes a command end in an error instead."""

    def __init__(self, *workers: Worker) -> None:
        self.workers = {worker.camera: worker for worker in workers}
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.deadlines: dict[str, float] = {}
        self.keys: list[str | None] = []
        self._errors: dict[str, CommandError] = {}
        self._answers: dict[tuple[str, str], Reply] = {}

    def fail_with(self, name: str, error: CommandError) -> None:
        """Make every further command of a name fail."""
        self._errors[name] = error

    async def send(
        self,
        camera: str,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        deadline_s: float = 5.0,
        key: str | None = None,
    ) -> Reply:
        """Do what the bus would do; with a key that was used before, nothing."""
        assert camera == "" or is_camera_id(camera), "the surface must not send this"
        assert key is None or 0 < len(key) <= 128
        self.keys.append(key)
        if key is not None and (camera, key) in self._answers:
            return self._answers[camera, key]
        self.sent.append((camera, name, dict(arguments or {})))
        self.deadlines[name] = deadline_s
        if name in self._errors:
            raise self._errors[name]
        if not camera:
            return Reply("1", self._broker(name))
        if camera not in self.workers:
            raise CameraUnknown(f"no camera {camera}")
        reply = self.workers[camera].execute(name, arguments or {})
        if key is not None:
            self._answers[camera, key] = reply
        return reply

    def _broker(self, name: str) -> dict[str, Any]:
        if name == "ping":
            return {"journal": 1, "position": 1, "uptime_s": 12.9, "version": "0.1.0"}
        if name == "scan":
            return {"cameras": [*self.workers]}
        assert name == "cameras"
        return {"cameras": [worker.entry for worker in self.workers.values()]}

    def asked(self, name: str) -> list[dict[str, Any]]:
        """Return the arguments of every command of a name."""
        return [arguments for _, sent, arguments in self.sent if sent == name]


class FakePictures:
    """Pictures that a test has put there; it waits for none."""

    def __init__(self) -> None:
        self.newest_seq = 0
        self.waits: list[tuple[bool, float]] = []

    async def newest(
        self,
        camera: str,
        stream: str,
        *,
        newer_than: Picture | None = None,
        timeout_s: float,
    ) -> Picture | None:
        """Return the newest picture, or None if it is not newer."""
        self.waits.append((newer_than is not None, timeout_s))
        if self.newest_seq <= (newer_than.header.seq if newer_than else 0):
            return None
        header = Header(HeaderType.PICTURE, epoch=1, seq=self.newest_seq, time_us=1)
        image = b"\xff\xd8 %d" % self.newest_seq
        return Picture(camera, stream, header, {"format": "jpeg"}, image)


class Surface:
    """One surface as an application, and a client of it."""

    def __init__(self, routes: Sequence[BaseRoute], *workers: Worker) -> None:
        self.commander = FakeCommander(*workers)
        self.pictures = FakePictures()
        self.app = Starlette(routes=routes)
        self.app.router.redirect_slashes = False
        self.app.state.commander = self.commander
        self.app.state.finder = self.commander
        self.app.state.pictures = self.pictures
        self.app.state.settings = Settings()

    def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send one request and return the answer."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost"
            ) as client:
                return await client.request(method, path, **request)

        return asyncio.run(send())

    def get(self, path: str, **request: Any) -> httpx.Response:
        """Send a GET."""
        return self.call("GET", path, **request)

    def post(self, path: str, **request: Any) -> httpx.Response:
        """Send a POST."""
        return self.call("POST", path, **request)

    def put(self, path: str, **request: Any) -> httpx.Response:
        """Send a PUT."""
        return self.call("PUT", path, **request)

    def delete(self, path: str, **request: Any) -> httpx.Response:
        """Send a DELETE."""
        return self.call("DELETE", path, **request)
