"""What clients see of a simulated device in trouble, and how long it takes to heal.

Broken through the files of the world folder and through the socket; told by events and answers.
"""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lensbus_proto.errors import CameraError, CameraGone, CameraTimeout
from lensbus_proto.runtime.settings import OakSettings, OakSimulatorSettings
from lensbus_services.driver import Observation
from lensbus_services.oak.discover import find_cameras, world_folder
from lensbus_services.oak.driver import OakDriver
from lensbus_services.oak.levers import reachable
from lensbus_services.oak.scenarios import SCENARIOS, World

PRO = "14442C10D13EABCE00"
SETTINGS = OakSettings(simulator=OakSimulatorSettings((f"OAK-D-PRO:{PRO}",)))
LIMIT_S = 20.0  # to wait for what must come


class Camera:
    """A driver as its worker uses it, and the folder by which its device is broken."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.world = World(world_folder(state), PRO)
        self.driver = OakDriver(PRO, SETTINGS, state)
        self.events: list[Observation] = []

    def open(self) -> "Camera":
        self.driver.open()
        self.events.clear()
        self.events.extend(self.driver.drain(0.0))
        return self

    def still(self, stream: str = "CAM_A") -> bytes:
        return self.driver.execute("still", {"stream": stream}, 5.0).parts[0]

    def active(self) -> list[str]:
        found = self.driver.execute("streams.list", {}, 5.0).data["streams"]
        return [each["name"] for each in found if each["active"]]

    def lever(self, request: str) -> str:
        """Send one line to the control socket; return the answer."""
        with (
            socket.socket(socket.AF_UNIX) as client,
            reachable(self.world.folder / f"{PRO}.control") as address,
        ):
            client.settimeout(LIMIT_S)
            client.connect(address)
            client.sendall(f"{request}\n".encode())
            answer = b""
            while not answer.endswith(b"\n"):
                answer += client.recv(65536)
            return answer.decode().rstrip("\n")

    def counts(self) -> dict[str, int]:
        words = self.lever("count").removeprefix("ok ").split()
        return {key: int(value) for key, _, value in (word.partition("=") for word in words)}

    def wait(self, kind: str, **body: Any) -> Observation:
        """Return the next event of a kind whose body has these members."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            for index, event in enumerate(self.events):
                if event.kind == kind and body.items() <= event.data.items():
                    del self.events[: index + 1]
                    return event
            self.events.extend(self.driver.drain(0.1))
            self.driver.pictures(0.0)
        raise AssertionError(f"no {kind} {body} within {LIMIT_S} s, only {self.events}")

    def kinds(self) -> list[str]:
        self.events.extend(self.driver.drain(0.0))
        return [event.kind for event in self.events]


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    made = Camera(tmp_path)
    yield made.open()
    made.driver.close()


def settled(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)


def healed_s(broken: Observation, well: Observation) -> float:
    return (well.time_us - broken.time_us) / 1e6


def test_a_lost_link_is_told_refuses_commands_and_comes_back_when_it_is_healed(
    camera: Camera,
) -> None:
    camera.events.clear()
    assert camera.lever("break disconnect") == "ok"
    lost = camera.wait("disconnected")
    assert lost.data == {
        "id": PRO, "error": "0x00008001", "errorCode": "0x8001", "reason": "the link is lost",
    }  # fmt: skip
    with pytest.raises(CameraGone, match="the link is lost"):
        camera.still()
    with pytest.raises(CameraGone):
        camera.driver.execute("stats", {}, 5.0)
    assert camera.lever("heal disconnect") == "ok"
    assert camera.wait("connected").data == {"id": PRO, "model": "OAK-D-PRO"}
    assert camera.still()
    assert camera.counts() | {"boots": 1, "losses": 1} == camera.counts(), "no boot was needed"


def test_a_link_may_be_lost_for_some_seconds_and_everything_is_as_before(camera: Camera) -> None:
    camera.driver.execute("stream.activate", {"stream": "DEPTH_B_C"}, 5.0)
    manual = {"auto_exposure_enable": False, "exposure_time": 700, "sensitivity_iso": 200}
    camera.driver.execute("control.set", {"stream": "CAM_A", "changes": manual}, 5.0)
    camera.driver.watch(frozenset({"CAM_A"}))
    camera.world.begin("disconnect", ["seconds=0.5"])
    lost, back = camera.wait("disconnected"), camera.wait("connected")
    assert healed_s(lost, back) > 0.2
    assert camera.active() == ["CAM_A", "DEPTH_B_C"]
    shown = camera.driver.execute("control.get", {"stream": "CAM_A"}, 5.0).data["control"]
    assert shown | manual == shown
    settled(lambda: bool(camera.driver.pictures(0.2)))
    assert "disconnect" not in camera.world.held(), "its time is over and its file is gone"


def test_a_silent_stream_is_told_as_stale_and_then_as_fresh_and_others_are_not(
    camera: Camera,
) -> None:
    camera.driver.watch(frozenset({"CAM_A", "CAM_B"}))
    settled(lambda: {f.stream for f in camera.driver.pictures(0.2)} >= {"CAM_A", "CAM_B"})
    assert camera.lever("break stall stream=CAM_B") == "ok"
    stale = camera.wait("stale")
    assert stale.data["stream"] == "CAM_B"
    assert stale.data["limit_ms"] == 1000 <= stale.data["silent_ms"]
    with pytest.raises(CameraTimeout):
        camera.still("CAM_B")
    assert camera.still("CAM_A")
    assert camera.lever("heal stall") == "ok"
    fresh = camera.wait("fresh")
    assert fresh.data["stream"] == "CAM_B"
    assert fresh.data["silent_ms"] >= stale.data["silent_ms"]
    assert not {"stale", "disconnected"} & set(camera.kinds())


def test_a_stream_that_nobody_looks_at_is_never_stale(camera: Camera) -> None:
    assert camera.lever("break stall seconds=1.5") == "ok"
    settled(lambda: "stall" not in camera.world.held())
    assert "stale" not in camera.kinds()


def test_slow_pictures_come_late_and_seldom(camera: Camera) -> None:
    def ages_ms(number: int) -> list[float]:
        found: list[float] = []
        while len(found) < number:
            for frame in camera.driver.pictures(1.0):
                found.append(time.time_ns() / 1e6 - frame.time_us / 1000)
        return found

    camera.driver.watch(frozenset({"CAM_B"}))
    settled(lambda: ages_ms(1)[0] < 600)
    assert camera.lever("break slow ms=600 stream=CAM_B") == "ok"
    ages_ms(2)
    before = camera.counts()["frames"], time.monotonic()
    assert min(ages_ms(3)) >= 600
    frames, waited_s = camera.counts()["frames"] - before[0], time.monotonic() - before[1]
    assert frames <= waited_s / 0.6 + 1
    assert camera.lever("heal slow") == "ok"
    settled(lambda: ages_ms(1)[0] < 600)


def test_a_node_that_crashes_is_an_error_and_is_there_again_soon(camera: Camera) -> None:
    camera.driver.watch(frozenset({"CAM_A"}))
    assert camera.lever("break node-crash stream=CAM_A") == "ok"
    failed = camera.wait("error")
    assert "CAM_A failed" in failed.data["message"]
    assert "node-crash" not in camera.world.held(), "it strikes once"
    settled(lambda: camera.counts()["restarts"] == 1)
    settled(lambda: bool(camera.driver.pictures(0.2)))
    assert camera.still("CAM_A")
    assert "disconnected" not in camera.kinds(), "the link was never lost"


def test_a_device_that_does_not_boot_fails_so_often_and_then_opens(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    camera.world.begin("boot-failure", ["times=2"])
    for left in (["times=1"], None):
        with pytest.raises(CameraGone, match="does not boot"):
            camera.open()
        camera.driver.close()
        held = camera.world.held().get("boot-failure")
        assert held == (None if left is None else {"times": 1})
    camera.open()
    assert camera.still()
    camera.driver.close()


def test_a_device_that_was_away_boots_again_ever_more_patiently(camera: Camera) -> None:
    assert camera.lever("break boot-failure times=2") == "ok"
    assert camera.lever("break absent seconds=0.3") == "ok"
    lost, back = camera.wait("disconnected"), camera.wait("connected")
    assert lost.data["reason"] == "the device is away"
    # Two boots that fail are followed by waits of 1 s and 2 s.
    assert 3.0 < healed_s(lost, back) < 8.0
    assert camera.counts()["boots"] == 2
    assert camera.still()


def test_a_device_that_is_away_is_not_found_and_cannot_be_opened(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    assert [found.camera for found in find_cameras(SETTINGS, tmp_path)] == [PRO]
    camera.world.begin("absent", [])
    assert find_cameras(SETTINGS, tmp_path) == []
    with pytest.raises(CameraGone, match="is away"):
        camera.open()
    camera.driver.close()
    camera.world.heal("absent")
    assert [found.camera for found in find_cameras(SETTINGS, tmp_path)] == [PRO]


def test_a_hot_chip_is_told_once_and_again_when_it_is_well(camera: Camera) -> None:
    def celsius() -> float:
        chip = camera.driver.execute("stats", {}, 5.0).data["chip_temperature"]
        return float(chip["average"])

    assert 30 < celsius() < 60
    assert camera.lever("break over-temperature") == "ok"
    assert celsius() > 95
    hot = camera.wait("overTemperature")
    assert hot.data["celsius"] > hot.data["limit"] == 95
    assert camera.lever("heal all") == "ok"
    assert camera.wait("temperatureNormal").data["celsius"] < 90
    assert camera.kinds().count("overTemperature") == 0


@pytest.mark.parametrize("scenario", sorted(SCENARIOS.keys() - {"crash"}))
def test_file_and_socket_always_agree(scenario: str, camera: Camera) -> None:
    path = camera.world.folder / f"{PRO}.{scenario}"
    once = {"node-crash"}
    assert camera.lever(f"break {scenario}") == "ok"
    assert path.exists() == (scenario not in once)
    listed = camera.lever("list")
    assert listed.startswith("ok broken: nothing" if scenario in once else f"ok broken: {scenario}")
    assert f"{scenario} " in listed
    assert f"({SCENARIOS[scenario].what})" in listed
    path.unlink(missing_ok=True)
    assert camera.lever("list").startswith("ok broken: nothing")
    path.write_text("", encoding="utf-8")
    if scenario not in once:
        assert camera.lever("list").startswith(f"ok broken: {scenario}")
    assert camera.lever("heal all") == "ok"
    assert not path.exists()


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        ("break bogus", "no scenario 'bogus' here; there are disconnect"),
        ("break stall stream=CAM_Z", "there are CAM_A, CAM_B, CAM_C, DEPTH_B_C"),
        ("break slow ms=never", "ms is 'never', expected 1 to 10000"),
        ("break slow ms=0", "expected 1 to 10000"),
        ("break slow ms=nan", "expected 1 to 10000"),
        ("break disconnect ms=5", "has no parameter 'ms=5'; it takes [seconds=0.1..86400]"),
        ("break node-crash now", "it takes [stream=NAME]"),
        ("heal bogus", "no scenario 'bogus' here"),
        ("break", "expected break <scenario>"),
        ("", "expected break <scenario>"),
        ("list everything", "expected break <scenario>"),
        ("\xff\x00 ../../etc", "expected break <scenario>"),
        ("break ../x", "no scenario '../x' here"),
    ],
)
def test_a_request_that_makes_no_sense_is_named(request_: str, word: str, camera: Camera) -> None:
    answer = camera.lever(request_)
    assert answer.startswith("error ")
    assert word in answer
    assert os.listdir(camera.world.folder) == [f"{PRO}.control"]


def test_the_socket_is_the_owners_alone_and_goes_with_the_camera(camera: Camera) -> None:
    path = camera.world.folder / f"{PRO}.control"
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    camera.driver.close()
    assert not path.exists()


def test_a_socket_that_a_dead_worker_left_is_replaced(tmp_path: Path) -> None:
    folder = world_folder(tmp_path)
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as dead, reachable(folder / f"{PRO}.control") as address:
        dead.bind(address)
    camera = Camera(tmp_path).open()
    assert camera.lever("list").startswith("ok")
    camera.driver.close()


def test_a_client_that_hangs_on_does_not_keep_others_out_for_long(camera: Camera) -> None:
    with (
        socket.socket(socket.AF_UNIX) as idle,
        reachable(camera.world.folder / f"{PRO}.control") as address,
    ):
        idle.connect(address)
        assert camera.lever("list").startswith("ok")


def test_a_broken_file_of_a_scenario_breaks_nothing(camera: Camera) -> None:
    camera.world.folder.joinpath(f"{PRO}.slow").write_bytes(b"ms=\xff")
    camera.world.folder.joinpath(f"{PRO}.stall").write_text("stream", encoding="utf-8")
    camera.world.folder.joinpath(f"{PRO}.nonsense").write_text("", encoding="utf-8")
    assert camera.still()
    assert camera.lever("list").startswith("ok broken: nothing")


def test_breaking_it_again_and_again_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    camera = Camera(tmp_path).open()
    for _ in range(3):
        camera.lever("break disconnect")
        camera.lever("heal disconnect")
        camera.wait("connected")
    camera.driver.close()
    settled(lambda: set(threading.enumerate()) <= before)


_DIES = """
import sys, time
from pathlib import Path
from lensbus_proto.runtime.settings import OakSettings
from lensbus_services.oak.discover import world_folder
from lensbus_services.oak.driver import OakDriver
from lensbus_services.oak.scenarios import World

state = Path(sys.argv[1])
driver = OakDriver("14442C10D13EABCE00", OakSettings(), state)
driver.open()
World(world_folder(state), "14442C10D13EABCE00").begin("crash", [])
time.sleep(30)
"""


def test_a_crash_of_the_vendors_library_takes_the_process_down_once(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _DIES, str(tmp_path)],
        env={"PYTHONPATH": ":".join(sys.path), "HOME": str(tmp_path)},
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGSEGV
    camera = Camera(tmp_path).open()
    assert camera.lever("list").startswith("ok broken: nothing"), "the next worker lives"
    assert camera.still()
    camera.driver.close()


def test_a_scenario_that_holds_does_not_keep_a_camera_from_closing(camera: Camera) -> None:
    camera.driver.watch(frozenset({"CAM_A", "CAM_B"}))
    camera.lever("break slow ms=60000")
    camera.driver.pictures(0.2)
    began = time.monotonic()
    camera.driver.close()
    assert time.monotonic() - began < LIMIT_S
    with pytest.raises(CameraError):
        camera.still()
