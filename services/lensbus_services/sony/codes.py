"""Numbers of the SDK that the driver speaks of, and what its errors are called.

The name of an error is its group and its own name; the numbers are the same in every version.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from lensbus_proto.errors import (
    CameraBusy,
    CameraError,
    CameraGone,
    CameraTimeout,
    NotFound,
    Refused,
    Unsupported,
)


class Mode(IntEnum):
    """How a connection may use the camera; fixed for its life."""

    REMOTE = 0
    CONTENTS = 1
    REMOTE_TRANSFER = 2


MODES: Final[Mapping[str, Mode]] = {
    "remote": Mode.REMOTE,
    "contents": Mode.CONTENTS,
    "remote-transfer": Mode.REMOTE_TRANSFER,
}


class Property(IntEnum):
    """Properties that the driver itself reads or writes."""

    S1 = 0x0001
    SHUTTER_SPEED = 0x0103
    FOCUS_MODE = 0x0109
    DRIVE_MODE = 0x010E
    STORE_DESTINATION = 0x0119
    PRIORITY_KEY = 0x011A
    NEAR_FAR = 0x011F
    AF_AREA_POSITION = 0x0121  # where it is put; among the live-view properties: where it is
    ZOOM_OPERATION = 0x0126
    BASE_LOOK = 0x013C
    REMOTE_TOUCH = 0x0193
    CREATIVE_LOOK = 0x01C5
    CAMERA_BUTTON = 0x0233
    OSD_IMAGE_MODE = 0x02C5
    RECORDING_STATE = 0x0705
    ZOOM_OPERATION_STATUS = 0x071E
    CONTENTS_TRANSFER_STATUS = 0x0726
    SETTINGS_SAVE_ENABLE = 0x072A
    SETTINGS_READ_ENABLE = 0x072B
    SETTINGS_STATE = 0x072C
    TOUCH_ENABLE = 0x0754
    TOUCH_CANCEL_ENABLE = 0x0755
    CAMERA_BUTTON_STATUS = 0x078D
    METERED_MANUAL_LEVEL = 0x0799


# Live-view properties; AF_AREA_POSITION is one, too.
TRACKING_FRAME: Final = 0x0193
FACE_FRAME: Final = 0x0581
LEVEL: Final = 0x0582
FRAMING_FRAME: Final = 0x07D1


class DataType(IntEnum):
    """CrDataType: a width in the low four bits, and flags."""

    UINT16 = 0x0002
    UINT32 = 0x0003
    UINT16_ARRAY = 0x2002
    INT16_RANGE = 0x5002
    UINT32_RANGE = 0x4003
    TEXT = 0xFFFF


UNLOCKED: Final = 1  # S1
LOCKED: Final = 2
MANUAL_FOCUS: Final = 1
PC_REMOTE: Final = 2
CONTENTS_TRANSFER_ON: Final = 1

RECORDING: Final = 1
ENABLED: Final = 1  # of most gates
IDLE: Final = 1  # CAMERA_BUTTON_STATUS
BUTTON_UP: Final = 1
BUTTON_DOWN: Final = 2
SETTINGS_IDLE: Final = 0
OSD_OFF: Final = 0
OSD_ON: Final = 1

RELEASE: Final = 0  # a command
MOVIE_RECORD: Final = 1
CANCEL_REMOTE_TOUCH: Final = 0xC
UP: Final = 0
DOWN: Final = 1

ENABLE_LIVE_VIEW: Final = 0  # a device setting
AUTO_NUMBER: Final = -1  # of SetSaveInfo
FRAME_NOT_UPDATED: Final = 0x20017  # an answer of GetLiveViewImage
CHUNK_BYTES: Final = 16 * 1024 * 1024  # what one USB transfer on Linux carries

ID_IS_USB: Final = 0
ID_IS_NETWORK: Final = 2

PREVIEWS: Final[Mapping[str, int]] = {"thumbnail": 1, "screennail": 2}
ALL_LISTS: Final = 0  # of display texts
BASE_LOOK_NAMES: Final = 3
CREATIVE_LOOK_NAMES: Final = 0x13

TO_HOST: Final = 1  # a bit of STORE_DESTINATION
TIMERS: Final = (3, 8)  # the upper half of DRIVE_MODE
TIMER_S: Final = 10.0  # the longest of them
CONTENTS_FAILURES: Final = (0x8C05, 0x8C06)
NOT_LISTED: Final = (0x8C02, 0x8C03, 0x8C04)  # a handle of no list that there is

INVALID_CALLED: Final = 0x8402
SESSION_ALREADY_OPENED: Final = 0x8210
OUT_OF_MODEL_LIST: Final = 0x8404
SSH_NOT_SUPPORTED: Final = 0x8212
ADAPTOR_CREATE: Final = 0x8703
TRANSFER_RUNNING: Final = 0x8D03
INDEX_BEING_BUILT: Final = 0x8D05

ERRORS: Final[Mapping[int, str]] = {
    0x8000: "Generic_Unknown",
    0x8001: "Generic_Notimpl",
    0x8002: "Generic_Abort",
    0x8003: "Generic_NotSupported",
    0x8004: "Generic_SeriousErrorNotSupported",
    0x8005: "Generic_InvalidHandle",
    0x8006: "Generic_InvalidParameter",
    0x8100: "File_Unknown",
    0x8101: "File_IllegalOperation",
    0x8102: "File_IllegalParameter",
    0x8103: "File_EOF",
    0x8104: "File_OutOfRange",
    0x8105: "File_NotFound",
    0x8106: "File_DirNotFound",
    0x8107: "File_AlreadyOpened",
    0x8108: "File_PermissionDenied",
    0x8109: "File_StorageFull",
    0x810A: "File_AlreadyExists",
    0x810B: "File_TooManyOpenedFiles",
    0x810C: "File_ReadOnly",
    0x810D: "File_CantOpen",
    0x810E: "File_CantClose",
    0x810F: "File_CantDelete",
    0x8110: "File_CantRead",
    0x8111: "File_CantWrite",
    0x8112: "File_CantCreateDir",
    0x8113: "File_OperationAbortedByUser",
    0x8114: "File_UnsupportedOperation",
    0x8115: "File_NotYetCompleted",
    0x8116: "File_Invalid",
    0x8117: "File_StorageNotExist",
    0x8118: "File_SharingViolation",
    0x8119: "File_Rotation",
    0x811A: "File_SameNameFull",
    0x8200: "Connect_Unknown",
    0x8201: "Connect_Connect",
    0x8202: "Connect_ConnectIP",
    0x8203: "Connect_Release",
    0x8204: "Connect_GetProperty",
    0x8205: "Connect_SendCommand",
    0x8206: "Connect_HandlePlugin",
    0x8207: "Connect_Disconnected",
    0x8208: "Connect_TimeOut",
    0x8209: "Connect_Reconnect_TimeOut",
    0x820A: "Connect_FailRejected",
    0x820B: "Connect_FailBusy",
    0x820C: "Connect_FailUnspecified",
    0x820D: "Connect_Cancel",
    0x820E: "Connect_Reserved1",
    0x820F: "Connect_Reserved2",
    0x8210: "Connect_SessionAlreadyOpened",
    0x8211: "Connect_ContentsTransfer_NotSupported",
    0x8212: "Connect_SSH_NotSupported",
    0x8213: "Connect_SSH_InvalidParameter",
    0x8214: "Connect_SSH_ServerConnectFailed",
    0x8215: "Connect_SSH_ServerAuthenticationFailed",
    0x8216: "Connect_SSH_UserAuthenticationFailed",
    0x8217: "Connect_SSH_PortForwardFailed",
    0x8218: "Connect_SSH_GetFingerprintFailed",
    0x8219: "Connect_RemoteTransfer_NotSupported",
    0x8300: "Memory_Unknown",
    0x8301: "Memory_OutOfMemory",
    0x8302: "Memory_InvalidPointer",
    0x8303: "Memory_Insufficient",
    0x8400: "Api_Unknown",
    0x8401: "Api_Insufficient",
    0x8402: "Api_InvalidCalled",
    0x8403: "Api_NoApplicableInformation",
    0x8404: "Api_OutOfModelList",
    0x8405: "Api_NotSupportModelOfUSB",
    0x8406: "Api_NotSupportModelOfEthernet",
    0x8407: "Api_InvalidSerialNumber",
    0x8408: "Api_InvalidIpAddress",
    0x8409: "Api_InvalidMacAddress",
    0x840A: "Api_PasswordLengthOverMax",
    0x840B: "Api_PasswordIncludesInvalidCharacter",
    0x8500: "Init",
    0x8600: "Polling_Unknown",
    0x8601: "Polling_InvalidVal_Intervals",
    0x8700: "Adaptor_Unknown",
    0x8701: "Adaptor_InvalidProperty",
    0x8702: "Adaptor_GetInfo",
    0x8703: "Adaptor_Create",
    0x8704: "Adaptor_SendCommand",
    0x8705: "Adaptor_HandlePlugin",
    0x8706: "Adaptor_CreateDevice",
    0x8707: "Adaptor_EnumDevice",
    0x8708: "Adaptor_Reset",
    0x8709: "Adaptor_Read",
    0x870A: "Adaptor_Phase",
    0x870B: "Adaptor_DataToWiaItem",
    0x870C: "Adaptor_DeviceBusy",
    0x870D: "Adaptor_Escape",
    0x870E: "Adaptor_InvalidParameter",
    0x870F: "Adaptor_FeatureVersionInvalidValue",
    0x8710: "Adaptor_TemporaryStorageFull",
    0x8711: "Adaptor_CameraStatusError",
    0x8800: "Device_Unknown",
    0x8C00: "Contents_Unknown",
    0x8C01: "Contents_Reserved1",
    0x8C02: "Contents_InvalidHandle",
    0x8C03: "Contents_DateFolderList_NotRetrieved",
    0x8C04: "Contents_ContentsList_NotRetrieved",
    0x8C05: "Contents_Transfer_Unsuccess",
    0x8C06: "Contents_Transfer_Cancel",
    0x8C07: "Contents_RejectRequest",
    0x8D00: "RemoteTransfer_Unknown",
    0x8D01: "RemoteTransfer_VideoFileNotSupported",
    0x8D02: "RemoteTransfer_ContentNotFound",
    0x8D03: "RemoteTransfer_GetContentsDataDisable",
    0x8D04: "RemoteTransfer_StatusError",
    0x8D05: "RemoteTransfer_GetContentsInfoListProcessing",
    0x8D06: "RemoteTransfer_ContentsInfoParseFailed_Slot1",
    0x8D07: "RemoteTransfer_ContentsInfoParseFailed_Slot2",
    0x9100: "Monitoring_Unknown",
    0x9101: "Monitoring_InvalidCalled_AlreadyStart",
    0x9102: "Monitoring_InvalidCalled_AlreadyStop",
    0x9103: "Monitoring_InvalidCalled_LiveViewEnabled",
    0x9104: "Monitoring_InvalidCalled_PlaybackEnabled",
    0x9200: "Playback_Unknown",
    0x9201: "Playback_InvalidCalled_LiveViewEnabled",
    0x9202: "Playback_InvalidCalled_MonitoringEnabled",
    0xC000: "Application",
}

# What callers treat apart; every other number is a refusal.
CLASSES: Final[Mapping[int, type[CameraError]]] = {
    0x8003: Unsupported,
    0x8207: CameraGone,
    0x8208: CameraTimeout,
    0x870C: CameraBusy,
    0x8C02: NotFound,
    0x8D02: NotFound,
    0x8D03: CameraBusy,
    0x8D05: CameraBusy,
}

# What a refused connection means for the person in front of the camera.
CONNECT_ADVICE: Final[Mapping[int, str]] = {
    0x8208: "the camera did not answer; usually another process holds it: a program with this SDK,"
    " a file manager that has mounted it (gvfs, gphoto2), or a second lensbus",
    0x820B: "the camera is busy: another process holds it, or held it when it died; if it stays so,"
    " switch the camera off and on",
    0x8210: "a session with the camera is open already; try again in a moment",
    0x8211: "this camera does not support the mode contents",
    0x8212: "this camera has no access authentication",
    0x8215: "the fingerprint is not that of the camera",
    0x8216: "the camera refused user name or password",
    0x8219: "the mode remote-transfer is not possible now",
}


def error_name(code: int) -> str:
    """Return what the SDK calls an error; `unknown(0x...)` for one that is not listed."""
    return ERRORS.get(code, f"unknown(0x{code:x})")


def error_of(code: int, operation: str, *, began: bool = False) -> CameraError:
    """Return the error for a result that is not 0; the shim's own troubles are negative."""
    if code < 0:
        text = TROUBLES.get(code, f"the shim answered {code}")
        error = Unsupported if code == MISSING else CameraError
        return error(f"{operation}: {text}", operation=operation, began=began)
    return CLASSES.get(code, Refused)(
        f"{operation} answered 0x{code:04X} {error_name(code)}",
        vendor_code=code,
        operation=operation,
        began=began,
    )


MISSING: Final = -1
TROUBLES: Final[Mapping[int, str]] = {
    MISSING: "this SDK has no such function",
    -2: "the SDK answered something impossible",
    -3: "the queue is closed",
    -4: "no camera has this index",
}


def version_text(version: int) -> str:
    """Return an SDK version as `V2.02.00`."""
    return f"V{version >> 24}.{version >> 16 & 0xFF:02}.{version >> 8 & 0xFF:02}"
