"""Neural networks: what a client asks of one, and what depthai says of its model."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from lensbus_proto.errors import BadArguments
from lensbus_services.oak.arguments import choice, flag, integer, mapping, number
from lensbus_services.oak.features import Size

GENERIC: Final = "Generic"
SPATIAL: Final = "SpatialDetection"
# The words of both generations of clients.
TYPES: Final = (GENERIC, "YOLO", "MobileNet", "Detection", SPATIAL)

MOST_THREADS: Final = 16
MOST_HZ: Final = 1000.0
_THRESHOLD: Final = 0.5  # of depthai, where nobody names one
_MOST: Final = 2**31 - 1

ARCHIVES: Final = (".tar.xz", ".tar.gz")
BLOB: Final = ".blob"


@dataclass(frozen=True, slots=True)
class Layer:
    """One output of a network."""

    name: str
    shape: tuple[int, ...]

    @property
    def length(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Model:
    """What a model file says of itself, and of an archive also what its heads are for.

    `detects` is depthai's own word: its parser reads the numbers as things. A classifier says of
    the whole picture what it is, a segmenter of every pixel, in logits unless `is_softmax`.
    """

    input_size: Size
    outputs: tuple[Layer, ...]
    labels: tuple[str, ...] = ()
    threshold: float | None = None
    detects: bool = False
    classifies: bool = False
    segments: bool = False
    is_softmax: bool = False

    @classmethod
    def from_map(cls, table: Mapping[str, Any]) -> Self:
        """Return what `asdict` took apart."""
        width, height = table["input_size"]
        outputs = (Layer(each["name"], tuple(each["shape"])) for each in table["outputs"])
        return cls(
            input_size=(int(width), int(height)),
            outputs=tuple(outputs),
            labels=tuple(table["labels"]),
            threshold=table["threshold"],
            detects=bool(table["detects"]),
            classifies=bool(table["classifies"]),
            segments=bool(table["segments"]),
            is_softmax=bool(table["is_softmax"]),
        )


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a network is read: `nn_config` of both generations of clients.

    `sahi_config` is kept for who asks; nothing here slices pictures.
    """

    use_parser: bool = True
    sahi_config: Mapping[str, Any] | None = None
    anchor_masks: Mapping[str, tuple[int, ...]] | None = None
    anchors: tuple[float, ...] | None = None
    coordinate_size: int | None = None
    confidence_threshold: float | None = None
    iou_threshold: float | None = None
    num_classes: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks of a network."""

    type: str
    num_inference_threads: int = 2
    model_id: int | None = None
    nn_config: Tuning | None = None
    mask_max_dim: int | None = 256
    throttle_hz: float | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """A network that runs on a stream: what is asked of it, its model, and where that lies."""

    wish: Wish
    model: Model
    path: Path
    tuning: Tuning = field(init=False)

    def __post_init__(self) -> None:
        """Take the defaults where the client has named nothing."""
        object.__setattr__(self, "tuning", self.wish.nn_config or Tuning())

    @property
    def is_archive(self) -> bool:
        """Whether the model is an NNArchive, not a bare blob."""
        return self.path.name.endswith(ARCHIVES)

    @property
    def finds_things(self) -> bool:
        """Whether it gives boxes, not just numbers."""
        return self.wish.type != GENERIC or (self.tuning.use_parser and self.model.detects)

    @property
    def classifies(self) -> bool:
        """Whether its numbers say what the whole picture is."""
        return self.tuning.use_parser and self.model.classifies and not self.finds_things

    @property
    def is_yolo(self) -> bool:
        """Whether its numbers are read as those of a YOLO; else as those of a MobileNet."""
        tuning = self.tuning
        has_yolo_words = tuning.num_classes is not None or tuning.anchors is not None
        return self.wish.type == "YOLO" or (self.wish.type != "MobileNet" and has_yolo_words)

    @property
    def threshold(self) -> float:
        """How sure it must be of a thing."""
        for known in (self.tuning.confidence_threshold, self.model.threshold):
            if known is not None:
                return known
        return _THRESHOLD

    @property
    def segments(self) -> bool:
        """Whether its numbers say what every pixel is."""
        return self.tuning.use_parser and self.model.segments and not self.finds_things


def suffix_of(filename: str) -> str:
    """Return the ending by which depthai knows what is in a file; all but archives are blobs."""
    return next((end for end in ARCHIVES if filename.lower().endswith(end)), BLOB)


def wish(body: Mapping[str, Any]) -> Wish:
    """Return what is asked of a network, checked."""
    tuning = body.get("nn_config")
    return Wish(
        type=choice("config.type", body.get("type"), TYPES),
        num_inference_threads=integer(
            "config.num_inference_threads", body.get("num_inference_threads", 2), 1, MOST_THREADS
        ),
        model_id=_integer(body, "model_id", -_MOST, "config."),
        nn_config=None if tuning is None else _tuning(mapping(body, "nn_config")),
        mask_max_dim=_integer({"mask_max_dim": 256, **body}, "mask_max_dim", 1, "config."),
        throttle_hz=_throttle(body.get("throttle_hz")),
    )


def to_map(asked: Wish) -> dict[str, Any]:
    """Return a wish as clients see it: all fields of both generations."""
    whole = asdict(asked)
    tuning = asked.nn_config
    if tuning is not None:
        lists = {
            "anchors": None if tuning.anchors is None else list(tuning.anchors),
            "anchor_masks": None
            if tuning.anchor_masks is None
            else {side: list(mask) for side, mask in tuning.anchor_masks.items()},
        }
        whole["nn_config"] |= lists
    return whole


def check(asked: Wish, model: Model, *, is_archive: bool) -> None:
    """Refuse a wish that its model cannot fulfil."""
    if asked.type != GENERIC and is_archive and not model.detects:
        raise BadArguments(
            f"the archive has no head that finds things; of type {GENERIC} it can run",
            detail={"field": "config.type"},
        )


def _tuning(body: Mapping[str, Any]) -> Tuning:
    where = "config.nn_config."
    sahi, masks, anchors = (body.get(key) for key in ("sahi_config", "anchor_masks", "anchors"))
    if sahi is not None and not isinstance(sahi, Mapping):
        raise BadArguments.of(f"{where}sahi_config", sahi, "a map")
    return Tuning(
        use_parser=flag(f"{where}use_parser", body.get("use_parser", True)),
        sahi_config=sahi,
        anchor_masks=None if masks is None else _masks(masks, f"{where}anchor_masks"),
        anchors=None if anchors is None else _numbers(anchors, f"{where}anchors"),
        coordinate_size=_integer(body, "coordinate_size", 1, where),
        confidence_threshold=_share(body, "confidence_threshold", where),
        iou_threshold=_share(body, "iou_threshold", where),
        num_classes=_integer(body, "num_classes", 1, where),
    )


def _integer(body: Mapping[str, Any], field_: str, least: int, where: str) -> int | None:
    value = body.get(field_)
    return None if value is None else integer(where + field_, value, least, _MOST)


def _share(body: Mapping[str, Any], field_: str, where: str) -> float | None:
    value = body.get(field_)
    return None if value is None else number(where + field_, value, 0.0, 1.0)


def _throttle(value: object) -> float | None:
    if value is None:
        return None
    hertz = number("config.throttle_hz", value, 0.0, MOST_HZ)
    return hertz or None  # 0 holds nothing back, as with clients that have a slider for it


def _numbers(value: object, field_: str) -> tuple[float, ...]:
    if not isinstance(value, list | tuple):
        raise BadArguments.of(field_, value, "a list of numbers")
    return tuple(number(field_, each, -float(_MOST), float(_MOST)) for each in value)


def _masks(value: object, field_: str) -> Mapping[str, tuple[int, ...]]:
    if not isinstance(value, Mapping) or not all(
        isinstance(side, str) and isinstance(mask, list | tuple) for side, mask in value.items()
    ):
        raise BadArguments.of(field_, value, "a map of lists")
    return {
        side: tuple(integer(field_, each, 0, _MOST) for each in mask)
        for side, mask in value.items()
    }
