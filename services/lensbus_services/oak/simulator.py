"""Simulated OAK devices: real host-only depthai pipelines that look at a drawn scene.

One pipeline per active stream, so that switching one never disturbs another. What goes wrong is
switched from outside (`scenarios`), looked at several times a second, and healed as a device
heals: a link that is back is taken up again, a device that was away is booted, a node that
failed gets a new pipeline.
"""

import signal
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from lensbus_proto.errors import CameraGone, NotActive, Unsupported
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.topics import network_of
from lensbus_services.driver import Observation
from lensbus_services.oak import tidings
from lensbus_services.oak.activation import is_depth
from lensbus_services.oak.backend import Finding, Memory, Plan, RawFrame, Report, Stats
from lensbus_services.oak.control import Control
from lensbus_services.oak.features import Features
from lensbus_services.oak.films import Film, Reel, load
from lensbus_services.oak.frames import Frames
from lensbus_services.oak.freshness import HOT_C, PATIENCE, Backoff, Freshness, Heat
from lensbus_services.oak.groups import Group, Stage
from lensbus_services.oak.levers import Levers
from lensbus_services.oak.nodes import Trouble
from lensbus_services.oak.profiles import Profile
from lensbus_services.oak.running import STOP_LIMIT_S, report_error
from lensbus_services.oak.scenarios import Parameters, World
from lensbus_services.oak.scene import DEFAULT, Scene
from lensbus_services.oak.sdk import dai
from lensbus_services.oak.thermal import AMBIENT_C, Thermal

LOOK_S: Final = 0.1
RESTART_S: Final = 1.0  # a node that failed is given so long a rest

_MEBIBYTE: Final = 1024 * 1024
_DDR: Final = 338 * _MEBIBYTE
_CMX: Final = 2 * _MEBIBYTE
_FRAMES_HELD: Final = 4  # in the device's memory, per stream
_AWAY: Final = {"disconnect": "the link is lost", "absent": "the device is away"}


class SimulatorBackend:
    """One simulated device.

    `film` is what its sensors see in place of the scene, which stays that of depth. `time_scale`
    is how long it takes to boot, 1 as a real one does.
    """

    def __init__(
        self,
        camera: str,
        profile: Profile,
        report: Report,
        *,
        world: World | None = None,
        scene: Scene = DEFAULT,
        film: Film | None = None,
        time_scale: float = 0.0,
        backoff: Backoff = PATIENCE,
    ) -> None:
        self._camera = camera
        self._profile = profile
        self._features = Features(
            device=profile.identity(camera),
            sensors=profile.sensors,
            pairs=profile.pairs,
            has_ir=profile.has_ir,
        )
        self._report = report
        self._world = world
        self._scene = scene
        self._film = film
        self._boot_s = profile.boot_s * time_scale
        self._backoff = backoff
        self._frames = Frames()
        self._freshness = Freshness()
        self._heat = Heat()
        self._thermal = Thermal(_now_s(), AMBIENT_C)
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._groups: dict[str, Group] = {}
        self._plans: dict[str, Plan] = {}
        self._active: frozenset[str] = frozenset()
        self._controls: dict[str, Control] = {}
        self._replays: dict[str, Reel] = {}
        self._flood = 0.0
        self._held: dict[str, Parameters] = {}
        self._lost: str | None = None
        self._tries = 0
        self._is_booted = False
        self._due_s = 0.0  # when the next try to come back is made
        self._restarts_s: dict[str, float] = {}
        self._counts = {"boots": 0, "losses": 0, "pipelines": 0, "restarts": 0}
        self._follower = threading.Thread(target=self._follow, name="oak-link", daemon=True)
        self._levers: Levers | None = None

    def open(self) -> Features:
        """Boot, if the device is there and does boot."""
        self._closing.wait(self._boot_s)
        with self._lock:
            self._check_open()
            self._held = self._look()
            for name in _AWAY.keys() & self._held.keys():
                raise CameraGone(f"{self._camera} cannot be opened: {_AWAY[name]}")
            self._boot()
            if self._world is not None:
                self._levers = Levers(
                    self._world,
                    self._camera,
                    apply=self._apply,
                    streams=lambda: self._features.streams,
                    count=self._count,
                )
                self._levers.start()
            self._follower.start()
            return self._features

    def run(self, plans: Mapping[str, Plan], active: frozenset[str]) -> None:
        """Have exactly these streams on; a stream whose plan stays is not touched."""
        with self._lock:
            self._check()
            self._plans, self._active = dict(plans), active
            self._bring_about()

    def flow(self, streams: frozenset[str]) -> None:
        """Have these streams render all the time, and no others."""
        with self._lock:
            self._frames.flow(streams)
            for stream, group in self._groups.items():
                self._wake(stream, group)

    def frames(self, timeout_s: float) -> Sequence[RawFrame | Finding]:
        """Return the newest frames of the flowing streams."""
        return self._frames.take(timeout_s)

    def capture(self, stream: str, timeout_s: float) -> RawFrame:
        """Return a frame that is rendered for this call."""
        return self._frames.still(stream, lambda: self._ask_still(stream), timeout_s)

    def control(self, stream: str, control: Control) -> None:
        """Send what differs to the node of a stream, if it is on."""
        with self._lock:
            self._check()
            self._controls[stream] = control
            if stream in self._groups:
                self._groups[stream].obey(control)

    def stats(self) -> Stats:
        """Return temperatures that follow the work, and the memory that the frames take."""
        with self._lock:
            self._check()
            plans = [group.plan for group in self._groups.values()]
            chip = self._chip()
        used = sum(_FRAMES_HELD * plan.mode[0] * plan.mode[1] * 3 // 2 for plan in plans)
        rows = sum(plan.mode[0] * 8 for plan in plans)
        return Stats(
            chip_temperature=chip,
            ddr=Memory(_DDR, used, _DDR - used),
            cmx=Memory(_CMX, rows, _CMX - rows),
        )

    def set_ir(self, flood: float, dots: float) -> bool:
        """Light the scene for the mono sensors. The dots are not drawn."""
        with self._lock:
            self._check()
            if self._features.has_ir:
                self._flood = flood
                for group in self._groups.values():
                    group.light(flood)
        return self._features.has_ir

    def replay(self, stream: str, path: Path | None) -> None:
        """Show a film to one sensor in place of the scene, once; its last picture stays."""
        if is_depth(stream):
            raise Unsupported(f"{stream} is measured, not seen: there is no film of it")
        reel = None if path is None else self._reel(stream, load(path))
        with self._lock:
            self._check()
            if reel is None:
                self._replays.pop(stream, None)
            else:
                self._replays[stream] = reel
            self._bring_about()

    def close(self) -> None:
        """Stop every pipeline."""
        self._closing.set()
        levers, self._levers = self._levers, None
        if levers is not None:
            levers.stop()
        with self._lock:
            self._end_all()
        if self._follower.ident is not None and self._follower is not threading.current_thread():
            self._follower.join(STOP_LIMIT_S)

    # Streams

    def _bring_about(self) -> None:
        """Begin and end pipelines until they are what is wanted."""
        for stream, group in list(self._groups.items()):
            is_same = (group.plan, group.stage) == (self._plans[stream], self._stage(stream))
            if stream not in self._active or not is_same:
                self._end(stream)
        for stream in sorted(self._active - self._groups.keys()):
            self._begin(stream)

    def _stage(self, stream: str) -> Stage:
        has_depth = bool(self._features.pairs)
        return Stage(self._scene, self._film, self._replays.get(stream), has_depth)

    def _reel(self, stream: str, film: Film) -> Reel:
        has_color = self._features.sensor_of(stream).has_color
        return Reel(film, has_color, on_end=lambda: self._tell(tidings.replay_ended(stream)))

    def _begin(self, stream: str) -> None:
        self._frames.forget(stream)
        group = Group(
            self._plans[stream],
            self._features.sensors_of(stream),
            self._stage(stream),
            self._frames,
            self._report,
        )
        self._counts["pipelines"] += 1
        group.light(self._flood)
        group.suffer(self._trouble(stream))
        group.start()
        if stream in self._controls:
            group.obey(self._controls[stream])
        self._wake(stream, group)
        self._groups[stream] = group

    def _wake(self, stream: str, group: Group) -> None:
        """Have a group make what is wanted of its stream, and nothing else."""
        group.flow(stream in self._frames.flowing)
        group.look(network_of(stream) in self._frames.flowing)

    def _end(self, stream: str) -> None:
        self._groups.pop(stream).stop()

    def _end_all(self) -> None:
        """End all pipelines at once: each waits for the picture that its node is making."""
        groups, self._groups = self._groups, {}
        stops = [threading.Thread(target=group.stop, daemon=True) for group in groups.values()]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()

    def _ask_still(self, stream: str) -> None:
        with self._lock:
            self._check()
            if stream not in self._groups:
                raise NotActive(f"{stream} is switched off")
            self._groups[stream].send(dai.CameraControl().setCaptureStill(True))

    def _check_open(self) -> None:
        if self._closing.is_set():
            raise CameraGone("the camera is closed")

    def _check(self) -> None:
        self._check_open()
        if self._lost is not None:
            raise CameraGone(f"{self._camera} is lost: {self._lost}")

    # What goes wrong, and how it heals

    def _follow(self) -> None:
        """Thread: look at the world, at what has failed, and at what should come."""
        while not self._closing.wait(LOOK_S):
            try:
                self._apply()
                if "crash" in self._held and self._strike("crash") is not None:
                    _crash()
                self._feel()
            except Exception as error:  # noqa: BLE001  # the edge of a thread
                report_error(self._report, f"{self._camera} could not be looked after", error)

    def _apply(self) -> None:
        """Have what holds in the world hold here."""
        with self._lock:
            if self._closing.is_set():
                return
            self._held = self._look()
            away = next((name for name in _AWAY if name in self._held), None)
            if away is not None:
                self._lose(away)
            elif self._lost is not None:
                self._come_back()
            else:
                self._trouble_groups()

    def _look(self) -> dict[str, Parameters]:
        return {} if self._world is None else self._world.held()

    def _strike(self, name: str) -> Parameters | None:
        return None if self._world is None else self._world.strike(name)

    def _lose(self, scenario: str) -> None:
        if self._lost is None:
            self._counts["losses"] += 1
            self._lost = _AWAY[scenario]
            self._tries = 0
            self._end_all()
            self._tell(tidings.lost(self._camera, self._lost))
        self._is_booted = self._is_booted and scenario == "disconnect"
        self._due_s = _now_s() + (0.0 if self._is_booted else self._boot_s)

    def _come_back(self) -> None:
        now_s = _now_s()
        if now_s < self._due_s:
            return
        try:
            if not self._is_booted:
                self._boot()
        except CameraGone:
            self._due_s = now_s + self._backoff.wait_s(self._tries) + self._boot_s
            self._tries += 1
            return
        self._lost = None
        self._freshness.forget()
        self._frames.begin()
        self._bring_about()
        self._tell(tidings.back(self._camera, self._profile.model))

    def _boot(self) -> None:
        if self._strike("boot-failure") is not None:
            raise CameraGone(f"{self._camera} cannot be opened: it does not boot")
        self._is_booted = True
        self._counts["boots"] += 1

    def _trouble_groups(self) -> None:
        now_s = _now_s()
        crash = self._strike("node-crash")
        for stream, group in list(self._groups.items()):
            fails = crash is not None and crash.get("stream", stream) == stream
            group.suffer(Trouble(True, 0.0, True) if fails else self._trouble(stream))
            if group.has_failed.is_set():
                due_s = self._restarts_s.setdefault(stream, now_s + RESTART_S)
                if now_s >= due_s:
                    del self._restarts_s[stream]
                    self._counts["restarts"] += 1
                    self._end(stream)
                    self._begin(stream)

    def _trouble(self, stream: str) -> Trouble:
        def strikes(name: str) -> Parameters | None:
            held = self._held.get(name)
            return held if held is not None and held.get("stream", stream) == stream else None

        slow = strikes("slow")
        return Trouble(
            stalls=strikes("stall") is not None,
            delay_s=0.0 if slow is None else float(slow["ms"]) / 1000,
        )

    def _feel(self) -> None:
        """Tell of streams that have fallen silent, and of heat."""
        with self._lock:
            if self._lost is not None:
                return
            expected = self._frames.expected(self._plans, self._active)
            changes = self._freshness.look(_now_s(), expected)
            celsius = self._chip()["average"]
        for change in changes:
            self._tell(tidings.freshness(change))
        if self._heat.feel(celsius):
            self._tell(tidings.heat(self._heat.is_hot, celsius))

    def _chip(self) -> dict[str, float]:
        pairs = sum(is_depth(stream) for stream in self._groups)
        chip = self._thermal.feel(_now_s(), len(self._groups), pairs)
        more = HOT_C + 5 - chip["average"] if "over-temperature" in self._held else 0.0
        return {block: round(celsius + more, 2) for block, celsius in chip.items()}

    def _count(self) -> dict[str, int]:
        """Return what has happened so far, for whoever checks a test."""
        with self._lock:
            streams = self._features.streams
            frames = sum(self._frames.videos.count(stream) for stream in streams)
            stills = sum(self._frames.stills.count(stream) for stream in streams)
            return {**self._counts, "frames": frames, "stills": stills}

    def _tell(self, told: tidings.Told) -> None:
        self._report(Observation(told[0], unix_us(), told[1]))


def _crash() -> None:
    """Die in this thread as a vendor's library makes a process die."""
    signal.pthread_kill(threading.get_ident(), signal.SIGSEGV)


def _now_s() -> float:
    return time.monotonic()
