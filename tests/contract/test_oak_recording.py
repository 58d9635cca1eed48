"""The rolling recording of a simulated OAK camera, from its driver and over HTTP."""

import io
import threading
from collections.abc import Iterator
from typing import Any

import av
import pytest

from kit.fake_commander import Surface
from kit.fake_oak import FakeOak
from kit.oak_rig import PRO, STREAMS, OakRig, oak_rig
from kit.processes import wait_for
from lensbus_gateway.robopipe.routes import routes
from lensbus_proto.runtime.settings import OakRecordingSettings

RECORDING = f"/cameras/{PRO}/recording"


@pytest.fixture(scope="module")
def rig() -> Iterator[OakRig]:
    with oak_rig(recording=OakRecordingSettings(seconds=5.0, fps=5.0, width=320)) as running:
        yield running


def seconds(rig: OakRig) -> float:
    """Return how long the recording is now; 0 when there is none."""
    answer = rig.ask("GET", RECORDING)
    if answer.status_code == 404:
        return 0.0
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "video/webm"
    assert answer.headers["cache-control"] == "no-store"
    assert f"recording-{PRO}.webm" in answer.headers["content-disposition"]
    container: Any
    with av.open(io.BytesIO(answer.content)) as container:
        frames = list(container.decode(video=0))
    assert (frames[0].width, frames[0].height) == (320, 180), "the colour sensor"
    return float(frames[-1].time)


def rests(rig: OakRig) -> bool:
    """Tell whether the recording has not grown for as long as two of its pictures take."""
    before = seconds(rig)
    threading.Event().wait(0.5)
    return seconds(rig) == before


def test_what_was_seen_can_be_watched_while_nobody_looks(rig: OakRig) -> None:
    wait_for(lambda: seconds(rig) > 1.0, limit_s=30)


def test_a_camera_that_is_shut_down_has_what_it_saw_and_goes_on_later(rig: OakRig) -> None:
    wait_for(lambda: seconds(rig) > 0.5, limit_s=30)
    rig.ask("DELETE", f"/cameras/{PRO}/")
    before = seconds(rig)
    assert before > 0.5
    assert seconds(rig) == before
    rig.ask("POST", f"/cameras/{PRO}/")
    wait_for(lambda: seconds(rig) > before, limit_s=30)


def test_a_stream_that_is_off_is_not_recorded_and_goes_on_later(rig: OakRig) -> None:
    rig.ask("DELETE", f"{STREAMS}/CAM_A/")
    wait_for(lambda: rests(rig))
    before = seconds(rig)
    rig.ask("POST", f"{STREAMS}/CAM_A/")
    wait_for(lambda: seconds(rig) != before, limit_s=30)


def test_without_a_recording_it_is_not_found() -> None:
    with oak_rig() as plain:
        answer = plain.ask("GET", RECORDING)
        assert answer.status_code == 404
        assert answer.json() == {"detail": "there is no recording; see oak.recording.seconds"}
        assert not [each for each in threading.enumerate() if each.name == "oak-recorder"][1:]


@pytest.mark.parametrize("slash", ["", "/"])
def test_both_spellings_and_every_refusal(slash: str) -> None:
    oak = FakeOak()
    surface = Surface(routes, oak)
    assert surface.get(RECORDING + slash).status_code == 404
    oak.recording = b"\x1aE\xdf\xa3film"
    answer = surface.get(RECORDING + slash)
    assert (answer.status_code, answer.content) == (200, oak.recording)
    assert surface.get(f"/cameras/NOBODY/recording{slash}").status_code == 404
    assert surface.get(f"/cameras/lower/recording{slash}").status_code == 422
    assert surface.post(RECORDING + slash).status_code == 405
