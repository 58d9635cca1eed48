"""The one graph of a real device: every sensor and every pair, each behind gates.

A graph is frozen once it runs, and a new one means to boot the device again. So all streams are
built, and what is on is decided by gates: a closed gate costs no bandwidth, and lets one frame
through for a still.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lensbus_services.oak.backend import Plan
from lensbus_services.oak.features import Features, Sensor, Size
from lensbus_services.oak.gates import Gate, gate_node, queue_of
from lensbus_services.oak.network_graph import build_network
from lensbus_services.oak.sdk import dai
from lensbus_services.oak.sizes import covering, cut

_PRESET: Final = dai.node.StereoDepth.PresetMode.DEFAULT
# DEPTH_B_C lies on the pixels of CAM_B; the default is between the two.
_ALIGN: Final = dai.StereoDepthConfig.AlgorithmControl.DepthAlign.RECTIFIED_LEFT


@dataclass(slots=True)
class Graph:
    """What is left to hold once the graph is built: gates by stream, controls by socket.

    The gate of a network lets pictures in; its queue has what the network finds.
    """

    videos: dict[str, Gate] = field(default_factory=dict)
    stills: dict[str, Gate] = field(default_factory=dict)
    networks: dict[str, Gate] = field(default_factory=dict)
    controls: dict[str, Any] = field(default_factory=dict)


def build(pipeline: Any, features: Features, plans: Mapping[str, Plan]) -> Graph:
    """Create all nodes, links and queues in a pipeline that has not started."""
    graph = Graph()
    cameras: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    for sensor in features.sensors:
        plan = plans[sensor.socket]
        shared = [plan, *(plans[pair.stream] for pair in features.pairs if _feeds(pair, sensor))]
        camera = pipeline.create(dai.node.Camera).build(
            dai.CameraBoardSocket.__members__[sensor.socket],
            sensorResolution=max((each.mode for each in shared), key=_area),
            sensorFps=max(each.fps for each in shared),
        )
        cameras[sensor.socket] = camera
        graph.controls[sensor.socket] = camera.inputControl.createInputQueue()
        video = _cropped(pipeline, camera, sensor, plan, plan.video_size)
        is_same = plan.still_size == plan.video_size
        still = video if is_same else _cropped(pipeline, camera, sensor, plan, plan.still_size)
        shown[plan.stream] = video
        graph.videos[plan.stream] = _gate(pipeline, video)
        graph.stills[plan.stream] = _gate(pipeline, still)
    depths: list[Any] = []
    for pair in features.pairs:
        plan = plans[pair.stream]
        left, right = (
            _output(cameras[sensor.socket], sensor, plan, plan.mode)
            for sensor in features.sensors_of(pair.stream)
        )
        stereo = pipeline.create(dai.node.StereoDepth).build(left, right, presetMode=_PRESET)
        stereo.setDepthAlign(_ALIGN)
        depths.append(stereo.depth)
        graph.videos[pair.stream] = _gate(pipeline, stereo.depth)
        graph.stills[pair.stream] = _gate(pipeline, stereo.depth)
    for stream, video in shown.items():
        network = plans[stream].network
        if network is not None:
            depth = depths[0] if depths else None
            graph.networks[stream] = build_network(pipeline, network, video, depth)
    return graph


def _feeds(pair: Any, sensor: Sensor) -> bool:
    return sensor.socket in (pair.left, pair.right)


def _area(size: Size) -> int:
    return size[0] * size[1]


def _cropped(pipeline: Any, camera: Any, sensor: Sensor, plan: Plan, size: Size) -> Any:
    """Return an output in a size. A cut away from the middle is one more node on the device."""
    whole = covering(plan.mode, size, plan.crop)
    if plan.resize_mode != "CROP" or plan.crop == (0.0, 0.0) or whole == size:
        return _output(camera, sensor, plan, size)
    node = pipeline.create(dai.node.ImageManip)
    rows, columns = cut(whole, size, plan.crop)
    # Pictures with half the resolution in colour are cut at even places only.
    x, y = columns.start // 2 * 2, rows.start // 2 * 2
    node.initialConfig.addCrop(x, y, size[0], size[1])
    node.setMaxOutputFrameSize(size[0] * size[1] * (3 if sensor.has_color else 2) // 2)
    _output(camera, sensor, plan, whole).link(node.inputImage)
    return node.out


def _output(camera: Any, sensor: Sensor, plan: Plan, size: Size) -> Any:
    kinds = dai.ImgFrame.Type
    return camera.requestOutput(
        size,
        type=kinds.NV12 if sensor.has_color else kinds.GRAY8,
        resizeMode=dai.ImgResizeMode.__members__[plan.resize_mode],
        fps=plan.fps,
    )


def _gate(pipeline: Any, output: Any) -> Gate:
    node = gate_node(pipeline, output)
    return Gate(node.inputControl.createInputQueue(), queue_of(node.output))
