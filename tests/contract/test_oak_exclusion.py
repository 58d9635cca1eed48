"""Which streams are on, after requests of every kind in every order, with the real driver."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kit.oak_camera import PRO, Camera
from lensbus_proto.errors import BadArguments, NotActive, NotConnected, NotFound

STREAMS = ("CAM_A", "CAM_B", "CAM_C", "DEPTH_B_C")
# The rule in words: depth and the streams of its two sensors are never on together.
RIVALS = {"CAM_B": {"DEPTH_B_C"}, "CAM_C": {"DEPTH_B_C"}, "DEPTH_B_C": {"CAM_B", "CAM_C"}}

streams = st.sampled_from(STREAMS)
unknown = st.sampled_from(("CAM_D", "DEPTH_A_B", "DEPTH_C_B", "DEPTH_B_", "cam_a", ""))
some = st.lists(streams | unknown, max_size=3)


class Requests(RuleBasedStateMachine):
    """A client that switches, a device that is shut down and booted, a worker that comes anew."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.wanted: set[str] = set()
        self.told: set[str] = set()
        self.is_booted = True

    @initialize()
    def begin(self) -> None:
        self.camera = Camera(PRO, Path(self.folder.name))
        self.wanted = {"CAM_A", "CAM_B", "CAM_C"}
        self.told = set(self.wanted)

    def teardown(self) -> None:
        if hasattr(self, "camera"):
            self.camera.driver.close()
        self.folder.cleanup()

    def switch_on(self, stream: str) -> None:
        self.wanted -= RIVALS.get(stream, set())
        self.wanted.add(stream)

    # What a client asks for

    @rule(stream=streams)
    def activate(self, stream: str) -> None:
        if not self.is_booted:
            with pytest.raises(NotConnected):
                self.camera.ask("stream.activate", stream=stream)
            return
        self.switch_on(stream)
        self.check_list(self.camera.ask("stream.activate", stream=stream)["streams"])

    @rule(stream=streams)
    @precondition(lambda self: self.is_booted)
    def deactivate(self, stream: str) -> None:
        self.wanted.discard(stream)
        self.check_list(self.camera.ask("stream.deactivate", stream=stream)["streams"])

    @rule(stream=unknown, command=st.sampled_from(("stream.activate", "stream.deactivate")))
    def switch_what_is_not_there(self, stream: str, command: str) -> None:
        with pytest.raises(NotFound if self.is_booted else NotConnected):
            self.camera.ask(command, stream=stream)

    @rule(activate=some, deactivate=some)
    def change(self, activate: list[str], deactivate: list[str]) -> None:
        on = set(activate)
        is_possible = (
            {*activate, *deactivate} <= set(STREAMS)
            and not on & set(deactivate)
            and not any(RIVALS.get(stream, set()) & on for stream in on)
        )
        if not self.is_booted or not is_possible:
            with pytest.raises(BadArguments if self.is_booted else NotConnected):
                self.camera.ask("streams.change", activate=activate, deactivate=deactivate)
            return
        self.wanted.difference_update(deactivate)
        for stream in activate:
            self.switch_on(stream)
        done = self.camera.ask("streams.change", activate=activate, deactivate=deactivate)
        self.check_list(done["streams"])

    @rule(stream=streams, fps=st.sampled_from((20, 30)))
    @precondition(lambda self: self.is_booted)
    def configure(self, stream: str, fps: int) -> None:
        resolution = "THE_1080_P" if stream == "CAM_A" else "THE_400_P"
        body = {"resolution": resolution, "fps": fps}
        if stream in self.wanted:
            shown = self.camera.ask("config.set", stream=stream, config=body)["config"]
            assert shown["fps"] == fps
        else:
            with pytest.raises(NotActive):
                self.camera.ask("config.set", stream=stream, config=body)

    @rule(stream=streams)
    @precondition(lambda self: self.is_booted)
    def look(self, stream: str) -> None:
        """A stream that is on has a picture, and one that is off has none."""
        if stream in self.wanted:
            assert self.camera.still(stream, "bmp").size[0] in (640, 1920)
        else:
            with pytest.raises(NotActive):
                self.camera.still(stream)

    # What happens to the camera

    @rule()
    def shut_down(self) -> None:
        self.camera.ask("shutdown")
        self.is_booted = False

    @rule()
    def boot(self) -> None:
        self.camera.ask("boot")
        self.is_booted = True

    @rule()
    def restart_the_worker(self) -> None:
        self.camera.driver.close()
        self.camera = Camera(PRO, Path(self.folder.name))
        assert (self.camera.ask("device")["state"] == "X_LINK_BOOTED") == self.is_booted

    # What always holds

    @invariant()
    def what_is_on_is_what_was_asked_for_last(self) -> None:
        if self.is_booted and hasattr(self, "camera"):
            assert self.camera.active() == sorted(self.wanted)

    @invariant()
    def whoever_follows_the_events_knows_what_is_on(self) -> None:
        if not hasattr(self, "camera"):
            return
        for kind, stream, reason in self.camera.seen():
            if kind == "streamActivated":
                assert stream not in self.told
                self.told.add(stream)
            elif kind == "streamDeactivated":
                assert reason in ("request", "exclusion")
                self.told.remove(stream)
        assert self.told == self.wanted

    def check_list(self, listed: Iterable[dict[str, object]]) -> None:
        assert [(each["name"], each["active"]) for each in listed] == [
            (stream, stream in self.wanted) for stream in STREAMS
        ]


TestRequests = Requests.TestCase
TestRequests.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
