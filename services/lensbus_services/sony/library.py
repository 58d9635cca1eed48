"""The shim as typed calls: plain values in and out, vendor errors as `CameraError`.

The shim's library carries its own header, from which the declarations are read: the two cannot
disagree. Calls into it run without the interpreter's lock. Nothing above this module sees a
pointer.
"""

import functools
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import cffi

from lensbus_proto.errors import CameraError, NotConnected, Unsupported
from lensbus_proto.topics import is_camera_id
from lensbus_services.sony.codes import ADAPTOR_CREATE, FRAME_NOT_UPDATED, error_name, error_of
from lensbus_services.sony.turns import Turns

logger = logging.getLogger(__name__)

NATIVE: Final = Path(__file__).parent / "native"
SHIM: Final = NATIVE / "libcrshim.so"
SIMULATOR: Final = NATIVE / "libcrsim.so"

_FOLD_AT: Final = 64
_QUEUE_LIMIT: Final = 65_536
_TURN_S: Final = 30.0  # a call that takes longer than this does not come back
_ADAPTOR_HINT: Final = (
    "the SDK did not find its folder CrAdapter, which it looks for beside the executable of the"
    " process: run the worker with a copy of the interpreter that lies next to CrAdapter"
)


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
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A camera that the SDK enumerated."""

    camera: str
    model: str
    connection_type: str = "USB"


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
class Credentials:
    """What a network camera with access authentication asks for."""

    username: str = ""
    password: str = ""
    fingerprint: str = ""


def camera_id(raw: bytes, mac: str = "") -> str:
    """Return the stable id of a camera: its printable serial, its MAC address, else hex digits."""
    if mac:
        return mac
    text = raw.split(b"\0", 1)[0].decode("latin-1")
    return text if is_camera_id(text) else raw.hex().upper()


@functools.cache
def _shim() -> tuple[Any, Any]:
    """Return cffi and the shim's library, declared by the header inside it."""
    try:
        reader: Any = cffi.FFI()
        reader.cdef("const char *crshim_contract(void);")
        contract = reader.string(reader.dlopen(str(SHIM)).crshim_contract()).decode()
        ffi: Any = cffi.FFI()
        ffi.cdef(contract.split("// cdef begin", 1)[1].split("// cdef end", 1)[0])
        return ffi, ffi.dlopen(str(SHIM))
    except OSError as error:
        raise CameraError(f"the Sony shim is not there; build it with make: {error}") from error


class Sdk:
    """A loaded SDK, initialised while somebody uses it. One per library and process."""

    def __init__(self, path: Path, slots: int) -> None:
        self.path = path
        self._wanted_slots = slots
        self._users = 0
        self._lock = threading.Lock()
        self._pointer: Any = None

    def acquire(self) -> None:
        """Load and initialise for one more user."""
        with self._lock:
            if self._users == 0:
                self._load()
            self._users += 1

    def release(self) -> None:
        """Give one use back; the last one releases the SDK."""
        _, lib = _shim()
        with self._lock:
            self._users -= 1
            if self._users == 0:
                lib.crshim_release(self._pointer)
                lib.crshim_unload(self._pointer)
                self._pointer = None

    def _load(self) -> None:
        ffi, lib = _shim()
        message = ffi.new("char[512]")
        pointer = lib.crshim_load(os.fsencode(self.path), self._wanted_slots, message, 512)
        if pointer == ffi.NULL:
            reason = ffi.string(message).decode(errors="replace")
            raise Unsupported(f"the SDK cannot be used: {reason}", operation="load")
        if lib.crshim_init(pointer, 0) != 1:
            lib.crshim_unload(pointer)
            raise CameraError(f"Init of {self.path} failed", operation="Init")
        self._pointer = pointer

    @property
    def pointer(self) -> Any:
        """The shim's object, for the classes of this module."""
        return self._pointer

    @property
    def version(self) -> int:
        """What GetSDKVersion answered."""
        _, lib = _shim()
        return int(lib.crshim_version(self._pointer))

    @property
    def slots(self) -> int:
        """How many slots the callback table has."""
        _, lib = _shim()
        return int(lib.crshim_slots(self._pointer))

    def enumerate(self, wait_s: int) -> "Cameras":
        """Look for cameras for this long. No camera is an empty answer, not an error."""
        ffi, lib = _shim()
        out = ffi.new("crshim_cameras **")
        with self._lock:
            result = lib.crshim_enumerate(self._pointer, wait_s, out)
        if result == ADAPTOR_CREATE:
            raise CameraError(_ADAPTOR_HINT, vendor_code=result, operation="EnumCameraObjects")
        if result != 0:
            # With nothing plugged in, releases of the SDK answer one error or another.
            extra = {"code": f"0x{result:x}", "name": error_name(result)}
            logger.info("no cameras enumerated", extra=extra)
            return Cameras(None)
        return Cameras(out[0])


class Cameras:
    """The cameras of one enumeration, alive until closed."""

    def __init__(self, pointer: Any) -> None:
        self._pointer = pointer
        self._born = time.monotonic()
        self.found: list[Found] = []
        self._read()

    def _read(self) -> None:
        ffi, lib = _shim()
        if self._pointer is None:
            return
        raw = ffi.new("crshim_camera *")
        for index in range(lib.crshim_camera_count(self._pointer)):
            if lib.crshim_camera_at(self._pointer, index, raw) != 0:
                self.found.append(Found("", ""))
                continue
            network = raw.id_type != 0 or _text(ffi, raw.connection) == "IP"
            camera = camera_id(
                bytes(ffi.buffer(raw.id, raw.id_size)), _text(ffi, raw.mac) if network else ""
            )
            kind = "Network" if network else "USB"
            self.found.append(Found(camera, _text(ffi, raw.model), kind))

    def index(self, camera: str) -> int | None:
        """Return the place of a camera, if it is here."""
        ids = [found.camera for found in self.found]
        return ids.index(camera) if camera in ids else None

    def age_s(self) -> float:
        """Return for how long the SDK has not been asked anew."""
        return time.monotonic() - self._born

    @property
    def pointer(self) -> Any:
        """The shim's object, for the classes of this module."""
        return self._pointer

    def close(self) -> None:
        """Give the objects back to the SDK; twice is fine."""
        _, lib = _shim()
        if self._pointer is not None:
            lib.crshim_cameras_free(self._pointer)
            self._pointer = None


class Queue:
    """What the SDK called back, in order, for one reading thread."""

    def __init__(self) -> None:
        _, lib = _shim()
        self.pointer = lib.crshim_queue_new(_FOLD_AT, _QUEUE_LIMIT)

    def next(self, timeout_s: float) -> Seen | None:
        """Return the oldest callback, or None if none came in time; EOFError at the end."""
        ffi, lib = _shim()
        out = ffi.new("crshim_event **")
        taken = lib.crshim_next(self.pointer, int(timeout_s * 1000), out)
        if taken < 0:
            raise EOFError
        if taken == 0:
            return None
        raw = out[0]
        try:
            return Seen(
                kind=Kind(raw.kind),
                time_us=raw.time_us,
                link=raw.link,
                code=raw.code,
                handle=raw.handle,
                params=tuple(raw.params),
                codes=tuple(raw.codes[0 : raw.count]),
                text=_text(ffi, raw.text),
                dropped=raw.dropped,
            )
        finally:
            lib.crshim_free(raw)

    def close(self) -> None:
        """Wake the reader; it gets what is left, then EOFError."""
        _, lib = _shim()
        lib.crshim_queue_close(self.pointer)

    def free(self) -> None:
        """Give the memory back, once nobody reads any more."""
        _, lib = _shim()
        lib.crshim_queue_free(self.pointer)


class Link:
    """One connection to one camera. Any thread may call; the SDK sees one call at a time."""

    def __init__(self, sdk: Sdk, queue: Queue, number: int) -> None:
        _, lib = _shim()
        self.number = number
        self._turns = Turns()
        self._pointer = lib.crshim_link_new(sdk.pointer, queue.pointer, number)

    def connect(
        self, cameras: Cameras, index: int, mode: int, reconnecting: bool, login: Credentials
    ) -> int:
        """Begin to connect and return the SDK's answer: 0 means that a callback will tell."""
        ffi, lib = _shim()

        def text(value: str) -> Any:
            return ffi.new("char[]", value.encode()) if value else ffi.NULL

        user, password, fingerprint = map(text, (login.username, login.password, login.fingerprint))
        with self._call() as pointer:
            return int(
                lib.crshim_connect(
                    pointer, cameras.pointer, index, mode, reconnecting, user, password, fingerprint
                )
            )

    def disconnect(self, limit_s: float = _TURN_S) -> None:
        """Begin to disconnect; OnDisconnected tells when it is done."""
        _, lib = _shim()
        with self._call(limit_s) as pointer:
            _check(lib.crshim_disconnect(pointer), "Disconnect")

    def release(self, limit_s: float = _TURN_S) -> None:
        """Give the device and the memory back: nothing can be called after that."""
        _, lib = _shim()
        with self._call(limit_s) as pointer:
            result = lib.crshim_release_device(pointer)
            lib.crshim_link_free(pointer)
            self._pointer = None
        _check(result, "ReleaseDevice")

    def properties(self, codes: Sequence[int] = ()) -> list[RawProperty]:
        """Return the properties with these codes, or all of them."""
        ffi, lib = _shim()
        out, count = ffi.new("crshim_property **"), ffi.new("uint32_t *")
        with self._call() as pointer:
            result = lib.crshim_properties(pointer, list(codes), len(codes), out, count)
        _check(result, "GetSelectDeviceProperties" if codes else "GetDeviceProperties")
        try:
            return [_property(ffi, out[0][index]) for index in range(count[0])]
        finally:
            lib.crshim_free(out[0])

    def set_value(self, code: int, type_: int, value: int) -> None:
        """Write a number of the given CrDataType."""
        _, lib = _shim()
        with self._call() as pointer:
            result = lib.crshim_set_value(pointer, code, type_, value)
        _check(result, "SetDeviceProperty")

    def set_text(self, code: int, text: str) -> None:
        """Write a text."""
        ffi, lib = _shim()
        encoded = text.encode("utf-16-le")
        units = ffi.from_buffer("uint16_t[]", encoded)
        with self._call() as pointer:
            result = lib.crshim_set_text(pointer, code, units, len(encoded) // 2)
        _check(result, "SetDeviceProperty")

    def command(self, command: int, param: int) -> None:
        """Send a command such as Release, Down."""
        _, lib = _shim()
        with self._call() as pointer:
            result = lib.crshim_command(pointer, command, param)
        _check(result, "SendCommand")

    def setting(self, key: int) -> int:
        """Return a device setting."""
        ffi, lib = _shim()
        out = ffi.new("uint32_t *")
        with self._call() as pointer:
            result = lib.crshim_get_setting(pointer, key, out)
        _check(result, "GetDeviceSetting")
        return int(out[0])

    def set_setting(self, key: int, value: int) -> None:
        """Change a device setting."""
        _, lib = _shim()
        with self._call() as pointer:
            result = lib.crshim_set_setting(pointer, key, value)
        _check(result, "SetDeviceSetting")

    def set_save_info(self, path: Path, prefix: str, start_number: int) -> None:
        """Say where pictures for the host go and what they are called."""
        _, lib = _shim()
        with self._call() as pointer:
            result = lib.crshim_set_save_info(
                pointer, os.fsencode(path), prefix.encode(), start_number
            )
        _check(result, "SetSaveInfo")

    def picture_room(self) -> int:
        """Return how many bytes a live-view picture may need: 0 while there is none."""
        ffi, lib = _shim()
        out = ffi.new("uint32_t *")
        with self._call() as pointer:
            result = lib.crshim_picture_room(pointer, out)
        _check(result, "GetLiveViewImageInfo")
        return int(out[0])

    def picture(self) -> bytes:
        """Return the newest live-view picture.

        Nothing when it is the same as before, when the camera has none, and when a command
        waits: pictures step back.
        """
        ffi, lib = _shim()
        data, size = ffi.new("const uint8_t **"), ffi.new("uint32_t *")
        if not self._turns.take_spare():
            return b""
        try:
            result = lib.crshim_picture(self._alive(), data, size)
            if result == 0 and size[0]:
                return bytes(ffi.buffer(data[0], size[0]))
        finally:
            self._turns.give()
        if result != FRAME_NOT_UPDATED:
            _check(result, "GetLiveViewImage")
        return b""

    def card_files(self, slot: int) -> list[CardFile]:
        """Return what is on a card, in the mode remote-transfer."""
        ffi, lib = _shim()
        out, count = ffi.new("crshim_file **"), ffi.new("uint32_t *")
        with self._call() as pointer:
            result = lib.crshim_card_files(pointer, slot, out, count)
        _check(result, "GetRemoteTransferContentsInfoList")
        return _files(ffi, lib, out[0], count[0])

    def contents_files(self) -> list[CardFile]:
        """Return what is on the cards, in the mode contents."""
        ffi, lib = _shim()
        out, count = ffi.new("crshim_file **"), ffi.new("uint32_t *")
        with self._call() as pointer:
            result = lib.crshim_contents_files(pointer, out, count)
        _check(result, "GetContentsHandleList")
        return _files(ffi, lib, out[0], count[0])

    def pull_file(
        self, slot: int, content_id: int, file_id: int, chunk_bytes: int, folder: Path
    ) -> None:
        """Begin to copy a file from a card into a folder."""
        _, lib = _shim()
        with self._call() as pointer:
            result = lib.crshim_pull_file(
                pointer, slot, content_id, file_id, chunk_bytes, os.fsencode(folder)
            )
        _check(result, "GetRemoteTransferContentsDataFile")

    def pull_preview(
        self, slot: int, content_id: int, file_id: int, kind: int, folder: Path
    ) -> None:
        """Begin to copy a small picture of a file into a folder."""
        _, lib = _shim()
        with self._call() as pointer:
            result = lib.crshim_pull_preview(
                pointer, slot, content_id, file_id, kind, os.fsencode(folder)
            )
        _check(result, "GetRemoteTransferContentsCompressedDataFile")

    def pull_contents(self, handle: int, folder: Path) -> None:
        """Begin to copy a file into a folder, in the mode contents."""
        _, lib = _shim()
        with self._call() as pointer:
            result = lib.crshim_pull_contents(pointer, handle, os.fsencode(folder))
        _check(result, "PullContentsFile")

    @contextmanager
    def _call(self, limit_s: float = _TURN_S) -> Iterator[Any]:
        """Hold the line to the SDK for one call."""
        with self._turns.turn(limit_s):
            yield self._alive()

    def _alive(self) -> Any:
        if self._pointer is None:
            raise NotConnected("the camera is not connected")
        return self._pointer


def _check(result: int, operation: str) -> None:
    if result != 0:
        raise error_of(result, operation)


def _text(ffi: Any, text: Any) -> str:
    return str(ffi.string(text).decode(errors="replace"))


def _property(ffi: Any, raw: Any) -> RawProperty:
    return RawProperty(
        code=raw.code,
        type=raw.type,
        enable=raw.enable,
        value=raw.value,
        text=tuple(raw.text[0 : raw.text_units]),
        values=bytes(ffi.buffer(raw.values, raw.values_size)),
        set_values=bytes(ffi.buffer(raw.set_values, raw.set_values_size)),
    )


def _files(ffi: Any, lib: Any, files: Any, count: int) -> list[CardFile]:
    try:
        return [
            CardFile(
                content_id=raw.content_id,
                file_id=raw.file_id,
                path=_text(ffi, raw.path),
                size=raw.size_bytes,
                created=tuple(raw.created),
                width=raw.width,
                height=raw.height,
            )
            for raw in (files[index] for index in range(count))
        ]
    finally:
        lib.crshim_free(files)


_sdks: dict[tuple[Path, int], Sdk] = {}
_sdks_lock = threading.Lock()


def acquire_sdk(path: Path, slots: int = 0, environment: Mapping[str, str] | None = None) -> Sdk:
    """Return the process's SDK of this library, ready to use; `release` gives it back.

    The environment is set before the library is loaded: the simulator is told there what to play.
    """
    with _sdks_lock:
        sdk = _sdks.setdefault((path, slots), Sdk(path, slots))
    os.environ.update(environment or {})
    sdk.acquire()
    return sdk
