"""The shapes of this surface's bodies, for its contract.

What is required, and between which limits, is written with the tables and numbers that the
handlers check with; the sentences of a refusal are older than any model, so that handlers make
them by hand. Of most actions a body that cannot be read counts as empty.
"""

from typing import Annotated, Final, Generic, Literal, NotRequired, TypeVar

from pydantic import BaseModel, Field, WithJsonSchema
from typing_extensions import TypedDict

from lensbus_gateway.alpha.actions import FOCUS_MOST, PRESSES, ZOOM_MOST
from lensbus_gateway.alpha.camera_settings import NAME_LIMIT, SLOT_MOST
from lensbus_gateway.alpha.catalogue import CATALOGUE
from lensbus_gateway.alpha.connection import DEFAULT_MODE, MODES
from lensbus_gateway.alpha.logs import LEVELS
from lensbus_gateway.alpha.parse import PRIORITY_KEY
from lensbus_gateway.alpha.point import X_MOST, Y_MOST
from lensbus_gateway.alpha.save_info import AUTOMATIC, START_LIMIT
from lensbus_gateway.alpha.server import PLATFORMS
from lensbus_gateway.contract.operation import one_of

T = TypeVar("T")

NOT_ZERO: Final = {"not": {"const": 0}}
NAMED: Final = {"propertyNames": {"enum": sorted(CATALOGUE)}}

Hex = Annotated[str, Field(pattern="^0x[0-9a-fA-F]+$")]
Digits = Annotated[str, Field(pattern="^[0-9]+$")]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT, pattern=r"^[^./\\:%][^/\\:%]*$")]


class Login(BaseModel):
    """How a camera on the network is opened."""

    username: str | None = None
    password: str | None = None
    fingerprint: str | None = None


class Connect(BaseModel):
    """How to connect; all of it may be left out."""

    mode: Annotated[str, WithJsonSchema(one_of(MODES, default=DEFAULT_MODE))] | None = None
    auth: Login | None = None
    username: str | None = Field(default=None, deprecated=True)
    password: str | None = Field(default=None, deprecated=True)
    reconnecting: Annotated[str, WithJsonSchema(one_of(("on", "off")))] | None = Field(
        default=None, description="on: have the SDK bring a lost connection back"
    )


class SetProperty(BaseModel):
    """A value in any notation: as it was shown, as a number, as a word."""

    value: str | int | float


class SetPriorityKey(BaseModel):
    """Who is in charge of the settings."""

    setting: Annotated[str, WithJsonSchema(one_of(tuple(PRIORITY_KEY)))]


class PressShutter(BaseModel):
    """Without an action the button is pressed and let up."""

    action: Annotated[str, WithJsonSchema(one_of(PRESSES))] | None = None


class Zoom(BaseModel):
    """A speed with its sign, or a direction and a word; 0 or nothing at all stops."""

    speed: Annotated[int, Field(ge=-ZOOM_MOST, le=ZOOM_MOST)] | Literal["normal", "fast"] | None = (
        None
    )
    direction: Literal["in", "out"] | None = None


class FocusStep(BaseModel):
    """Negative is near, positive is far; 0 is refused."""

    step: Annotated[int, Field(ge=-FOCUS_MOST, le=FOCUS_MOST, json_schema_extra=NOT_ZERO)]


class PressButton(BaseModel):
    """A button of the body by its name; a refusal lists them."""

    button: Annotated[str, Field(min_length=1)]
    action: Annotated[str, WithJsonSchema(one_of(PRESSES, default="press"))] | None = None


class Fractions(BaseModel):
    """A place as shares of the picture."""

    x: Annotated[float, Field(ge=0, le=1)]
    y: Annotated[float, Field(ge=0, le=1)]


class Normalized(BaseModel):
    """A point as shares of the picture."""

    normalized: Fractions


class OnGrid(BaseModel):
    """A point in the camera's grid."""

    x: Annotated[float, Field(ge=0, le=X_MOST)]
    y: Annotated[float, Field(ge=0, le=Y_MOST)]


Point = Normalized | OnGrid


class SetSaveInfo(BaseModel):
    """Where pictures go on the rack; what is left out goes back to its default."""

    path: str
    prefix: str | None = None
    startNo: Annotated[int, Field(ge=AUTOMATIC, le=START_LIMIT)] | None = None


class SaveSettings(BaseModel):
    """Into which file."""

    filename: Name | None = None


class LoadSettings(BaseModel):
    """From which file."""

    filename: Name


class ImportLut(BaseModel):
    """A file on the rack, and the place for it."""

    filePath: Annotated[str, Field(min_length=1)]
    slot: Annotated[int, Field(ge=1, le=SLOT_MOST)] | None = None


class Pull(BaseModel):
    """Into which folder; it stays the one for later pictures."""

    save_path: str | None = None


class CameraBlock(TypedDict):
    """The camera that was spoken of; blank in most refusals."""

    connected: bool
    model: str
    id: str


class Said(TypedDict):
    """Success, and there is nothing more to say."""

    success: Literal[True]
    message: str
    camera: CameraBlock


class Done(TypedDict, Generic[T]):
    """Success, and what came of it."""

    success: Literal[True]
    message: str
    camera: CameraBlock
    data: T


class Told(TypedDict, Generic[T]):
    """Success on a path that has no camera block."""

    success: Literal[True]
    message: str
    data: T


class Refused(TypedDict):
    """A refusal; `data` has what a program can read of it."""

    success: Literal[False]
    message: str
    camera: NotRequired[CameraBlock]
    data: NotRequired["RefusedData"]
    retryable: NotRequired[bool]
    type: NotRequired[str]


class RefusedData(TypedDict, total=False):
    """What a program can read of a refusal."""

    error_code: Hex
    retryable: Literal["true"]
    error: str
    supported_buttons: str
    available: bool
    frame_count: int
    frames: list["Frame"]
    x: int
    y: int
    verify: str


class ServerBlock(TypedDict):
    """The gateway, as clients of the reference server know it."""

    version: str
    sdkVersion: str
    uptime: Annotated[int, Field(ge=0)]
    platform: Annotated[str, WithJsonSchema(one_of(PLATFORMS))]


class CameraCount(TypedDict):
    """How many cameras there are."""

    connected: int
    discovered: int


class Status(TypedDict):
    """The state of the server."""

    success: Literal[True]
    server: ServerBlock
    cameras: CameraCount


class LogEntry(TypedDict):
    """One record of some process."""

    timestamp: str
    level: Annotated[str, WithJsonSchema(one_of(LEVELS))]
    message: str
    cameraId: NotRequired[str]


class Logs(TypedDict):
    """The newest records."""

    success: Literal[True]
    logs: list[LogEntry]
    returned: int
    total: int


class Announced(TypedDict):
    """What was begun."""

    success: Literal[True]
    message: str


class Camera(TypedDict):
    """One Sony camera."""

    id: str
    model: str
    connectionType: Literal["USB", "Network"]
    connected: bool


class Cameras(TypedDict):
    """The Sony cameras that are there."""

    success: Literal[True]
    message: str
    cameras: list[Camera]


class Connection(TypedDict):
    """What kind of connection there is."""

    success: Literal[True]
    message: str
    camera: CameraBlock
    data: NotRequired["Mode"]


class Mode(TypedDict):
    """The mode of a connection."""

    mode: Annotated[str, WithJsonSchema(one_of(MODES))]


class FingerprintData(TypedDict):
    """What a connection with a password asks for."""

    ssh_supported: bool
    fingerprint: NotRequired[str]
    length: NotRequired[int]


class Offered(TypedDict):
    """A value that can be set now."""

    value: Hex
    formatted: str


class Property(TypedDict):
    """One property; `min`, `max`, `step` of a counter, `available_values` of all but texts."""

    property: str
    value: str
    formatted: str
    writable: bool
    available_values: NotRequired[list[Offered]]
    min: NotRequired[Digits]
    max: NotRequired[Digits]
    step: NotRequired[Digits]


class OfferedNumber(TypedDict):
    """A value that can be set now, as a number too."""

    value: Annotated[int, Field(ge=0)]
    hex_value: Hex
    formatted: str


class PropertyInBulk(TypedDict):
    """One property among all."""

    current_value: Annotated[int, Field(ge=0)]
    current_hex_value: Hex
    current_formatted: str
    writable: bool
    available_values: list[OfferedNumber]


class AllProperties(TypedDict):
    """Every named property that the camera has, and how many it has in all."""

    properties: Annotated[dict[str, PropertyInBulk], Field(json_schema_extra=NAMED)]
    total_properties: int


class PropertySet(TypedDict):
    """What was asked for and what was sent."""

    property: str
    requested_value: str
    value: str


class PriorityKey(TypedDict):
    """Who is in charge."""

    setting: Annotated[str, WithJsonSchema(one_of((*PRIORITY_KEY, "unknown")))]
    rawValue: Digits


class PriorityKeySet(TypedDict):
    """Who is in charge now."""

    setting: Annotated[str, WithJsonSchema(one_of(tuple(PRIORITY_KEY)))]


class ActionData(TypedDict):
    """How it was done; `capture` is the number that events of this exposure carry."""

    action: str
    method: str
    capture: NotRequired[int]


class ZoomData(TypedDict):
    """The speed, 0 when it stopped."""

    speed: Annotated[int, Field(ge=-ZOOM_MOST, le=ZOOM_MOST)]


class FocusData(TypedDict):
    """The step and where it leads."""

    step: int
    direction: Literal["near", "far"]


class MovieData(TypedDict):
    """Whether a recording begins or ends."""

    action: str
    method: str
    recording: bool


class ButtonData(TypedDict):
    """Which button, and how."""

    action: str
    button: str
    method: str


class TouchData(TypedDict):
    """Where it was touched."""

    action: str
    method: str
    x: Digits
    y: Digits
    verify: str


class LiveViewState(TypedDict):
    """Whether live view is on and whether pictures flow."""

    enabled: bool
    streaming: bool


class OsdState(TypedDict):
    """Whether the body can show its display, and does."""

    supported: bool
    enabled: bool


class CardFile(TypedDict):
    """One file of a card."""

    content_id: int
    file_id: int
    file_path: str
    file_size: int
    creation_year: int
    creation_month: int
    creation_day: int
    creation_hour: int
    creation_minute: int
    creation_second: int
    width: NotRequired[int]
    height: NotRequired[int]


class CardFiles(TypedDict):
    """The files of one slot, or a page of them."""

    success: Literal[True]
    slot: Literal[1, 2]
    file_count: int
    total: int
    files: list[CardFile]


class SavedFile(TypedDict):
    """One file on the rack; `sha256` where it is known."""

    name: str
    path: str
    url: str
    size: int
    timeUs: int
    sha256: str | None


class SavedFiles(TypedDict):
    """A page of what a camera has saved, the newest first; `next` leads on."""

    success: Literal[True]
    total: int
    next: int | None
    files: list[SavedFile]


class Pulling(TypedDict):
    """A pull has begun; `type` of thumbnails and screennails."""

    success: Literal[True]
    message: str
    type: NotRequired[str]


class SaveInfo(TypedDict):
    """Where pictures go; -1 numbers them automatically."""

    path: str
    prefix: str
    startNo: Annotated[int, Field(ge=AUTOMATIC, le=START_LIMIT)]


class SettingsSaved(TypedDict):
    """Where the file is."""

    filename: str
    path: str


class SettingsLoaded(TypedDict):
    """What was loaded, and what the camera does now."""

    filename: str
    warning: str


class SettingsFiles(TypedDict):
    """The files of settings of one camera."""

    success: Literal[True]
    message: str
    files: list[str]
    count: int


class LutData(TypedDict):
    """Which file goes where."""

    slot: int
    file: str


class Place(TypedDict):
    """A place as shares of the picture."""

    x: float
    y: float


class GridPlace(TypedDict):
    """A place in the camera's grid."""

    x: int
    y: int


class FrameSize(TypedDict):
    """How large a frame is."""

    width: int
    height: int
    normalized_width: float
    normalized_height: float


class FrameRaw(TypedDict):
    """The numbers of the camera."""

    xNumerator: int
    xDenominator: int
    yNumerator: int
    yDenominator: int


class Frame(TypedDict):
    """A frame that the camera draws into its picture."""

    type: str
    state: str
    priority: int
    normalized: Place
    position: GridPlace
    size: FrameSize
    raw: FrameRaw


class Frames(TypedDict):
    """The frames that there are now."""

    available: Literal[True]
    frame_count: int
    frames: list[Frame]


class AfAreaSet(TypedDict):
    """Where the frame was asked to go."""

    x: int
    y: int
    verify: str
