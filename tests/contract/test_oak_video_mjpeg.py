"""MJPEG of a simulated OAK camera, as a browser's `img` reads it."""

import io
from collections.abc import Iterator
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from kit.gateway import Wire
from kit.oak_rig import PRO, STREAMS, OakRig, oak_rig
from kit.processes import wait_for
from lensbus_proto.runtime.clock import unix_us


@pytest.fixture(scope="module")
def rig() -> Iterator[OakRig]:
    with oak_rig(viewers=2) as running:
        yield running


def watching(rig: OakRig, stream: str) -> Wire:
    wire = Wire(rig.gateways[0].address)
    wire.request(urlsplit(rig.url(f"{STREAMS}/{stream}/mjpeg")).path)
    head = wire.head()
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"multipart/x-mixed-replace; boundary=lensbus-picture" in head
    wire.chunk()
    return wire


def picture(wire: Wire) -> tuple[float, Image.Image]:
    """The time at which the next picture was taken, and the picture."""
    head, _, rest = wire.chunk().partition(b"\r\n\r\n")
    fields = dict(line.split(": ") for line in head.decode().split("\r\n"))
    assert fields["Content-Type"] == "image/jpeg"
    image = Image.open(io.BytesIO(rest[: int(fields["Content-Length"])]))
    image.load()
    return float(fields["X-Timestamp"]), image


@pytest.mark.parametrize(
    ("streams", "size", "mode"),
    [
        (("CAM_A", "CAM_B", "CAM_C"), (1920, 1080), "RGB"),
        (("CAM_B", "CAM_C"), (640, 400), "L"),
        (("DEPTH_B_C", "CAM_A"), (640, 400), "L"),
    ],
)
def test_a_stream_moves(
    rig: OakRig, streams: tuple[str, ...], size: tuple[int, int], mode: str
) -> None:
    rig.switch(*streams)
    with watching(rig, streams[0]) as wire:
        shown = [picture(wire) for _ in range(8)]
    assert {(image.size, image.mode) for _, image in shown} == {(size, mode)}
    times = [time_s for time_s, _ in shown]
    assert times == sorted(set(times))
    assert 0 <= unix_us() / 1e6 - times[-1] < 5
    first, last = (np.asarray(image.convert("L")).astype(int) for _, image in (shown[0], shown[-1]))
    assert np.abs(first - last).max() > 40


def test_the_answer_ends_with_its_stream(rig: OakRig) -> None:
    rig.switch("CAM_B")
    with watching(rig, "CAM_B") as wire:
        picture(wire)
        rig.ask("DELETE", f"{STREAMS}/CAM_B/")
        assert wire.rest().endswith(b"--lensbus-picture--\r\n\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{STREAMS}/CAM_D/mjpeg", 404),
        (f"{STREAMS}/DEPTH_B_C/mjpeg", 409),
        (f"{STREAMS}/cam_a/mjpeg", 422),
        ("/cameras/NOBODY/streams/CAM_A/mjpeg", 404),
    ],
)
def test_what_cannot_be_shown_is_refused(rig: OakRig, path: str, status: int) -> None:
    rig.switch("CAM_A", "CAM_B", "CAM_C")
    answer = rig.ask("GET", path)
    assert answer.status_code == status
    assert "detail" in answer.json()


def test_one_viewer_too_many_is_refused_however_the_others_watch(rig: OakRig) -> None:
    rig.switch("CAM_A", "CAM_B", "CAM_C")
    viewers = rig.gateways[0].app.state.viewers
    wait_for(lambda: len(viewers) == 0)
    with watching(rig, "CAM_B"), rig.video("CAM_B") as video:
        video.recv(timeout=10)
        assert rig.ask("GET", f"/cameras/{PRO}/streams/CAM_C/mjpeg").status_code == 503
    wait_for(lambda: len(viewers) == 0)
    with watching(rig, "CAM_C") as wire:
        picture(wire)
