"""One connection to one camera, call by call."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lensbus_services.sony.callbacks import Queue
from lensbus_services.sony.card_calls import CardCalls
from lensbus_services.sony.codes import ALL_LISTS
from lensbus_services.sony.line import CALL_S, Line
from lensbus_services.sony.sdk import Cameras, Sdk
from lensbus_services.sony.shim import check, load_shim, read_text
from lensbus_services.sony.values import Credentials, DisplayText, RawFrames, RawProperty


class Link(CardCalls):
    """One connection to one camera."""

    def __init__(self, sdk: Sdk, queue: Queue, number: int) -> None:
        _, lib = load_shim()
        pointer = lib.crshim_link_new(sdk.pointer, queue.pointer, number)
        super().__init__(Line(f"sony-line-{number}"), pointer)
        self.number = number
        self._connected = False
        self._held: Cameras | None = None  # the camera's object has to outlive the device

    def connect(
        self,
        cameras: Cameras,
        index: int,
        mode: int,
        reconnecting: bool,
        login: Credentials,
        limit_s: float = CALL_S,
    ) -> int:
        """Begin to connect and return the SDK's answer: 0 means that a callback will tell."""
        ffi, lib = load_shim()

        def text(value: str) -> Any:
            return ffi.new("char[]", value.encode()) if value else ffi.NULL

        def connect(pointer: Any) -> int:
            user, password, key = map(text, (login.username, login.password, login.fingerprint))
            found = cameras.hold()
            self._let_go()
            self._held = cameras
            self._connected = True
            return int(
                lib.crshim_connect(pointer, found, index, mode, reconnecting, user, password, key)
            )

        return self._call("Connect", connect, limit_s)

    def disconnect(self, limit_s: float = CALL_S) -> None:
        """Begin to disconnect; OnDisconnected tells when it is done."""
        _, lib = load_shim()

        def disconnect(pointer: Any) -> int:
            self._connected = False
            return int(lib.crshim_disconnect(pointer))

        check(self._call("Disconnect", disconnect, limit_s), "Disconnect")

    def ended(self) -> None:
        """Note that the SDK has told the end: there is nothing to disconnect any more."""
        self._connected = False

    @property
    def is_released(self) -> bool:
        """Tell whether the SDK has let go of everything."""
        return self._pointer is None

    def release(self, limit_s: float = CALL_S) -> None:
        """Give the device and the memory back: nothing can be called after that."""
        _, lib = load_shim()

        def release() -> int:
            pointer, self._pointer = self._pointer, None
            if self._connected:  # there was no turn for it before
                lib.crshim_disconnect(pointer)
            result = int(lib.crshim_release_device(pointer))
            lib.crshim_link_free(pointer)
            self._let_go()
            return result

        check(self._line.last("ReleaseDevice", release, limit_s), "ReleaseDevice")

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.drop()

    def properties(self, codes: Sequence[int] = ()) -> list[RawProperty]:
        """Return the properties with these codes, or all of them."""
        ffi, lib = load_shim()
        operation = "GetSelectDeviceProperties" if codes else "GetDeviceProperties"

        def fetch(pointer: Any, out: Any, count: Any) -> int:
            return int(lib.crshim_properties(pointer, list(codes), len(codes), out, count))

        return self._list(operation, "crshim_property **", fetch, lambda raw: _property(ffi, raw))

    def set_value(self, code: int, type_: int, value: int) -> None:
        """Write a number of the given CrDataType."""
        _, lib = load_shim()
        self._do("SetDeviceProperty", lib.crshim_set_value, code, type_, value)

    def set_text(self, code: int, text: str) -> None:
        """Write a text."""
        ffi, lib = load_shim()
        encoded = text.encode("utf-16-le")
        units = ffi.from_buffer("uint16_t[]", encoded)
        self._do("SetDeviceProperty", lib.crshim_set_text, code, units, len(encoded) // 2)

    def command(self, command: int, param: int) -> None:
        """Send a command such as Release, Down."""
        _, lib = load_shim()
        self._do("SendCommand", lib.crshim_command, command, param)

    def setting(self, key: int) -> int:
        """Return a device setting."""
        _, lib = load_shim()
        return self._number("GetDeviceSetting", lib.crshim_get_setting, key)

    def set_setting(self, key: int, value: int) -> None:
        """Change a device setting."""
        _, lib = load_shim()
        self._do("SetDeviceSetting", lib.crshim_set_setting, key, value)

    def set_save_info(self, path: Path, prefix: str, start_number: int) -> None:
        """Say where pictures for the host go and what they are called."""
        _, lib = load_shim()
        folder = os.fsencode(path)
        self._do("SetSaveInfo", lib.crshim_set_save_info, folder, prefix.encode(), start_number)

    def picture_room(self) -> int:
        """Return how many bytes a live-view picture may need: 0 while there is none."""
        _, lib = load_shim()
        return self._number("GetLiveViewImageInfo", lib.crshim_picture_room)

    def picture(self) -> bytes:
        """Return the newest live-view picture.

        Nothing when it is the same as before, when the camera has none, and when a command
        waits: pictures step back.
        """
        _, lib = load_shim()
        return self._picture("GetLiveViewImage", lib.crshim_picture)

    def osd_picture(self) -> bytes:
        """Return the newest picture of the camera's display; nothing as `picture` does."""
        _, lib = load_shim()
        return self._picture("GetOSDImage", lib.crshim_osd)

    def frames(self, code: int = 0) -> list[RawFrames]:
        """Return what the camera draws into its live view under one code, or under all."""
        ffi, lib = load_shim()
        return self._list(
            "GetSelectLiveViewProperties" if code else "GetLiveViewProperties",
            "crshim_frames **",
            lambda pointer, out, count: int(lib.crshim_frame_list(pointer, code, out, count)),
            lambda raw: _frames(ffi, raw),
        )

    def request_display_texts(self) -> None:
        """Begin to ask the camera for all the texts that it has for its values."""
        _, lib = load_shim()
        self._do("RequestDisplayStringList", lib.crshim_request_display_texts, ALL_LISTS)

    def display_texts(self) -> list[DisplayText]:
        """Return the texts that the camera was asked for."""
        ffi, lib = load_shim()
        return self._list(
            "GetDisplayStringList",
            "crshim_display_text **",
            lambda pointer, out, count: int(lib.crshim_display_texts(pointer, out, count)),
            lambda raw: DisplayText(raw.list, raw.type, raw.value, read_text(ffi, raw.text)),
        )

    def download_settings(self, folder: Path, name: str) -> None:
        """Begin to copy the camera's settings into a file."""
        _, lib = load_shim()
        target = os.fsencode(folder)
        self._do("DownloadSettingFile", lib.crshim_download_settings, target, name.encode())

    def upload_settings(self, file: Path) -> None:
        """Begin to give the camera the settings in a file."""
        _, lib = load_shim()
        self._do("UploadSettingFile", lib.crshim_upload_settings, os.fsencode(file))

    def import_lut(self, file: Path, slot: int) -> None:
        """Begin to give the camera a look."""
        _, lib = load_shim()
        self._do("ImportLUTFile", lib.crshim_import_lut, os.fsencode(file), slot)


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


def _frames(ffi: Any, raw: Any) -> RawFrames:
    data = bytes(ffi.buffer(raw.data, raw.size_bytes))
    return RawFrames(raw.code, raw.enable, raw.kind, data)
