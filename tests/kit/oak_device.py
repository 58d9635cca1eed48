"""Fakes of an OAK device and its pipeline: values are depthai's own, the graph is recorded."""

import queue
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np

from lensbus_services.oak.sdk import dai

CAMERA = "14442C10D13EABCE00"
CLOSED: Any = dai.MessageQueue.QueueException


def camera_features(socket: str, name: str, kind: str, modes: list[tuple[int, int]]) -> Any:
    features = dai.CameraFeatures()
    features.socket = dai.CameraBoardSocket.__members__[socket]
    features.sensorName = name
    features.width, features.height = modes[-1]
    features.supportedTypes = [dai.CameraSensorType.__members__[kind]]
    features.hasAutofocus = kind == "COLOR"
    configs = []
    for width, height in modes:
        config = dai.CameraSensorConfig()
        config.width, config.height, config.minFps, config.maxFps = width, height, 2.0, 60.0
        configs.append(config)
    features.configs = configs
    return features


def stereo_pair(left: str, right: str, baseline_cm: float) -> Any:
    pair = dai.StereoPair()
    pair.left = dai.CameraBoardSocket.__members__[left]
    pair.right = dai.CameraBoardSocket.__members__[right]
    pair.baseline = baseline_cm
    return pair


class FakeDevice:
    """Answers like an OAK-D-PRO on USB."""

    def __init__(self, camera: str = CAMERA) -> None:
        self.camera = camera
        self.is_closed = False
        self.ir: list[tuple[str, float]] = []
        self.reconnections: int | None = None

    def getConnectedCameraFeatures(self) -> list[Any]:
        mono = [(640, 400), (1280, 800)]
        return [
            camera_features("CAM_A", "IMX378", "COLOR", [(1920, 1080), (3840, 2160), (4056, 3040)]),
            camera_features("CAM_B", "OV9282", "MONO", mono),
            camera_features("CAM_C", "OV9282", "MONO", mono),
        ]

    def getAvailableStereoPairs(self) -> list[Any]:
        return [stereo_pair("CAM_B", "CAM_C", 7.5)]

    def getIrDrivers(self) -> list[tuple[str, int, int]]:
        return [("LM3644", 2, 0x63)]

    def getDeviceInfo(self) -> Any:
        return dai.DeviceInfo(
            "1.4",
            self.camera,
            dai.XLinkDeviceState.X_LINK_BOOTED,
            dai.XLinkProtocol.X_LINK_USB_EP,
            dai.XLinkPlatform.X_LINK_MYRIAD_X,
            dai.XLinkError_t.X_LINK_SUCCESS,
        )

    def getDeviceId(self) -> str:
        return self.camera

    def getDeviceName(self) -> str:
        return "OAK-D-PRO"

    def getProductName(self) -> str:
        return "OAK-D-PRO-AF"

    def getChipTemperature(self) -> Any:
        chip = dai.ChipTemperature()
        chip.average, chip.css, chip.dss, chip.mss, chip.upa = 40.0, 41.0, 39.0, 40.5, 39.5
        return chip

    def getDdrMemoryUsage(self) -> Any:
        memory = dai.MemoryInfo()
        memory.total, memory.used, memory.remaining = 300, 100, 200
        return memory

    getCmxMemoryUsage = getDdrMemoryUsage

    def setIrFloodLightIntensity(self, intensity: float) -> bool:
        self.ir.append(("flood", intensity))
        return True

    def setIrLaserDotProjectorIntensity(self, intensity: float) -> bool:
        self.ir.append(("dots", intensity))
        return True

    def setMaxReconnectionAttempts(self, attempts: int) -> None:
        self.reconnections = attempts

    def close(self) -> None:
        self.is_closed = True


class FakeInput:
    def __init__(self, name: str, on_send: Callable[[Any], None] | None = None) -> None:
        self.name = name
        self.sent: list[Any] = []
        self._on_send = on_send

    def createInputQueue(self) -> "FakeInput":
        return self

    def send(self, message: Any) -> None:
        self.sent.append(message)
        if self._on_send:
            self._on_send(message)


class FakeQueue:
    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def put(self, item: Any) -> None:
        self._items.put(item)

    def get(self, timeout: timedelta) -> Any:
        try:
            item = self._items.get(timeout=timeout.total_seconds())
        except queue.Empty:
            return None
        if isinstance(item, BaseException):
            raise item
        return item


class FakeOutput:
    def __init__(self, name: str, pipeline: "FakePipeline") -> None:
        self.name = name
        self._pipeline = pipeline
        self.queue = FakeQueue()

    def link(self, there: FakeInput) -> None:
        self._pipeline.links.append((self.name, there.name))

    def createOutputQueue(self, *, maxSize: int, blocking: bool) -> FakeQueue:
        assert (maxSize, blocking) == (1, False), "a live view keeps the newest frame only"
        self._pipeline.queues.append(self.queue)
        return self.queue


class FakeCamera:
    def __init__(self, pipeline: "FakePipeline") -> None:
        self._pipeline = pipeline

    def build(self, socket: Any, *, sensorResolution: tuple[int, int], sensorFps: float) -> Any:
        self.socket = socket.name
        self._pipeline.cameras[self.socket] = self
        self.resolution, self.fps = sensorResolution, sensorFps
        self.inputControl = FakeInput(f"{self.socket}.control")
        self.outputs: list[tuple[tuple[int, int], str, str, float]] = []
        return self

    def requestOutput(
        self, size: tuple[int, int], *, type: Any, resizeMode: Any, fps: float
    ) -> Any:
        self.outputs.append((size, type.name, resizeMode.name, fps))
        return FakeOutput(f"{self.socket}.{size[0]}x{size[1]}", self._pipeline)


class FakeStereo:
    def __init__(self, pipeline: "FakePipeline") -> None:
        self.depth = FakeOutput("depth", pipeline)
        pipeline.stereos.append(self)

    def build(self, left: FakeOutput, right: FakeOutput, *, presetMode: Any) -> "FakeStereo":
        self.inputs = (left.name, right.name)
        return self


class FakeGate:
    """Lets one grey frame through when it is told to."""

    def __init__(self, pipeline: "FakePipeline") -> None:
        number = len(pipeline.gates)
        self.initialConfig = SimpleNamespace(open=True)
        self.input = FakeInput(f"gate{number}")
        self.output = FakeOutput(f"gate{number}", pipeline)
        self.inputControl = FakeInput(f"gate{number}.control", self._obey)
        pipeline.gates.append(self)

    def _obey(self, message: Any) -> None:
        if message.open and message.numMessages == 1:
            self.output.queue.put(grey_frame())

    @property
    def is_open(self) -> bool:
        """What the valve was told last, stills apart."""
        told = [message.open for message in self.inputControl.sent if message.numMessages != 1]
        return bool(told[-1] if told else self.initialConfig.open)


class FakePipeline:
    """Records the graph that is built, and plays depthai's callbacks."""

    def __init__(self, device: FakeDevice) -> None:
        self.device = device
        self.cameras: dict[str, FakeCamera] = {}
        self.stereos: list[FakeStereo] = []
        self.gates: list[FakeGate] = []
        self.links: list[tuple[str, str]] = []
        self.queues: list[FakeQueue] = []
        self.is_running = False
        self.on_state: Callable[[Any, Any], None] = lambda device, state: None

    def create(self, kind: Any) -> Any:
        fakes: dict[Any, Callable[[FakePipeline], Any]] = {
            dai.node.Camera: FakeCamera,
            dai.node.StereoDepth: FakeStereo,
            dai.node.Gate: FakeGate,
        }
        return fakes[kind](self)

    def setDeviceStateCallback(self, callback: Callable[[Any, Any], None]) -> None:
        self.on_state = callback

    def start(self) -> None:
        self.is_running = True

    def stop(self) -> None:
        self.is_running = False
        for each in self.queues:
            each.put(CLOSED("MessageQueue was closed"))

    def wait(self) -> None:
        assert not self.is_running, "wait before stop would never end"


def grey_frame(shade: int = 90, exposure_us: int = 4321) -> Any:
    frame = dai.ImgFrame()
    frame.setCvFrame(np.full((400, 640), shade, np.uint8), dai.ImgFrame.Type.RAW8)
    frame.setTimestamp(dai.Clock.now())  # type: ignore[call-arg]  # static; the stub says not
    frame.cam.exposureTimeUs = exposure_us
    frame.cam.sensitivityIso = 200
    frame.cam.wbColorTemp = 4800
    frame.cam.lensPositionRaw = 0.25
    return frame
