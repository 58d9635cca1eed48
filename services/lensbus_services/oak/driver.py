"""The OAK driver: one Luxonis camera, real or simulated, behind the Driver Protocol.

The camera is in `camera`; here its operations get the names, arguments and results of the bus.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2

from lensbus_proto.errors import CommandUnknown, NotFound, Unsupported
from lensbus_proto.runtime.settings import OakSettings
from lensbus_proto.topics import NETWORK
from lensbus_services.driver import Description, Driver, Frame, Observation, Result, Stuck
from lensbus_services.oak import control, lights, networks
from lensbus_services.oak.activation import is_depth
from lensbus_services.oak.arguments import mapping, number, pair, text, texts
from lensbus_services.oak.backend import Finding, RawFrame
from lensbus_services.oak.backends import make_backend
from lensbus_services.oak.camera import MakeBackend, OakCamera
from lensbus_services.oak.images import (
    DEPTH_FORMATS,
    PNG16,
    Pixels,
    depth_picture,
    encode_depth,
    encode_still,
    mime_of,
    reading,
    still_format,
)
from lensbus_services.oak.live import Live
from lensbus_services.oak.points import ply, points_of
from lensbus_services.oak.recorder import Recorder
from lensbus_services.oak.recording import MIME
from lensbus_services.oak.uploads import Uploads

VENDOR: Final = "oak"
STILL_WAIT_S: Final = 0.5  # at least; slow streams get two of their periods

_Command = Callable[[Mapping[str, Any], float], Result]


class OakDriver:
    """Owns one OAK camera. What is wanted of it outlives the worker, in `state`."""

    def __init__(
        self,
        camera: str,
        settings: OakSettings,
        state: Path,
        make: MakeBackend = make_backend,
    ) -> None:
        self._settings = settings
        self._camera = OakCamera(camera, settings, state, make)
        self._uploads = Uploads(state / "uploads" / camera, settings.upload_limit_bytes)
        self._live = Live(settings.jpeg_quality, settings.video_mbit)
        self._recorder = Recorder(settings.recording, self._look)
        self._commands: dict[str, _Command] = {
            "describe": self._describe,
            "device": self._device,
            "boot": self._boot,
            "shutdown": self._shut_down,
            "stats": self._stats,
            "ir.get": self._ir_get,
            "ir.set": self._ir_set,
            "streams.list": self._streams_list,
            "streams.change": self._streams_change,
            "stream.activate": self._activate,
            "stream.deactivate": self._deactivate,
            "config.get": self._config_get,
            "config.set": self._config_set,
            "config.available": self._config_available,
            "control.get": self._control_get,
            "control.set": self._control_set,
            "control.capabilities": self._control_capabilities,
            "control.reset": self._control_reset,
            "still": self._still,
            "points": self._points,
            "depth": self._depth,
            "recording": self._record,
            "replay.get": self._replay_get,
            "replay.set": self._replay_set,
            "replay.clear": self._replay_clear,
            "nn.get": self._network_get,
            "nn.deploy": self._network_deploy,
            "nn.remove": self._network_remove,
            "upload": self._upload,
            "upload.drop": self._upload_drop,
        }

    def open(self) -> Description:
        """Boot the camera and bring it to where the last worker left it."""
        cv2.setNumThreads(1)  # more would only take the cores from the other workers
        self._uploads.clear()
        self._camera.open()
        self._recorder.start()
        return self.describe()

    def close(self) -> None:
        """Stop the pipelines and let go of the camera."""
        self._recorder.stop()
        self._camera.close()
        self._uploads.clear()

    def describe(self) -> Description:
        """Return what the camera has, and whether it is booted now."""
        identity = self._camera.identity()
        details = self._camera.features().details() | {"device": asdict(identity)}
        return Description(VENDOR, identity.camera_name, details)

    def execute(self, name: str, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        """Carry out one of the commands for OAK cameras."""
        command = self._commands.get(name)
        if command is None:
            raise CommandUnknown(f"OAK cameras know no command {name}")
        return command(arguments, deadline_s)

    def drain(self, timeout_s: float) -> Sequence[Observation]:
        """Return what was seen since the last call."""
        return self._camera.seen.drain(timeout_s)

    def observed(self) -> int:
        """Return how many observations there have been so far."""
        return self._camera.seen.count()

    def stuck(self) -> Stuck | None:
        """Return the call into the SDK that does not come back, if there is one."""
        return None

    def watch(self, streams: frozenset[str]) -> None:
        """Have the frames of these streams flow, as far as they are on."""
        self._camera.watch(self._live.watch(streams))

    def pictures(self, timeout_s: float) -> Sequence[Frame]:
        """Return the newest frames as they are watched: as JPEG, as video."""
        return [frame for each in self._camera.frames(timeout_s) for frame in self._published(each)]

    def _published(self, each: RawFrame | Finding) -> Iterable[Frame]:
        if isinstance(each, Finding):
            network = self._camera.looking(each.stream.removeprefix(NETWORK))
            if network is None:
                return []  # it was removed while this was on its way
            with_places = self._camera.shows_places(network)
            return self._live.tell(each, network, with_places=with_places)
        rate = self._camera.rate(each.stream)
        ended = self._camera.has_ended(each.stream)
        return self._live.encode(
            each.stream, each.time_us, self._shown(each), rate, has_ended=ended
        )

    # Files

    def _upload(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        return Result({"received": self._uploads.put(arguments)})

    def _upload_drop(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        self._uploads.drop(arguments)
        return Result()

    # Neural networks

    def _network_get(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        found = self._camera.network(text(arguments, "stream"))
        return Result({"network": None if found is None else networks.to_map(found.wish)})

    def _network_deploy(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        file = self._uploads.take(arguments)
        try:
            suffix = networks.suffix_of(text(arguments, "filename"))
            wish = networks.wish(mapping(arguments, "config"))
            self._camera.deploy(text(arguments, "stream"), wish, file, suffix)
        finally:
            file.unlink(missing_ok=True)
        return self._network_get(arguments, deadline_s)

    def _network_remove(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        self._camera.remove_network(text(arguments, "stream"))
        return Result()

    # The camera

    def _describe(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        return Result(asdict(self.describe()))

    def _device(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        return Result(asdict(self._camera.identity()))

    def _boot(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        self._camera.boot()
        return self._device(arguments, deadline_s)

    def _shut_down(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        self._camera.shut_down()
        return self._device(arguments, deadline_s)

    def _stats(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        stats = self._camera.stats()
        return Result(
            {
                "chip_temperature": dict(stats.chip_temperature),
                "ddr_memory_usage": asdict(stats.ddr),
                "cmx_memory_usage": asdict(stats.cmx),
            }
        )

    def _ir_get(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        found = self._camera.lights()
        return Result({"ir": None if found is None else lights.to_map(found)})

    def _ir_set(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        self._camera.set_lights(lights.lights(arguments))
        return self._ir_get(arguments, deadline_s)

    # Streams

    def _streams_list(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        streams = self._camera.streams()
        return Result(
            {
                "streams": [
                    {
                        "name": name,
                        "active": active,
                        "replay": self._camera.film(name) is not None,
                    }
                    for name, active in streams.items()
                ]
            }
        )

    def _streams_change(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        self._camera.change(texts(arguments, "activate"), texts(arguments, "deactivate"))
        return self._streams_list(arguments, deadline_s)

    def _activate(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        self._camera.activate(text(arguments, "stream"))
        return self._streams_list(arguments, deadline_s)

    def _deactivate(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        self._camera.deactivate(text(arguments, "stream"))
        return self._streams_list(arguments, deadline_s)

    # Films

    def _replay_get(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        name = self._camera.film(text(arguments, "stream"))
        return Result({"replay": name is not None, "filename": name})

    def _replay_set(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        stream = text(arguments, "stream")
        name = text(arguments, "filename") if "filename" in arguments else ""
        self._camera.show_film(stream, self._uploads.take(arguments), name)
        return self._replay_get(arguments, deadline_s)

    def _replay_clear(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        self._camera.end_film(text(arguments, "stream"))
        return self._replay_get(arguments, deadline_s)

    # Config and control

    def _config_get(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        return Result({"config": self._camera.config_map(text(arguments, "stream"))})

    def _config_set(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        self._camera.set_config(text(arguments, "stream"), mapping(arguments, "config"))
        return self._config_get(arguments, deadline_s)

    def _config_available(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        return Result({"options": self._camera.options(text(arguments, "stream"))})

    def _control_get(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        live = self._camera.live_control(text(arguments, "stream"), deadline_s)
        return Result({"control": control.to_map(live)})

    def _control_set(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        self._camera.set_control(text(arguments, "stream"), mapping(arguments, "changes"))
        return self._control_get(arguments, deadline_s)

    def _control_capabilities(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        return Result({"capabilities": self._camera.capabilities(text(arguments, "stream"))})

    def _control_reset(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        self._camera.reset_control(text(arguments, "stream"))
        return self._control_get(arguments, deadline_s)

    # Pictures

    def _still(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        stream = text(arguments, "stream")
        name = text(arguments, "format") if "format" in arguments else ""
        format_ = still_format(name, of_depth=is_depth(stream))
        raw = self._capture(stream, deadline_s)
        if format_ in DEPTH_FORMATS:
            image = encode_depth(raw.pixels, format_)
        else:
            image = encode_still(self._shown(raw), format_, self._settings.jpeg_quality)
        height, width = raw.pixels.shape[:2]
        size = {"width": width, "height": height}
        data = {"stream": stream, "format": format_, **size, "size": len(image)}
        self._camera.seen.note("stillCaptured", data)
        return Result({"mime": mime_of(format_), **size}, (image,))

    def _depth(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        at = _place(arguments["at"]) if "at" in arguments else None
        raw = self._measured(arguments, deadline_s)
        height, width = raw.pixels.shape[:2]
        told = {"width": width, "height": height, "time_us": raw.time_us}
        if at is None:
            picture = encode_depth(raw.pixels, PNG16)
            return Result({"mime": mime_of(PNG16), **told}, (picture,))
        return Result({"mm": reading(raw.pixels, at), **told})

    def _points(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        raw = self._measured(arguments, deadline_s)
        if raw.lens is None:
            raise Unsupported(f"the camera does not tell how {raw.stream} looks at space")
        points = points_of(raw.pixels, raw.lens)
        return Result({"mime": "application/octet-stream", "count": len(points)}, (ply(points),))

    def _record(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        film = self._recorder.webm()
        if film is None:
            raise NotFound("there is no recording; see oak.recording.seconds")
        return Result({"mime": MIME}, (film,))

    def _look(self) -> tuple[Pixels, int]:
        """Return a new picture of the main stream."""
        sensors = self._camera.features().sensors
        main = next((each for each in sensors if each.has_color), sensors[0])
        raw = self._capture(main.socket, STILL_WAIT_S)
        return self._shown(raw), raw.time_us

    def _measured(self, arguments: Mapping[str, Any], deadline_s: float) -> RawFrame:
        """Return a new picture of a stream that measures depth."""
        stream = text(arguments, "stream")
        self._camera.need_active(stream)
        if not is_depth(stream):
            raise Unsupported(f"{stream} measures no depth")
        return self._capture(stream, deadline_s)

    def _capture(self, stream: str, deadline_s: float) -> RawFrame:
        backend = self._camera.need_active(stream)
        wait_s = max(STILL_WAIT_S, 2 / self._camera.rate(stream))
        return backend.capture(stream, min(wait_s, deadline_s))

    def _shown(self, raw: RawFrame) -> Pixels:
        baseline_cm = self._camera.features().baseline_cm(raw.stream)
        return raw.pixels if baseline_cm is None else depth_picture(raw.pixels, baseline_cm)


def _place(value: object) -> tuple[float, float]:
    across, down = pair("at", value)
    return number("at", across, 0, 1), number("at", down, 0, 1)


if TYPE_CHECKING:
    _guard: type[Driver] = OakDriver
