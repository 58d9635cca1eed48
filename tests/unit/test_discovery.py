"""Discovery: when it searches, and what it answers to who asks for a search."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import zmq

from kit.bus import ask, bus_settings, short_folder
from kit.processes import wait_for
from lensbus_proto.codec import pack_command, unpack_reply
from lensbus_proto.errors import CameraGone, CommandError, CommandUnknown
from lensbus_proto.messages import Command
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.runtime.sockets import serve
from lensbus_services import discovery
from lensbus_services.discovery import Search, watch
from lensbus_services.vendors import Vendor


@dataclass
class FakeManager:
    """Remembers which cameras have a worker."""

    held: list[str] = field(default_factory=list)

    def cameras(self) -> list[str]:
        return list(self.held)

    def start(self, camera: str) -> None:
        if camera not in self.held:
            self.held.append(camera)

    def stop(self, camera: str) -> None:
        self.held.remove(camera)


@dataclass
class Rack:
    """What is plugged in, and how often somebody looked."""

    settings: Settings
    cameras: list[str] = field(default_factory=lambda: ["CAM1"])
    searches: int = 0
    is_enabled: bool = True
    error: Exception | None = None
    manager: FakeManager = field(default_factory=FakeManager)
    gate: threading.Event | None = None
    context: zmq.Context[zmq.Socket[bytes]] = field(default_factory=zmq.Context)

    @property
    def vendor(self) -> Vendor:
        return Vendor("oak", lambda _: self.is_enabled, None, self.find, None)  # type: ignore[arg-type]

    def find(self, settings: Settings) -> Sequence[str]:
        self.searches += 1
        if self.gate is not None:
            self.gate.wait(60)
        if self.error is not None:
            raise self.error
        return list(self.cameras)

    @contextmanager
    def running(self) -> Iterator[None]:
        search = Search(self.settings, self.vendor)
        stop, end = os.pipe()
        endpoint = self.settings.endpoint("discovery", "oak")
        with self.context, serve(self.context, zmq.ROUTER, endpoint, "commands") as door:
            thread = threading.Thread(target=watch, args=(stop, door, search))
            thread.start()
            try:
                yield
            finally:
                os.write(end, b"x")
                thread.join(5)
                assert not thread.is_alive()
                os.close(stop)
                os.close(end)


@pytest.fixture
def rack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rack]:
    with short_folder() as state:
        settings = bus_settings(state)
        settings = replace(settings, discovery=replace(settings.discovery, interval_s=3600.0))
        settings = replace(
            settings, bus=replace(settings.bus, discovery=f"ipc://{state}/{{vendor}}")
        )
        made = Rack(settings)
        monkeypatch.setattr(discovery, "Supervisor", lambda *_: made.manager)
        yield made


@pytest.fixture
def req(rack: Rack) -> Iterator[Any]:
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.linger, socket.rcvtimeo = 0, 5000
        socket.connect(rack.settings.endpoint("discovery", "oak"))
        yield socket


def test_a_search_that_is_asked_for_is_made_at_once(rack: Rack, req: Any) -> None:
    with rack.running():
        wait_for(lambda: rack.manager.held == ["CAM1"])
        rack.cameras = ["CAM1", "CAM2"]
        assert ask(req, "", "scan").result == {"cameras": ["CAM1", "CAM2"]}
        assert rack.manager.held == ["CAM1", "CAM2"]
        assert rack.searches == 2


def test_those_who_ask_during_a_search_share_the_next_one(rack: Rack) -> None:
    rack.gate = threading.Event()
    # Inside one process what was sent is there.
    rack.settings = replace(
        rack.settings, bus=replace(rack.settings.bus, discovery="inproc://{vendor}")
    )
    with rack.running(), ExitStack() as stack:
        wait_for(lambda: rack.searches == 1)
        askers = [stack.enter_context(rack.context.socket(zmq.REQ)) for _ in range(5)]
        for number, asker in enumerate(askers):
            asker.linger, asker.rcvtimeo = 0, 20_000
            asker.connect(rack.settings.endpoint("discovery", "oak"))
            asker.send_multipart([b"", pack_command(Command(str(number), "scan", {}, 5000))])
        rack.gate.set()
        answers = [unpack_reply(asker.recv_multipart()).result for asker in askers]
    assert answers == [{"cameras": ["CAM1"]}] * 5
    assert rack.searches == 2


def test_a_search_that_fails_is_an_answer_and_not_the_end(rack: Rack, req: Any) -> None:
    rack.error = CameraGone("the SDK is not there")
    with rack.running():
        with pytest.raises(CommandError, match="the SDK is not there"):
            ask(req, "", "scan")
        rack.error = None
        assert ask(req, "", "scan").result == {"cameras": ["CAM1"]}


def test_a_vendor_that_is_disabled_has_no_cameras(rack: Rack, req: Any) -> None:
    rack.is_enabled = False
    with rack.running():
        assert ask(req, "", "scan").result == {"cameras": []}
    assert rack.searches == 0


def test_junk_is_answered_and_does_no_harm(rack: Rack, req: Any) -> None:
    with rack.running():
        with pytest.raises(CommandUnknown):
            ask(req, "", "shutter")
        for junk in ([b"", b"\xc1"], [b"one"], [b"", b"", b""]):
            req.send_multipart(junk)
            reply = unpack_reply(req.recv_multipart())
            assert reply.error is not None
            assert (reply.id, reply.error["code"]) == ("-", "protocol.remote")
        assert ask(req, "", "scan").result == {"cameras": ["CAM1"]}
    assert rack.searches == 2


def test_it_searches_again_after_the_interval(rack: Rack) -> None:
    settings = rack.settings
    rack.settings = replace(settings, discovery=replace(settings.discovery, interval_s=0.1))
    with rack.running():
        wait_for(lambda: rack.searches >= 3)
        rack.cameras = []
        wait_for(lambda: rack.manager.held == [])
