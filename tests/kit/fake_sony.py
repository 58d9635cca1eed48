"""A Sony worker as the gateway sees it: the commands of WIRE.md section 9 over a small model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lensbus_proto.errors import (
    BadArguments,
    CameraBusy,
    CameraError,
    CommandUnknown,
    NotConnected,
    NotFound,
    NotWritable,
    Unsupported,
)
from lensbus_proto.messages import Reply

U8, U16, U32, U64, I16, TEXT = 1, 2, 3, 4, 0x1002, 0xFFFF
UNSUPPORTED, DISABLED, READ_WRITE, READ = -1, 0, 1, 2
CAPTURE = 1764000000123456
WITHOUT_CONNECTION = ("connect", "disconnect", "connection", "fingerprint", "settings.files")


def prop(
    code: int,
    kind: int,
    value: int = 0,
    values: tuple[int, ...] = (),
    *,
    enable: int = READ_WRITE,
    span: tuple[int, int, int] | None = None,
    text: str | None = None,
) -> dict[str, Any]:
    """Return a property as a worker sends it."""
    return {
        "code": code,
        "type": kind,
        "enable": enable,
        "value": value,
        "text": text,
        "values": list(values),
        "range": list(span) if span else None,
    }


def alpha_body() -> dict[int, dict[str, Any]]:
    """Return properties of every kind, as an Alpha body reports them."""
    made = [
        prop(0x0104, U32, 400, (0xFFFFFF, 100, 200, 400, 800)),
        prop(0x0729, U32, 400, enable=READ),
        prop(0x0100, U16, 280, (280, 400, 560, 800)),
        prop(0x0103, U32, 0x0001007D, (0, 0x0014000A, 0x000D000A, 0x0001003C, 0x0001007D)),
        prop(0x0105, U32, 1, enable=READ),
        prop(0x0101, I16, 0, (-2000, -700, 0, 700, 2000)),
        prop(0x0102, U16, 63536, (63536, 0, 2000)),
        prop(0x010E, U32, 1, (1, 0x10001, 0x30001)),
        prop(0x0109, U16, 2, (1, 2, 3)),
        prop(0x0113, U16, 1, (1, 3, 0x11)),
        prop(0x0108, U16, 0, (0, 0x11, 0x100)),
        prop(0x0115, U16, 5500, span=(2500, 9900, 100), enable=DISABLED),
        prop(0x0106, U16, 1, (1, 2, 3)),
        prop(0x0107, U16, 3, (1, 2, 3, 4)),
        prop(0x0119, U16, 1, (1, 2, 3)),
        prop(0x0129, U8, 5, (3, 5, 7, 1)),
        prop(0x019C, U8, 12, span=(0, 31, 1)),
        prop(0x0146, TEXT, text=""),
        prop(0x07CC, U8, 64, enable=READ),
        prop(0x0145, U64, 7, span=(0, 2**53 + 1, 1)),
        prop(0x011A, U16, 2, (1, 2)),
        prop(0x0702, U16, 87, enable=READ),
        prop(0x0131, U16, enable=UNSUPPORTED),
        prop(0x01D5, U16, enable=DISABLED),
    ]
    return {item["code"]: item for item in made}


def frame(kind: str = "contrast-flexible-main", **changes: int) -> dict[str, Any]:
    """Return a focus or tracking frame in the middle of the picture."""
    place = {"x": 320, "x_of": 640, "y": 240, "y_of": 480, "width": 38, "height": 38}
    return {"type": kind, "state": "focused", "priority": 1, **place, **changes}


def card_file(number: int, **changes: Any) -> dict[str, Any]:
    """Return a file on the card."""
    file = {
        "content_id": 131300 + number,
        "file_id": 1,
        "path": f"DCIM/100MSDCF/DSC{number:05}.ARW",
        "size": 25_000_000,
        "created": [2026, 3, 1, 10, 0, 5],
    }
    return file | changes


@dataclass
class FakeSony:
    """One camera, connected or not."""

    camera: str = "D10F60149B0C"
    model: str = "ILCE-7M4"
    mode: str | None = None
    enabled: bool = False
    streaming: bool = False
    pulling: bool = False
    properties: dict[int, dict[str, Any]] = field(default_factory=alpha_body)
    osd: bool | None = False  # None: this body has none
    buttons: tuple[str, ...] = ("menu", "enter", "up")
    held: bool = False
    recording: bool = False
    card: list[dict[str, Any]] = field(default_factory=lambda: [card_file(1)])
    page: int = 1000  # files in one reply at most
    frames: list[dict[str, Any]] | None = field(default_factory=lambda: [frame()])
    tracked: list[dict[str, Any]] = field(default_factory=list)
    fingerprint: str | None = None
    settings_files: list[str] = field(default_factory=lambda: ["CUMSET.DAT"])
    save: dict[str, Any] = field(
        default_factory=lambda: {"path": "/pictures", "prefix": "", "start_number": -1}
    )

    @property
    def entry(self) -> dict[str, Any]:
        """The camera in the broker's registry."""
        return {
            "camera": self.camera,
            "vendor": "sony",
            "model": self.model,
            "state": "present",
            "connected": self.mode is not None,
            "epoch": 1,
            "seq": 1,
            "description": {"connection_type": "USB", "sdk_version": "V2.02.00"},
        }

    def execute(self, name: str, arguments: Mapping[str, Any]) -> Reply:
        """Answer one command."""
        handler = getattr(self, "do_" + name.replace(".", "_"), None)
        if handler is None:
            raise CommandUnknown(f"a Sony camera has no command {name}")
        if name not in WITHOUT_CONNECTION and self.mode is None:
            raise NotConnected("the camera is not connected")
        return Reply("1", handler(**arguments) or {})

    def do_connect(self, mode: str = "remote-transfer", **_: Any) -> dict[str, Any]:
        already = self.mode is not None
        self.mode = self.mode or mode
        return {"mode": self.mode, "already": already}

    def do_disconnect(self) -> dict[str, Any]:
        already, self.mode, self.streaming = self.mode is None, None, False
        return {"already": already}

    def do_connection(self) -> dict[str, Any]:
        return {"connected": self.mode is not None, "mode": self.mode, "model": self.model}

    def do_properties_get(self, codes: list[int] | None = None) -> dict[str, Any]:
        wanted = self.properties if codes is None else codes
        found = [self.properties[code] for code in wanted if code in self.properties]
        return {"properties": found, "total": len(self.properties)}

    def do_property_set(
        self, code: int, value: int | None = None, text: str | None = None
    ) -> dict[str, Any]:
        if code not in self.properties:
            raise NotFound(f"no property {code:#x}")
        item = self.properties[code]
        if item["enable"] not in (1, 3):
            raise NotWritable("not now")
        if text is not None:
            item["text"] = text
            return {"code": code, "text": text}
        assert isinstance(value, int)
        assert item["range"] or value in item["values"]
        item["value"] = value
        return {"code": code, "value": value}

    def do_shutter(self, action: str = "press") -> dict[str, Any]:
        return {"method": f"release_{action}", "capture": None if action == "up" else CAPTURE}

    def do_half_press(self) -> dict[str, Any]:
        return {"method": "s1"}

    def do_af_shutter(self) -> dict[str, Any]:
        if self.properties[0x0109]["value"] == 1:
            raise CameraError(
                "the camera is set to Manual Focus", detail={"error": "focus_mode_not_af"}
            )
        return {"method": "s1_and_release", "capture": CAPTURE}

    def do_live_view_enable(self) -> None:
        self.enabled = True

    def do_live_view_disable(self) -> None:
        self.enabled = False

    def do_live_view_start(self) -> dict[str, Any]:
        already, self.streaming, self.enabled = self.streaming, True, True
        return {"already": already}

    def do_live_view_stop(self) -> dict[str, Any]:
        already, self.streaming = not self.streaming, False
        return {"already": already}

    def do_live_view_status(self) -> dict[str, Any]:
        return {"enabled": self.enabled, "streaming": self.streaming}

    def do_zoom(self, speed: int) -> dict[str, Any]:
        return {"speed": speed}

    def do_focus_step(self, step: int) -> dict[str, Any]:
        return {"step": step}

    def do_movie_rec(self) -> dict[str, Any]:
        self.recording = not self.recording
        return {"method": "movie_record", "recording": self.recording}

    def do_button(self, button: str, action: str = "press") -> dict[str, Any]:
        detail = {"supported_buttons": list(self.buttons)}
        if button not in self.buttons:
            raise Unsupported(f"this camera has no button {button}", detail=detail)
        if self.held and action != "up":
            raise CameraBusy("another button is held down", detail=detail)
        return {"method": f"button_{action}", "button": button}

    def do_touch(self, x: int, y: int) -> dict[str, Any]:
        return {"x": x, "y": y, "verify": "GET tracking-frame"}

    def do_touch_cancel(self) -> dict[str, Any]:
        return {"method": "cancel_remote_touch"}

    def do_osd_set(self, enabled: bool) -> None:
        if self.osd is None:
            raise Unsupported("this camera has no on-screen display")
        self.osd = enabled

    def do_osd_status(self) -> dict[str, Any]:
        return {"supported": self.osd is not None, "enabled": bool(self.osd)}

    def do_af_area_get(self) -> dict[str, Any]:
        return {"frames": self.frames or [], "available": self.frames is not None}

    def do_tracking_get(self) -> dict[str, Any]:
        return {"frames": self.tracked, "available": True}

    def do_af_area_set(self, x: int, y: int) -> dict[str, Any]:
        return {"x": x, "y": y, "verify": "GET af-area-position"}

    def do_fingerprint(self) -> dict[str, Any]:
        text = self.fingerprint
        return {"ssh_supported": bool(text), "fingerprint": text, "length": len(text or "")}

    def do_settings_download(self, filename: str = "CUMSET.DAT") -> dict[str, Any]:
        return {"filename": filename, "path": f"/settings/{filename}"}

    def do_settings_upload(self, filename: str) -> dict[str, Any]:
        if filename not in self.settings_files:
            raise NotFound(f"there is no file {filename}")
        return {"filename": filename, "warning": "the camera starts anew"}

    def do_settings_files(self) -> dict[str, Any]:
        return {"files": self.settings_files}

    def do_lut_import(self, file_path: str, slot: int = 1) -> dict[str, Any]:
        if not file_path.startswith("/luts/"):
            raise BadArguments.of("file_path", file_path, "an absolute path below /luts")
        return {"slot": slot, "file": file_path}

    def do_card_list(self, slot: int, offset: int = 0, limit: int = 100_000) -> dict[str, Any]:
        if self.mode == "remote":
            raise CameraError("the card cannot be read in the mode remote")
        files = [] if slot == 2 else self.card
        return {"files": files[offset : offset + min(limit, self.page)], "total": len(files)}

    def do_card_pull(self, content_id: int, save_path: str = "/pictures", **_: Any) -> Any:
        if self.pulling:
            raise CameraBusy("a transfer is already running", vendor_code=0x8D03)
        if content_id != 131301:
            raise NotFound("no such content", vendor_code=0x8D02)
        return {"path": save_path}

    def do_save_info_get(self) -> dict[str, Any]:
        return self.save

    def do_save_info_set(self, path: str, prefix: str = "", start_number: int = -1) -> Any:
        self.save = {"path": path, "prefix": prefix, "start_number": start_number}
        return self.save
