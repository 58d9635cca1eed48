"""One connection to one camera, call by call."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from lensbus_proto.errors import NotConnected
from lensbus_services.driver import Stuck
from lensbus_services.sony.callbacks import Queue
from lensbus_services.sony.codes import FRAME_NOT_UPDATED
from lensbus_services.sony.line import CALL_S, Line
from lensbus_services.sony.sdk import Cameras, Sdk
from lensbus_services.sony.shim import check, load_shim, read_text
from lensbus_services.sony.values import CardFile, Credentials, RawFrames, RawProperty

T = TypeVar("T")


class Link:
    """One connection to one camera. Any thread may call; the SDK sees one call at a time.

    Results are taken out of the SDK's hands, and its memory is given back, in the thread that
    calls it: that happens once, whether or not somebody still waits.
    """

    def __init__(self, sdk: Sdk, queue: Queue, number: int) -> None:
        _, lib = load_shim()
        self.number = number
        self._line = Line(f"sony-line-{number}")
        self._connected = False
        self._pointer = lib.crshim_link_new(sdk.pointer, queue.pointer, number)

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
            self._connected = True
            with cameras.use() as found:
                return int(
                    lib.crshim_connect(
                        pointer, found, index, mode, reconnecting, user, password, key
                    )
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
            return result

        check(self._line.last("ReleaseDevice", release, limit_s), "ReleaseDevice")

    def stuck(self) -> Stuck | None:
        """Return the call that has overstayed its limit, if one has."""
        return self._line.stuck()

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

    def frames(self, code: int) -> list[RawFrames]:
        """Return what the camera draws into its live view under one code."""
        ffi, lib = load_shim()
        return self._list(
            "GetSelectLiveViewProperties",
            "crshim_frames **",
            lambda pointer, out, count: int(lib.crshim_frame_list(pointer, code, out, count)),
            lambda raw: _frames(ffi, raw),
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

    def card_files(self, slot: int) -> list[CardFile]:
        """Return what is on a card, in the mode remote-transfer."""
        ffi, lib = load_shim()
        return self._list(
            "GetRemoteTransferContentsInfoList",
            "crshim_file **",
            lambda pointer, out, count: int(lib.crshim_card_files(pointer, slot, out, count)),
            lambda raw: _file(ffi, raw),
        )

    def contents_files(self) -> list[CardFile]:
        """Return what is on the cards, in the mode contents."""
        ffi, lib = load_shim()
        return self._list(
            "GetContentsHandleList",
            "crshim_file **",
            lambda pointer, out, count: int(lib.crshim_contents_files(pointer, out, count)),
            lambda raw: _file(ffi, raw),
        )

    def pull_file(
        self, slot: int, content_id: int, file_id: int, chunk_bytes: int, folder: Path
    ) -> None:
        """Begin to copy a file from a card into a folder."""
        _, lib = load_shim()
        target = os.fsencode(folder)
        name = "GetRemoteTransferContentsDataFile"
        self._do(name, lib.crshim_pull_file, slot, content_id, file_id, chunk_bytes, target)

    def pull_preview(
        self, slot: int, content_id: int, file_id: int, kind: int, folder: Path
    ) -> None:
        """Begin to copy a small picture of a file into a folder."""
        _, lib = load_shim()
        target = os.fsencode(folder)
        name = "GetRemoteTransferContentsCompressedDataFile"
        self._do(name, lib.crshim_pull_preview, slot, content_id, file_id, kind, target)

    def pull_contents(self, handle: int, folder: Path) -> None:
        """Begin to copy a file into a folder, in the mode contents."""
        _, lib = load_shim()
        self._do("PullContentsFile", lib.crshim_pull_contents, handle, os.fsencode(folder))

    def _call(self, name: str, action: Callable[[Any], T], limit_s: float = CALL_S) -> T:
        return self._line.call(name, lambda: action(self._alive()), limit_s)

    def _do(self, name: str, function: Any, *arguments: Any, limit_s: float = CALL_S) -> None:
        """Call a function of the shim that answers nothing but its result."""
        check(self._call(name, lambda pointer: function(pointer, *arguments), limit_s), name)

    def _number(self, name: str, function: Any, *arguments: Any) -> int:
        """Call a function of the shim that fills in a number."""
        ffi, _ = load_shim()
        out = ffi.new("uint32_t *")
        self._do(name, function, *arguments, out)
        return int(out[0])

    def _list(
        self,
        name: str,
        type_: str,
        fetch: Callable[[Any, Any, Any], int],
        read: Callable[[Any], T],
    ) -> list[T]:
        """Call a function of the shim that hands out a list."""
        ffi, lib = load_shim()

        def take(pointer: Any) -> list[T]:
            out, count = ffi.new(type_), ffi.new("uint32_t *")
            check(fetch(pointer, out, count), name)
            try:
                return [read(out[0][index]) for index in range(count[0])]
            finally:
                lib.crshim_free(out[0])

        return self._call(name, take)

    def _picture(self, name: str, function: Any) -> bytes:
        """Call a function of the shim that lends a picture, if nobody waits for anything else."""
        ffi, _ = load_shim()

        def take() -> bytes:
            data, size = ffi.new("const uint8_t **"), ffi.new("uint32_t *")
            result = function(self._alive(), data, size)
            if result != FRAME_NOT_UPDATED:
                check(result, name)
            return bytes(ffi.buffer(data[0], size[0])) if size[0] else b""

        return self._line.spare(name, take) or b""

    def _alive(self) -> Any:
        if self._pointer is None:
            raise NotConnected("the camera is not connected")
        return self._pointer


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


def _file(ffi: Any, raw: Any) -> CardFile:
    return CardFile(
        content_id=raw.content_id,
        file_id=raw.file_id,
        path=read_text(ffi, raw.path),
        size=raw.size_bytes,
        created=tuple(raw.created),
        width=raw.width,
        height=raw.height,
    )
