"""The SDK itself: loading it once per process, and the cameras that it enumerates."""

import logging
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import CameraError, Unsupported
from lensbus_services.sony.codes import ADAPTOR_CREATE, error_name
from lensbus_services.sony.shim import check, load_shim, read_text
from lensbus_services.sony.values import Found, camera_id

logger = logging.getLogger(__name__)

_ADAPTOR_HINT: Final = (
    "the SDK did not find its folder CrAdapter, which it looks for beside the executable of the"
    " process: run the worker with a copy of the interpreter that lies next to CrAdapter"
)


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
        _, lib = load_shim()
        with self._lock:
            self._users -= 1
            if self._users == 0:
                lib.crshim_release(self._pointer)
                lib.crshim_unload(self._pointer)
                self._pointer = None

    def _load(self) -> None:
        ffi, lib = load_shim()
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
        _, lib = load_shim()
        return int(lib.crshim_version(self._pointer))

    @property
    def slots(self) -> int:
        """How many slots the callback table has."""
        _, lib = load_shim()
        return int(lib.crshim_slots(self._pointer))

    def enumerate(self, wait_s: int) -> "Cameras":
        """Look for cameras for this long. No camera is an empty answer, not an error."""
        ffi, lib = load_shim()
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

    def fingerprint(self, cameras: "Cameras", index: int) -> str:
        """Return the fingerprint of a network camera's key."""
        ffi, lib = load_shim()
        out, size = ffi.new("char **"), ffi.new("uint32_t *")
        with self._lock:
            result = lib.crshim_fingerprint(self._pointer, cameras.pointer, index, out, size)
        check(result, "GetFingerprint")
        try:
            return read_text(ffi, out[0])
        finally:
            lib.crshim_free(out[0])


class Cameras:
    """The cameras of one enumeration, alive until closed."""

    def __init__(self, pointer: Any) -> None:
        self._pointer = pointer
        self._born = time.monotonic()
        self.found: list[Found] = []
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
            model = read_text(ffi, raw.model)
            self.found.append(Found(camera, model, kind, has_ssh=raw.has_ssh != 0))

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
        _, lib = load_shim()
        if self._pointer is not None:
            lib.crshim_cameras_free(self._pointer)
            self._pointer = None


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
