"""Real OAK devices.

Opening a device boots it, and PoE devices take repeated openings badly: it stays open, streams
are switched by gates, and only another size or rate rebuilds the graph. depthai reconnects by
itself first; when it gives up, or when a stream stays silent, the device is opened anew, ever
more patiently until pictures come.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import CameraGone, NotActive, Unsupported
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.topics import network_of
from lensbus_services.driver import Observation
from lensbus_services.oak import crashes, graph, tidings
from lensbus_services.oak.backend import Finding, Memory, Plan, RawFrame, Report, Stats
from lensbus_services.oak.control import Control
from lensbus_services.oak.discover import device_info
from lensbus_services.oak.features import COLOR, MONO, Features, Identity, Mode, Pair, Sensor
from lensbus_services.oak.frames import Frames
from lensbus_services.oak.freshness import PATIENCE, Backoff, Freshness, Heat
from lensbus_services.oak.graph import Graph
from lensbus_services.oak.messages import control_message
from lensbus_services.oak.results import reader
from lensbus_services.oak.running import (
    STOP_LIMIT_S,
    Reader,
    Running,
    give_up,
    guarded,
    report_error,
)
from lensbus_services.oak.sdk import dai

logger = logging.getLogger(__name__)

RECONNECTIONS: Final = 5
LOOK_S: Final = 0.25
FEEL_S: Final = 5.0  # between two readings of the temperature, each a call to the device
_CHIP: Final = ("average", "css", "dss", "mss", "upa")

# What depthai raises when the device or its pipeline is no more.
_BROKEN: Final = (RuntimeError, dai.MessageQueue.QueueException)

# What clients of the Robopipe API know; depthai 3 has more.
_PLATFORMS: Final = frozenset(("X_LINK_MYRIAD_X", "X_LINK_MYRIAD_2", "X_LINK_RVC3", "X_LINK_RVC4"))
_PROTOCOLS: Final = frozenset(
    ("X_LINK_IPC", "X_LINK_PCIE", "X_LINK_TCP_IP", "X_LINK_USB_CDC", "X_LINK_USB_VSC")
)

OpenDevice = Callable[[str], Any]
MakePipeline = Callable[[Any], Any]


def opener(addresses: Sequence[str]) -> OpenDevice:
    """Return what opens a device by its id, wherever it is."""
    return lambda camera: dai.Device(device_info(dai.Device, camera, addresses))


class DeviceBackend:
    """One device. `open_device` and `make_pipeline` are depthai's, or fakes in a test.

    `crash_folder` takes the dumps that the device leaves when it crashes.
    """

    def __init__(
        self,
        camera: str,
        report: Report,
        *,
        crash_folder: Path,
        open_device: OpenDevice = dai.Device,
        make_pipeline: MakePipeline = dai.Pipeline,
        backoff: Backoff = PATIENCE,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._camera = camera
        self._report = report
        self._crash_folder = crash_folder
        self._open_device = open_device
        self._make_pipeline = make_pipeline
        self._backoff = backoff
        self._now_s = now_s
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._frames = Frames()
        self._freshness = Freshness()
        self._heat = Heat()
        self._feel_s = 0.0
        self._device: Any = None
        self._features: Features | None = None
        self._running: Running | None = None
        self._graph = Graph()
        self._generation = 0
        self._plans: dict[str, Plan] = {}
        self._active: frozenset[str] = frozenset()
        self._controls: dict[str, Control] = {}
        self._obeyed: dict[str, Control] = {}
        self._ir = (0.0, 0.0)
        self._lost: str | None = None
        self._tries = 0
        self._states: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
        self._follower = threading.Thread(target=self._follow, name="oak-link", daemon=True)

    def open(self) -> Features:
        """Boot the device and ask it what it has."""
        # Booting takes seconds, and whoever wants to close must not wait for it.
        device = self._boot()
        with self._lock:
            self._device = device
            if self._closing.is_set():
                self._shut()
                raise CameraGone(f"{self._camera} is closed")
            try:
                with self._asking("getConnectedCameraFeatures"):
                    self._features = features_of(device)
            except CameraGone:
                self._shut()
                raise
            self._follower.start()
            return self._features

    def run(self, plans: Mapping[str, Plan], active: frozenset[str]) -> None:
        """Switch gates; another plan for any stream boots the device with a new graph."""
        with self._lock:
            self._check()
            if plans != self._plans:
                self._rebuild(dict(plans))
            for stream in self._active - active:
                self._frames.forget(stream)
            self._active = active
            with self._asking("Gate"):
                self._steer()

    def flow(self, streams: frozenset[str]) -> None:
        """Open the gates of these streams and close all others."""
        with self._lock:
            self._frames.flow(streams)
            if self._lost is not None or self._closing.is_set():
                return
            try:
                self._steer()
            except _BROKEN as error:
                # The change of state that tells of the loss is on its way.
                logger.warning("gates not set", extra={"camera": self._camera, "reason": error})

    def frames(self, timeout_s: float) -> Sequence[RawFrame | Finding]:
        """Return the newest frames of the flowing streams."""
        return self._frames.take(timeout_s)

    def capture(self, stream: str, timeout_s: float) -> RawFrame:
        """Let one frame through the gate of the stills."""
        return self._frames.still(stream, lambda: self._ask_still(stream), timeout_s)

    def control(self, stream: str, control: Control) -> None:
        """Send what differs to the sensors of a stream, if it is on."""
        with self._lock:
            self._check()
            self._controls[stream] = control
            if stream in self._active:
                with self._asking("CameraControl"):
                    self._obey(stream)

    def stats(self) -> Stats:
        """Ask the device how it feels."""
        with self._lock:
            self._check()
            device = self._device
        with self._asking("getChipTemperature"):
            chip = device.getChipTemperature()
            return Stats(
                # RVC4 knows other blocks than RVC2: its average stands for those it lacks.
                chip_temperature={name: getattr(chip, name, chip.average) for name in _CHIP},
                ddr=_memory(device.getDdrMemoryUsage()),
                cmx=_memory(device.getCmxMemoryUsage()),
            )

    def set_ir(self, flood: float, dots: float) -> bool:
        """Set flood light and dot projector; a device that comes back gets them again."""
        with self._lock:
            self._check()
            self._ir = (flood, dots)
            with self._asking("setIrFloodLightIntensity"):
                return self._light()

    def replay(self, stream: str, path: Path | None) -> None:
        """Refuse: only a simulated sensor can be shown something else."""
        if path is not None:
            raise Unsupported("a real sensor shows what is in front of it")

    def close(self) -> None:
        """Stop the pipeline and close the device."""
        self._closing.set()
        # A call into a device that does not answer would hold the lock for good.
        if not self._lock.acquire(timeout=STOP_LIMIT_S):
            give_up("a call to the device does not end")
        try:
            self._generation += 1
            self._states.put((self._generation, "CLOSED"))
            self._shut()
        finally:
            self._lock.release()

    # The device and its graph

    def _boot(self) -> Any:
        try:
            device = self._open_device(self._camera)
        except RuntimeError as error:
            raise CameraGone(
                f"{self._camera} cannot be opened: {error}", operation="Device"
            ) from error
        dump = crashes.collect(device, self._crash_folder, self._camera)
        if dump is not None:
            self._tell(tidings.crash_dump(dump))
        device.registerCrashdumpCallback(self._on_crash)
        return device

    def _on_crash(self, dump: Any) -> None:
        """Take a dump from a thread of depthai, where an exception ends the process."""
        try:
            path = crashes.keep(dump, self._crash_folder, self._camera)
            if path is not None:
                self._tell(tidings.crash_dump(path))
        except BaseException as error:  # noqa: BLE001  # std::terminate waits behind this line
            report_error(self._report, f"{self._camera} has crashed, its dump is lost", error)

    def _rebuild(self, plans: dict[str, Plan]) -> None:
        if self._running is not None:
            # Stopping a pipeline closes its device.
            self._shut()
        try:
            self._start(plans)
        except CameraGone as error:
            self._lose(error.message)
            self._states.put((self._generation, "FAILED"))
            raise

    def _start(self, plans: dict[str, Plan]) -> None:
        features = self._features
        if features is None:
            raise CameraGone(f"{self._camera} was never opened")
        if self._device is None:
            self._device = self._boot()
        self._generation += 1
        generation = self._generation
        try:
            with self._asking("Pipeline.start"):
                pipeline = self._make_pipeline(self._device)
                self._graph = graph.build(pipeline, features, plans)
                pipeline.setDeviceStateCallback(
                    lambda device, state: self._on_state(generation, state.name)
                )
                self._device.setMaxReconnectionAttempts(RECONNECTIONS)
                self._running = Running(pipeline, self._readers(generation, plans))
                self._running.start()
        except CameraGone:
            self._shut()
            raise
        self._plans = plans
        self._obeyed.clear()
        self._look_anew()

    def _readers(self, generation: int, plans: Mapping[str, Plan]) -> list[Reader]:
        boxes = (
            (self._graph.videos, self._frames.videos),
            (self._graph.stills, self._frames.stills),
        )

        def on_end() -> None:
            self._on_state(generation, "STOPPED")

        pictures = [
            Reader(stream, gate.queue, newest, self._report, on_end)
            for gates, newest in boxes
            for stream, gate in gates.items()
        ]
        found = [
            Reader(
                network_of(stream),
                self._graph.networks[stream].queue,
                self._frames.videos,
                self._report,
                on_end,
                reader(plan.network),
            )
            for stream, plan in plans.items()
            if plan.network is not None
        ]
        return pictures + found

    def _shut(self) -> None:
        running, self._running = self._running, None
        device, self._device = self._device, None
        self._graph = Graph()
        if running is not None:
            running.stop()
        if device is not None:
            guarded(device.close)

    def _ask_still(self, stream: str) -> None:
        with self._lock:
            self._check()
            if stream not in self._active:
                raise NotActive(f"{stream} is switched off")
            with self._asking("Gate"):
                self._graph.stills[stream].let_one()

    def _steer(self) -> None:
        """Bring gates and controls to what is wanted."""
        for stream, gate in self._graph.videos.items():
            gate.set(stream in self._frames.flowing & self._active)
        for stream, gate in self._graph.networks.items():
            gate.set(stream in self._active and network_of(stream) in self._frames.flowing)
        for stream in self._obeyed.keys() - self._active:
            # Another stream may use its sensor meanwhile: it is told everything again.
            del self._obeyed[stream]
        for stream in sorted(self._active & self._controls.keys()):
            self._obey(stream)

    def _obey(self, stream: str) -> None:
        if self._features is None:
            return
        control, before = self._controls[stream], self._obeyed.get(stream)
        for sensor in self._features.sensors_of(stream):
            message = control_message(control, before, sensor)
            if message is not None:
                self._graph.controls[sensor.socket].send(message)
        self._obeyed[stream] = control

    def _light(self) -> bool:
        flood, dots = self._ir
        has_flood = self._device.setIrFloodLightIntensity(flood)
        has_dots = self._device.setIrLaserDotProjectorIntensity(dots)
        return bool(has_flood or has_dots)

    def _check(self) -> None:
        if self._closing.is_set() or self._features is None:
            raise CameraGone(f"{self._camera} is closed")
        if self._lost is not None:
            raise CameraGone(f"{self._camera} is lost: {self._lost}")

    @contextmanager
    def _asking(self, operation: str) -> Iterator[None]:
        """Have what depthai raises in here mean that the device is gone."""
        try:
            yield
        except _BROKEN as error:
            raise CameraGone(
                f"{self._camera} does not answer: {error}", operation=operation
            ) from error

    # Loss and return

    def _on_state(self, generation: int, state: str) -> None:
        """Take a change of state from a thread of depthai's, which must not be held up."""
        self._states.put((generation, state))

    def _follow(self) -> None:
        """Thread: act on every change of state, and look whether pictures come in between."""
        while not self._closing.is_set():
            state = ""
            try:
                generation, state = self._states.get(timeout=LOOK_S)
                self._take_state(generation, state)
            except queue.Empty:
                self._look_after()
            except Exception as error:  # noqa: BLE001  # the edge of a thread
                report_error(self._report, f"{self._camera} could not follow {state}", error)

    def _take_state(self, generation: int, state: str) -> None:
        with self._lock:
            if generation != self._generation or self._closing.is_set():
                return
            if state == "RUNNING":
                try:
                    self._restore()
                except CameraGone:
                    self._states.put((generation, "FAILED"))  # gone again, or back but deaf
                return
            self._lose(state.lower())
        if state in ("FAILED", "STOPPED"):
            self._reopen(generation)

    def _lose(self, reason: str) -> None:
        if self._lost is None:
            self._tell(tidings.lost(self._camera, reason))
        self._lost = reason

    def _restore(self) -> None:
        """Go on with a device that came back with closed gates, forgotten controls and no light."""
        if self._lost is None:
            return
        for gate in (*self._graph.videos.values(), *self._graph.networks.values()):
            gate.is_open = False
        self._obeyed.clear()
        with self._asking("Gate"):
            self._steer()
            if self._ir != (0.0, 0.0):
                self._light()
        self._lost = None
        self._look_anew()
        features = self._features
        if features is not None:
            self._tell(tidings.back(self._camera, features.device.camera_name))

    def _reopen(self, generation: int) -> None:
        """Open the device anew until it is there or nobody wants it any more."""
        while not self._closing.wait(self._backoff.wait_s(self._tries)):
            self._tries += 1
            try:
                with self._lock:
                    if generation != self._generation or not self._plans:
                        return
                    self._shut()
                device = self._boot()
                with self._lock:
                    self._device = device
                    if self._closing.is_set():
                        self._shut()
                        return
                    self._start(self._plans)
                    generation = self._generation
                    self._restore()
                    return
            except CameraGone as error:
                generation = self._generation
                extra = {"camera": self._camera, "reason": error.message, "tries": self._tries}
                logger.warning("not back yet", extra=extra)

    # How it is

    def _look_after(self) -> None:
        """Tell of streams that have fallen silent and of heat; give up a graph that is dead."""
        with self._lock:
            if self._lost is not None or self._running is None or self._closing.is_set():
                return
            now_s, device = self._now_s(), self._device
            expected = self._frames.expected(self._plans, self._active)
            changes = self._freshness.look(now_s, expected)
            dead = self._freshness.dead(now_s)
            if expected and self._freshness.has_begun:
                self._tries = 0  # only a device that gives pictures is well again
        for change in changes:
            self._tell(tidings.freshness(change))
        if dead is not None:
            reason = f"{dead} gives no pictures"
            with self._lock:
                self._lose(reason)
                self._states.put((self._generation, "FAILED"))
        elif now_s >= self._feel_s:
            self._feel_s = now_s + FEEL_S
            self._feel(device)

    def _look_anew(self) -> None:
        self._freshness.forget()
        self._frames.begin()

    def _feel(self, device: Any) -> None:
        try:
            celsius = float(device.getChipTemperature().average)
        except _BROKEN as error:
            # A loss is told by the state of the device.
            logger.debug("no temperature", extra={"camera": self._camera, "reason": error})
            return
        if self._heat.feel(celsius):
            self._tell(tidings.heat(self._heat.is_hot, celsius))

    def _tell(self, told: tidings.Told) -> None:
        self._report(Observation(told[0], unix_us(), told[1]))


def features_of(device: Any) -> Features:
    """Return what an open device reports, in our own values."""
    sensors = tuple(
        _sensor(found)
        for found in device.getConnectedCameraFeatures()
        if {kind.name for kind in found.supportedTypes} & {COLOR, MONO}
    )
    sockets = {sensor.socket for sensor in sensors}
    pairs = (
        Pair(found.left.name, found.right.name, float(found.baseline))
        for found in device.getAvailableStereoPairs()
    )
    return Features(
        device=identity_of(device),
        sensors=tuple(sorted(sensors, key=lambda sensor: sensor.socket)),
        pairs=tuple(pair for pair in pairs if {pair.left, pair.right} <= sockets),
        has_ir=bool(device.getIrDrivers()),
    )


def identity_of(device: Any) -> Identity:
    """Return DeviceInfo of an open device, with names that clients know."""
    info = device.getDeviceInfo()
    platform, protocol = info.platform.name, info.protocol.name
    return Identity(
        mxid=device.getDeviceId(),
        name=info.name,
        camera_name=str(device.getDeviceName() or device.getProductName() or "OAK"),
        platform=platform if platform in _PLATFORMS else "X_LINK_ANY_PLATFORM",
        protocol=protocol if protocol in _PROTOCOLS else "X_LINK_ANY_PROTOCOL",
        state="X_LINK_BOOTED",
        status=info.status.name,
    )


def _sensor(found: Any) -> Sensor:
    modes: dict[tuple[int, int], Mode] = {}
    for each in found.configs:
        mode = Mode(each.width, each.height, float(each.minFps), float(each.maxFps))
        if mode.size not in modes or mode.max_fps > modes[mode.size].max_fps:
            modes[mode.size] = mode
    return Sensor(
        socket=found.socket.name,
        sensor_name=found.sensorName,
        width=found.width,
        height=found.height,
        types=tuple(kind.name for kind in found.supportedTypes),
        has_autofocus=bool(found.hasAutofocus or found.hasAutofocusIC),
        configs=tuple(modes.values()),
    )


def _memory(found: Any) -> Memory:
    return Memory(found.total, found.used, found.remaining)
