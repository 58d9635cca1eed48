"""The real OAK driver on simulated devices, with short words for the tests."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lensbus_proto.runtime.settings import OakSettings, OakSimulatorSettings
from lensbus_services.oak.backends import make_backend
from lensbus_services.oak.camera import MakeBackend
from lensbus_services.oak.driver import OakDriver

PRO = "14442C10D13EABCE00"
ONE = "14442C1051B665D700"
PLAIN = "18443010B1C2D30F00"
BOOTS = ("CAM_A", "CAM_B", "CAM_C")
SETTINGS = OakSettings(
    simulator=OakSimulatorSettings((f"OAK-D-PRO:{PRO}", f"OAK-1:{ONE}", f"OAK-D:{PLAIN}"))
)


class Camera:
    """A driver as its worker uses it."""

    def __init__(
        self,
        camera: str,
        state: Path,
        settings: OakSettings = SETTINGS,
        make: MakeBackend = make_backend,
    ) -> None:
        self.camera = camera
        self.state = state
        self.driver = OakDriver(camera, settings, state, make)
        self.description = self.driver.open()
        self._kept = state / "cameras" / f"{camera}.json"
        self._first = self._kept.read_text()

    def ask(self, name: str, **arguments: Any) -> Any:
        return self.driver.execute(name, arguments, 5.0).data

    def restore(self) -> None:
        """Bring the device back to what was wanted of it at first, if that has changed."""
        if self._kept.read_text() == self._first:
            self.seen()
            return
        self.ask("boot")
        self.ask("ir.set")
        depth = [each["name"] for each in self.ask("streams.list")["streams"]][3:]
        for stream in (*depth, *BOOTS):
            self.ask("stream.activate", stream=stream)
            self.ask("control.reset", stream=stream)
            resolution = "THE_1080_P" if stream == "CAM_A" else "THE_400_P"
            plain = {"resolution": resolution, "fps": 30, "resize_mode": "CROP"}
            sizes = {key: [1920, 1080] for key in ("still_size", "video_size")}
            whole = {**sizes, "preview_size": [300, 300], "sensor_crop": [0, 0]}
            body = plain | whole if stream == "CAM_A" else plain
            self.ask("config.set", stream=stream, config=body)
        assert self._kept.read_text() == self._first
        self.seen()

    def active(self) -> list[str]:
        return [each["name"] for each in self.ask("streams.list")["streams"] if each["active"]]

    def still(self, stream: str, format_: str = "png") -> Image.Image:
        result = self.driver.execute("still", {"stream": stream, "format": format_}, 5.0)
        image = Image.open(io.BytesIO(result.parts[0]))
        assert (result.data["width"], result.data["height"]) == image.size
        return image

    def brightness(self, stream: str) -> float:
        return float(np.asarray(self.still(stream, "bmp").convert("L")).mean())

    def seen(self) -> list[tuple[str, str, str]]:
        """Kind, stream and reason of everything that happened."""
        return [
            (each.kind, each.data.get("stream", ""), each.data.get("reason", ""))
            for each in self.driver.drain(0.0)
        ]


def settled(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)
