"""An OAK worker as the gateway sees it: the commands of WIRE.md section 9 over a small model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lensbus_proto.errors import BadArguments, CommandUnknown, NotActive, NotFound
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
MONO_RESOLUTIONS = ("THE_400_P", "THE_720_P", "THE_800_P")


@dataclass
class FakeOak:
    """One device with a colour sensor and a stereo pair."""

    camera: str = "14442C10D13EABCE00"
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
    control: dict[str, Any] = field(default_factory=lambda: dict(CONTROL))

    @property
    def device(self) -> dict[str, str]:
        return {
            "mxid": self.camera,
            "name": "1.1",
            "camera_name": "OAK-D-PRO",
            "platform": "X_LINK_MYRIAD_X",
            "protocol": "X_LINK_USB_VSC",
            "state": "X_LINK_BOOTED",
            "status": "X_LINK_SUCCESS",
        }

    @property
    def entry(self) -> dict[str, Any]:
        """The camera in the broker's registry."""
        return {
            "camera": self.camera,
            "vendor": "oak",
            "model": "OAK-D-PRO",
            "state": "present",
            "connected": True,
            "epoch": 2,
            "seq": 1,
            "description": {"device": self.device, "sensors": [], "pairs": []},
        }

    def execute(self, name: str, arguments: Mapping[str, Any]) -> Reply:
        """Answer one command."""
        handler = getattr(self, "do_" + name.replace(".", "_"), None)
        if handler is None:
            raise CommandUnknown(f"an OAK camera has no command {name}")
        stream = arguments.get("stream")
        if stream is not None and stream not in self.active:
            raise NotFound(f"this camera has no stream {stream}")
        result = handler(**arguments)
        return result if isinstance(result, Reply) else Reply("1", result)

    def do_device(self) -> dict[str, str]:
        return self.device

    def do_streams_list(self) -> dict[str, Any]:
        return {"streams": [{"name": name, "active": on} for name, on in self.active.items()]}

    def do_stream_activate(self, stream: str) -> dict[str, Any]:
        excluded = ("CAM_B", "CAM_C") if stream.startswith("DEPTH") else ("DEPTH_B_C",)
        if stream != "CAM_A":
            self.active |= dict.fromkeys(excluded, False)
        self.active[stream] = True
        return self.do_streams_list()

    def do_stream_deactivate(self, stream: str) -> dict[str, Any]:
        self.active[stream] = False
        return self.do_streams_list()

    def do_config_get(self, stream: str) -> dict[str, Any]:
        return {"config": self.configs.get(stream, MONO)}

    def do_config_set(self, stream: str, config: Mapping[str, Any]) -> dict[str, Any]:
        resolution = config.get("resolution", "THE_400_P")
        if stream != "CAM_A" and resolution not in MONO_RESOLUTIONS:
            raise BadArguments.of("resolution", resolution, f"one of {MONO_RESOLUTIONS}")
        self.configs[stream] = {**self.configs.get(stream, MONO), **config}
        return {"config": self.configs[stream]}

    def do_control_get(self, stream: str) -> dict[str, Any]:
        self._need(stream)
        return {"control": self.control}

    def do_control_set(self, stream: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        self._need(stream)
        self.control |= changes
        return {"control": self.control}

    def do_still(self, stream: str, format: str = "jpeg") -> Reply:
        self._need(stream)
        result = {"mime": f"image/{format}", "width": 1920, "height": 1080}
        return Reply("1", result, parts=(JPEG,))

    def _need(self, stream: str) -> None:
        if not self.active[stream]:
            raise NotActive(f"{stream} is switched off")
