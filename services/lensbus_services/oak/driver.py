"""The OAK driver: one Luxonis camera, real or simulated, behind the Driver Protocol."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2

from lensbus_proto.errors import CameraGone, CameraTimeout, CommandUnknown, NotActive, NotFound
from lensbus_proto.runtime.settings import OakSettings
from lensbus_services.driver import Description, Driver, Frame, Observation, Result
from lensbus_services.oak import config, control, store
from lensbus_services.oak.activation import activated, deactivated, is_depth
from lensbus_services.oak.arguments import mapping, text
from lensbus_services.oak.backend import Backend, Plan, RawFrame, Report
from lensbus_services.oak.backends import make_backend
from lensbus_services.oak.config import Config
from lensbus_services.oak.control import Control
from lensbus_services.oak.features import Features
from lensbus_services.oak.images import (
    Pixels,
    depth_picture,
    encode_still,
    still_format,
)
from lensbus_services.oak.live import Live
from lensbus_services.oak.observations import Observations
from lensbus_services.oak.store import Wanted

logger = logging.getLogger(__name__)

VENDOR: Final = "oak"
STILL_WAIT_S: Final = 0.5  # at least; slow streams get two of their periods
LIVE_WAIT_S: Final = 0.5

MakeBackend = Callable[[str, OakSettings, Path, Report], Backend]
_Command = Callable[[Mapping[str, Any], float], Result]


class OakDriver:
    """Owns one OAK camera. Streams, configs and controls outlive the worker, in `state`."""

    def __init__(
        self,
        camera: str,
        settings: OakSettings,
        state: Path,
        make: MakeBackend = make_backend,
    ) -> None:
        self._camera = camera
        self._settings = settings
        self._state = state
        self._path = state / "cameras" / f"{camera}.json"
        self._make = make
        self._lock = threading.RLock()
        self._seen = Observations()
        self._live = Live(settings.jpeg_quality, settings.video_mbit)
        self._backend: Backend | None = None
        self._features: Features | None = None
        self._wanted = Wanted(frozenset(), {}, {})
        self._watched: frozenset[str] = frozenset()
        self._is_connected = False
        self._commands: dict[str, _Command] = {
            "describe": self._describe,
            "device": self._device,
            "streams.list": self._streams_list,
            "stream.activate": self._activate,
            "stream.deactivate": self._deactivate,
            "config.get": self._config_get,
            "config.set": self._config_set,
            "control.get": self._control_get,
            "control.set": self._control_set,
            "still": self._still,
        }

    def open(self) -> Description:
        """Boot the camera and bring it to where the last worker left it."""
        cv2.setNumThreads(1)  # more would only take the cores from the other workers
        with self._lock:
            backend = self._make(self._camera, self._settings, self._state, self._report)
            self._backend = backend
            features = backend.open()
            self._features = features
            settings = self._settings
            fallback = store.defaults(features, settings.active_after_boot, settings.fps)
            self._wanted = store.load(self._path, features, fallback)
            for stream, wanted in self._wanted.controls.items():
                backend.control(stream, wanted)
            backend.run(self._plans(self._wanted.configs), self._wanted.active)
            model = features.device.camera_name
            self._is_connected = True
            self._seen.note("connected", {"id": self._camera, "model": model})
            return Description(VENDOR, model, features.details())

    def close(self) -> None:
        """Stop the pipelines and let go of the camera."""
        with self._lock:
            backend, self._backend = self._backend, None
            if backend is None:
                return
            backend.close()
            if self._is_connected:
                self._is_connected = False
                gone = {"error": "0x00000000", "errorCode": "0x0", "reason": "closed"}
                self._seen.note("disconnected", {"id": self._camera, **gone})

    def execute(self, name: str, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        """Carry out one of the commands for OAK cameras."""
        command = self._commands.get(name)
        if command is None:
            raise CommandUnknown(f"OAK cameras know no command {name}")
        return command(arguments, deadline_s)

    def drain(self, timeout_s: float) -> Sequence[Observation]:
        """Return what was seen since the last call."""
        return self._seen.drain(timeout_s)

    def observed(self) -> int:
        """Return how many observations there have been so far."""
        return self._seen.count()

    def watch(self, streams: frozenset[str]) -> None:
        """Have the frames of these streams flow, as far as they are on."""
        with self._lock:
            self._watched = self._live.watch(streams)
            self._flow()

    def pictures(self, timeout_s: float) -> Sequence[Frame]:
        """Return the newest frames as they are watched: as JPEG, as video."""
        backend = self._backend
        if backend is None:
            return []
        return [
            frame
            for raw in backend.frames(timeout_s)
            for frame in self._live.encode(
                raw.stream, raw.time_us, self._shown(raw), self._wanted.configs[raw.stream].fps
            )
        ]

    # Commands

    def _describe(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        features = self._open_features()
        model = features.device.camera_name
        return Result({"vendor": VENDOR, "model": model, "details": features.details()})

    def _device(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        return Result(asdict(self._open_features().device))

    def _streams_list(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        active = self._wanted.active
        streams = self._open_features().streams
        return Result({"streams": [{"name": name, "active": name in active} for name in streams]})

    def _activate(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        with self._lock:
            stream = self._stream(arguments)
            streams = self._open_features().streams
            self._switch(activated(self._wanted.active, stream, streams), stream)
            return self._streams_list(arguments, deadline_s)

    def _deactivate(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        with self._lock:
            stream = self._stream(arguments)
            self._switch(deactivated(self._wanted.active, stream), stream)
            return self._streams_list(arguments, deadline_s)

    def _config_get(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        return Result({"config": self._config_map(self._stream(arguments))})

    def _config_set(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        with self._lock:
            stream = self._stream(arguments)
            before = self._wanted.configs
            changed = self._changed_configs(stream, arguments)
            configs = {**before, **changed}
            if configs != before:
                self._run(replace(self._wanted, configs=configs))
                for name, each in changed.items():
                    if each != before[name]:
                        data = {"stream": name, "config": self._config_map(name)}
                        self._seen.note("configChanged", data)
            return Result({"config": self._config_map(stream)})

    def _control_get(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        stream = self._stream(arguments)
        return Result({"control": control.to_map(self._live_control(stream, deadline_s))})

    def _control_set(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        with self._lock:
            stream = self._stream(arguments)
            before = self._wanted.controls[stream]
            changes = mapping(arguments, "changes")
            after = control.change(before, changes)
            self._open_backend().control(stream, after)
            if after != before:
                controls = {**self._wanted.controls, stream: after}
                self._keep(replace(self._wanted, controls=controls))
                data = {"stream": stream, "control": control.to_map(after)}
                self._seen.note("controlChanged", data)
        return Result({"control": control.to_map(self._live_control(stream, deadline_s))})

    def _still(self, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        format_ = still_format(text(arguments, "format") if "format" in arguments else "")
        stream = self._stream(arguments)
        if stream not in self._wanted.active:
            raise NotActive(f"{stream} is switched off")
        wait_s = max(STILL_WAIT_S, 2 / self._wanted.configs[stream].fps)
        raw = self._open_backend().capture(stream, min(wait_s, deadline_s))
        pixels = self._shown(raw)
        image = encode_still(pixels, format_, self._settings.jpeg_quality)
        height, width = pixels.shape[:2]
        size = {"width": width, "height": height}
        data = {"stream": stream, "format": format_, **size, "size": len(image)}
        self._seen.note("stillCaptured", data)
        return Result({"mime": f"image/{format_}", **size}, (image,))

    # State

    def _open_backend(self) -> Backend:
        backend = self._backend
        if backend is None:
            raise CameraGone("the camera is not open")
        return backend

    def _open_features(self) -> Features:
        if self._features is None:
            raise CameraGone("the camera is not open")
        return self._features

    def _stream(self, arguments: Mapping[str, Any]) -> str:
        stream = text(arguments, "stream")
        offered = self._open_features().streams
        if stream not in offered:
            raise NotFound(f"no stream {stream!r} here; there are {', '.join(offered)}")
        return stream

    def _plans(self, configs: Mapping[str, Config]) -> dict[str, Plan]:
        features = self._open_features()
        return {
            stream: Plan(
                stream=stream,
                mode=features.sensors_of(stream)[0].resolutions()[each.resolution].size,
                video_size=each.video_size,
                still_size=each.still_size,
                fps=each.fps,
                resize_mode=each.resize_mode,
                crop=each.sensor_crop,
            )
            for stream, each in configs.items()
        }

    def _run(self, wanted: Wanted) -> None:
        """Have the camera do what is wanted; keep it once the camera does."""
        self._open_backend().run(self._plans(wanted.configs), wanted.active)
        self._keep(wanted)
        self._flow()

    def _keep(self, wanted: Wanted) -> None:
        self._wanted = wanted
        store.save(self._path, wanted)

    def _flow(self) -> None:
        if self._backend is not None:
            self._backend.flow(self._watched & self._wanted.active)

    def _switch(self, active: frozenset[str], asked: str) -> None:
        before = self._wanted.active
        if active == before:
            return
        self._run(replace(self._wanted, active=active))
        for stream in sorted(before - active):
            reason = "request" if stream == asked else "exclusion"
            self._seen.note("streamDeactivated", {"stream": stream, "reason": reason})
        for stream in sorted(active - before):
            self._seen.note("streamActivated", {"stream": stream, "reason": "request"})

    def _changed_configs(self, stream: str, arguments: Mapping[str, Any]) -> dict[str, Config]:
        sensors = self._open_features().sensors_of(stream)
        body = mapping(arguments, "config")
        changed = config.change(self._wanted.configs[stream], body, sensors[0])
        if not is_depth(stream):
            return {stream: changed}
        # Depth is measured, not resized: it has the size of its sensors' mode.
        size = sensors[0].resolutions()[changed.resolution].size
        changed = replace(changed, still_size=size, video_size=size)
        return {stream: changed} | {sensor.socket: changed for sensor in sensors}

    def _config_map(self, stream: str) -> dict[str, Any]:
        sensor = self._open_features().sensors_of(stream)[0]
        return config.to_map(self._wanted.configs[stream], sensor)

    def _live_control(self, stream: str, deadline_s: float) -> Control:
        """Return the control with what the camera chose for a frame of this moment."""
        stored = self._wanted.controls[stream]
        if stream not in self._wanted.active or not control.is_live(stored):
            return stored
        try:
            raw = self._open_backend().capture(stream, min(LIVE_WAIT_S, deadline_s))
        except (CameraTimeout, CameraGone, NotActive):
            return stored
        return control.live(stored, raw.reading)

    # Pictures

    def _shown(self, raw: RawFrame) -> Pixels:
        baseline_cm = self._open_features().baseline_cm(raw.stream)
        return raw.pixels if baseline_cm is None else depth_picture(raw.pixels, baseline_cm)

    def _report(self, observation: Observation) -> None:
        """Take what a backend saw, from any thread."""
        if observation.kind in ("connected", "disconnected"):
            self._is_connected = observation.kind == "connected"
        self._seen.put(observation)


if TYPE_CHECKING:
    _guard: type[Driver] = OakDriver
