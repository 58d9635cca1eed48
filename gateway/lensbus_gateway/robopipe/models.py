"""The bodies of requests, with the limits of the published API to the digit.

The names of the configuration models are part of the API: they stand in the `loc` of a 422.
"""

from enum import Enum
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MXID: Final = "[A-Z0-9]+"
STREAM: Final = "CAM_[A-H]|DEPTH_[A-H]_[A-H]"

# In a body a name is matched whole.
StreamName = Annotated[str, Field(pattern=f"^({STREAM})$")]
Size = tuple[int, int]

# depthai holds it in 32 bits with a sign; the published API names no limit.
_INT32: Final = 0x7FFFFFFF
_MICROSECONDS: Final = _INT32


class WhiteBalanceMode(Enum):
    """How white balance is chosen; with OFF it is `manual_whitebalance`."""

    AUTO = "AUTO"
    CLOUDY_DAYLIGHT = "CLOUDY_DAYLIGHT"
    DAYLIGHT = "DAYLIGHT"
    FLUORESCENT = "FLUORESCENT"
    INCANDESCENT = "INCANDESCENT"
    OFF = "OFF"
    SHADE = "SHADE"
    TWILIGHT = "TWILIGHT"
    WARM_FLUORESCENT = "WARM_FLUORESCENT"


class FocusMode(Enum):
    """How the lens is moved; with OFF it is at `lens_position`."""

    OFF = "OFF"
    AUTO = "AUTO"
    MACRO = "MACRO"
    CONTINUOUS_VIDEO = "CONTINUOUS_VIDEO"
    CONTINUOUS_PICTURE = "CONTINUOUS_PICTURE"
    EDOF = "EDOF"


class AntiBandingMode(Enum):
    """Against which mains the flicker of lamps is suppressed."""

    OFF = "OFF"
    MAINS_50_HZ = "MAINS_50_HZ"
    MAINS_60_HZ = "MAINS_60_HZ"
    AUTO = "AUTO"


class ColorResolution(Enum):
    """What a colour sensor can be read out at, over all sensors."""

    THE_1080_P = "THE_1080_P"
    THE_1200_P = "THE_1200_P"
    THE_4_K = "THE_4_K"
    THE_5_MP = "THE_5_MP"
    THE_12_MP = "THE_12_MP"
    THE_4000X3000 = "THE_4000X3000"
    THE_13_MP = "THE_13_MP"
    THE_5312X6000 = "THE_5312X6000"
    THE_48_MP = "THE_48_MP"
    THE_720_P = "THE_720_P"
    THE_800_P = "THE_800_P"
    THE_1440X1080 = "THE_1440X1080"
    THE_1352X1012 = "THE_1352X1012"
    THE_2024X1520 = "THE_2024X1520"


class MonoResolution(Enum):
    """What a mono sensor can be read out at, over all sensors."""

    THE_400_P = "THE_400_P"
    THE_480_P = "THE_480_P"
    THE_720_P = "THE_720_P"
    THE_800_P = "THE_800_P"
    THE_1200_P = "THE_1200_P"


class ResizeMode(Enum):
    """How a picture gets a size that its sensor does not have."""

    CROP = "CROP"
    STRETCH = "STRETCH"
    LETTERBOX = "LETTERBOX"


class _Body(BaseModel):
    """Unknown keys are ignored; JSON knows no infinity, but `1e999` reads as one."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class SensorFocus(_Body):
    """Replaces the whole focus: what is left out goes back to its default."""

    auto_focus_mode: FocusMode = FocusMode.CONTINUOUS_VIDEO
    auto_focus_trigger: bool = False
    lens_position: float = Field(default=0.0, ge=0.0, le=1.0)


class SensorControlUpdate(_Body):
    """What changes of a stream's control; only the fields that were sent are looked at."""

    exposure_time: int = Field(default=1, ge=1, le=33000)
    sensitivity_iso: int = Field(default=100, ge=100, le=5000)
    auto_exposure_enable: bool = True
    auto_exposure_compensation: int = Field(default=0, ge=-9, le=9)
    auto_exposure_limit: int = Field(default=0, ge=0, le=_MICROSECONDS)
    auto_exposure_lock: bool = False
    contrast: int = Field(default=0, ge=-10, le=10)
    brightness: int = Field(default=0, ge=-10, le=10)
    saturation: int = Field(default=0, ge=-10, le=10)
    chroma_denoise: int = Field(default=0, ge=0, le=4)
    luma_denoise: int = Field(default=0, ge=0, le=4)
    auto_whitebalance_lock: bool = False
    auto_whitebalance_mode: WhiteBalanceMode = WhiteBalanceMode.AUTO
    manual_whitebalance: int = Field(default=6500, ge=1000, le=12000)
    focus: SensorFocus | None = None
    sharpness: int = Field(default=1, ge=0, le=4)
    anti_banding_mode: AntiBandingMode = AntiBandingMode.MAINS_50_HZ


class IRConfig(_Body):
    """The infrared lights; what is left out is off."""

    flood_light: float = Field(default=0.0, ge=0.0, le=1.0)
    dot_projector: float = Field(default=0.0, ge=0.0, le=1.0)


class StreamsChange(_Body):
    """Which streams to switch, all in one go."""

    activate: list[StreamName] = []
    deactivate: list[StreamName] = []


class CameraConfigProperties(_Body):
    """A configuration whose resolution is a size."""

    resolution: Size
    still_size: Size
    preview_size: Size
    video_size: Size
    fps: float


class ColorCameraConfigProperties(_Body):
    """A configuration of a colour sensor."""

    resolution: ColorResolution
    still_size: Size
    preview_size: Size
    video_size: Size
    sensor_crop: tuple[float, float]
    fps: float


class MonoCameraConfigProperties(_Body):
    """A configuration of a mono sensor, or of both sensors of a depth stream."""

    resolution: MonoResolution
    fps: float


class StillConfig(_Body):
    """The configuration of newer clients."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)
    fps: int
    resize_mode: ResizeMode = ResizeMode.CROP


class NNType(Enum):
    """What a network is, in the words of both generations of clients."""

    GENERIC = "Generic"
    YOLO = "YOLO"
    MOBILE_NET = "MobileNet"
    DETECTION = "Detection"
    SPATIAL_DETECTION = "SpatialDetection"


class NNTuning(_Body):
    """How a network is read: of YOLO and MobileNet networks, and of those of newer clients."""

    use_parser: bool = True
    sahi_config: dict[str, Any] | None = None
    anchor_masks: dict[str, list[Annotated[int, Field(ge=0, le=_INT32)]]] | None = None
    anchors: list[float] | None = None
    coordinate_size: int | None = Field(default=None, ge=1, le=_INT32)
    confidence_threshold: float | None = Field(default=None, ge=0.0, le=1.0)
    iou_threshold: float | None = Field(default=None, ge=0.0, le=1.0)
    num_classes: int | None = Field(default=None, ge=1, le=_INT32)


class NNConfig(_Body):
    """A network for a stream."""

    type: NNType
    num_inference_threads: int = Field(default=2, ge=1, le=16)
    nn_config: NNTuning | None = None
    model_id: int | None = Field(default=None, ge=-_INT32, le=_INT32)
    mask_max_dim: int | None = Field(default=256, ge=1, le=_INT32)
    throttle_hz: float | None = Field(default=None, ge=0.0, le=1000.0)


SeedConfig = CameraConfigProperties | ColorCameraConfigProperties | MonoCameraConfigProperties

MXID_TEXT: Final = TypeAdapter(Annotated[str, Field(pattern=MXID)])
STREAM_TEXT: Final = TypeAdapter(Annotated[str, Field(pattern=STREAM)])
BOOT: Final = TypeAdapter(bool)
LIGHTS: Final = TypeAdapter(IRConfig)
STREAMS_CHANGE: Final = TypeAdapter(StreamsChange)
NETWORK: Final = TypeAdapter(NNConfig)
CONTROL_UPDATE: Final = TypeAdapter(SensorControlUpdate)
STILL_CONFIG: Final = TypeAdapter(StillConfig)
SEED_CONFIG: Final[TypeAdapter[SeedConfig]] = TypeAdapter(SeedConfig)
ANY_CONFIG: Final[TypeAdapter[SeedConfig | StillConfig]] = TypeAdapter(SeedConfig | StillConfig)
