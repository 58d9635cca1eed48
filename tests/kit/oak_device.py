"""Fakes of an OAK device and its pipeline: values are depthai's own, the graph is recorded.

What the installed depthai does not have, they refuse (`depthai_api`).
"""

import queue
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np

from kit.depthai_api import plays
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


@plays(
    dai.Device, "camera", "is_closed", "ir", "reconnections", "celsius", "broken", "dump", "crash"
)
class FakeDevice:
    """Answers like an OAK-D-PRO on USB. `broken` names calls that raise, as on a dead link."""

    def __init__(self, camera: str = CAMERA) -> None:
        self.camera = camera
        self.is_closed = False
        self.ir: list[tuple[str, float]] = []
        self.reconnections: int | None = None
        self.celsius = 40.0
        self.broken: set[str] = set()
        self.dump: Any = None
        self.crash: Callable[[Any], None] | None = None

    def _check(self, call: str) -> None:
        if call in self.broken:
            raise RuntimeError(f"Couldn't read data from stream: '__rpc_main' ({call})")

    def getConnectedCameraFeatures(self) -> list[Any]:
        self._check("getConnectedCameraFeatures")
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
        self._check("getChipTemperature")
        chip = dai.ChipTemperature()
        chip.average = self.celsius
        chip.css, chip.dss, chip.mss, chip.upa = 41.0, 39.0, 40.5, 39.5
        return chip

    def getDdrMemoryUsage(self) -> Any:
        memory = dai.MemoryInfo()
        memory.total, memory.used, memory.remaining = 300, 100, 200
        return memory

    def getCmxMemoryUsage(self) -> Any:
        return self.getDdrMemoryUsage()

    def hasCrashDump(self) -> bool:
        self._check("hasCrashDump")
        return self.dump is not None

    def getCrashDump(self, clearCrashDump: bool = True) -> Any:
        dump, self.dump = self.dump, None
        return dump

    def registerCrashdumpCallback(self, callback: Callable[[Any], None]) -> None:
        self.crash = callback

    def setIrFloodLightIntensity(self, intensity: float) -> bool:
        self._check("setIrFloodLightIntensity")
        self.ir.append(("flood", intensity))
        return True

    def setIrLaserDotProjectorIntensity(self, intensity: float) -> bool:
        self.ir.append(("dots", intensity))
        return True

    def setMaxReconnectionAttempts(self, attempts: int) -> None:
        self.reconnections = attempts

    def close(self) -> None:
        self.is_closed = True


@plays(dai.Node.Input, "name", "sent", "send", "is_closed")
class FakeInput:
    """An input of a node, and the queue into it. Closed, it raises as a queue does."""

    def __init__(self, name: str, on_send: Callable[[Any], None] | None = None) -> None:
        self.name = name
        self.sent: list[Any] = []
        self.is_closed = False
        self._on_send = on_send

    def createInputQueue(self) -> "FakeInput":
        return self

    def send(self, message: Any) -> None:
        if self.is_closed:
            raise CLOSED("MessageQueue was closed")
        self.sent.append(message)
        if self._on_send:
            self._on_send(message)


@plays(dai.MessageQueue, "put")
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


@plays(dai.Node.Output, "name", "queue")
class FakeOutput:
    def __init__(self, name: str, pipeline: "FakePipeline") -> None:
        self.name = name
        self._pipeline = pipeline
        self.queue = FakeQueue()

    def link(self, there: "FakeInput") -> None:
        self._pipeline.links.append((self.name, there.name))

    def createOutputQueue(self, *, maxSize: int, blocking: bool) -> FakeQueue:
        assert (maxSize, blocking) == (1, False), "a live view keeps the newest frame only"
        self._pipeline.queues.append(self.queue)
        return self.queue


@plays(dai.node.Camera, "socket", "resolution", "fps", "outputs")
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


@plays(dai.node.StereoDepth, "inputs")
class FakeStereo:
    def __init__(self, pipeline: "FakePipeline") -> None:
        self.depth = FakeOutput("depth", pipeline)
        pipeline.stereos.append(self)

    def build(self, left: FakeOutput, right: FakeOutput, *, presetMode: Any) -> "FakeStereo":
        self.inputs = (left.name, right.name)
        return self

    def setDepthAlign(self, align: Any) -> None:
        self.align = align.name


@plays(dai.node.Gate, "is_open")
class FakeGate:
    """Lets one grey frame through when it is told to."""

    def __init__(self, pipeline: "FakePipeline") -> None:
        number = len(pipeline.gates)
        self.initialConfig = dai.GateControl.openGate()
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


@plays(dai.node.ImageManip, "limit")
class FakeManip:
    """Cuts pictures; its config is a real one."""

    def __init__(self, pipeline: "FakePipeline") -> None:
        number = len(pipeline.manips)
        self.initialConfig = dai.ImageManipConfig()
        self.inputImage = FakeInput(f"manip{number}")
        self.out = FakeOutput(f"manip{number}", pipeline)
        self.limit = 0
        pipeline.manips.append(self)

    def setMaxOutputFrameSize(self, maxFrameSize: int) -> None:
        self.limit = maxFrameSize


@plays(dai.node.ImageAlign)
class FakeAlign:
    """Lays depth onto pictures."""

    def __init__(self, pipeline: "FakePipeline") -> None:
        self.input = FakeInput("align.depth")
        self.inputAlignTo = FakeInput("align.pictures")
        self.outputAligned = FakeOutput("aligned", pipeline)


@plays(dai.node.NeuralNetwork, "told", "kind")
class FakeNetwork:
    """A network that gives numbers: what it was taught is recorded."""

    kind = "numbers"

    def __init__(self, pipeline: "FakePipeline") -> None:
        number = len(pipeline.networks)
        self.input = FakeInput(f"network{number}")
        self.out = FakeOutput(f"network{number}", pipeline)
        self.told: dict[str, Any] = {}
        pipeline.networks.append(self)

    def setBlob(self, blob: Any) -> None:
        self.told["blob"] = sorted(blob.networkOutputs)

    def setNNArchive(self, archive: Any) -> None:
        self.told["archive"] = archive.getInputSize()

    def setNumInferenceThreads(self, numThreads: int) -> None:
        self.told["threads"] = numThreads


@plays(dai.node.DetectionParser, "told")
class FakeParser:
    """How numbers are read as things."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told

    def setNNFamily(self, type: Any) -> None:
        self._told["family"] = type.name

    def setNumClasses(self, numClasses: int) -> None:
        self._told["classes"] = numClasses

    def setCoordinateSize(self, coordinates: int) -> None:
        self._told["coordinates"] = coordinates

    def setAnchors(self, anchors: list[float]) -> None:
        self._told["anchors"] = anchors

    def setAnchorMasks(self, anchorMasks: dict[str, list[int]]) -> None:
        self._told["masks"] = anchorMasks

    def setIouThreshold(self, thresh: float) -> None:
        self._told["iou"] = thresh


@plays(dai.node.DetectionNetwork, "told", "kind")
class FakeDetector(FakeNetwork):
    kind = "things"

    def __init__(self, pipeline: "FakePipeline") -> None:
        super().__init__(pipeline)
        self.detectionParser = FakeParser(self.told)

    def setConfidenceThreshold(self, thresh: float) -> None:
        self.told["threshold"] = thresh


@plays(dai.node.SpatialDetectionNetwork, "told", "kind")
class FakeSpatialDetector(FakeDetector):
    kind = "places"

    def __init__(self, pipeline: "FakePipeline") -> None:
        super().__init__(pipeline)
        self.inputDepth = FakeInput(f"{self.input.name}.depth")


@plays(
    dai.Pipeline,
    "device",
    "networks",
    "cameras",
    "stereos",
    "gates",
    "manips",
    "links",
    "queues",
    "is_running",
    "on_state",
    "broken",
)
class FakePipeline:
    """Records the graph that is built, and plays depthai's callbacks."""

    def __init__(self, device: FakeDevice) -> None:
        self.device = device
        self.cameras: dict[str, FakeCamera] = {}
        self.stereos: list[FakeStereo] = []
        self.gates: list[FakeGate] = []
        self.manips: list[FakeManip] = []
        self.networks: list[FakeNetwork] = []
        self.links: list[tuple[str, str]] = []
        self.queues: list[FakeQueue] = []
        self.is_running = False
        self.broken = False
        self.on_state: Callable[[Any, Any], None] = lambda device, state: None

    def create(self, kind: Any) -> Any:
        fakes: dict[Any, Callable[[FakePipeline], Any]] = {
            dai.node.Camera: FakeCamera,
            dai.node.StereoDepth: FakeStereo,
            dai.node.Gate: FakeGate,
            dai.node.ImageManip: FakeManip,
            dai.node.ImageAlign: FakeAlign,
            dai.node.NeuralNetwork: FakeNetwork,
            dai.node.DetectionNetwork: FakeDetector,
            dai.node.SpatialDetectionNetwork: FakeSpatialDetector,
        }
        return fakes[kind](self)

    def setDeviceStateCallback(self, callback: Callable[[Any, Any], None]) -> None:
        self.on_state = callback

    def start(self) -> None:
        if self.broken:
            raise RuntimeError("Camera: resolution is not supported by the sensor")
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
