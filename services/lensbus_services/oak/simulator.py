"""Simulated OAK devices: real host-only depthai pipelines that look at a drawn scene.

One pipeline per active stream, so that switching one never disturbs another.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import CameraGone, CameraTimeout, NotActive, Unsupported
from lensbus_services.oak.activation import is_depth
from lensbus_services.oak.backend import Memory, Plan, RawFrame, Report, Stats
from lensbus_services.oak.control import Control
from lensbus_services.oak.features import Features, Identity, Sensor
from lensbus_services.oak.messages import control_message
from lensbus_services.oak.newest import Newest
from lensbus_services.oak.nodes import DepthImager, Imager, SensorImager, Source, meter_for
from lensbus_services.oak.optics import EXPOSURE_RANGE_US, Optics
from lensbus_services.oak.profiles import Profile
from lensbus_services.oak.running import Reader, Running
from lensbus_services.oak.scene import Lens, color_lens, left_lens, right_lens
from lensbus_services.oak.sdk import dai

logger = logging.getLogger(__name__)

_MEBIBYTE: Final = 1024 * 1024
_DDR: Final = 338 * _MEBIBYTE
_CMX: Final = 2 * _MEBIBYTE
_FRAMES_HELD: Final = 4  # in the device's memory, per stream


class SimulatorBackend:
    """One simulated device."""

    def __init__(self, camera: str, profile: Profile, report: Report) -> None:
        pairs = profile.pairs
        self._features = Features(
            device=Identity(
                mxid=camera,
                name=f"1.{int(camera, 16) % 8 + 1}",
                camera_name=profile.model,
                platform="X_LINK_MYRIAD_X",
                protocol="X_LINK_USB_VSC",
                state="X_LINK_BOOTED",
                status="X_LINK_SUCCESS",
            ),
            sensors=profile.sensors,
            pairs=pairs,
            has_ir=profile.has_ir,
        )
        self._report = report
        self._videos = Newest()
        self._stills = Newest()
        self._lock = threading.RLock()
        self._groups: dict[str, _Group] = {}
        self._controls: dict[str, Control] = {}
        self._flowing: frozenset[str] = frozenset()
        self._is_closed = False

    def open(self) -> Features:
        """Return what the profile has; there is nothing to wait for."""
        return self._features

    def run(self, plans: Mapping[str, Plan], active: frozenset[str]) -> None:
        """Have exactly these streams on; a stream whose plan stays is not touched."""
        with self._lock:
            self._check_open()
            for stream, group in list(self._groups.items()):
                if stream not in active or group.plan != plans[stream]:
                    self._end(stream)
            for stream in sorted(active - self._groups.keys()):
                self._groups[stream] = self._begin(plans[stream])

    def flow(self, streams: frozenset[str]) -> None:
        """Have these streams render all the time, and no others."""
        with self._lock:
            for stream in streams - self._flowing:
                self._videos.forget(stream)
            self._flowing = streams
            for stream, group in self._groups.items():
                group.flow(stream in streams)

    def frames(self, timeout_s: float) -> Sequence[RawFrame]:
        """Return the newest frames of the flowing streams."""
        return self._videos.take(self._flowing, timeout_s)

    def capture(self, stream: str, timeout_s: float) -> RawFrame:
        """Return a frame that is rendered for this call."""
        with self._lock:
            count = self._stills.count(stream)
            self._group(stream).send(dai.CameraControl().setCaptureStill(True))
        frame = self._stills.after(stream, count, timeout_s)
        if frame is None:
            raise CameraTimeout(f"no frame of {stream} within {timeout_s:.2f} s")
        return frame

    def control(self, stream: str, control: Control) -> None:
        """Send what differs to the node of a stream, if it is on."""
        with self._lock:
            self._check_open()
            self._controls[stream] = control
            if stream in self._groups:
                self._groups[stream].obey(control)

    def stats(self) -> Stats:
        """Return temperatures that follow the work, and the memory that the frames take."""
        with self._lock:
            plans = [group.plan for group in self._groups.values()]
        used = sum(_FRAMES_HELD * plan.mode[0] * plan.mode[1] * 3 // 2 for plan in plans)
        heat = 38.0 + 3.0 * len(plans)
        chip = {"average": heat, "css": heat + 1, "dss": heat - 1, "mss": heat, "upa": heat}
        rows = sum(plan.mode[0] * 8 for plan in plans)
        return Stats(
            chip_temperature=chip,
            ddr=Memory(_DDR, used, _DDR - used),
            cmx=Memory(_CMX, rows, _CMX - rows),
        )

    def set_ir(self, flood: float, dots: float) -> bool:
        """Light the scene for the mono sensors. The dots are not drawn."""
        with self._lock:
            if self._features.has_ir:
                for group in self._groups.values():
                    group.light(flood)
        return self._features.has_ir

    def replay(self, stream: str, path: Path | None) -> None:
        """Refuse films: the sensors know one scene."""
        if path is not None:
            raise Unsupported("the simulated sensors see their own scene only")

    def close(self) -> None:
        """Stop every pipeline."""
        with self._lock:
            self._is_closed = True
            for stream in list(self._groups):
                self._end(stream)

    def _begin(self, plan: Plan) -> "_Group":
        self._videos.forget(plan.stream)
        self._stills.forget(plan.stream)
        group = _Group(
            plan,
            self._features.sensors_of(plan.stream),
            (self._videos, self._stills),
            self._report,
        )
        group.start()
        if plan.stream in self._controls:
            group.obey(self._controls[plan.stream])
        group.flow(plan.stream in self._flowing)
        return group

    def _end(self, stream: str) -> None:
        self._groups.pop(stream).stop()

    def _group(self, stream: str) -> "_Group":
        self._check_open()
        if stream not in self._groups:
            raise NotActive(f"{stream} is switched off")
        return self._groups[stream]

    def _check_open(self) -> None:
        if self._is_closed:
            raise CameraGone("the camera is closed")


class _Group:
    """The pipeline of one stream."""

    def __init__(
        self, plan: Plan, sensors: Sequence[Sensor], boxes: tuple[Newest, Newest], report: Report
    ) -> None:
        self.plan = plan
        self.sensor = sensors[0]
        self._optics = Optics(
            has_color=self.sensor.has_color,
            has_autofocus=self.sensor.has_autofocus,
            frame_us=min(round(1_000_000 / plan.fps), EXPOSURE_RANGE_US[1]),
        )
        lenses = [_lens(sensor, plan, index) for index, sensor in enumerate(sensors)]
        pipeline = dai.Pipeline(False)
        source = pipeline.create(
            Source, plan, self._imager(lenses), self._optics, meter_for(lenses[0]), report
        )
        self._control = source.control.createInputQueue()
        readers = [
            Reader(plan.stream, output.createOutputQueue(maxSize=1, blocking=False), box, report)
            for output, box in zip((source.video, source.still), boxes, strict=True)
        ]
        self._running = Running(pipeline, readers)
        self._is_flowing = False
        self._obeyed: Control | None = None

    def start(self) -> None:
        """Start the pipeline."""
        self._running.start()

    def stop(self) -> None:
        """Stop the pipeline and wait for it."""
        self._running.stop()

    def send(self, message: Any) -> None:
        """Send a message to the sensor."""
        self._control.send(message)

    def obey(self, control: Control) -> None:
        """Send what differs from the control before."""
        message = control_message(control, self._obeyed, self.sensor)
        self._obeyed = control
        if message is not None:
            self.send(message)

    def flow(self, on: bool) -> None:
        """Have the sensor render all the time, or not."""
        if on != self._is_flowing:
            self._is_flowing = on
            message = dai.CameraControl()
            self.send(message.setStartStreaming() if on else message.setStopStreaming())

    def light(self, flood: float) -> None:
        """Add infrared light; colour sensors have a filter against it."""
        if not self.sensor.has_color:
            self._optics.flood = flood

    def _imager(self, lenses: Sequence[Lens]) -> Imager:
        if is_depth(self.plan.stream):
            return DepthImager(lenses[0], lenses[1], self._optics)
        return SensorImager(lenses[0], self.plan, self._optics, seed=ord(self.plan.stream[-1]))


def _lens(sensor: Sensor, plan: Plan, index: int) -> Lens:
    if sensor.has_color:
        return color_lens(plan.mode)
    is_right = index == 1 or sensor.socket == "CAM_C"
    return right_lens(plan.mode) if is_right else left_lens(plan.mode)
