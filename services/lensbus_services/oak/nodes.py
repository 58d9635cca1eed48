"""The simulated sensors: host nodes that render the scene instead of reading light.

A node draws only what somebody wants: frames while its stream flows, one frame for a still. In
between it wakes twice a second so that automatic exposure follows the scene.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from lensbus_services.oak.backend import Plan, Report
from lensbus_services.oak.features import Size
from lensbus_services.oak.images import Pixels
from lensbus_services.oak.optics import Noise, Optics
from lensbus_services.oak.running import now, report_error
from lensbus_services.oak.scene import Lens, Scene, view
from lensbus_services.oak.sdk import dai
from lensbus_services.oak.sizes import covering, cut
from lensbus_services.oak.stereo import Matcher

IDLE_S: Final = 0.5
SETTLING_S: Final = 0.03
_METER_PX: Final = 160  # width of the small picture by which exposure is measured
_ROUNDING: Final = 1e-3  # of a period
_CONTROLS: Final = 64  # the node wakes for each: this many never wait

_Command = dai.CameraControl.Command
# Command of a message, attribute of the sensor that it sets, and the value that it carries.
_SETTINGS: Final[tuple[tuple[Any, str, Callable[[Any], Any]], ...]] = (
    (_Command.AE_AUTO, "auto_exposure", lambda message: True),
    (_Command.AE_MANUAL, "auto_exposure", lambda message: False),
    (_Command.AE_MANUAL, "exposure_us", lambda message: message.expManual.exposureTimeUs),
    (_Command.AE_MANUAL, "iso", lambda message: message.expManual.sensitivityIso),
    (_Command.AE_LOCK, "exposure_lock", lambda message: message.aeLockMode),
    (_Command.AE_TARGET_FPS_RANGE, "exposure_limit_us", lambda msg: msg.aeMaxExposureTimeUs),
    (_Command.EXPOSURE_COMPENSATION, "compensation", lambda message: message.expCompensation),
    (_Command.BRIGHTNESS, "brightness", lambda message: message.brightness),
    (_Command.CONTRAST, "contrast", lambda message: message.contrast),
    (_Command.SATURATION, "saturation", lambda message: message.saturation),
    (_Command.LUMA_DENOISE, "luma_denoise", lambda message: message.lumaDenoise),
    (_Command.CHROMA_DENOISE, "chroma_denoise", lambda message: message.chromaDenoise),
    (_Command.AWB_MODE, "whitebalance", lambda message: message.awbMode.name),
    (_Command.AWB_LOCK, "whitebalance_lock", lambda message: message.awbLockMode),
    (_Command.WB_COLOR_TEMP, "manual_k", lambda message: message.wbColorTemp),
    (_Command.AF_MODE, "focus_mode", lambda message: message.autoFocusMode.name),
    (_Command.AF_TRIGGER, "focusing", lambda message: True),
    (_Command.MOVE_LENS_RAW, "lens", lambda message: message.lensPositionRaw),
)


class Imager(Protocol):
    """Makes the pixels of one stream at a moment; of depth it also says how its lens looks."""

    @property
    def lens(self) -> Lens | None:
        """The lens from which depth is measured."""

    def still(self, time_s: float) -> tuple[NDArray[Any], Any]:
        """Return pixels in the still size, and their ImgFrame type."""

    def video(self, time_s: float) -> tuple[NDArray[Any], Any]:
        """Return pixels in the size of the live picture, and their ImgFrame type."""


class Sight(Protocol):
    """What a sensor looks at: the scene through its lens, or a film."""

    def render(self, time_s: float) -> Pixels:
        """Return a new picture, BGR or grey, as a perfect sensor sees it."""

    def brightness(self, time_s: float) -> float:
        """Return how bright the moment is, 0 to 255."""


class Sees(Protocol):
    """A network that looks at what a sensor sees."""

    def look(self, time_s: float) -> Any:
        """Return what it finds, as a message of depthai."""


class SensorImager:
    """One sensor: what it sees, its optics, then the size that was asked for."""

    lens: Lens | None = None

    def __init__(self, sight: Sight, has_color: bool, plan: Plan, optics: Optics) -> None:
        self._sight = sight
        self._plan = plan
        self._optics = optics
        self._noise = Noise(seed=ord(plan.stream[-1]))
        kinds = dai.ImgFrame.Type
        self._kind = kinds.BGR888i if has_color else kinds.RAW8

    def still(self, time_s: float) -> tuple[NDArray[Any], Any]:
        """Return pixels in the still size."""
        return self._take(time_s, self._plan.still_size)

    def video(self, time_s: float) -> tuple[NDArray[Any], Any]:
        """Return pixels in the size of the live picture."""
        return self._take(time_s, self._plan.video_size)

    def _take(self, time_s: float, size: Size) -> tuple[NDArray[Any], Any]:
        picture = self._optics.take(self._sight.render(time_s), self._noise)
        return fit(picture, size, self._plan.resize_mode, self._plan.crop), self._kind


class DepthImager:
    """A stereo pair: both pictures of one moment, matched."""

    def __init__(self, left: Lens, right: Lens, scene: Scene, optics: Optics) -> None:
        self._views = (view(left, scene), view(right, scene))
        self._optics = optics
        self._noises = (Noise(1), Noise(2))
        self._matcher = Matcher(left)
        self.lens = left

    def still(self, time_s: float) -> tuple[NDArray[Any], Any]:
        """Return depth in millimetres."""
        left, right = (
            self._optics.take(view_.render(time_s), noise)
            for view_, noise in zip(self._views, self._noises, strict=True)
        )
        return self._matcher.depth_mm(left, right), dai.ImgFrame.Type.RAW16

    video = still


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a sensor: nothing comes, it comes late, or the node fails."""

    stalls: bool = False
    delay_s: float = 0.0
    fails: bool = False


@dataclass(slots=True)
class Demand:
    """What a node was asked for and has not done yet."""

    is_flowing: bool = False
    still: bool = False
    due_s: float = 0.0


class Source(dai.node.ThreadedHostNode):
    """The node of one stream: obeys CameraControl, renders on the ticks of one shared clock.

    Start and stop of the flow and the wish for a still come as CameraControl, too, so that
    everything in here happens in one thread and in order.
    """

    def __init__(
        self,
        plan: Plan,
        imager: Imager,
        optics: Optics,
        meter: Sight,
        report: Report,
        seer: Sees | None = None,
    ) -> None:
        super().__init__()
        self.trouble = Trouble()
        self.has_failed = threading.Event()
        self.is_ending = threading.Event()
        self.video = self.createOutput("video")
        self.still = self.createOutput("still")
        self.found = self.createOutput("found")
        self.is_looking = False  # whether somebody wants to know what the network finds
        self.control = self.createInput("control", blocking=False, queueSize=_CONTROLS)
        self._plan = plan
        self._imager = imager
        self._optics = optics
        self._meter = meter
        self._report = report
        self._seer = seer
        self._demand = Demand()
        self._seq = 0

    def run(self) -> None:
        """Work until the pipeline stops. An exception out of here would end the process."""
        try:
            while self.isRunning():
                self._turn()
        except dai.MessageQueue.QueueException:
            return
        except BaseException as error:  # noqa: BLE001  # std::terminate waits behind this line
            report_error(self._report, f"the sensor of {self._plan.stream} failed", error)
            self.has_failed.set()

    def _turn(self) -> None:
        if self.trouble.fails:
            raise RuntimeError("broken on purpose")
        left_s = self._demand.due_s - _now_s()
        if left_s > 0:
            message = self.control.get(timedelta(seconds=left_s))
            if message is not None:
                self._obey(message)
                return
        now_s = _now_s()
        has_settled = self._optics.settle(self._meter.brightness(now_s))
        if self._demand.still:
            self._demand.still = False
            self._send(self.still, now_s, self._imager.still)
        if self._seer is not None and self.is_looking:
            self._post(self.found, self._seer.look(now_s), now_s)
        if self._demand.is_flowing:
            self._send(self.video, now_s, self._imager.video)
        if self._demand.is_flowing or self.is_looking:
            # A wait may end a moment before its tick: the same tick must not come twice.
            self._demand.due_s = _next_tick(max(_now_s(), self._demand.due_s), self._plan.fps)
        else:
            self._demand.due_s = now_s + (IDLE_S if has_settled else SETTLING_S)

    def _obey(self, message: Any) -> None:
        for command, name, read in _SETTINGS:
            if message.getCommand(command):
                setattr(self._optics, name, read(message))
        if message.getCommand(_Command.START_STREAM):
            self._demand.is_flowing = True
        if message.getCommand(_Command.STOP_STREAM):
            self._demand.is_flowing = False
        if message.getCommand(_Command.STILL_CAPTURE):
            self._demand.still = True
        self._demand.due_s = min(self._demand.due_s, _next_tick(_now_s(), self._plan.fps))

    def _send(
        self, output: Any, tick_s: float, take: Callable[[float], tuple[NDArray[Any], Any]]
    ) -> None:
        reading = self._optics.reading()
        tick = timedelta(seconds=tick_s)
        pixels, kind = take(tick.total_seconds())
        frame = _frame(pixels, kind)
        if self._imager.lens is not None:
            frame.setTransformation(_transformation(self._imager.lens))
        frame.cam.exposureTimeUs = reading.exposure_us
        frame.cam.sensitivityIso = reading.iso
        frame.cam.wbColorTemp = reading.kelvin
        frame.cam.lensPositionRaw = reading.lens or 0.0
        frame.cam.fps = self._plan.fps
        self._post(output, frame, tick_s)

    def _post(self, output: Any, message: Any, tick_s: float) -> None:
        """Send what was made of a moment, if nothing is wrong with the sensor."""
        tick = timedelta(seconds=tick_s)
        self._seq += 1
        message.setSequenceNum(self._seq)
        message.setTimestamp(tick)
        message.setTimestampDevice(tick)
        if self.trouble.delay_s:
            self.is_ending.wait(self.trouble.delay_s)
        if not self.trouble.stalls:
            output.send(message)


def meter_for(lens: Lens, scene: Scene) -> Sight:
    """Return the small view by which a sensor measures the light."""
    height = max(1, round(_METER_PX * lens.size[1] / lens.size[0]))
    return view(Lens((_METER_PX, height), lens.fov_deg, lens.right_m, lens.has_color), scene)


def _frame(pixels: NDArray[Any], kind: Any) -> dai.ImgFrame:
    """Return a frame with these pixels. `setCvFrame` takes 8 ms for 1080 lines of colour."""
    height, width = pixels.shape[:2]
    whole: Any = np.ascontiguousarray(pixels)
    frame = dai.ImgFrame()
    frame.setData(whole.reshape(-1).view(np.uint8))
    frame.setWidth(width)
    frame.setHeight(height)
    frame.setStride(whole.strides[0])
    frame.setType(kind)
    return frame


def _transformation(lens: Lens) -> Any:
    width, height = lens.size
    focal = lens.focal_px
    matrix = [[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]]
    return dai.ImgTransformation(width, height, matrix)


def fit(
    picture: Pixels, size: Size, resize_mode: str, crop: tuple[float, float] = (0.0, 0.0)
) -> Pixels:
    """Return a picture in another size: cut (CROP), deformed (STRETCH) or with bars (LETTERBOX).

    A cut begins at `crop`, as fractions of the whole picture; (0, 0) is a cut in the middle.
    """
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    if resize_mode == "STRETCH":
        return _resized(picture, size)
    if resize_mode == "CROP":
        whole = covering((width, height), size, crop)
        return np.ascontiguousarray(_resized(picture, whole)[cut(whole, size, crop)])
    scale = min(size[0] / width, size[1] / height)
    inner = _resized(picture, (max(1, round(width * scale)), max(1, round(height * scale))))
    canvas: Pixels = np.zeros((size[1], size[0], *picture.shape[2:]), np.uint8)
    x, y = (size[0] - inner.shape[1]) // 2, (size[1] - inner.shape[0]) // 2
    canvas[y : y + inner.shape[0], x : x + inner.shape[1]] = inner
    return canvas


def _resized(picture: Pixels, size: Size) -> Pixels:
    resized: Any = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    result: Pixels = resized
    return result


def _now_s() -> float:
    return now().total_seconds()


def _next_tick(now_s: float, fps: float) -> float:
    return (math.floor(now_s * fps + _ROUNDING) + 1) / fps
