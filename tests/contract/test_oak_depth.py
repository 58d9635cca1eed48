"""Depth of a simulated OAK camera as numbers: every way out tells the same, and tells the truth."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from kit.bus import tap
from kit.oak_rig import PRO, STREAMS, OakRig, oak_rig
from lensbus_proto.runtime.clock import unix_us
from lensbus_services.oak.scene import DISCS, left_lens

DEPTH = f"{STREAMS}/DEPTH_B_C"
WALL_MM = 4000


@pytest.fixture(scope="module")
def rig() -> Iterator[OakRig]:
    with oak_rig() as running:
        running.switch("CAM_A", "DEPTH_B_C")
        yield running


def still(rig: OakRig, form: str) -> Any:
    answer = rig.ask("GET", f"{DEPTH}/still?format={form}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer


def points(rig: OakRig) -> Any:
    answer = rig.ask("GET", f"{DEPTH}/points")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="DEPTH_B_C.ply"'
    head, _, body = answer.content.partition(b"end_header\n")
    found = np.frombuffer(body, "<f4").reshape(-1, 3)
    assert b"element vertex %d\n" % len(found) in head
    return found


def near(depth: Any, distance_m: float) -> int:
    """How many pixels are within 1 % of a distance."""
    return int((np.abs(depth / 1000 - distance_m) <= distance_m / 100).sum())


@pytest.mark.parametrize("form", ["png16", "npy"])
def test_numbers_are_millimetres(rig: OakRig, form: str) -> None:
    answer = still(rig, form)
    if form == "npy":
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == 'attachment; filename="DEPTH_B_C.npy"'
        depth = np.load(io.BytesIO(answer.content), allow_pickle=False)
    else:
        assert answer.headers["content-type"] == "image/png"
        depth = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert (depth.shape, depth.dtype) == ((400, 640), np.uint16)
    assert 0.5 < (depth > 0).mean() < 1
    for disc in DISCS:
        area = np.pi * disc.radius_px**2
        assert near(depth, disc.distance_m) > 0.6 * area, disc.name
    assert abs(float(np.median(depth[:100][depth[:100] > 0])) - WALL_MM) < WALL_MM / 20


def test_points_stand_where_things_are(rig: OakRig) -> None:
    cloud = points(rig)
    for disc in DISCS:
        scale = disc.distance_m / left_lens((640, 400)).focal_px
        is_there = np.abs(cloud[:, 2] - disc.distance_m) <= disc.distance_m / 100
        is_high = np.abs(cloud[:, 1] - disc.y_px * scale) <= disc.radius_px * scale
        there = cloud[is_there & is_high]  # the floor comes as near, but lower
        # It swings from side to side, and stays as high and as large as it is.
        assert len(there) > 0.6 * np.pi * disc.radius_px**2, disc.name
        assert np.median(there[:, 1]) == pytest.approx(disc.y_px * scale, abs=0.05)
        within = np.abs(there[:, 0] - disc.x_px * scale) <= (disc.sway_px + disc.radius_px) * scale
        assert within.mean() > 0.95
    wall = cloud[np.abs(cloud[:, 2] - 4) < 0.2]
    assert wall[:, 0].min() < -1.5 < 2.5 < wall[:, 0].max()
    assert (cloud[:, 1] < 0.9).mean() > 0.97, "nothing is below the floor"


def test_points_are_the_pixels_of_the_numbers(rig: OakRig) -> None:
    depth = np.load(io.BytesIO(still(rig, "npy").content), allow_pickle=False)
    cloud = points(rig)
    # Two pictures, one after the other: as many points, as far away.
    assert len(cloud) == pytest.approx(int((depth > 0).sum()), rel=0.05)
    measured = np.percentile(depth[depth > 0], [5, 25, 50, 75, 95]) / 1000
    assert np.percentile(cloud[:, 2], [5, 25, 50, 75, 95]) == pytest.approx(measured, rel=0.05)


def test_what_is_shown_is_stretched_from_the_numbers(rig: OakRig) -> None:
    shown = np.asarray(Image.open(io.BytesIO(still(rig, "png").content)))
    depth = np.load(io.BytesIO(still(rig, "npy").content), allow_pickle=False)
    assert (shown.dtype, shown.shape) == (np.uint8, depth.shape)
    both = (shown > 0) & (depth > 0)
    # Brightness is disparity: near is lighter.
    expected = 255 * 440.44 / 95 * 75 / depth[both]
    assert float(np.median(np.abs(shown[both] - expected))) <= 1
    assert ((shown == 0) == (depth == 0)).mean() > 0.95


@pytest.mark.parametrize("form", ["png16", "npy"])
def test_a_sensor_has_no_numbers(rig: OakRig, form: str) -> None:
    answer = rig.ask("GET", f"{STREAMS}/CAM_A/still?format={form}")
    assert answer.status_code == 422
    (fault,) = answer.json()["detail"]
    assert (fault["type"], fault["loc"]) == ("value_error", ["query", "format"])


def test_reading_depth_is_no_capture(rig: OakRig) -> None:
    with tap(rig.settings) as told:
        answer = rig.ask("GET", f"{DEPTH}/depth")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert answer.headers["cache-control"] == "no-store"
        depth = np.asarray(Image.open(io.BytesIO(answer.content)))
        assert (depth.shape, depth.dtype) == ((400, 640), np.uint16)
        # In the midst of what was measured: there the next picture measures it again.
        whole = sliding_window_view(depth[:100] > 0, (31, 31)).mean(axis=(2, 3))
        row, column = np.unravel_index(int(whole.argmax()), whole.shape)
        across, down = (column + 15) / 640, (row + 15) / 400
        reading = rig.ask("GET", f"{DEPTH}/depth?at={across},{down}").json()
        assert abs(reading["mm"] - WALL_MM) < WALL_MM / 10
        assert (reading["width"], reading["height"]) == (640, 400)
        assert abs(reading["time_us"] - unix_us()) < 60_000_000
        still(rig, "npy")
        told.until("stillCaptured", PRO)
    captures = [event.data["format"] for event in told.events if event.kind == "stillCaptured"]
    assert captures == ["npy"], "the still alone tells of itself"


@pytest.mark.parametrize("place", ["", "1", "0.5,x", "0.5,1.1", "-0.1,0", "nan,0", "0,0,0"])
def test_a_place_outside_the_picture_is_refused(rig: OakRig, place: str) -> None:
    answer = rig.ask("GET", f"{DEPTH}/depth?at={place}")
    assert answer.status_code == 422
    (fault,) = answer.json()["detail"]
    assert (fault["type"], fault["loc"]) == ("place", ["query", "at"])


@pytest.mark.parametrize("way", ["points", "depth", "depth?at=0.5,0.5"])
@pytest.mark.parametrize(
    ("stream", "status"),
    [("CAM_A", 422), ("CAM_B", 409), ("CAM_D", 404), ("DEPTH_A_B", 404), ("cam_a", 422)],
)
def test_what_is_no_depth_is_not_measured(rig: OakRig, stream: str, status: int, way: str) -> None:
    answer = rig.ask("GET", f"{STREAMS}/{stream}/{way}")
    assert answer.status_code == status
    assert "detail" in answer.json()
