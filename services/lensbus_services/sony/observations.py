"""Callbacks of the SDK as the kinds of WIRE.md: tables and plain functions.

Files, captures and the end of the connection take more than the callback itself: what they are
told with is made here, and `telling` and `session` know when.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lensbus_services.driver import Observation
from lensbus_services.sony.captures import Capture
from lensbus_services.sony.codes import Property, error_name
from lensbus_services.sony.incoming import Saved, clean_name
from lensbus_services.sony.pulls import Pull
from lensbus_services.sony.values import Found, Kind, Seen
from lensbus_services.sony.warnings import (
    AF_STATUS,
    OPERATION_RESULTS,
    WARNINGS,
    warning_name,
)

RECONNECTED: Final = 0x20001
RECONNECTING: Final = 0x20002
STORAGE_FULL: Final = 0x20003
FILE_FAILURES: Final = (STORAGE_FULL, 0x20004, 0x20005)  # no name, no picture
CAPTURED: Final = 0x20011
AF_STATUS_CHANGED: Final = 0x60001
OPERATION_RESULT: Final = 0x60002
OPERATION_INVALID: Final = 0x60003

CONTENTS_STARTED: Final = 0x20025
CONTENTS_COMPLETE: Final = 0x20026
TRANSFER_OK: Final = 0x20093
TRANSFER_FAILED: Final = 0x20094
TRANSFER_BUSY: Final = 0x20095
TRANSFER_GOES_ON: Final = 0x20099
TRANSFER_CANCELED: Final = 0x2009B
TEXTS_READY: Final = 0x2002B  # display texts that were asked for
TEXTS_FAILED: Final = 0x2002C
TEXTS_CHANGED: Final = (
    *range(0x2002D, 0x20038),
    0x2003E,
    *range(0x2006F, 0x20073),
    *range(0x20077, 0x2007A),
    *range(0x2009E, 0x200A1),
    0x200BE,
    0x200BF,
)
CONTENT_DELETED: Final = 0x6000D  # or not

# Warnings that are kinds of their own: what the client is told.
_RESULTS: Final[Mapping[int, tuple[str, Mapping[str, Any]]]] = {
    RECONNECTED: ("reconnected", {}),
    RECONNECTING: ("reconnecting", {}),
    AF_STATUS_CHANGED: ("afStatus", {"state": "unlocked", "source": "OnWarning"}),
    0x20009: ("formatResult", {"success": False}),
    0x2000A: ("formatResult", {"success": False}),
    0x2000B: ("formatResult", {"success": True}),
    0x2001B: ("formatResult", {"success": False, "canceled": True}),
    0x20027: ("settingsResult", {"operation": "read", "success": False}),
    0x20028: ("settingsResult", {"operation": "read", "success": True}),
    0x20029: ("settingsResult", {"operation": "read", "success": False}),
    0x2002A: ("settingsResult", {"operation": "save", "success": False}),
    0x2006B: ("focusResult", {"success": False}),
    0x2006C: ("focusResult", {"success": True}),
    0x2006D: ("focusResult", {"success": False}),
    0x2008C: ("cautionDisplay", {"message": WARNINGS[0x2008C]}),
}

_LUT_SUCCESS: Final = 0x20043
_LUT_FAILURES: Final[Mapping[int, str]] = {
    0x20042: "invalid",
    0x20044: "general_failure",
    0x20045: "invalid_filename",
    0x20046: "device_busy",
    0x20047: "storage_full",
    0x20048: "invalid_parameter",
    0x20049: "invalid_file",
}

_AF_STATES: Final[Mapping[int, str]] = {
    1: "unlocked",
    2: "focused",
    3: "unlocked",
    5: "tracking",
    6: "focused",
    7: "unlocked",
    8: "tracking",
    9: "tracking",
}

_OPERATIONS: Final[Mapping[int, str]] = {2: "SetDeviceProperty", 3: "SendCommand"}
SETTINGS_FILE: Final = 0  # what OnCompleteDownload brought


@dataclass(frozen=True, slots=True)
class Scene:
    """What one has to know to understand a callback."""

    found: Found
    lut_slot: int | None = None  # of the look that was last sent
    capture: int | None = None  # that an exposure belongs to


def observe(seen: Seen, scene: Scene) -> Observation | None:
    """Return what a callback means to a client, if anything."""
    told = _TELL[seen.kind](seen, scene) if seen.kind in _TELL else None
    return None if told is None else Observation(told[0], seen.time_us, told[1])


def disconnected(
    found: Found, time_us: int, error: int = 0, reason: str | None = None
) -> Observation:
    """Return the observation that a camera's connection is gone."""
    data = {
        "id": found.camera,
        "error": f"0x{error:08X}",
        "errorCode": f"0x{error:x}",
        "reason": reason or reason_of(error),
    }
    return Observation("disconnected", time_us, data)


def reason_of(error: int) -> str:
    """Return why the SDK told the end of a connection."""
    return error_name(error) if error else "closed by the camera"


def failed(time_us: int, code: str, message: str) -> Observation:
    """Return the observation that something went wrong without a client having asked for it."""
    return Observation("error", time_us, {"code": code, "message": message})


def property_changed(time_us: int, codes: Sequence[int]) -> Observation:
    """Return the observation that properties, or what they are called, are others now."""
    return Observation("propertyChanged", time_us, _codes_map(codes))


def download_complete(time_us: int, saved: Saved, kind: str, capture: int | None) -> Observation:
    """Return the observation that a file for the host is whole; `kind` is image or settings."""
    data: dict[str, Any] = _file_map(saved) | {"type": kind}
    return Observation("downloadComplete", time_us, data | _capture_map(capture))


def transfer_progress(seen: Seen, pull: Pull | None, saved: Saved | None = None) -> Observation:
    """Return the observation of a pull on its way, or at its end: then the file has a path."""
    data: dict[str, Any] = {
        "percent": min(max(seen.params[0], 0), 100),
        "notify": f"0x{seen.code:x}",
        "contentId": pull.content_id if pull else 0,
        "fileId": pull.file_id if pull else 0,
        "filename": clean_name(seen.text.rsplit("/", 1)[-1]) if seen.text else "",
        "savedPath": "",
    }
    if saved is not None:
        data |= _file_map(saved)
    elif seen.code != TRANSFER_GOES_ON:
        data["error"] = warning_name(seen.code)
    return Observation("transferProgress", seen.time_us, data)


def contents_transfer(seen: Seen, saved: Saved | None = None) -> Observation:
    """Return the observation of a pull in the mode contents."""
    status = {CONTENTS_STARTED: "started", CONTENTS_COMPLETE: "complete"}.get(seen.code, "error")
    data: dict[str, Any] = {"status": status, "handle": f"0x{seen.handle:x}", "files": []}
    if saved is not None:
        data |= _file_map(saved) | {"files": [str(saved.path)]}
    elif seen.text and seen.text.isascii() and seen.text.isprintable():
        data |= {"filename": seen.text, "files": [seen.text]}
    return Observation("contentsTransfer", seen.time_us, data)


def transfer_failed(
    time_us: int,
    code: str,
    message: str,
    pull: Pull | None,
    name: str = "",
    capture: int | None = None,
) -> Observation:
    """Return the observation that a file will not come, and that nothing of it is left."""
    data: dict[str, Any] = {"code": code, "message": message, "filename": name}
    if pull is not None:
        data |= {"contentId": pull.content_id, "fileId": pull.file_id, "what": pull.what}
    return Observation("transfer.failed", time_us, data | _capture_map(capture))


def not_exposed(time_us: int, capture: Capture) -> Observation:
    """Return the observation that a trigger was accepted and nothing came of it."""
    data = {"capture": capture.id, "method": capture.method}
    return Observation("capture.not_exposed", time_us, data)


def outcome_unknown(time_us: int, capture: Capture, reason: str) -> Observation:
    """Return the observation that nobody will know what came of a trigger."""
    data = {"capture": capture.id, "method": capture.method, "reason": reason}
    return Observation("capture.unknown", time_us, data)


def _file_map(saved: Saved) -> dict[str, Any]:
    path = str(saved.path)
    return {"filename": path, "savedPath": path, "size": saved.size, "sha256": saved.sha256}


def _capture_map(capture: int | None) -> dict[str, Any]:
    return {} if capture is None else {"capture": capture}


Told = tuple[str, Mapping[str, Any]] | None


def _connected(_: Seen, scene: Scene) -> Told:
    return "connected", {"id": scene.found.camera, "model": scene.found.model}


def _property_changed(seen: Seen, _: Scene) -> Told:
    # The metered level changes several times a second, whatever happens.
    codes = [code for code in seen.codes if code != Property.METERED_MANUAL_LEVEL]
    return ("propertyChanged", _codes_map(codes)) if codes else None


def _codes_map(codes: Sequence[int]) -> dict[str, Any]:
    return {"codes": [f"0x{code:x}" for code in codes], "count": len(codes)}


def _warning(seen: Seen, scene: Scene) -> Told:
    if seen.code in (TEXTS_READY, TEXTS_FAILED):
        return None  # the answer to the driver's own question
    if seen.code in _RESULTS:
        return _RESULTS[seen.code]
    if seen.code == _LUT_SUCCESS:
        return "lutImportResult", {"slot": scene.lut_slot, "success": True, "status": "success"}
    if seen.code in _LUT_FAILURES:
        word = _LUT_FAILURES[seen.code]
        failure = {"slot": scene.lut_slot, "success": False, "status": word, "error": word}
        return "lutImportResult", failure
    data: dict[str, Any] = {"code": f"0x{seen.code:x}", "message": warning_name(seen.code)}
    return "warning", data if scene.capture is None else data | {"capture": scene.capture}


def _extended_warning(seen: Seen, scene: Scene) -> Told:
    first, second, third = seen.params
    if seen.code == AF_STATUS_CHANGED:
        state = _AF_STATES.get(first, "tracking")
        detail = AF_STATUS.get(first, f"unknown({first})")
        return "afStatus", {"state": state, "detail": detail, "source": "OnWarningExt"}
    if seen.code in (OPERATION_RESULT, OPERATION_INVALID):
        operation = f"{_OPERATIONS.get(first, f'0x{first:x}')} 0x{second & 0xFFFFFFFF:x}"
        result = OPERATION_RESULTS.get(third, f"unknown({third})")
        return "operationResult", {"operation": operation, "result": result}
    return _warning(seen, scene)


def _operation(seen: Seen, _: Scene) -> Told:
    return "operationResult", {"operation": f"0x{seen.code:x}", "result": warning_name(seen.code)}


def _error(seen: Seen, _: Scene) -> Told:
    return "error", {"code": f"0x{seen.code:08x}", "message": error_name(seen.code)}


_TELL: Final[Mapping[Kind, Callable[[Seen, Scene], Told]]] = {
    Kind.CONNECTED: _connected,
    Kind.PROPERTIES: _property_changed,
    Kind.OPERATION: _operation,
    Kind.WARNING: _warning,
    Kind.WARNING_EXT: _extended_warning,
    Kind.ERROR: _error,
}
