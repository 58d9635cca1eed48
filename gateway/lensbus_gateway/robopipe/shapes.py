"""The shapes of what this surface answers, for its contract."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from typing_extensions import TypedDict

from lensbus_gateway.contract.operation import FILE
from lensbus_gateway.robopipe.models import (
    AntiBandingMode,
    FocusMode,
    NNConfig,
    NNTuning,
    NNType,
    ResizeMode,
    StreamName,
    WhiteBalanceMode,
)
from lensbus_gateway.robopipe.networks import FIELDS

Pixels = Annotated[int, Field(ge=1)]
Bytes = Annotated[int, Field(ge=0)]
Pair = tuple[int, int]
Share = Annotated[float, Field(ge=0, le=1)]


class DeviceInfo(TypedDict):
    """One OAK camera; the words are XLink's."""

    mxid: str
    name: str
    camera_name: str
    platform: str
    protocol: str
    state: str
    status: str


class ChipTemperature(TypedDict):
    """Degrees Celsius."""

    average: float
    css: float
    dss: float
    mss: float
    upa: float


class MemoryUsage(TypedDict):
    """Bytes."""

    total: Bytes
    used: Bytes
    remaining: Bytes


class CameraStats(TypedDict):
    """How warm and how full a camera is."""

    chip_temperature: ChipTemperature
    cmx_memory_usage: MemoryUsage
    ddr_memory_usage: MemoryUsage


class Lights(TypedDict):
    """The infrared lights, each from 0 (off) to 1."""

    flood_light: Share
    dot_projector: Share


class StreamInfo(TypedDict):
    """One stream; `replay` while a film is shown in place of what its sensor sees."""

    name: StreamName
    active: bool
    replay: bool


class StreamState(TypedDict):
    """One stream in the form of the first servers."""

    active: bool


StreamStates = dict[str, StreamState]


class Config(TypedDict):
    """How a stream is read out, in the published form and the newer one; mono has no sizes."""

    resolution: str
    fps: float
    still_size: NotRequired[Pair]
    preview_size: NotRequired[Pair]
    video_size: NotRequired[Pair]
    sensor_crop: NotRequired[tuple[float, float]]
    width: Pixels
    height: Pixels
    resize_mode: ResizeMode


class ConfigOption(TypedDict):
    """A size, and the rates that it can have."""

    width: Pixels
    height: Pixels
    min_fps: int
    max_fps: int


class Focus(TypedDict):
    """Where the lens is, and who says so."""

    auto_focus_mode: FocusMode
    auto_focus_trigger: bool
    lens_position: Share


class SensorControl(TypedDict):
    """How a sensor is controlled; while an automatic is on, with the values of this moment."""

    exposure_time: Annotated[int, Field(ge=1, le=33000)]
    sensitivity_iso: Annotated[int, Field(ge=100, le=5000)]
    auto_exposure_enable: bool
    auto_exposure_compensation: Annotated[int, Field(ge=-9, le=9)]
    auto_exposure_limit: Annotated[int, Field(ge=0)]
    auto_exposure_lock: bool
    contrast: Annotated[int, Field(ge=-10, le=10)]
    brightness: Annotated[int, Field(ge=-10, le=10)]
    saturation: Annotated[int, Field(ge=-10, le=10)]
    sharpness: Annotated[int, Field(ge=0, le=4)]
    chroma_denoise: Annotated[int, Field(ge=0, le=4)]
    luma_denoise: Annotated[int, Field(ge=0, le=4)]
    auto_whitebalance_lock: bool
    auto_whitebalance_mode: WhiteBalanceMode
    manual_whitebalance: Annotated[int, Field(ge=1000, le=12000)]
    focus: Focus | None
    anti_banding_mode: AntiBandingMode


class Range(TypedDict):
    """Between which limits a value can be set, and in which steps."""

    min: float
    max: float
    default: float
    step: float


class Capabilities(TypedDict):
    """What can be controlled; null is what this sensor does not have."""

    sensor_type: str
    has_autofocus: bool
    has_color_controls: bool
    exposure_time: Range
    sensitivity_iso: Range
    auto_exposure_compensation: Range
    auto_exposure_limit: Range
    contrast: Range
    brightness: Range
    saturation: Range | None
    sharpness: Range
    chroma_denoise: Range | None
    luma_denoise: Range
    manual_whitebalance: Range | None
    lens_position: Range | None
    auto_focus_modes: list[FocusMode]
    auto_whitebalance_modes: list[WhiteBalanceMode] | None
    anti_banding_modes: list[AntiBandingMode]


class Measured(TypedDict):
    """How far away a place is, in millimetres; null where nothing was measured."""

    mm: int | None
    width: Pixels
    height: Pixels
    time_us: int


class NetworkForm(BaseModel):
    """A model and what it is, as a form; `nn_config` is what older clients call `config`."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [name]} for name in FIELDS]}
    )

    model: Annotated[bytes, WithJsonSchema({**FILE})]
    config: Annotated[NNConfig | None, Field(description="JSON")] = None
    nn_config: Annotated[NNConfig | None, Field(description="JSON")] = None


class Network(TypedDict):
    """The network that looks at a stream."""

    type: NNType
    num_inference_threads: int
    model_id: int | None
    nn_config: NNTuning | None
    mask_max_dim: int | None
    throttle_hz: float | None


class Replay(TypedDict):
    """Whether a film is shown, and which."""

    replay: bool
    filename: str | None


class SessionAnswer(TypedDict):
    """The answer to an offer; all candidates are in it."""

    sdp: str
    type: Literal["answer"]
    candidates: list[dict[str, Any]]


class ValidationError(TypedDict):
    """One fault of a request, in FastAPI's words."""

    loc: list[str | int]
    msg: str
    type: str
    input: Any
    ctx: NotRequired[dict[str, Any]]


class HTTPValidationError(TypedDict):
    """All faults of a request; a sentence when they are of no one field."""

    detail: list[ValidationError] | str
