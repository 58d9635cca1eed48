"""One OAK camera with what is wanted of it: booted or not, streams, configs, controls, lights.

What is wanted outlives the worker. It is kept once the camera does it, never before.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import (
    BadArguments,
    CameraError,
    CameraGone,
    CameraTimeout,
    CommandError,
    NotActive,
    NotConnected,
    NotFound,
    Unsupported,
)
from lensbus_proto.runtime.settings import OakSettings
from lensbus_proto.topics import network_of
from lensbus_services.driver import Observation
from lensbus_services.oak import config, control, store
from lensbus_services.oak.activation import activated, changed, deactivated, is_depth
from lensbus_services.oak.backend import Backend, Finding, Plan, RawFrame, Report, Stats
from lensbus_services.oak.config import Config
from lensbus_services.oak.control import Control
from lensbus_services.oak.deployed import Deployed
from lensbus_services.oak.features import Features, Identity
from lensbus_services.oak.lights import Lights
from lensbus_services.oak.networks import SPATIAL, Network, Wish
from lensbus_services.oak.observations import Observations
from lensbus_services.oak.replays import Replays, check_film
from lensbus_services.oak.store import Wanted

logger = logging.getLogger(__name__)

LIVE_WAIT_S: Final = 0.5
CLOSE_WAIT_S: Final = 0.2
SHUT_DOWN: Final = "X_LINK_UNBOOTED"

MakeBackend = Callable[[str, OakSettings, Path, Report], Backend]


class OakCamera:
    """A device that can be booted and shut down again and again. For many threads."""

    def __init__(self, camera: str, settings: OakSettings, state: Path, make: MakeBackend) -> None:
        self._camera = camera
        self._settings = settings
        self._state = state
        self._path = state / "cameras" / f"{camera}.json"
        self._make = make
        self._lock = threading.RLock()
        self._is_up = threading.Event()
        self._backend: Backend | None = None
        self._features: Features | None = None
        self._wanted = Wanted(frozenset(), {}, {})
        self._deployed = Deployed(camera, state / "networks" / camera)
        self._replays = Replays(state / "films" / camera)
        self._films: dict[str, str] = {}
        self._ended: set[str] = set()
        self._watched: frozenset[str] = frozenset()
        self._is_connected = False
        self.seen = Observations()

    # Booted or not

    def open(self) -> None:
        """Boot the camera and bring it to where the last worker left it, shut down perhaps."""
        with self._lock:
            asleep = store.shut_down(self._path)
            if asleep is None:
                self._boot()
                return
            self._features = asleep
            self._wanted = replace(self._load(asleep), is_booted=False)
            self._deployed.load(asleep.streams)

    def close(self) -> None:
        """Let go of the camera; what is wanted of it stays."""
        # A boot holds the lock for seconds; its device is let go of all the same.
        is_ours = self._lock.acquire(timeout=CLOSE_WAIT_S)
        try:
            self._let_go("closed")
        finally:
            if is_ours:
                self._lock.release()

    def boot(self) -> None:
        """Boot the camera if it was shut down."""
        with self._lock:
            if self._backend is not None:
                self._check_link()
                return
            try:
                self._boot()
            except CameraError as error:
                self._let_go("boot failed")
                # The device did not do what was asked for; it is not its link that is in the way.
                raise CameraError(error.message, operation=error.operation) from error

    def shut_down(self) -> None:
        """Let go of the camera and keep it so until somebody boots it, over any restart."""
        with self._lock:
            self.features()
            self._let_go("shutdown")
            self._keep(replace(self._wanted, is_booted=False))

    def features(self) -> Features:
        """Return what the camera has."""
        if self._features is None:
            raise CameraGone("the camera is not open")
        return self._features

    def identity(self) -> Identity:
        """Return who the camera is, and whether it is booted now."""
        device = self.features().device
        return device if self._is_connected else replace(device, state=SHUT_DOWN)

    def stats(self) -> Stats:
        """Return how the camera feels."""
        return self._booted().stats()

    # Lights

    def lights(self) -> Lights | None:
        """Return how bright the infrared lights are to be; None of a camera that has none."""
        self._booted()
        return self._wanted.lights if self.features().has_ir else None

    def set_lights(self, wanted: Lights) -> Lights | None:
        """Set the infrared lights."""
        with self._lock:
            backend = self._booted()
            if not self.features().has_ir:
                return None
            backend.set_ir(wanted.flood_light, wanted.dot_projector)
            self._keep(replace(self._wanted, lights=wanted))
            return wanted

    # Which streams are on

    def streams(self) -> dict[str, bool]:
        """Return all streams and whether they are on; sockets first, then depth."""
        self._booted()
        active = self._wanted.active
        return {stream: stream in active for stream in self.features().streams}

    def activate(self, stream: str) -> None:
        """Switch a stream on; what cannot be on beside it goes off."""
        with self._lock:
            offered = self._known(stream).streams
            self._switch(activated(self._wanted.active, stream, offered), {stream})

    def deactivate(self, stream: str) -> None:
        """Switch a stream off."""
        with self._lock:
            self._known(stream)
            self._switch(deactivated(self._wanted.active, stream), {stream})

    def change(self, activate: Collection[str], deactivate: Collection[str]) -> None:
        """Switch many streams in one go, or none."""
        with self._lock:
            self._booted()
            offered = self.features().streams
            after = changed(self._wanted.active, activate, deactivate, offered)
            self._switch(after, {*activate, *deactivate})

    def need_active(self, stream: str) -> Backend:
        """Return the backend of a stream that is on."""
        self._known(stream)
        if stream not in self._wanted.active:
            raise NotActive(f"{stream} is switched off")
        return self._booted()

    # Films in place of what a sensor sees

    def film(self, stream: str) -> str | None:
        """Return the name of the film that is shown in a stream, running or at its end."""
        self._known(stream)
        return self._films.get(stream)

    def has_ended(self, stream: str) -> bool:
        """Tell whether a film is shown in a stream and has come to its end."""
        return stream in self._ended

    def show_film(self, stream: str, file: Path, name: str) -> None:
        """Show a film once; one that cannot be shown leaves all as it was.

        The file is taken over, whatever comes of it.
        """
        try:
            self._known(stream)
            check_film(file)
            with self._lock:
                try:
                    self._play(self._booted(), stream, file)
                except BadArguments as error:
                    unreadable = "no picture of this film can be read"
                    raise BadArguments(unreadable, detail={"field": "video"}) from error
                name = self._replays.keep(stream, file, name)
                self._films[stream] = name
        finally:
            file.unlink(missing_ok=True)
        self.seen.note("replayChanged", {"stream": stream, "replay": True, "filename": name})

    def end_film(self, stream: str) -> None:
        """Show what the sensor sees."""
        with self._lock:
            self._known(stream)
            if stream not in self._films:
                return
            self._play(self._booted(), stream, None)
            self._replays.drop(stream)
            del self._films[stream]
        self.seen.note("replayChanged", {"stream": stream, "replay": False, "filename": None})

    def _play(self, backend: Backend, stream: str, path: Path | None) -> None:
        # Before: a short film may be at its end when the call comes back.
        was_over = stream in self._ended
        self._ended.discard(stream)
        try:
            backend.replay(stream, path)
        except CommandError:
            if was_over:
                self._ended.add(stream)
            raise

    def _resume_films(self, backend: Backend, streams: Collection[str]) -> None:
        """Begin the films anew that were shown before the camera booted."""
        self._films = {}
        for stream in streams:
            path = self._replays.film(stream)
            if path is None:
                continue
            try:
                self._play(backend, stream, path)
                self._films[stream] = path.name
            except CommandError as error:
                extra = {"stream": stream, "path": path, "reason": error.message}
                logger.warning("film not shown again", extra=extra)

    # How streams are read out

    def config(self, stream: str) -> Config:
        """Return how a stream is read out, or will be when it comes on."""
        self._known(stream)
        return self._wanted.configs[stream]

    def config_map(self, stream: str) -> dict[str, Any]:
        """Return the config as clients see it."""
        return config.to_map(self.config(stream), self.features().sensor_of(stream))

    def rate(self, stream: str) -> float:
        """Return how many frames a second a stream is to have."""
        return self._wanted.configs[stream].fps

    def options(self, stream: str) -> list[dict[str, int]]:
        """Return the sizes and rates at which a stream can be read out."""
        return config.available(self._known(stream).sensor_of(stream))

    def set_config(self, stream: str, body: Mapping[str, Any]) -> None:
        """Read a stream out in another way."""
        with self._lock:
            self.need_active(stream)
            before = self._wanted.configs
            asked = self._configs_after(stream, body)
            configs = {**before, **asked}
            if configs == before:
                return
            self._run(replace(self._wanted, configs=configs))
            for name in asked:
                if configs[name] != before[name]:
                    data = {"stream": name, "config": self.config_map(name)}
                    self.seen.note("configChanged", data)

    # How sensors are controlled

    def capabilities(self, stream: str) -> dict[str, Any]:
        """Return what can be controlled."""
        return control.capabilities(self._known(stream).sensor_of(stream))

    def set_control(self, stream: str, changes: Mapping[str, Any]) -> None:
        """Change some of a stream's control."""
        with self._lock:
            self.need_active(stream)
            self._control(stream, control.change(self._wanted.controls[stream], changes))

    def reset_control(self, stream: str) -> None:
        """Control a stream as if nobody ever had."""
        with self._lock:
            self.need_active(stream)
            sensor = self.features().sensor_of(stream)
            self._control(stream, control.default(sensor.has_autofocus))

    def live_control(self, stream: str, deadline_s: float) -> Control:
        """Return the control with what the camera chose for a frame of this moment."""
        backend = self.need_active(stream)
        stored = self._wanted.controls[stream]
        if not control.is_live(stored):
            return stored
        try:
            raw = backend.capture(stream, min(LIVE_WAIT_S, deadline_s))
        except (CameraTimeout, CameraGone, NotActive):
            return stored
        return control.live(stored, raw.reading)

    # Neural networks

    def network(self, stream: str) -> Network | None:
        """Return the network that looks at a stream when it is on."""
        self._known(stream)
        return self._deployed.on(stream)

    def deploy(self, stream: str, wish: Wish, file: Path, suffix: str) -> None:
        """Have a network look at a stream; one that the camera does not take leaves all as it was.

        The file is taken over, whatever comes of it.
        """
        try:
            self._check_deploy(stream)
            found = self._deployed.inspect(wish, file, suffix)
            file = found.file
            with self._lock:
                self._check_deploy(stream)
                self._deployed.put(stream, wish, found, self._rerun)
                self.seen.note("networkDeployed", {"stream": stream, "type": wish.type})
        finally:
            file.unlink(missing_ok=True)

    def remove_network(self, stream: str) -> None:
        """Have no network look at a stream any more."""
        with self._lock:
            if self.network(stream) is not None:
                self._deployed.remove(stream, self._rerun)
                self.seen.note("networkRemoved", {"stream": stream})

    def looking(self, stream: str) -> Network | None:
        """Return the network whose results may come now, of a camera in any state."""
        return self._deployed.on(stream)

    def shows_places(self, network: Network) -> bool:
        """Tell whether things are to be placed in space: where depth is asked for, or measured."""
        asks = network.wish.type == SPATIAL
        return asks or any(is_depth(stream) for stream in self._wanted.active)

    def _check_deploy(self, stream: str) -> None:
        self.need_active(stream)
        if is_depth(stream):
            raise Unsupported(f"{stream} is measured: networks look at the pictures of a sensor")

    def _rerun(self) -> None:
        self._run(self._wanted)

    # Frames

    def watch(self, streams: frozenset[str]) -> None:
        """Have the frames of these streams flow, as far as they are on."""
        with self._lock:
            self._watched = streams
            self._flow()

    def frames(self, timeout_s: float) -> Sequence[RawFrame | Finding]:
        """Return the newest frames of the watched streams; wait if need be."""
        backend = self._backend
        if backend is None:
            self._is_up.wait(timeout_s)
            return []
        return backend.frames(timeout_s)

    # Inside, with the lock held

    def _boot(self) -> None:
        backend = self._make(self._camera, self._settings, self._state, self._report)
        self._backend = backend
        features = backend.open()
        if self._is_same(features):
            wanted = self._wanted
        else:
            wanted = self._load(features)
            self._deployed.load(features.streams)
        self._features = features
        # Said before the device runs: from then on it may be lost, which must be said after.
        self._is_connected = True
        model = features.device.camera_name
        self.seen.note("connected", {"id": self._camera, "model": model})
        for stream, each in wanted.controls.items():
            backend.control(stream, each)
        self._resume_films(backend, features.streams)
        backend.run(self._plans(wanted.configs), wanted.active)
        if features.has_ir:
            backend.set_ir(wanted.lights.flood_light, wanted.lights.dot_projector)
        self._keep(replace(wanted, is_booted=True))
        self._flow()
        self._is_up.set()

    def _is_same(self, features: Features) -> bool:
        """Tell whether the wishes are of a camera with these sensors."""
        known = self._features
        return known is not None and (known.sensors, known.pairs) == (
            features.sensors,
            features.pairs,
        )

    def _load(self, features: Features) -> Wanted:
        settings = self._settings
        fallback = store.defaults(features, settings.active_after_boot, settings.fps)
        return store.load(self._path, features, fallback)

    def _let_go(self, reason: str) -> None:
        backend, self._backend = self._backend, None
        if backend is None:
            return
        self._is_up.clear()
        backend.close()
        if self._is_connected:
            self._is_connected = False
            gone = {"error": "0x00000000", "errorCode": "0x0", "reason": reason}
            self.seen.note("disconnected", {"id": self._camera, **gone})

    def _check_link(self) -> None:
        if not self._is_connected:
            raise CameraGone(f"{self._camera} is lost; it is opened anew as soon as it is back")

    def _booted(self) -> Backend:
        self.features()
        if self._backend is None:
            if self._wanted.is_booted:
                raise CameraGone("the camera is not open")
            raise NotConnected(f"{self._camera} is shut down")
        return self._backend

    def _known(self, stream: str) -> Features:
        self._booted()
        features = self.features()
        if stream not in features.streams:
            offered = ", ".join(features.streams)
            raise NotFound(f"no stream {stream!r} here; there are {offered}")
        return features

    def _plans(self, configs: Mapping[str, Config]) -> dict[str, Plan]:
        features = self.features()
        return {
            stream: Plan(
                stream=stream,
                mode=features.sensor_of(stream).resolutions()[each.resolution].size,
                video_size=each.video_size,
                still_size=each.still_size,
                fps=each.fps,
                resize_mode=each.resize_mode,
                crop=each.sensor_crop,
                network=self._deployed.on(stream),
            )
            for stream, each in configs.items()
        }

    def _run(self, wanted: Wanted) -> None:
        """Have the camera do what is wanted; keep it once the camera does."""
        self._booted().run(self._plans(wanted.configs), wanted.active)
        self._keep(wanted)
        self._flow()

    def _keep(self, wanted: Wanted) -> None:
        self._wanted = wanted
        store.save(self._path, wanted, self.features())

    def _flow(self) -> None:
        if self._backend is not None:
            active = self._wanted.active
            found = {network_of(stream) for stream in active.intersection(self._deployed.streams())}
            self._backend.flow(self._watched & (active | found))

    def _switch(self, active: frozenset[str], asked: Collection[str]) -> None:
        before = self._wanted.active
        if active == before:
            return
        self._run(replace(self._wanted, active=active))
        for stream in sorted(before - active):
            reason = "request" if stream in asked else "exclusion"
            self.seen.note("streamDeactivated", {"stream": stream, "reason": reason})
        for stream in sorted(active - before):
            self.seen.note("streamActivated", {"stream": stream, "reason": "request"})

    def _configs_after(self, stream: str, body: Mapping[str, Any]) -> dict[str, Config]:
        features = self.features()
        sensor = features.sensor_of(stream)
        asked = config.change(self._wanted.configs[stream], body, sensor)
        if not is_depth(stream):
            return {stream: asked}
        # Depth is measured, not resized: it has the size of its sensors' mode.
        size = sensor.resolutions()[asked.resolution].size
        asked = replace(asked, still_size=size, video_size=size)
        return {stream: asked} | {each.socket: asked for each in features.sensors_of(stream)}

    def _control(self, stream: str, after: Control) -> None:
        before = self._wanted.controls[stream]
        self._booted().control(stream, after)
        if after != before:
            controls = {**self._wanted.controls, stream: after}
            self._keep(replace(self._wanted, controls=controls))
            data = {"stream": stream, "control": control.to_map(after)}
            self.seen.note("controlChanged", data)

    def _report(self, observation: Observation) -> None:
        """Take what a backend saw, from any thread."""
        if observation.kind in ("connected", "disconnected"):
            self._is_connected = observation.kind == "connected"
        elif observation.kind == "replayEnded":
            self._ended.add(observation.data["stream"])
        self.seen.put(observation)
