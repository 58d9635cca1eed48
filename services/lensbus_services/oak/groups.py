"""The pipeline of one stream of a simulated device."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lensbus_proto.topics import network_of
from lensbus_services.oak.activation import is_depth
from lensbus_services.oak.backend import Plan, Report
from lensbus_services.oak.control import Control
from lensbus_services.oak.features import Sensor
from lensbus_services.oak.films import Film, Reel
from lensbus_services.oak.frames import Frames
from lensbus_services.oak.messages import control_message
from lensbus_services.oak.networks import Network
from lensbus_services.oak.nodes import (
    DepthImager,
    Imager,
    SensorImager,
    Sight,
    Source,
    Trouble,
    meter_for,
)
from lensbus_services.oak.optics import EXPOSURE_RANGE_US, Optics, lens_for
from lensbus_services.oak.results import reader
from lensbus_services.oak.running import Reader, Running
from lensbus_services.oak.scene import Lens, Scene, color_lens, left_lens, right_lens, view
from lensbus_services.oak.sdk import dai
from lensbus_services.oak.seer import Seer


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands before the sensors of one stream."""

    scene: Scene
    film: Film | None = None
    replay: Reel | None = None
    has_depth: bool = False  # whether the device can tell how far away things are


class Group:
    """One source, its queues and their readers: made, started and stopped as a whole."""

    def __init__(
        self, plan: Plan, sensors: Sequence[Sensor], stage: Stage, frames: Frames, report: Report
    ) -> None:
        self.plan = plan
        self.stage = stage
        self.sensor = sensors[0]
        scene = stage.scene
        self._optics = Optics(
            has_color=self.sensor.has_color,
            has_autofocus=self.sensor.has_autofocus,
            frame_us=min(round(1_000_000 / plan.fps), EXPOSURE_RANGE_US[1]),
            kelvin=scene.kelvin,
            lens=lens_for(scene.subject_m),
            light=scene.light,
            light_k=scene.kelvin,
            subject_m=scene.subject_m,
        )
        lenses = [_lens(each, plan, at) for at, each in enumerate(sensors)]
        imager, meter = self._looks(lenses)
        seer = None if plan.network is None else self._seer(plan.network, lenses[0])
        pipeline = dai.Pipeline(False)
        self._source = pipeline.create(Source, plan, imager, self._optics, meter, report, seer)
        self._control = self._source.control.createInputQueue()
        outputs = ((self._source.video, frames.videos), (self._source.still, frames.stills))
        readers = [
            Reader(plan.stream, output.createOutputQueue(maxSize=1, blocking=False), box, report)
            for output, box in outputs
        ]
        if plan.network is not None:
            queue = self._source.found.createOutputQueue(maxSize=1, blocking=False)
            name = network_of(plan.stream)
            readers.append(Reader(name, queue, frames.videos, report, read=reader(plan.network)))
        self._running = Running(pipeline, readers)
        self._is_flowing = False
        self._obeyed: Control | None = None

    @property
    def has_failed(self) -> threading.Event:
        """Set when the node has come to an end by a fault."""
        event: threading.Event = self._source.has_failed
        return event

    def start(self) -> None:
        """Start the pipeline."""
        self._running.start()

    def stop(self) -> None:
        """Stop the pipeline and wait for it."""
        self._source.is_ending.set()
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

    def look(self, on: bool) -> None:
        """Have the network look all the time, or not."""
        on = on and self.plan.network is not None
        if on != self._source.is_looking:
            self._source.is_looking = on
            self.send(dai.CameraControl())  # it sleeps while nobody wants anything

    def light(self, flood: float) -> None:
        """Add infrared light; colour sensors have a filter against it."""
        if not self.sensor.has_color:
            self._optics.flood = flood

    def suffer(self, trouble: Trouble) -> None:
        """Have the sensor be in this trouble from now on."""
        self._source.trouble = trouble

    def _seer(self, network: Network, lens: Lens) -> Seer:
        stage = self.stage
        scene = stage.scene if stage.film is None and stage.replay is None else None
        return Seer(network, self.plan, lens, scene, stage.has_depth)

    def _looks(self, lenses: Sequence[Lens]) -> tuple[Imager, Sight]:
        scene, film = self.stage.scene, self.stage.film
        if is_depth(self.plan.stream):
            imager = DepthImager(lenses[0], lenses[1], scene, self._optics)
            return imager, meter_for(lenses[0], scene)
        has_color = self.sensor.has_color
        reel = self.stage.replay
        if reel is None and film is not None:
            reel = Reel(film, has_color)
        if reel is not None:
            return SensorImager(reel, has_color, self.plan, self._optics), reel
        sight = view(lenses[0], scene)
        imager_ = SensorImager(sight, has_color, self.plan, self._optics)
        return imager_, meter_for(lenses[0], scene)


def _lens(sensor: Sensor, plan: Plan, index: int) -> Lens:
    if sensor.has_color:
        return color_lens(plan.mode)
    is_right = index == 1 or sensor.socket == "CAM_C"
    return right_lens(plan.mode) if is_right else left_lens(plan.mode)
