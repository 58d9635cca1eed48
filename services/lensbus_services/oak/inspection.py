"""What is in a model file, as depthai reads it: in a child process, for a bad file may end it.

An empty blob is a segmentation fault in depthai 3.12, and so is one inside an archive. What a
file unpacks to is limited, too.
"""

import json
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import BadArguments
from lensbus_services.oak.networks import ARCHIVES, Layer, Model

LIMIT_S: Final = 20.0
MEMORY_BYTES: Final = 2 * 1024**3  # of addresses; depthai alone takes one of them
CLASSIFIER: Final = "ClassificationParser"
SEGMENTER: Final = "SegmentationParser"
REMEMBERED: Final = 32
_REASON: Final = 300  # characters of what a file is refused for


class Inspector:
    """Inspects models, each once: the same bytes again, with other wishes, cost no time."""

    def __init__(self) -> None:
        self._known: dict[str, Model] = {}

    def inspect(self, path: Path, digest: str) -> Model:
        """Return what a model says of itself; `digest` is that of the file and its kind."""
        if digest not in self._known:
            model = inspect(path)
            while len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[digest] = model
        return self._known[digest]


def inspect(path: Path) -> Model:
    """Return what a model says of itself; BadArguments if depthai cannot read it."""
    command = [sys.executable, "-m", __name__, str(path)]
    try:
        child = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise _bad(f"it cannot be read within {LIMIT_S:g} s") from error
    try:
        told = json.loads(child.stdout.rpartition(b"\n{")[2].join((b"{", b"")))
    except ValueError:
        raise _bad(f"depthai ends when it reads it (exit {child.returncode})") from None
    if "reason" in told:
        raise _bad(told["reason"][:_REASON])
    return Model.from_map(told)


def _bad(reason: str) -> BadArguments:
    return BadArguments(f"not a model: {reason}", detail={"field": "model"})


def main(path: str) -> None:
    """Tell on standard output what is in a file, or why that cannot be told."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        told = asdict(_archive(path) if path.endswith(ARCHIVES) else _blob(path))
    except Exception as error:  # noqa: BLE001  # whatever a stranger's file makes depthai raise
        told = {"reason": str(error) or type(error).__name__}
    sys.stdout.write("\n" + json.dumps(told))


def _blob(path: str) -> Model:
    from lensbus_services.oak.sdk import dai

    return _of_blob(dai.OpenVINO.Blob(Path(path)))


def _of_blob(blob: Any) -> Model:
    inputs = list(blob.networkInputs.values())
    # The map has lost the order of the file; the places in the result have not.
    outputs = sorted(blob.networkOutputs.items(), key=lambda item: (item[1].offset, item[0]))
    if not inputs or not outputs:
        raise ValueError("it has no inputs, or no outputs")
    width, height = inputs[0].dims[:2]
    return Model(
        input_size=(int(width), int(height)),
        outputs=tuple(Layer(name, tuple(tensor.dims)) for name, tensor in outputs),
    )


def _archive(path: str) -> Model:
    from lensbus_services.oak.sdk import dai

    archive = dai.NNArchive(Path(path))
    config = archive.getConfigV1().model
    blob = None
    if archive.getModelType() == dai.ModelType.BLOB:
        blob = _of_blob(archive.getBlob())
    size = archive.getInputSize()
    if size is None:
        if blob is None:
            raise ValueError("its configuration names no input size")
        size = blob.input_size
    outputs = tuple(Layer(each.name, tuple(each.shape or ())) for each in config.outputs)
    heads = config.heads or []
    thresholds = [each.metadata.confThreshold for each in heads]
    return Model(
        input_size=(size[0], size[1]),
        outputs=outputs or (blob.outputs if blob else ()),
        labels=tuple(label for each in heads for label in each.metadata.classes or ()),
        threshold=next((each for each in thresholds if each is not None), None),
        detects=bool(heads) and _is_detector(archive),
        classifies=any(each.parser == CLASSIFIER for each in heads),
        segments=any(each.parser == SEGMENTER for each in heads),
        is_softmax=any(bool(each.metadata.isSoftmax) for each in heads),
    )


def _is_detector(archive: Any) -> bool:
    """Ask depthai whether its own parser can read an archive as things with boxes."""
    from lensbus_services.oak.sdk import dai

    parser = dai.Pipeline(False).create(dai.node.DetectionParser)
    try:
        parser.setNNArchive(archive)
    except RuntimeError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1])
