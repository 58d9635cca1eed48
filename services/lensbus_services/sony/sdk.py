"""The SDK itself: loading it once per process, and the cameras that it enumerates."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from lensbus_proto.errors import (
    CameraError,
    CameraGone,
    CameraTimeout,
    CommandError,
    Unsupported,
)
from lensbus_services.driver import Stuck
from lensbus_services.sony.codes import (
    ADAPTOR_CREATE,
    ID_IS_NETWORK,
    ID_IS_USB,
    OUT_OF_MODEL_LIST,
    error_name,
)
from lensbus_services.sony.configured import Configured
from lensbus_services.sony.line import CALL_S, Line
from lensbus_services.sony.shim import check, load_shim, read_text
from lensbus_services.sony.values import Found, camera_id, printable

logger = logging.getLogger(__name__)

T = TypeVar("T")

ENUMERATE_S: Final = 10.0  # beyond the time that the SDK is told to look for
RELEASE_S: Final = 1.0

_ADAPTOR_HINT: Final = (
    "the SDK did not find its folder CrAdapter, which it looks for beside the executable of the"
    " process: `lensbus doctor sony --fix` puts a copy of the interpreter beside it"
)


class Sdk:
    """A loaded SDK, initialised while somebody uses it. One per library and process."""

    def __init__(self, path: Path, slots: int) -> None:
        self.path = path
        self._wanted_slots = slots
        self._users = 0
        self._lock = threading.Lock()
        self._line: Line | None = None
        self._pointer: Any = None

    def acquire(self) -> None:
        """Load and initialise for one more user."""
        with self._lock:
            if self._users == 0:
                line = Line("sony-sdk")
                try:
                    self._pointer = line.call("Init", self._load)
                except CommandError:
                    line.end()
                    raise
                self._line = line
            self._users += 1

    def release(self) -> None:
        """Give one use back; the last one releases the SDK."""
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._line is not None:
                line, self._line = self._line, None
                try:
                    line.last("Release", self._unload, RELEASE_S)
                except CameraTimeout as error:  # it is released when it comes back, if ever
                    logger.warning("SDK not released", extra={"reason": error.message})

    def _load(self) -> Any:
        ffi, lib = load_shim()
        message = ffi.new("char[512]")
        pointer = lib.crshim_load(os.fsencode(self.path), self._wanted_slots, message, 512)
        if pointer == ffi.NULL:
            reason = ffi.string(message).decode(errors="replace")
            raise Unsupported(f"the SDK cannot be used: {reason}", operation="load")
        if lib.crshim_init(pointer, 0) != 1:
            lib.crshim_unload(pointer)
            raise CameraError(f"Init of {self.path} failed", operation="Init")
        return pointer

    def _unload(self) -> None:
        _, lib = load_shim()
        pointer, self._pointer = self._pointer, None
        lib.crshim_release(pointer)
        lib.crshim_unload(pointer)

    @property
    def pointer(self) -> Any:
        """The shim's object, for the classes of this package that call it."""
        return self._pointer

    @property
    def version(self) -> int:
        """What GetSDKVersion answered."""
        _, lib = load_shim()
        return int(lib.crshim_version(self._pointer))

    @property
    def serial(self) -> int:
        """What GetSDKSerial answered: the build of the SDK, 0 where it has none."""
        _, lib = load_shim()
        return int(lib.crshim_serial(self._pointer))

    @property
    def slots(self) -> int:
        """How many slots the callback table has."""
        _, lib = load_shim()
        return int(lib.crshim_slots(self._pointer))

    def enumerate(self, wait_s: int) -> "Cameras":
        """Look for cameras for this long. No camera is an empty answer, not an error."""
        return self._call(
            "EnumCameraObjects", lambda: self._enumerate(wait_s), wait_s + ENUMERATE_S
        )

    def _enumerate(self, wait_s: int) -> "Cameras":
        ffi, lib = load_shim()
        out = ffi.new("crshim_cameras **")
        result = lib.crshim_enumerate(self._pointer, wait_s, out)
        if result == ADAPTOR_CREATE:
            raise CameraError(_ADAPTOR_HINT, vendor_code=result, operation="EnumCameraObjects")
        if result != 0:
            # With nothing plugged in, releases of the SDK answer one error or another.
            extra = {"code": f"0x{result:x}", "name": error_name(result)}
            logger.info("no cameras enumerated", extra=extra)
            return Cameras(None)
        return Cameras(out[0])

    def make(self, camera: Configured, with_login: bool) -> "Cameras":
        """Return a camera that the settings name as if it had been found."""
        return self._call("CreateCameraObjectInfo", lambda: self._make(camera, with_login), CALL_S)

    def _make(self, camera: Configured, with_login: bool) -> "Cameras":
        ffi, lib = load_shim()
        out, ssh, number = ffi.new("crshim_cameras **"), int(with_login), camera.model_number
        result = OUT_OF_MODEL_LIST
        if number is not None and camera.mac:
            place = (camera.address, camera.mac, ssh)
            result = lib.crshim_make_network(self._pointer, number, *place, out)
        elif number is not None:
            result = lib.crshim_make_usb(self._pointer, number, camera.serial.encode(), out)
        if result == OUT_OF_MODEL_LIST:
            id_ = camera.mac or camera.serial.encode() + b"\0"
            kind = ID_IS_NETWORK if camera.mac else ID_IS_USB
            model = camera.model.encode()
            result = lib.crshim_make_named(self._pointer, model, kind, id_, len(id_), ssh, out)
        check(result, "CreateCameraObjectInfo")
        return Cameras(out[0], camera.found(self.version))

    def fingerprint(self, cameras: "Cameras", index: int) -> str:
        """Return the fingerprint of a network camera's key."""
        ffi, lib = load_shim()

        def fetch() -> str:
            out, size = ffi.new("char **"), ffi.new("uint32_t *")
            with cameras.use() as found:
                result = lib.crshim_fingerprint(self._pointer, found, index, out, size)
            check(result, "GetFingerprint")
            try:
                return read_text(ffi, out[0])
            finally:
                lib.crshim_free(out[0])

        return self._call("GetFingerprint", fetch, CALL_S)

    def stuck(self) -> Stuck | None:
        """Return the call that has overstayed its limit, if one has."""
        line = self._line
        return line.stuck() if line is not None else None

    def _call(self, name: str, action: Callable[[], T], limit_s: float) -> T:
        line = self._line
        if line is None:
            raise CameraGone("the SDK has been released")
        return line.call(name, action, limit_s)


class Cameras:
    """The cameras of one enumeration, or one that was made: alive until closed and not held."""

    def __init__(self, pointer: Any, made: Found | None = None) -> None:
        self._pointer = pointer
        self._born = time.monotonic()
        self._lock = threading.Lock()
        self._users = 1  # we ourselves, until closed
        self._closed = False
        self.found = [made] if made is not None else []
        if made is None:
            self._read()

    def _read(self) -> None:
        ffi, lib = load_shim()
        if self._pointer is None:
            return
        raw = ffi.new("crshim_camera *")
        for index in range(lib.crshim_camera_count(self._pointer)):
            if lib.crshim_camera_at(self._pointer, index, raw) != 0:
                self.found.append(Found("", ""))
                continue
            network = raw.id_type != 0 or read_text(ffi, raw.connection) == "IP"
            camera = camera_id(
                bytes(ffi.buffer(raw.id, raw.id_size)), read_text(ffi, raw.mac) if network else ""
            )
            kind = "Network" if network else "USB"
            model = printable(read_text(ffi, raw.model))
            self.found.append(Found(camera, model, kind, has_ssh=raw.has_ssh != 0))

    def index(self, camera: str) -> int | None:
        """Return the place of a camera, if it is here.

        CameraError when two say that they are it: nobody could tell which one would be operated.
        """
        places = [place for place, found in enumerate(self.found) if found.camera == camera]
        if len(places) > 1:
            raise CameraError(f"{len(places)} cameras have the serial {camera}: unplug the others")
        return places[0] if places else None

    def age_s(self) -> float:
        """Return for how long the SDK has not been asked anew."""
        return time.monotonic() - self._born

    def hold(self) -> Any:
        """Lend the shim's object until `drop`: it stays even if it is closed meanwhile."""
        with self._lock:
            if self._closed or self._pointer is None:
                raise CameraGone("the cameras have to be looked for anew")
            self._users += 1
            return self._pointer

    @contextmanager
    def use(self) -> Iterator[Any]:
        """Lend the shim's object for a moment."""
        pointer = self.hold()
        try:
            yield pointer
        finally:
            self.drop()

    def close(self) -> None:
        """Give the objects back to the SDK; twice is fine."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self.drop()

    def drop(self) -> None:
        """Give back what was held."""
        with self._lock:
            self._users -= 1
            is_last = self._users == 0
        if is_last and self._pointer is not None:
            _, lib = load_shim()
            lib.crshim_cameras_free(self._pointer)


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
