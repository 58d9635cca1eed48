"""A bare client of the Sony simulator: ctypes on its C functions, structs by offset, no shim."""

import contextlib
import ctypes as c
import os
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIBRARY = (
    Path(__file__).parents[2] / "services/lensbus_services/sony/native/libcrsim.so"
).resolve()

ALPHA = "D10F60149B0C"
CINEMA = "D20FA3C41E57"
REMOTE, CONTENTS, REMOTE_TRANSFER = 0, 1, 2

TEXT = 0xFFFF

_SLOTS_21 = (
    ("connected", c.c_uint32),
    ("disconnected", c.c_uint32),
    ("property_changed",),
    ("codes", c.c_uint32, c.POINTER(c.c_uint32)),
    ("lv_property_changed",),
    ("lv_codes", c.c_uint32, c.POINTER(c.c_uint32)),
    ("download", c.c_char_p, c.c_uint32),
    ("operation", c.c_uint32, c.c_void_p),
    ("contents_transfer", c.c_uint32, c.c_uint32, c.c_char_p),
    ("warning", c.c_uint32),
    ("warning_ext", c.c_uint32, c.c_int32, c.c_int32, c.c_int32),
    ("error", c.c_uint32),
    ("ftp", c.c_uint32, c.c_uint32, c.c_uint32),
    ("transfer", c.c_uint32, c.c_uint32, c.c_char_p),
    ("transfer_data", c.c_uint32, c.c_uint32, c.c_void_p, c.c_uint64),
    ("list_changed", c.c_uint32, c.c_uint32, c.c_uint32),
    ("firmware", c.c_uint32, c.c_void_p),
    ("time_code", c.c_uint32),
    ("playback", c.c_uint8, c.c_int32, c.c_void_p, c.c_int64, c.c_int64, c.c_int32, c.c_int32),
    ("monitor", c.c_uint32, c.c_uint32),
    ("post_view", c.c_char_p, c.c_uint32),
)
_SLOTS_20 = tuple(slot for slot in _SLOTS_21 if slot[0] != "operation")
_VERSIONS = {0x02020000: 21, 0x02000000: 19, 0x010E0000: 18, 0x010C0000: 12}


class Property(c.Structure):
    _fields_ = (
        ("code", c.c_uint32),
        ("value_type", c.c_uint32),
        ("enable", c.c_int16),
        ("variable", c.c_uint16),
        ("value", c.c_uint64),
        ("text", c.POINTER(c.c_uint16)),
        ("values_size", c.c_uint32),
        ("values", c.POINTER(c.c_uint8)),
        ("set_values_size", c.c_uint32),
        ("set_values", c.POINTER(c.c_uint8)),
    )


class LiveViewProperty(c.Structure):
    _fields_ = (
        ("code", c.c_uint32),
        ("enable", c.c_int16),
        ("kind", c.c_uint16),
        ("size", c.c_uint32),
        ("value", c.POINTER(c.c_uint8)),
        ("time_code", c.c_uint32),
    )


class ImageInfo(c.Structure):
    _fields_ = (("width", c.c_uint32), ("height", c.c_uint32), ("buffer_size", c.c_uint32))


class OsdBlock(c.Structure):
    _fields_ = (
        ("frame_no", c.c_uint32),
        ("data", c.POINTER(c.c_uint8)),
        ("image_size", c.c_uint32),
        ("has_area", c.c_uint32),
        ("size", c.c_uint32 * 2),
        ("area", c.c_uint32 * 4),  # x, y, width, height
        ("degree", c.c_uint32),
    )


class ImageBlock(c.Structure):
    _fields_ = (
        ("frame_no", c.c_uint32),
        ("size", c.c_uint32),
        ("data", c.POINTER(c.c_uint8)),
        ("image_size", c.c_uint32),
        ("time_code", c.c_uint32),
    )


class CaptureDate(c.Structure):
    _fields_ = tuple(
        (name, c.c_uint16) for name in ("year", "month", "day", "hour", "minute", "sec", "msec")
    )


class ContentsFile(c.Structure):
    _fields_ = (
        ("file_id", c.c_uint16),
        ("path_length", c.c_uint32),
        ("path", c.c_char_p),
        ("format", c.c_uint32),
        ("size", c.c_uint64),
        ("umid", c.c_uint8 * 32),
        ("has_image", c.c_bool),
        ("image", c.c_uint32 * 2),
        ("has_video", c.c_bool),
        ("video", c.c_uint32 * 19),
        ("has_audio", c.c_bool),
        ("audio", c.c_uint32 * 4),
    )


class ContentsInfo(c.Structure):
    _fields_ = (
        ("content_type", c.c_uint32),
        ("content_id", c.c_uint32),
        ("folder_number", c.c_uint32),
        ("file_number", c.c_uint32),
        ("group_type", c.c_uint32),
        ("group_id", c.c_uint32),
        ("representative", c.c_bool),
        ("created_utc", CaptureDate),
        ("modified_utc", CaptureDate),
        ("created_local", CaptureDate),
        ("modified_local", CaptureDate),
        ("rating", c.c_int32),
        ("protection", c.c_uint8),
        ("dummy", c.c_uint8),
        ("shot_mark_count", c.c_uint32),
        ("shot_marks", c.c_void_p),
        ("file_count", c.c_uint32),
        ("files", c.POINTER(ContentsFile)),
    )


class FolderInfo(c.Structure):
    _fields_ = (("handle", c.c_uint32), ("name_size", c.c_uint32), ("name", c.c_char_p))


class MtpContent(c.Structure):
    _fields_ = (
        ("handle", c.c_uint32),
        ("folder", c.c_uint32),
        ("size", c.c_uint64),
        ("date", c.c_char * 16),
        ("width", c.c_uint32),
        ("height", c.c_uint32),
        ("name_size", c.c_uint32),
        ("name", c.c_void_p),
    )


def call_slot(instance: int, slot: int, result: Any, *arguments: tuple[Any, Any]) -> Any:
    """Call one virtual function of an interface object."""
    table = c.cast(instance, c.POINTER(c.c_void_p))[0]
    address = c.cast(table, c.POINTER(c.c_void_p))[slot]
    kinds = [kind for kind, _ in arguments]
    return c.CFUNCTYPE(result, c.c_void_p, *kinds)(address)(instance, *(v for _, v in arguments))


@dataclass(frozen=True)
class Shown:
    """A property as a client reads it."""

    code: int
    value_type: int
    enable: int
    value: int
    values: tuple[int, ...]
    text: str | None

    @property
    def writable(self) -> bool:
        return self.enable in (1, 3)


def _shown(raw: Property) -> Shown:
    width = {1: 1, 2: 2, 3: 4, 4: 8}.get(raw.value_type & 0xF, 1)
    signed = bool(raw.value_type & 0x1000)
    data = bytes(raw.values[: raw.values_size]) if raw.values else b""
    values = tuple(
        int.from_bytes(data[i : i + width], "little", signed=signed)
        for i in range(0, len(data), width)
    )
    text = None
    if raw.value_type == TEXT:
        count = raw.text[0]
        text = "".join(chr(unit) for unit in raw.text[1 : count + 1]).rstrip("\0")
    value = raw.value
    if signed and value >> (8 * width - 1):
        value -= 1 << (8 * width)
    return Shown(raw.code, raw.value_type, raw.enable, value, values, text)


class Listener:
    """The callback object: a pointer to a table of functions. Keeps what it hears, in order."""

    def __init__(self, slots: int) -> None:
        self.heard: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self.history: list[tuple[Any, ...]] = []
        self.threads: set[int] = set()
        names = _SLOTS_21 if slots == 21 else _SLOTS_20[:slots]
        self._functions = [self._function(*slot) for slot in names]
        self._table = (c.c_void_p * slots)(
            *(c.cast(function, c.c_void_p) for function in self._functions)
        )
        self._object = (c.c_void_p * 1)(c.addressof(self._table))
        self.address = c.addressof(self._object)

    def _function(self, name: str, *kinds: Any) -> Any:
        def hear(_this: int, *arguments: Any) -> None:
            self.threads.add(threading.get_native_id())
            if name in {"codes", "lv_codes"}:
                arguments = (list(arguments[1][: arguments[0]]) if arguments[1] else [],)
            if name == "transfer_data":
                notify, percent, data, size = arguments
                arguments = (notify, percent, c.string_at(data, size) if data else b"")
            self.heard.put((name, *arguments))

        return c.CFUNCTYPE(None, c.c_void_p, *kinds)(hear)

    def wait(self, wanted: Callable[[tuple[Any, ...]], bool], limit_s: float = 30) -> Any:
        """Return the first event that is wanted; everything heard is in `history`."""
        deadline = time.monotonic() + limit_s
        while True:
            event = self.heard.get(timeout=max(0.001, deadline - time.monotonic()))
            self.history.append(event)
            if wanted(event):
                return event

    def wait_for(self, *start: Any, limit_s: float = 30) -> Any:
        return self.wait(lambda event: event[: len(start)] == start, limit_s)

    def catch_up(self) -> list[tuple[Any, ...]]:
        while not self.heard.empty():
            self.history.append(self.heard.get_nowait())
        return self.history


@dataclass
class Connection:
    """One connected body."""

    sim: "Simulator"
    handle: c.c_int64
    listener: Listener
    _buffer: Any = field(default_factory=lambda: (c.c_uint8 * 307200)())

    def call(self, name: str, *arguments: Any) -> int:
        return int(self.sim.lib[name](self.handle, *arguments))

    def properties(self, *codes: int) -> dict[int, Shown]:
        listed, count = c.POINTER(Property)(), c.c_int32()
        if codes:
            wanted = (c.c_uint32 * len(codes))(*codes)
            result = self.call(
                "GetSelectDeviceProperties",
                c.c_uint32(len(codes)),
                wanted,
                c.byref(listed),
                c.byref(count),
            )
        else:
            result = self.call("GetDeviceProperties", c.byref(listed), c.byref(count))
        if result:
            raise OSError(result, hex(result))
        shown = {item.code: item for item in map(_shown, listed[: count.value])}
        assert self.call("ReleaseDeviceProperties", listed) == 0
        return shown

    def get(self, code: int) -> Shown:
        return self.properties(code)[code]

    def set(self, code: int, value: int | str, value_type: int = 0) -> int:
        wanted = Property(code=code, value_type=value_type)
        if isinstance(value, str):
            units = (c.c_uint16 * (len(value) + 2))(len(value) + 1, *map(ord, value), 0)
            wanted.value_type = TEXT
            wanted.text = c.cast(units, c.POINTER(c.c_uint16))
        else:
            wanted.value = value & 0xFFFFFFFFFFFFFFFF
        return self.call("SetDeviceProperty", c.byref(wanted))

    def set_and_wait(self, code: int, value: int) -> Shown:
        if self.get(code).value != value:
            assert self.set(code, value) == 0
            self.wait_until(lambda: self.get(code).value == value)
        return self.get(code)

    def wait_until(self, condition: Callable[[], bool], limit_s: float = 30) -> None:
        deadline = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true"
            time.sleep(0.005)

    def command(self, number: int, parameter: int) -> int:
        return self.call("SendCommand", c.c_uint32(number), c.c_uint16(parameter))

    def save_to(self, folder: Path, prefix: str = "", number: int = -1) -> int:
        return self.call("SetSaveInfo", str(folder).encode(), prefix.encode(), c.c_int32(number))

    def frame(self) -> tuple[int, bytes]:
        block = ImageBlock(size=len(self._buffer), data=self._buffer)
        result = self.call("GetLiveViewImage", c.byref(block))
        return result, bytes(self._buffer[: block.image_size]) if result == 0 else b""

    def next_frame(self, limit_s: float = 30) -> bytes:
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            result, jpeg = self.frame()
            if result == 0:
                return jpeg
            assert result == 0x20017, hex(result)
            time.sleep(0.002)
        raise AssertionError("no frame")

    def contents(self, slot: int = 1, most: int = 0) -> list[dict[str, Any]]:
        listed, count, date = c.POINTER(ContentsInfo)(), c.c_uint32(), CaptureDate()
        for _ in range(2):  # the first listing may find the index under construction
            result = self.call(
                "GetRemoteTransferContentsInfoList",
                c.c_uint32(slot),
                c.c_uint8(0),
                c.byref(date),
                c.c_uint32(most),
                c.byref(listed),
                c.byref(count),
            )
            if result != 0x8D05:
                break
        assert result == 0, hex(result)
        found = [
            {
                "id": item.content_id,
                "created": (item.created_utc.year, item.created_utc.month, item.created_utc.day),
                "files": {
                    one.file_id: (one.path.decode(), one.size)
                    for one in item.files[: item.file_count]
                },
            }
            for item in listed[: count.value]
        ]
        assert self.call("ReleaseRemoteTransferContentsInfoList", listed) == 0
        return found

    def pull(self, content: int, file: int, folder: Path, name: str = "") -> int:
        return self.call(
            "GetRemoteTransferContentsDataFile",
            c.c_uint32(1),
            c.c_uint32(content),
            c.c_uint32(file),
            c.c_uint32(0),
            str(folder).encode(),
            name.encode() or None,
        )

    def close(self) -> None:
        if self.call("Disconnect") == 0:
            with contextlib.suppress(queue.Empty):
                self.listener.wait_for("disconnected", limit_s=2)
        assert self.call("ReleaseDevice") == 0


def _replace(old: Mapping[str, str], new: Mapping[str, str]) -> None:
    for name in old:
        os.environ.pop(name, None)
    os.environ.update(new)


@dataclass
class Simulator:
    """The library, initialised for one test."""

    lib: Any
    state: Path

    @classmethod
    @contextlib.contextmanager
    def running(cls, environment: Mapping[str, str], state: Path) -> Iterator["Simulator"]:
        lib = c.CDLL(str(LIBRARY))
        lib.CreateCameraObjectInfo.restype = c.c_void_p
        lib.Init.restype = lib.Release.restype = c.c_bool
        lib.GetSDKVersion.restype = c.c_uint32
        wanted = {"CRSIM_STATE": str(state), "CRSIM_TIME_SCALE": "0", **environment}
        # Drivers that were opened in this process before have left their own world here.
        before = {name: value for name, value in os.environ.items() if name.startswith("CRSIM_")}
        _replace(before, wanted)
        try:
            assert lib.Init(c.c_uint32(0))
            yield cls(lib, state)
        finally:
            lib.Release()
            _replace(wanted, before)

    def ask(self, serial: str, request: str) -> str:
        """Send one request to the control socket of a body that this process holds."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self.state / f"{serial}.control"))
            connection.sendall(f"{request}\n".encode())
            with connection.makefile(encoding="utf-8") as answers:
                return answers.readline().rstrip("\n")

    def break_(self, serial: str, scenario: str) -> None:
        """Break a body, whether or not it is held; a scenario may have parameters."""
        name, _, parameters = scenario.partition(" ")
        (self.state / f"{serial}.{name}").write_text(parameters)

    def heal(self, serial: str, scenario: str) -> None:
        (self.state / f"{serial}.{scenario}").unlink(missing_ok=True)

    def is_broken(self, serial: str, scenario: str) -> bool:
        return (self.state / f"{serial}.{scenario}").exists()

    def counts(self, serial: str) -> dict[str, int]:
        """What a body has lived through, read from its file."""
        lines = (self.state / serial / "counts").read_text().split()
        return {name: int(count) for name, _, count in (line.partition("=") for line in lines)}

    @property
    def slots(self) -> int:
        return _VERSIONS[self.lib.GetSDKVersion()]

    def cameras(self, seconds: int = 0) -> dict[str, dict[str, Any]]:
        listed = c.c_void_p()
        assert self.lib.EnumCameraObjects(c.byref(listed), c.c_uint8(seconds)) == 0
        assert listed.value
        found = {}
        for index in range(call_slot(listed.value, 0, c.c_uint32)):
            info = call_slot(listed.value, 1, c.c_void_p, (c.c_uint32, index))
            identity = c.string_at(call_slot(info, 6, c.c_void_p), 12).decode()
            found[identity] = {
                "model": call_slot(info, 3, c.c_char_p).decode(),
                "id_type": call_slot(info, 8, c.c_uint32),
                "connection": call_slot(info, 10, c.c_char_p).decode(),
                "adaptor": call_slot(info, 11, c.c_char_p).decode(),
                "product": call_slot(info, 5, c.c_int16),
            }
        call_slot(listed.value, 2, None)
        return found

    @contextlib.contextmanager
    def enumerated(self) -> Iterator[dict[str, int]]:
        """Hold the objects of one enumeration, by serial number."""
        listed = c.c_void_p()
        assert self.lib.EnumCameraObjects(c.byref(listed), c.c_uint8(0)) == 0
        assert listed.value
        objects = {}
        for index in range(call_slot(listed.value, 0, c.c_uint32)):
            info = call_slot(listed.value, 1, c.c_void_p, (c.c_uint32, index))
            objects[c.string_at(call_slot(info, 6, c.c_void_p), 12).decode()] = info
        try:
            yield objects
        finally:
            call_slot(listed.value, 2, None)

    def restart(self) -> None:
        """Release and initialise again, as another process would find the bodies."""
        assert self.lib.Release()
        assert self.lib.Init(c.c_uint32(0))

    def start(
        self,
        serial: str,
        mode: int = REMOTE,
        *,
        reconnects: bool = True,
        info: int | None = None,
        login: tuple[bytes | None, bytes | None, bytes | None] = (None, None, None),
    ) -> tuple[int, Connection]:
        """Call Connect, on an object made for it or on an enumerated one.

        The result may still be to come.
        """
        identity = (c.c_uint8 * 13)(*serial.encode())
        made = None
        if info is None:
            made = info = self.lib.CreateCameraObjectInfo(
                b"", b"", c.c_int16(0), c.c_uint32(0), c.c_uint32(13), identity,
                b"USB", b"Cr_PTP_USB", b"", c.c_uint32(0),
            )  # fmt: skip
        listener, handle = Listener(self.slots), c.c_int64()
        result = self.lib.Connect(
            c.c_void_p(info), c.c_void_p(listener.address), c.byref(handle), c.c_uint32(mode),
            c.c_uint32(int(reconnects)), *login, c.c_uint32(len(login[2] or b"")), None,
        )  # fmt: skip
        if made is not None:
            call_slot(made, 0, None)
        return result, Connection(self, handle, listener)

    @contextlib.contextmanager
    def connected(
        self,
        serial: str,
        mode: int = REMOTE,
        *,
        reconnects: bool = True,
        pc_remote: bool = True,
        info: int | None = None,
    ) -> Iterator[Connection]:
        result, connection = self.start(serial, mode, reconnects=reconnects, info=info)
        assert result == 0, hex(result)
        connection.listener.wait_for("connected", 300)
        if pc_remote and mode != CONTENTS and serial == ALPHA:
            connection.set_and_wait(0x011A, 2)
        try:
            yield connection
        finally:
            connection.close()
