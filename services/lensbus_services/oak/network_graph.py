"""The part of a real device's graph that belongs to a neural network.

A network sees what clients see: the pictures of its stream, deformed to the size that its model
takes, so that its boxes are shares of the published picture. Pictures come through a gate: nobody
who wants to know, no work.
"""

from typing import Any

from lensbus_services.oak.gates import Gate, gate_node, queue_of
from lensbus_services.oak.networks import Network
from lensbus_services.oak.sdk import dai

_FAMILY = dai.DetectionNetworkType


def build_network(pipeline: Any, network: Network, video: Any, depth: Any | None) -> Gate:
    """Create the nodes of a network behind the video output of a stream.

    With depth, things are placed in space: the depth is laid onto the pictures for that.
    """
    gate = gate_node(pipeline, video)
    scaled = _scaled(pipeline, network, gate.output)
    if not network.finds_things:
        node = pipeline.create(dai.node.NeuralNetwork)
        scaled.link(node.input)
    elif depth is None:
        node = pipeline.create(dai.node.DetectionNetwork)
        scaled.link(node.input)
    else:
        node = pipeline.create(dai.node.SpatialDetectionNetwork)
        scaled.link(node.input)
        align = pipeline.create(dai.node.ImageAlign)
        depth.link(align.input)
        gate.output.link(align.inputAlignTo)
        align.outputAligned.link(node.inputDepth)
    try:
        _teach(node, network)
    except (ValueError, LookupError, TypeError) as error:
        # As whatever else a device does not take: the graph cannot be, and the one before returns.
        raise RuntimeError(f"the model cannot be taught: {error}") from error
    return Gate(gate.inputControl.createInputQueue(), queue_of(node.out))


def _scaled(pipeline: Any, network: Network, pictures: Any) -> Any:
    width, height = network.model.input_size
    node = pipeline.create(dai.node.ImageManip)
    node.initialConfig.setOutputSize(width, height, dai.ImageManipConfig.ResizeMode.STRETCH)
    node.initialConfig.setFrameType(dai.ImgFrame.Type.BGR888p)
    node.setMaxOutputFrameSize(width * height * 3)
    pictures.link(node.inputImage)
    return node.out


def _teach(node: Any, network: Network) -> None:
    """Give a node its model; the words of the client win over those of an archive."""
    if network.is_archive:
        node.setNNArchive(dai.NNArchive(network.path))
    else:
        node.setBlob(dai.OpenVINO.Blob(network.path))
    node.setNumInferenceThreads(network.wish.num_inference_threads)
    if not network.finds_things:
        return
    node.setConfidenceThreshold(network.threshold)
    parser, tuning = node.detectionParser, network.tuning
    if not network.is_archive:
        parser.setNNFamily(_FAMILY.YOLO if network.is_yolo else _FAMILY.MOBILENET)
    if tuning.num_classes is not None:
        parser.setNumClasses(tuning.num_classes)
    if tuning.coordinate_size is not None:
        parser.setCoordinateSize(tuning.coordinate_size)
    if tuning.anchors is not None:
        parser.setAnchors(list(tuning.anchors))
    if tuning.anchor_masks is not None:
        parser.setAnchorMasks({side: list(mask) for side, mask in tuning.anchor_masks.items()})
    if tuning.iou_threshold is not None:
        parser.setIouThreshold(tuning.iou_threshold)
