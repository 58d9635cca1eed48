"""One connection to one camera, call by call."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import NotConnected
from lensbus_services.sony.callbacks import Queue
from lensbus_services.sony.codes import FRAME_NOT_UPDATED
from lensbus_services.sony.sdk import Cameras, Sdk
from lensbus_services.sony.shim import check, load_shim, read_text
from lensbus_services.sony.turns import Turns
from lensbus_services.sony.values import CardFile, Credentials, RawFrames, RawProperty

_TURN_S: Final = 30.0  # a call that takes longer than this does not come back


class Link:
    """One connection to one camera. Any thread may call; the SDK sees one call at a time."""

    def __init__(self, sdk: Sdk, queue: Queue, number: int) -> None:
        _, lib = load_shim()
        self.number = number
        self._turns = Turns()
        self._pointer = lib.crshim_link_new(sdk.pointer, queue.pointer, number)

    def connect(
        self, cameras: Cameras, index: int, mode: int, reconnecting: bool, login: Credentials
    ) -> int:
        """Begin to connect and return the SDK's answer: 0 means that a callback will tell."""
        ffi, lib = load_shim()

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
        _, lib = load_shim()
        with self._call(limit_s) as pointer:
            check(lib.crshim_disconnect(pointer), "Disconnect")

    def release(self, limit_s: float = _TURN_S) -> None:
        """Give the device and the memory back: nothing can be called after that."""
        _, lib = load_shim()
        with self._call(limit_s) as pointer:
            result = lib.crshim_release_device(pointer)
            lib.crshim_link_free(pointer)
            self._pointer = None
        check(result, "ReleaseDevice")

    def properties(self, codes: Sequence[int] = ()) -> list[RawProperty]:
        """Return the properties with these codes, or all of them."""
        ffi, lib = load_shim()
        out, count = ffi.new("crshim_property **"), ffi.new("uint32_t *")
        with self._call() as pointer:
            result = lib.crshim_properties(pointer, list(codes), len(codes), out, count)
        check(result, "GetSelectDeviceProperties" if codes else "GetDeviceProperties")
        try:
            return [_property(ffi, out[0][index]) for index in range(count[0])]
        finally:
            lib.crshim_free(out[0])

    def set_value(self, code: int, type_: int, value: int) -> None:
        """Write a number of the given CrDataType."""
        _, lib = load_shim()
        with self._call() as pointer:
            result = lib.crshim_set_value(pointer, code, type_, value)
        check(result, "SetDeviceProperty")

    def set_text(self, code: int, text: str) -> None:
        """Write a text."""
        ffi, lib = load_shim()
        encoded = text.encode("utf-16-le")
        units = ffi.from_buffer("uint16_t[]", encoded)
        with self._call() as pointer:
            result = lib.crshim_set_text(pointer, code, units, len(encoded) // 2)
        check(result, "SetDeviceProperty")

    def command(self, command: int, param: int) -> None:
        """Send a command such as Release, Down."""
        _, lib = load_shim()
        with self._call() as pointer:
            result = lib.crshim_command(pointer, command, param)
        check(result, "SendCommand")

    def setting(self, key: int) -> int:
        """Return a device setting."""
        ffi, lib = load_shim()
        out = ffi.new("uint32_t *")
        with self._call() as pointer:
            result = lib.crshim_get_setting(pointer, key, out)
        check(result, "GetDeviceSetting")
        return int(out[0])

    def set_setting(self, key: int, value: int) -> None:
        """Change a device setting."""
        _, lib = load_shim()
        with self._call() as pointer:
            result = lib.crshim_set_setting(pointer, key, value)
        check(result, "SetDeviceSetting")

    def set_save_info(self, path: Path, prefix: str, start_number: int) -> None:
        """Say where pictures for the host go and what they are called."""
        _, lib = load_shim()
        with self._call() as pointer:
            result = lib.crshim_set_save_info(
                pointer, os.fsencode(path), prefix.encode(), start_number
            )
        check(result, "SetSaveInfo")

    def picture_room(self) -> int:
        """Return how many bytes a live-view picture may need: 0 while there is none."""
        ffi, lib = load_shim()
        out = ffi.new("uint32_t *")
        with self._call() as pointer:
            result = lib.crshim_picture_room(pointer, out)
        check(result, "GetLiveViewImageInfo")
        return int(out[0])

    def picture(self) -> bytes:
        """Return the newest live-view picture.

        Nothing when it is the same as before, when the camera has none, and when a command
        waits: pictures step back.
        """
        _, lib = load_shim()
        return self._picture(lib.crshim_picture, "GetLiveViewImage")

    def _picture(self, fetch: Any, operation: str) -> bytes:
        ffi, _ = load_shim()
        data, size = ffi.new("const uint8_t **"), ffi.new("uint32_t *")
        if not self._turns.take_spare():
            return b""
        try:
            result = fetch(self._alive(), data, size)
            if result == 0 and size[0]:
                return bytes(ffi.buffer(data[0], size[0]))
        finally:
            self._turns.give()
        if result != FRAME_NOT_UPDATED:
            check(result, operation)
        return b""

    def osd_picture(self) -> bytes:
        """Return the newest picture of the camera's display, nothing as `picture` does."""
        _, lib = load_shim()
        return self._picture(lib.crshim_osd, "GetOSDImage")

    def frames(self, code: int) -> list[RawFrames]:
        """Return what the camera draws into its live view under one code."""
        ffi, lib = load_shim()
        out, count = ffi.new("crshim_frames **"), ffi.new("uint32_t *")
        with self._call() as pointer:
            result = lib.crshim_frame_list(pointer, code, out, count)
        check(result, "GetSelectLiveViewProperties")
        try:
            return [
                RawFrames(
                    raw.code, raw.enable, raw.kind, bytes(ffi.buffer(raw.data, raw.size_bytes))
                )
                for raw in (out[0][index] for index in range(count[0]))
            ]
        finally:
            lib.crshim_free(out[0])

    def download_settings(self, folder: Path, name: str) -> None:
        """Begin to copy the camera's settings into a file."""
        _, lib = load_shim()
        with self._call() as pointer:
            result = lib.crshim_download_settings(pointer, os.fsencode(folder), name.encode())
        check(result, "DownloadSettingFile")

    def upload_settings(self, file: Path) -> None:
        """Begin to give the camera the settings in a file."""
        _, lib = load_shim()
        with self._call() as pointer:
            result = lib.crshim_upload_settings(pointer, os.fsencode(file))
        check(result, "UploadSettingFile")

    def import_lut(self, file: Path, slot: int) -> None:
        """Begin to give the camera a look."""
        _, lib = load_shim()
        with self._call() as pointer:
            result = lib.crshim_import_lut(pointer, os.fsencode(file), slot)
        check(result, "ImportLUTFile")

    def card_files(self, slot: int) -> list[CardFile]:
        """Return what is on a card, in the mode remote-transfer."""
        ffi, lib = load_shim()
        out, count = ffi.new("crshim_file **"), ffi.new("uint32_t *")
        with self._call() as pointer:
            result = lib.crshim_card_files(pointer, slot, out, count)
        check(result, "GetRemoteTransferContentsInfoList")
        return _files(ffi, lib, out[0], count[0])

    def contents_files(self) -> list[CardFile]:
        """Return what is on the cards, in the mode contents."""
        ffi, lib = load_shim()
        out, count = ffi.new("crshim_file **"), ffi.new("uint32_t *")
        with self._call() as pointer:
            result = lib.crshim_contents_files(pointer, out, count)
        check(result, "GetContentsHandleList")
        return _files(ffi, lib, out[0], count[0])

    def pull_file(
        self, slot: int, content_id: int, file_id: int, chunk_bytes: int, folder: Path
    ) -> None:
        """Begin to copy a file from a card into a folder."""
        _, lib = load_shim()
        with self._call() as pointer:
            result = lib.crshim_pull_file(
                pointer, slot, content_id, file_id, chunk_bytes, os.fsencode(folder)
            )
        check(result, "GetRemoteTransferContentsDataFile")

    def pull_preview(
        self, slot: int, content_id: int, file_id: int, kind: int, folder: Path
    ) -> None:
        """Begin to copy a small picture of a file into a folder."""
        _, lib = load_shim()
        with self._call() as pointer:
            result = lib.crshim_pull_preview(
                pointer, slot, content_id, file_id, kind, os.fsencode(folder)
            )
        check(result, "GetRemoteTransferContentsCompressedDataFile")

    def pull_contents(self, handle: int, folder: Path) -> None:
        """Begin to copy a file into a folder, in the mode contents."""
        _, lib = load_shim()
        with self._call() as pointer:
            result = lib.crshim_pull_contents(pointer, handle, os.fsencode(folder))
        check(result, "PullContentsFile")

    @contextmanager
    def _call(self, limit_s: float = _TURN_S) -> Iterator[Any]:
        """Hold the line to the SDK for one call."""
        with self._turns.turn(limit_s):
            yield self._alive()

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


def _files(ffi: Any, lib: Any, files: Any, count: int) -> list[CardFile]:
    try:
        return [
            CardFile(
                content_id=raw.content_id,
                file_id=raw.file_id,
                path=read_text(ffi, raw.path),
                size=raw.size_bytes,
                created=tuple(raw.created),
                width=raw.width,
                height=raw.height,
            )
            for raw in (files[index] for index in range(count))
        ]
    finally:
        lib.crshim_free(files)
