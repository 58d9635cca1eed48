"""The network of a simulated sensor: boxes follow the picture, whatever becomes of its size."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lensbus_services.oak.backend import Plan
from lensbus_services.oak.networks import Layer, Model, Network, Wish
from lensbus_services.oak.nodes import fit
from lensbus_services.oak.scene import DEFAULT, color_lens
from lensbus_services.oak.sdk import dai
from lensbus_services.oak.seer import Seer, mapped

MODE = (640, 400)
BOX = (320, 160, 440, 280)
SIZES = [(640, 400), (320, 200), (300, 300), (200, 380), (1280, 800), (641, 333)]


def plan(size: tuple[int, int], mode: str = "CROP", crop: tuple[float, float] = (0, 0)) -> Plan:
    return Plan("CAM_A", MODE, size, size, 30.0, mode, crop)


def network(model: Model, **asked: Any) -> Network:
    return Network(Wish(**asked), model, Path("m.blob"))


@pytest.mark.parametrize("crop", [(0.0, 0.0), (0.25, 0.125), (0.9, 0.9)])
@pytest.mark.parametrize("mode", ["CROP", "STRETCH", "LETTERBOX"])
@pytest.mark.parametrize("size", SIZES)
def test_a_box_lies_where_its_pixels_lie(
    size: tuple[int, int], mode: str, crop: tuple[float, float]
) -> None:
    picture = np.zeros(MODE[::-1], np.uint8)
    left, top, right, bottom = BOX
    picture[top:bottom, left:right] = 255
    shown = fit(picture, size, mode, crop)
    rows, columns = (shown > 127).nonzero()
    box = mapped(BOX, plan(size, mode, crop))
    inside = [min(max(side, 0.0), 1.0) for side in box]
    if rows.size == 0:
        assert inside[0] == inside[2] or inside[1] == inside[3], "it was cut away"
        return
    real = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    found = [share * length for share, length in zip(inside, (*size, *size), strict=True)]
    assert found == pytest.approx(real, abs=1.01)


def test_the_first_layer_of_many_is_the_first_of_the_model() -> None:
    model = Model((300, 200), (Layer("b", (7, 1)), Layer("a", (4, 5))))
    seer = Seer(network(model, type="Generic"), plan(MODE), color_lens(MODE), DEFAULT, True)
    data = seer.look(1.0)
    assert data.getTensor("b").size == 7
    assert data.getTensor("a").size == 20
    assert data.getAllLayerNames()[0] == "b"


def test_of_a_film_nothing_is_known() -> None:
    seer = Seer(network(Model((1, 1), ()), type="YOLO"), plan(MODE), color_lens(MODE), None, True)
    assert seer.look(1.0).detections == []


@pytest.mark.parametrize(
    ("has_depth", "kind"), [(True, dai.SpatialImgDetections), (False, dai.ImgDetections)]
)
def test_only_a_device_that_measures_depth_places_things(has_depth: bool, kind: type) -> None:
    lens = color_lens(MODE)
    seer = Seer(network(Model((1, 1), ()), type="YOLO"), plan(MODE), lens, DEFAULT, has_depth)
    assert type(seer.look(1.0)) is kind


def test_what_leaves_the_picture_is_less_and_less_sure() -> None:
    """A cut that runs through a thing takes some of its confidence, then the thing."""
    sure = []
    for size in ((640, 400), (300, 400), (240, 400), (190, 400), (60, 400)):
        tuned = network(Model((1, 1), (), threshold=0.0), type="YOLO")
        seer = Seer(tuned, plan(size), color_lens(MODE), DEFAULT, False)
        found = {each.label: each.confidence for each in seer.look(0.0).detections}
        sure.append(found.get(3, 0.0))
    assert sure == sorted(sure, reverse=True)
    assert sure[0] > 0.9
    assert sure[-1] == 0.0
    assert any(0.0 < each < 0.9 for each in sure)
