"""Real OAK devices.

Opening a device boots it, and PoE devices take repeated openings badly: it stays open, streams
are switched by gates, and only another size or rate rebuilds the graph. depthai reconnects by
itself first; when it gives up, the device is opened anew, ever more patiently.
"""

import itertools
import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import CameraGone, CameraTimeout, NotActive, Unsupported
from lensbus_proto.runtime.clock import unix_us
from lensbus_services.driver import Observation
from lensbus_services.oak import graph
from lensbus_services.oak.backend import Memory, Plan, RawFrame, Report, Stats
from lensbus_services.oak.control import Control
from lensbus_services.oak.features import COLOR, MONO, Features, Identity, Mode, Pair, Sensor
from lensbus_services.oak.graph import Graph
from lensbus_services.oak.messages import control_message
from lensbus_services.oak.newest import Newest
from lensbus_services.oak.running import Reader, Running, guarded, report_error
from lensbus_services.oak.sdk import dai

logger = logging.getLogger(__name__)

RECONNECTIONS: Final = 5
BACKOFF_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
_LOST: Final = {"error": "0x00008001", "errorCode": "0x8001"}
_CHIP: Final = ("average", "css", "dss", "mss", "upa")

# What clients of the Robopipe API know; depthai 3 has more.
_PLATFORMS: Final = frozenset(("X_LINK_MYRIAD_X", "X_LINK_MYRIAD_2", "X_LINK_RVC3", "X_LINK_RVC4"))
_PROTOCOLS: Final = frozenset(
    ("X_LINK_IPC", "X_LINK_PCIE", "X_LINK_TCP_IP", "X_LINK_USB_CDC", "X_LINK_USB_VSC")
)

OpenDevice = Callable[[str], Any]
MakePipeline = Callable[[Any], Any]


class DeviceBackend:
    """One device. `open_device` and `make_pipeline` are depthai's, or fakes in a test."""

    def __init__(
        self,
        camera: str,
        report: Report,
        *,
        open_device: OpenDevice = dai.Device,
        make_pipeline: MakePipeline = dai.Pipeline,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        self._camera = camera
        self._report = report
        self._open_device = open_device
        self._make_pipeline = make_pipeline
        self._backoff_s = backoff_s
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._videos = Newest()
        self._stills = Newest()
        self._device: Any = None
        self._features: Features | None = None
        self._running: Running | None = None
        self._graph = Graph()
        self._generation = 0
        self._plans: dict[str, Plan] = {}
        self._active: frozenset[str] = frozenset()
        self._flowing: frozenset[str] = frozenset()
        self._controls: dict[str, Control] = {}
        self._obeyed: dict[str, Control] = {}
        self._lost: str | None = None
        self._states: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
        self._follower = threading.Thread(target=self._follow, name="oak-link", daemon=True)

    def open(self) -> Features:
        """Boot the device and ask it what it has."""
        with self._lock:
            self._device = self._boot()
            self._features = features_of(self._device)
            self._follower.start()
            return self._features

    def run(self, plans: Mapping[str, Plan], active: frozenset[str]) -> None:
        """Switch gates; another plan for any stream boots the device with a new graph."""
        with self._lock:
            self._check()
            if plans != self._plans:
                self._rebuild(dict(plans))
            for stream in self._active - active:
                self._videos.forget(stream)
                self._stills.forget(stream)
            self._active = active
            self._steer()

    def flow(self, streams: frozenset[str]) -> None:
        """Open the gates of these streams and close all others."""
        with self._lock:
            for stream in streams - self._flowing:
                self._videos.forget(stream)
            self._flowing = streams
            if self._lost is None and not self._closing.is_set():
                self._steer()

    def frames(self, timeout_s: float) -> Sequence[RawFrame]:
        """Return the newest frames of the flowing streams."""
        return self._videos.take(self._flowing, timeout_s)

    def capture(self, stream: str, timeout_s: float) -> RawFrame:
        """Let one frame through the gate of the stills."""
        with self._lock:
            self._check()
            if stream not in self._active:
                raise NotActive(f"{stream} is switched off")
            count = self._stills.count(stream)
            self._graph.stills[stream].let_one()
        frame = self._stills.after(stream, count, timeout_s)
        if frame is None:
            raise CameraTimeout(f"no frame of {stream} within {timeout_s:.2f} s")
        return frame

    def control(self, stream: str, control: Control) -> None:
        """Send what differs to the sensors of a stream, if it is on."""
        with self._lock:
            self._check()
            self._controls[stream] = control
            if stream in self._active:
                self._obey(stream)

    def stats(self) -> Stats:
        """Ask the device how it feels."""
        with self._lock:
            self._check()
            device = self._device
            chip = device.getChipTemperature()
            return Stats(
                # RVC4 knows other blocks than RVC2: its average stands for those it lacks.
                chip_temperature={name: getattr(chip, name, chip.average) for name in _CHIP},
                ddr=_memory(device.getDdrMemoryUsage()),
                cmx=_memory(device.getCmxMemoryUsage()),
            )

    def set_ir(self, flood: float, dots: float) -> bool:
        """Set flood light and dot projector."""
        with self._lock:
            self._check()
            has_flood = self._device.setIrFloodLightIntensity(flood)
            has_dots = self._device.setIrLaserDotProjectorIntensity(dots)
            return bool(has_flood or has_dots)

    def replay(self, stream: str, path: Path | None) -> None:
        """Refuse: only a simulated sensor can be shown something else."""
        if path is not None:
            raise Unsupported("a real sensor shows what is in front of it")

    def close(self) -> None:
        """Stop the pipeline and close the device."""
        self._closing.set()
        with self._lock:
            self._generation += 1
            self._states.put((self._generation, "CLOSED"))
            self._shut()

    # The device and its graph

    def _boot(self) -> Any:
        try:
            return self._open_device(self._camera)
        except RuntimeError as error:
            raise CameraGone(
                f"{self._camera} cannot be opened: {error}", operation="Device"
            ) from error

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
            pipeline = self._make_pipeline(self._device)
            self._graph = graph.build(pipeline, features, plans)
            pipeline.setDeviceStateCallback(
                lambda device, state: self._on_state(generation, state.name)
            )
            self._device.setMaxReconnectionAttempts(RECONNECTIONS)
            self._running = Running(pipeline, self._readers())
            self._running.start()
        except RuntimeError as error:
            self._shut()
            raise CameraGone(
                f"{self._camera} does not run: {error}", operation="Pipeline.start"
            ) from error
        self._plans = plans
        self._obeyed.clear()

    def _readers(self) -> list[Reader]:
        boxes = ((self._graph.videos, self._videos), (self._graph.stills, self._stills))
        return [
            Reader(stream, gate.queue, newest, self._report)
            for gates, newest in boxes
            for stream, gate in gates.items()
        ]

    def _shut(self) -> None:
        running, self._running = self._running, None
        device, self._device = self._device, None
        self._graph = Graph()
        if running is not None:
            running.stop()
        if device is not None:
            guarded(device.close)

    def _steer(self) -> None:
        """Bring gates and controls to what is wanted."""
        for stream, gate in self._graph.videos.items():
            gate.set(stream in self._flowing & self._active)
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

    def _check(self) -> None:
        if self._closing.is_set() or self._features is None:
            raise CameraGone(f"{self._camera} is closed")
        if self._lost is not None:
            raise CameraGone(f"{self._camera} is lost: {self._lost}")

    # Loss and return

    def _on_state(self, generation: int, state: str) -> None:
        """Take a change of state from depthai's monitor thread, which must not be held up."""
        self._states.put((generation, state))

    def _follow(self) -> None:
        """Thread: act on every change of state of the pipeline that runs now."""
        while not self._closing.is_set():
            generation, state = self._states.get()
            try:
                self._take_state(generation, state)
            except Exception as error:  # noqa: BLE001  # the edge of a thread
                report_error(self._report, f"{self._camera} could not follow {state}", error)

    def _take_state(self, generation: int, state: str) -> None:
        with self._lock:
            if generation != self._generation or self._closing.is_set():
                return
            if state == "RUNNING":
                self._restore()
                return
            self._lose(state.lower())
        if state == "FAILED":
            self._reopen(generation)

    def _lose(self, reason: str) -> None:
        if self._lost is None:
            self._tell("disconnected", {"id": self._camera, **_LOST, "reason": reason})
        self._lost = reason

    def _restore(self) -> None:
        """Go on with a device that came back with closed gates and forgotten controls."""
        if self._lost is None:
            return
        self._lost = None
        for gate in self._graph.videos.values():
            gate.is_open = False
        self._obeyed.clear()
        self._steer()
        features = self._features
        if features is not None:
            self._tell("connected", {"id": self._camera, "model": features.device.camera_name})

    def _reopen(self, generation: int) -> None:
        """Open the device anew until it is there or nobody wants it any more."""
        patience_s = itertools.chain(self._backoff_s, itertools.repeat(self._backoff_s[-1]))
        while not self._closing.wait(next(patience_s)):
            try:
                with self._lock:
                    if generation != self._generation or not self._plans:
                        return
                    self._shut()
                # Booting takes seconds, and whoever wants to close must not wait for it.
                device = self._boot()
                with self._lock:
                    self._device = device
                    if self._closing.is_set():
                        self._shut()
                        return
                    self._start(self._plans)
                    self._restore()
                    return
            except CameraGone as error:
                generation = self._generation
                extra = {"camera": self._camera, "reason": error.message}
                logger.warning("not back yet", extra=extra)

    def _tell(self, kind: str, data: Mapping[str, Any]) -> None:
        self._report(Observation(kind, unix_us(), data))


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
