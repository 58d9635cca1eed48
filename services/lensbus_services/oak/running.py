"""A running pipeline with its reader threads, and how to end it without ending the process.

depthai aborts or hangs a process that handles these carelessly: a queue is read by one thread
and only with `get(timeout)`, nothing may leave a callback or a node's `run` as an exception, and
a pipeline is always stopped and waited for.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, NoReturn

from lensbus_proto.runtime.clock import unix_us
from lensbus_services.driver import Observation
from lensbus_services.oak.backend import Intrinsics, RawFrame, Report
from lensbus_services.oak.control import Reading
from lensbus_services.oak.newest import Newest
from lensbus_services.oak.sdk import dai

logger = logging.getLogger(__name__)

STOP_LIMIT_S: Final = 1.2
EXIT_HANGS: Final = 70
_POLL: Final = timedelta(seconds=0.5)
_QUIET_S: Final = 10.0  # between two complaints of one reader
_BREATH_S: Final = 0.02  # a queue that fails at once must not take a core


class Reader:
    """Carries the frames of one queue into a `Newest`, in a thread of its own.

    `on_end` is called when the queue is closed though nobody asked for it. `read` takes over what
    is in a message; they are pictures unless it is given.
    """

    def __init__(
        self,
        stream: str,
        queue: Any,
        newest: Newest[Any],
        report: Report,
        on_end: Callable[[], None] = lambda: None,
        read: Callable[[str, Any], Any] | None = None,
    ) -> None:
        self._stream = stream
        self._queue = queue
        self._newest = newest
        self._report = report
        self._on_end = on_end
        self._read = read or raw_frame
        self._quiet_until_s = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"oak-{stream}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Have the thread end with its queue, which is about to be closed."""
        self._stopping.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the end of the thread."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                # The only way to read that never deadlocks with a node that sends.
                frame = self._queue.get(_POLL)
                if frame is not None:
                    self._newest.put(self._read(self._stream, frame))
            except dai.MessageQueue.QueueException:
                logger.debug("queue closed", extra={"stream": self._stream})
                if not self._stopping.is_set():
                    self._on_end()
                return
            except Exception as error:  # noqa: BLE001  # one bad frame must not end the stream
                self._complain(error)

    def _complain(self, error: Exception) -> None:
        now_s = time.monotonic()
        if now_s >= self._quiet_until_s:
            self._quiet_until_s = now_s + _QUIET_S
            report_error(self._report, f"{self._stream} cannot be read", error)
        self._stopping.wait(_BREATH_S)


class Running:
    """One started pipeline and the readers of its queues."""

    def __init__(self, pipeline: Any, readers: Sequence[Reader]) -> None:
        self._pipeline = pipeline
        self._readers = readers

    def start(self) -> None:
        """Start the pipeline, then its readers."""
        self._pipeline.start()
        for reader in self._readers:
            reader.start()

    def stop(self) -> None:
        """Stop and wait; what hangs for longer than `STOP_LIMIT_S` ends the process."""
        guarded(self._stop)

    def _stop(self) -> None:
        for reader in self._readers:
            reader.stop()
        self._pipeline.stop()
        self._pipeline.wait()
        for reader in self._readers:
            reader.join(STOP_LIMIT_S)


def guarded(stop: Callable[[], None]) -> None:
    """Call what lets go of a device; a call that does not come back ends the process.

    Leaving the interpreter beside a pipeline that still runs is a segmentation fault.
    """
    thread = threading.Thread(target=stop, name="oak-stop", daemon=True)
    thread.start()
    thread.join(STOP_LIMIT_S)
    if thread.is_alive():
        give_up("the pipeline does not stop")


def give_up(why: str) -> NoReturn:
    """End the process at once: what hangs in depthai cannot be ended in any other way."""
    logger.critical("hangs in depthai", extra={"reason": why, "waited_s": STOP_LIMIT_S})
    logging.shutdown()
    os._exit(EXIT_HANGS)


def raw_frame(stream: str, frame: dai.ImgFrame) -> RawFrame:
    """Return what is in a depthai frame; its pixels are copied."""
    is_depth = frame.getType() == dai.ImgFrame.Type.RAW16
    tick = frame.getTimestamp()
    age_us = (now() - tick) // timedelta(microseconds=1)
    return RawFrame(
        stream=stream,
        pixels=frame.getFrame().copy() if is_depth else frame.getCvFrame(),
        time_us=unix_us() - age_us,
        tick_s=tick.total_seconds(),
        seq=frame.getSequenceNum(),
        reading=Reading(
            exposure_us=frame.getExposureTime() // timedelta(microseconds=1),
            iso=frame.getSensitivity(),
            kelvin=frame.getColorTemperature(),
            lens=frame.getLensPositionRaw(),
        ),
        lens=_lens_of(frame) if is_depth else None,
    )


def _lens_of(frame: dai.ImgFrame) -> Intrinsics | None:
    transformation: Any = frame.getTransformation()
    if not transformation.isValid():
        return None
    (focal_x, _, center_x), (_, focal_y, center_y), _ = transformation.getIntrinsicMatrix()
    return Intrinsics(focal_x, focal_y, center_x, center_y)


def now() -> timedelta:
    """Return the time of depthai's clock, which stamps all frames."""
    moment: timedelta = dai.Clock.now()  # type: ignore[call-arg]  # static; the stub says not
    return moment


def report_error(report: Report, what: str, error: BaseException) -> None:
    """Tell of a fault in a thread of ours: in the log with a traceback, and as an observation."""
    logger.error(what, exc_info=error)
    message = f"{what}: {type(error).__name__}: {error}"
    report(Observation("error", unix_us(), {"code": "camera.failed", "message": message}))
