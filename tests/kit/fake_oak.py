"""An OAK worker as the gateway sees it: the commands of WIRE.md section 9 over a small model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lensbus_proto.errors import (
    BadArguments,
    CommandUnknown,
    NotActive,
    NotConnected,
    NotFound,
    Unsupported,
)
from lensbus_proto.messages import Reply

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"

FOCUS = {
    "auto_focus_mode": "CONTINUOUS_VIDEO",
    "auto_focus_trigger": False,
    "lens_position": 0.0,
}
CONTROL = {
    "exposure_time": 20000,
    "sensitivity_iso": 800,
    "auto_exposure_enable": True,
    "auto_exposure_compensation": 0,
    "auto_exposure_limit": 0,
    "auto_exposure_lock": False,
    "contrast": 0,
    "brightness": 0,
    "saturation": 0,
    "chroma_denoise": 0,
    "luma_denoise": 0,
    "auto_whitebalance_lock": False,
    "auto_whitebalance_mode": "AUTO",
    "manual_whitebalance": 6500,
    "focus": FOCUS,
    "sharpness": 1,
    "anti_banding_mode": "MAINS_50_HZ",
}
COLOR = {
    "resolution": "THE_1080_P",
    "still_size": [1920, 1080],
    "preview_size": [300, 300],
    "video_size": [1920, 1080],
    "sensor_crop": [0.0, 0.0],
    "fps": 30.0,
    "resize_mode": "CROP",
    "width": 1920,
    "height": 1080,
}
MONO = {
    "resolution": "THE_400_P",
    "fps": 30.0,
    "resize_mode": "CROP",
    "width": 640,
    "height": 400,
}
COLOR_RESOLUTIONS = ("THE_1080_P", "THE_4_K", "THE_12_MP", "THE_1352X1012", "THE_2024X1520")
MONO_RESOLUTIONS = ("THE_400_P", "THE_720_P", "THE_800_P")


COLOR_OPTIONS = [
    {"width": 4032, "height": 3040, "min_fps": 2, "max_fps": 30},
    {"width": 3840, "height": 2160, "min_fps": 2, "max_fps": 42},
    {"width": 2016, "height": 1520, "min_fps": 2, "max_fps": 85},
    {"width": 1920, "height": 1080, "min_fps": 2, "max_fps": 60},
    {"width": 1344, "height": 1012, "min_fps": 2, "max_fps": 52},
]
MONO_OPTIONS = [
    {"width": 1280, "height": 800, "min_fps": 2, "max_fps": 129},
    {"width": 1280, "height": 720, "min_fps": 2, "max_fps": 143},
    {"width": 640, "height": 400, "min_fps": 2, "max_fps": 210},
]
STATS = {
    "chip_temperature": {"average": 40.0, "css": 41.0, "dss": 39.0, "mss": 40.0, "upa": 40.0},
    "ddr_memory_usage": {"total": 300, "used": 100, "remaining": 200},
    "cmx_memory_usage": {"total": 30, "used": 10, "remaining": 20},
}


def limits(least: float, most: float, initial: float, step: float = 1) -> dict[str, float]:
    return {"min": least, "max": most, "default": initial, "step": step}


COLOR_CAPABILITIES = {
    "sensor_type": "COLOR",
    "has_autofocus": True,
    "has_color_controls": True,
    "exposure_time": limits(1, 33000, 20000),
    "sensitivity_iso": limits(100, 5000, 800),
    "auto_exposure_compensation": limits(-9, 9, 0),
    "auto_exposure_limit": limits(0, 33000, 0),
    "contrast": limits(-10, 10, 0),
    "brightness": limits(-10, 10, 0),
    "saturation": limits(-10, 10, 0),
    "sharpness": limits(0, 4, 1),
    "chroma_denoise": limits(0, 4, 0),
    "luma_denoise": limits(0, 4, 0),
    "manual_whitebalance": limits(1000, 12000, 6500),
    "lens_position": limits(0.0, 1.0, 0.0, 0.01),
    "auto_focus_modes": [
        *("OFF", "AUTO", "MACRO", "CONTINUOUS_VIDEO", "CONTINUOUS_PICTURE", "EDOF")
    ],
    "auto_whitebalance_modes": [
        *("OFF", "AUTO", "INCANDESCENT", "FLUORESCENT", "WARM_FLUORESCENT", "DAYLIGHT"),
        *("CLOUDY_DAYLIGHT", "TWILIGHT", "SHADE"),
    ],
    "anti_banding_modes": ["OFF", "MAINS_50_HZ", "MAINS_60_HZ", "AUTO"],
}
MONO_CAPABILITIES = COLOR_CAPABILITIES | {
    "sensor_type": "MONO",
    "has_autofocus": False,
    "has_color_controls": False,
    "saturation": None,
    "chroma_denoise": None,
    "manual_whitebalance": None,
    "lens_position": None,
    "auto_focus_modes": [],
    "auto_whitebalance_modes": None,
}
FILM = b"\0\0\0\x18ftyp"
RIVALS = {"CAM_B": ("DEPTH_B_C",), "CAM_C": ("DEPTH_B_C",), "DEPTH_B_C": ("CAM_B", "CAM_C")}


@dataclass
class FakeOak:
    """One device with a colour sensor and a stereo pair."""

    camera: str = "14442C10D13EABCE00"
    has_ir: bool = True
    is_booted: bool = True
    lights: dict[str, float] = field(
        default_factory=lambda: {"flood_light": 0.0, "dot_projector": 0.0}
    )
    active: dict[str, bool] = field(
        default_factory=lambda: {
            "CAM_A": True,
            "CAM_B": True,
            "CAM_C": True,
            "DEPTH_B_C": False,
        }
    )
    configs: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"CAM_A": dict(COLOR), "CAM_B": dict(MONO)}
    )
    controls: dict[str, dict[str, Any]] = field(default_factory=lambda: {"CAM_A": dict(CONTROL)})
    uploads: dict[str, bytes] = field(default_factory=dict)
    recording: bytes = b""
    films: dict[str, str] = field(default_factory=dict)
    networks: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def device(self) -> dict[str, str]:
        return {
            "mxid": self.camera,
            "name": "1.1",
            "camera_name": "OAK-D-PRO",
            "platform": "X_LINK_MYRIAD_X",
            "protocol": "X_LINK_USB_VSC",
            "state": "X_LINK_BOOTED" if self.is_booted else "X_LINK_UNBOOTED",
            "status": "X_LINK_SUCCESS",
        }

    @property
    def entry(self) -> dict[str, Any]:
        """The camera in the broker's registry, as it was when its worker began."""
        return {
            "camera": self.camera,
            "vendor": "oak",
            "model": "OAK-D-PRO",
            "state": "present",
            "connected": self.is_booted,
            "epoch": 2,
            "seq": 1,
            "description": {
                "device": self.device | {"state": "X_LINK_BOOTED"},
                "sensors": [],
                "pairs": [],
            },
        }

    def execute(self, name: str, arguments: Mapping[str, Any]) -> Reply:
        """Answer one command."""
        handler = getattr(self, "do_" + name.replace(".", "_"), None)
        if handler is None:
            raise CommandUnknown(f"an OAK camera has no command {name}")
        if not self.is_booted and name not in ("device", "boot", "shutdown"):
            raise NotConnected(f"{self.camera} is shut down")
        stream = arguments.get("stream")
        if stream is not None and stream not in self.active:
            raise NotFound(f"this camera has no stream {stream}")
        result = handler(**arguments)
        return result if isinstance(result, Reply) else Reply("1", result)

    # The camera

    def do_device(self) -> dict[str, str]:
        return self.device

    def do_boot(self) -> dict[str, str]:
        self.is_booted = True
        return self.device

    def do_shutdown(self) -> dict[str, str]:
        self.is_booted = False
        return self.device

    def do_stats(self) -> dict[str, Any]:
        return STATS

    def do_ir_get(self) -> dict[str, Any]:
        return {"ir": self.lights if self.has_ir else None}

    def do_ir_set(self, flood_light: float = 0.0, dot_projector: float = 0.0) -> dict[str, Any]:
        self.lights = {"flood_light": flood_light, "dot_projector": dot_projector}
        return self.do_ir_get()

    # Streams

    def do_streams_list(self, stream: str = "") -> dict[str, Any]:
        return {
            "streams": [
                {"name": name, "active": on, "replay": name in self.films}
                for name, on in self.active.items()
            ]
        }

    def do_stream_activate(self, stream: str) -> dict[str, Any]:
        self.active |= dict.fromkeys(RIVALS.get(stream, ()), False)
        self.active[stream] = True
        return self.do_streams_list()

    def do_stream_deactivate(self, stream: str) -> dict[str, Any]:
        self.active[stream] = False
        return self.do_streams_list()

    def do_streams_change(self, activate: list[str], deactivate: list[str]) -> dict[str, Any]:
        for stream in (*activate, *deactivate):
            if stream not in self.active:
                raise BadArguments(f"no stream {stream!r} here")
        for stream in activate:
            if stream in deactivate or set(RIVALS.get(stream, ())) & set(activate):
                raise BadArguments(f"{stream} cannot be switched so")
        self.active |= dict.fromkeys(deactivate, False)
        for stream in activate:
            self.do_stream_activate(stream)
        return self.do_streams_list()

    # Config and control

    def do_config_get(self, stream: str) -> dict[str, Any]:
        return {"config": self.configs.get(stream, MONO)}

    def do_config_set(self, stream: str, config: Mapping[str, Any]) -> dict[str, Any]:
        self._need(stream)
        offered = COLOR_RESOLUTIONS if stream == "CAM_A" else MONO_RESOLUTIONS
        resolution = config.get("resolution", offered[0])
        if isinstance(resolution, str) and resolution not in offered:
            raise BadArguments.of("resolution", resolution, f"one of {offered}")
        for each in (stream, *(RIVALS["DEPTH_B_C"] if stream == "DEPTH_B_C" else ())):
            self.configs[each] = {**self.configs.get(each, MONO), **config}
        return {"config": self.configs[stream]}

    def do_config_available(self, stream: str) -> dict[str, Any]:
        return {"options": COLOR_OPTIONS if stream == "CAM_A" else MONO_OPTIONS}

    def do_control_get(self, stream: str) -> dict[str, Any]:
        self._need(stream)
        return {"control": self.controls.get(stream, CONTROL | {"focus": None})}

    def do_control_set(self, stream: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        before = self.do_control_get(stream)["control"]
        self.controls[stream] = {**before, **changes, "focus": before["focus"]}
        if before["focus"] and "focus" in changes:
            self.controls[stream]["focus"] = changes["focus"]
        return self.do_control_get(stream)

    def do_control_capabilities(self, stream: str) -> dict[str, Any]:
        return {"capabilities": COLOR_CAPABILITIES if stream == "CAM_A" else MONO_CAPABILITIES}

    def do_control_reset(self, stream: str) -> dict[str, Any]:
        self._need(stream)
        self.controls[stream] = CONTROL | {"focus": FOCUS if stream == "CAM_A" else None}
        return self.do_control_get(stream)

    # Files and networks

    def do_upload(self, upload: str, offset: int, data: bytes) -> dict[str, Any]:
        came = self.uploads.get(upload, b"") if offset else b""
        assert len(came) == offset, "every piece follows the one before"
        self.uploads[upload] = came + data
        return {"received": offset + len(data)}

    def do_upload_drop(self, upload: str) -> dict[str, Any]:
        self.uploads.pop(upload, None)
        return {}

    def do_recording(self) -> Reply:
        if not self.recording:
            raise NotFound("there is no recording; see oak.recording.seconds")
        return Reply("1", {"mime": "video/webm"}, parts=(self.recording,))

    def do_replay_get(self, stream: str) -> dict[str, Any]:
        return {"replay": stream in self.films, "filename": self.films.get(stream)}

    def do_replay_set(self, stream: str, upload: str, size: int, filename: str) -> dict[str, Any]:
        content = self.uploads.pop(upload)
        assert len(content) == size
        if not content.startswith(FILM):
            raise BadArguments("this is not a film", detail={"field": "video"})
        self.films[stream] = filename
        return self.do_replay_get(stream)

    def do_replay_clear(self, stream: str) -> dict[str, Any]:
        self.films.pop(stream, None)
        return self.do_replay_get(stream)

    def do_nn_get(self, stream: str) -> dict[str, Any]:
        return {"network": self.networks.get(stream)}

    def do_nn_deploy(
        self, stream: str, upload: str, size: int, filename: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        model = self.uploads.pop(upload)
        assert len(model) == size
        self._need(stream)
        if stream.startswith("DEPTH"):
            raise Unsupported(f"{stream} is measured")
        if not filename.endswith(".tar.xz") and not model.startswith(b"\x7fELF"):
            raise BadArguments("not a model: no magic number", detail={"field": "model"})
        self.networks[stream] = config
        return self.do_nn_get(stream)

    def do_nn_remove(self, stream: str) -> dict[str, Any]:
        self.networks.pop(stream, None)
        return {}

    def do_still(self, stream: str, format: str = "jpeg") -> Reply:
        self._need(stream)
        result = {"mime": f"image/{format}", "width": 1920, "height": 1080}
        return Reply("1", result, parts=(JPEG,))

    def _need(self, stream: str) -> None:
        if not self.active[stream]:
            raise NotActive(f"{stream} is switched off")
