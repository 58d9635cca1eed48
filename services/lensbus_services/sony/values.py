"""What crosses the shim, as plain values: no pointers, no vendor objects."""

from dataclasses import dataclass
from enum import IntEnum

from lensbus_proto.topics import is_camera_id


class Kind(IntEnum):
    """What the SDK called back (`crshim_kind`)."""

    CONNECTED = 1
    DISCONNECTED = 2
    PROPERTIES = 3
    DOWNLOADED = 4
    OPERATION = 5
    CONTENTS = 6
    WARNING = 7
    WARNING_EXT = 8
    ERROR = 9
    TRANSFER = 10
    CARD_CHANGED = 11
    READ = 12


@dataclass(frozen=True, slots=True)
class Seen:
    """One callback of the SDK; `link` is the number of the connection that it belongs to."""

    kind: Kind
    time_us: int = 0
    link: int = 0
    code: int = 0
    handle: int = 0
    params: tuple[int, int, int] = (0, 0, 0)
    codes: tuple[int, ...] = ()
    text: str = ""
    raw: bytes = b""  # the text as the camera told it: the name of a file need not be UTF-8
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A camera that the SDK enumerated."""

    camera: str
    model: str
    connection_type: str = "USB"
    has_ssh: bool = False  # it can be connected through access authentication


@dataclass(frozen=True, slots=True)
class RawProperty:
    """A property as the SDK has it: lists as bytes, text as UTF-16 units."""

    code: int
    type: int
    enable: int
    value: int = 0
    text: tuple[int, ...] = ()
    values: bytes = b""
    set_values: bytes = b""


@dataclass(frozen=True, slots=True)
class RawFrames:
    """What a camera draws into its live view, as the SDK has it: packed frames of one kind."""

    code: int
    enable: int
    kind: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class DisplayText:
    """What a camera itself calls a value; `list` is the number of the list that says so."""

    list: int
    type: int
    value: int
    text: str


Day = tuple[int, int, int]  # year, month, day


@dataclass(frozen=True, slots=True)
class CardFile:
    """A file on a camera's card; width and height are 0 where the SDK does not tell them."""

    content_id: int
    file_id: int
    path: str
    size: int
    created: tuple[int, ...]
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """What was on a card when it was last listed from its beginning."""

    link: int
    slot: int
    files: list[CardFile]
    day: Day | None = None  # if it is of one day only


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a network camera with access authentication asks for."""

    username: str = ""
    password: str = ""
    fingerprint: str = ""


def camera_id(raw: bytes, mac: str = "") -> str:
    """Return the stable id of a camera: its printable serial, its MAC address, else hex digits."""
    if is_camera_id(mac):
        return mac
    text = raw.split(b"\0", 1)[0].decode("latin-1")
    return text if is_camera_id(text) else raw.hex().upper()


def printable(text: str) -> str:
    """Return a text from a camera that can stand in an event and in a log."""
    return "".join(letter if letter.isprintable() else "_" for letter in text)
