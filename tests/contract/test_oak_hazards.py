"""Where depthai hangs or ends the process, and that we never go there.

Each hazard runs in a child process with a limit. A hazard that is gone fails its test, too: the
rule that it made may be given up then.
"""

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import lensbus_services.oak
from kit.nn_models import archive
from lensbus_proto.errors import BadArguments
from lensbus_services.oak import control
from lensbus_services.oak.control import Control
from lensbus_services.oak.inspection import inspect
from lensbus_services.oak.sdk import dai

SOURCES = sorted(Path(lensbus_services.oak.__path__[0]).glob("*.py"))
LIMIT_S = 60.0
NOWHERE = "http://127.0.0.1:9"

# A node that sends numbered pictures, on plain depthai: nothing of ours is in the way.
PLAIN = """
import os, sys, threading, time
from datetime import timedelta
os.environ.setdefault("DEPTHAI_TELEMETRY", "0")
import depthai as dai
import numpy as np

class Node(dai.node.ThreadedHostNode):
    def __init__(self, turn=lambda node: None, period_s=0.005):
        super().__init__()
        self.output = self.createOutput("pictures")
        self.turn, self.period_s = turn, period_s

    def run(self):
        pixels = np.zeros((400, 640), np.uint8)
        while self.isRunning():
            self.turn(self)
            frame = dai.ImgFrame()
            frame.setCvFrame(pixels, dai.ImgFrame.Type.RAW8)
            self.output.send(frame)
            time.sleep(self.period_s)

def fail(node):
    raise error("on purpose")
"""

# One stream of ours: source, queue and reader.
OURS = """
import os, sys, threading, time
from dataclasses import replace
from lensbus_services.oak.backend import Plan
from lensbus_services.oak.profiles import PROFILES
from lensbus_services.oak.simulator import SimulatorBackend

size = (640, 400)
plan = Plan("CAM_B", size, size, size, 60.0, "CROP")
backend = SimulatorBackend("14442C10D13EABCE00", PROFILES["OAK-D"], print)
backend.open()
backend.run({"CAM_B": plan}, frozenset({"CAM_B"}))
backend.flow(frozenset({"CAM_B"}))
"""


def run_child(
    program: str, *, limit_s: float = LIMIT_S, environment: Mapping[str, str] | None = None
) -> int | None:
    """Return how a program of its own process ends; None if it hangs, and is ended."""
    command = [sys.executable, "-c", program]
    kept = {"PYTHONPATH": ":".join(sys.path), "PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    kept.update(environment or {})
    with subprocess.Popen(
        command, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        try:
            return child.wait(limit_s)
        except subprocess.TimeoutExpired:
            child.kill()
            return None


# An exception that leaves a node or a callback ends the process.

FAILS = "error = {error}\npipeline = dai.Pipeline(False)\n"


@pytest.mark.parametrize("error", ["RuntimeError", "SystemExit", "KeyboardInterrupt"])
def test_an_exception_out_of_a_node_aborts_the_process(error: str) -> None:
    program = PLAIN + FAILS.format(error=error) + "pipeline.create(Node, fail)\n"
    assert run_child(program + "pipeline.start()\ntime.sleep(20)") == -signal.SIGABRT


def test_an_exception_out_of_a_callback_aborts_the_process() -> None:
    program = PLAIN + FAILS.format(error="RuntimeError")
    program += """
node = pipeline.create(Node)
node.output.createOutputQueue().addCallback(fail)
pipeline.start()
time.sleep(20)
"""
    assert run_child(program) == -signal.SIGABRT


@pytest.mark.parametrize("error", ["RuntimeError", "SystemExit", "KeyboardInterrupt"])
def test_an_exception_in_a_node_of_ours_is_told_and_nothing_ends(error: str) -> None:
    program = (
        OURS
        + f"""
from lensbus_services.oak.nodes import SensorImager
seen = threading.Event()
def fail(self, time_s):
    seen.set()
    raise {error}("on purpose")
SensorImager.video = fail
assert seen.wait(20)
time.sleep(0.3)
backend.close()
sys.exit(7)
"""
    )
    assert run_child(program) == 7


def test_nothing_of_ours_is_a_callback_of_a_queue() -> None:
    assert "addCallback" not in called_names()


# A model from a stranger ends the process that reads it.


@pytest.mark.parametrize("read", ["dai.OpenVINO.Blob(path)", "dai.NNArchive(path).getBlob()"])
def test_an_empty_blob_ends_the_process_that_reads_it(read: str, tmp_path: Path) -> None:
    path = tmp_path / ("m.blob" if "Blob(path)" in read else "m.tar.xz")
    path.write_bytes(b"" if path.suffix == ".blob" else archive(content=b""))
    assert run_child(f"{PLAIN}path = {str(path)!r}\n{read}") == -signal.SIGSEGV
    with pytest.raises(BadArguments, match="not a model"):
        inspect(path)


# The methods of a queue that look without waiting can deadlock with a node that sends.

POLLERS = {"tryGet", "tryGetAll", "has", "getSize", "isFull", "isClosed", "front"}
POLLING = (
    PLAIN
    + """
def work():
    while True:
        sum(range(2000))

for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
pipeline = dai.Pipeline(False)
node = pipeline.create(Node, period_s=0.0)
queue = node.output.createOutputQueue(maxSize=1, blocking=False)
pipeline.start()
end = time.monotonic() + {seconds}
while time.monotonic() < end:
    {read}
os._exit(7)
"""
)


@pytest.mark.slow
def test_a_queue_that_is_polled_hangs_its_process_for_good() -> None:
    program = POLLING.format(seconds=20, read="queue.tryGet()")
    hung = any(run_child(program, limit_s=30) is None for _ in range(3))
    assert hung, "polling does not hang any more: the rule of one waiting reader may go"


@pytest.mark.slow
def test_a_queue_that_is_waited_at_never_hangs_under_the_same_load() -> None:
    program = POLLING.format(seconds=20, read="queue.get(timedelta(seconds=0.5))")
    assert run_child(program) == 7


def called_names() -> set[str]:
    """Return the names of all methods that our OAK modules call."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found.add(node.func.attr)
    return found


def test_nothing_of_ours_polls_a_queue() -> None:
    assert len(SOURCES) > 20
    assert "createOutputQueue" in called_names(), "the search finds calls"
    assert not POLLERS & called_names()


def test_readers_keep_up_while_python_is_busy() -> None:
    program = (
        OURS
        + """
def work():
    while True:
        sum(range(2000))

for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
end, count = time.monotonic() + 4, 0
while time.monotonic() < end:
    count += len(backend.frames(0.5))
backend.close()
os._exit(7 if count > 20 else 1)
"""
    )
    assert run_child(program) == 7


# Leaving the interpreter beside a pipeline that runs is a crash.

RUNS = PLAIN + "pipeline = dai.Pipeline(False)\npipeline.create(Node)\npipeline.start()\n"


@pytest.mark.parametrize("last", ["pass", "pipeline.stop()", "raise RuntimeError", "sys.exit(0)"])
def test_leaving_beside_a_running_pipeline_ends_in_a_signal_or_a_hang(last: str) -> None:
    ended = run_child(RUNS + f"time.sleep(0.2)\n{last}", limit_s=10)
    assert ended is None or ended < 0


def test_dropping_a_running_pipeline_hangs() -> None:
    assert run_child(RUNS + "time.sleep(0.2)\ndel pipeline\nos._exit(0)", limit_s=5) is None


def test_to_stop_and_to_wait_is_a_clean_end() -> None:
    assert run_child(RUNS + "time.sleep(0.2)\npipeline.stop()\npipeline.wait()") == 0


def test_a_camera_of_ours_that_is_closed_lets_its_process_end() -> None:
    assert run_child(OURS + "backend.frames(5.0)\nbackend.close()") == 0


# What the worker's life depends on.

_STUCK = (
    PLAIN
    + """
import lensbus_services.oak.running as running
def stick(node):
    time.sleep(30)
pipeline = dai.Pipeline(False)
pipeline.create(Node, stick)
running.STOP_LIMIT_S = 0.5
runs = running.Running(pipeline, [])
runs.start()
time.sleep(0.2)
runs.stop()
"""
)


def test_a_node_that_sleeps_holds_the_end_up_and_then_the_process_gives_up() -> None:
    assert run_child(_STUCK) == 70


def test_a_graph_is_frozen_once_it_runs() -> None:
    pipeline = dai.Pipeline(False)
    node = pipeline.create(dai.node.ImageManip)
    node.setRunOnHost(True)
    queue = node.out.createOutputQueue()
    pipeline.start()
    with pytest.raises(RuntimeError, match="after pipeline is built"):
        node.out.createOutputQueue()
    with pytest.raises(RuntimeError):
        pipeline.start()
    pipeline.stop()
    pipeline.wait()
    with pytest.raises(dai.MessageQueue.QueueException):
        queue.get()


def test_a_pipeline_without_a_device_refuses_what_only_devices_can_do() -> None:
    pipeline = dai.Pipeline(False)
    for node in (dai.node.Camera, dai.node.StereoDepth, dai.node.Gate):
        with pytest.raises(RuntimeError, match="host only"):
            pipeline.create(node)


def test_depthai_takes_any_value_and_our_limits_do_not() -> None:
    message = dai.CameraControl()
    message.setBrightness(-300)
    assert message.brightness == -44
    message.setManualWhiteBalance(99_999)
    assert message.wbColorTemp == 34_463
    for changes in ({"brightness": -300}, {"manual_whitebalance": 99_999}):
        with pytest.raises(BadArguments):
            control.change(Control(), changes)


# What it does behind our back.


def test_telemetry_is_written_by_default_and_never_by_us(tmp_path: Path) -> None:
    pause = "time.sleep(1.0)\npipeline.stop()\npipeline.wait()"
    plain = PLAIN.replace('os.environ.setdefault("DEPTHAI_TELEMETRY", "0")', "")
    for name, head in (("theirs", plain), ("ours", "import lensbus_services.oak.sdk\n" + plain)):
        home = tmp_path / name
        home.mkdir()
        program = head + RUNS.removeprefix(PLAIN) + pause
        environment = {
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            # Whatever it wants to send ends at a proxy that is not there.
            "http_proxy": NOWHERE,
            "https_proxy": NOWHERE,
        }
        assert run_child(program, environment=environment) == 0
    assert files(tmp_path / "theirs"), "it writes nothing any more: the rule may go"
    assert not files(tmp_path / "ours")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_device_that_is_not_there_is_given_up_within_seconds() -> None:
    program = """
import time
from lensbus_services.oak.sdk import dai
began = time.monotonic()
try:
    dai.Device("14442C10D13EABCE00")
except RuntimeError:
    raise SystemExit(7 if time.monotonic() - began < 8 else 1)
"""
    assert run_child(program) == 7
