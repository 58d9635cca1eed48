import itertools

import numpy as np
import pytest

from lensbus_services.oak.scene import (
    BASELINE_M,
    DISCS,
    SCENES,
    color_lens,
    left_lens,
    right_lens,
    view,
)
from lensbus_services.oak.stereo import Matcher

TIMES = (0.0, 1.234, 3.3, 1e6 + 0.7)
SIZES = ((640, 400), (1280, 800))


def test_every_disc_stands_at_a_whole_disparity() -> None:
    lens = left_lens((640, 400))
    for disc in DISCS:
        assert lens.focal_px * BASELINE_M / disc.distance_m == pytest.approx(disc.disparity_px)
    assert [disc.disparity_px for disc in DISCS] == [12, 18, 26, 40]


@pytest.mark.parametrize("time_s", TIMES)
def test_left_and_right_show_every_disc_shifted_by_exactly_its_disparity(time_s: float) -> None:
    size = (640, 400)
    left, right = view(left_lens(size)), view(right_lens(size))
    pictures = left.render(time_s), right.render(time_s)
    masks = left.truth(time_s).masks, right.truth(time_s).masks
    for disc in DISCS:
        shift = disc.disparity_px
        moved = np.roll(masks[0][disc.name], -shift, axis=1)
        both = moved & masks[1][disc.name]
        assert both.sum() > 0.9 * masks[0][disc.name].sum()
        assert (np.roll(pictures[0], -shift, axis=1)[both] == pictures[1][both]).all()


@pytest.mark.parametrize("time_s", TIMES)
def test_all_discs_can_be_seen_at_any_time_by_every_camera(time_s: float) -> None:
    for lens in (left_lens((640, 400)), right_lens((640, 400)), color_lens((640, 360))):
        masks = view(lens).truth(time_s).masks
        assert all(mask.sum() > 4000 for mask in masks.values())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("time_s", TIMES)
@pytest.mark.parametrize("name", sorted(SCENES))
def test_matching_measures_every_thing_within_one_percent(
    name: str, size: tuple[int, int], time_s: float
) -> None:
    scene = SCENES[name]
    left, right = view(left_lens(size), scene), view(right_lens(size), scene)
    depth_mm = Matcher(left_lens(size)).depth_mm(left.render(time_s), right.render(time_s))
    truth = left.truth(time_s)
    measured = depth_mm > 0
    for thing in scene.things:
        inside = depth_mm[truth.masks[thing.name] & measured]
        if inside.size > 500:  # a thing at the edge of the picture has no partner there
            assert float(np.median(inside)) / 1000 == pytest.approx(thing.distance_m, rel=0.01)
    disparity = left_lens(size).focal_px * BASELINE_M
    error_px = np.abs(
        disparity * 1000 / depth_mm[measured] - disparity / truth.distance_m[measured]
    )
    assert (error_px > 1).mean() <= 0.03
    assert measured.mean() > 0.7


def test_the_discs_move_and_the_wall_does_not() -> None:
    scene = view(left_lens((640, 400)))
    first, later = scene.render(0.0), scene.render(0.5)
    assert (first != later).any()
    nobody = ~np.logical_or.reduce(
        [*scene.truth(0.0).masks.values(), *scene.truth(0.5).masks.values()]
    )
    assert (first[nobody] == later[nobody]).all()


def test_the_same_moment_gives_the_same_picture() -> None:
    scene = view(color_lens((640, 360)))
    assert (scene.render(2.5) == scene.render(2.5)).all()


def test_things_on_the_belt_travel_and_come_again() -> None:
    (first, *others) = SCENES["belt"].things
    places = [first.place_m(step * 0.1)[0] for step in range(240)]
    turns = sum(later < earlier for earlier, later in itertools.pairwise(places))
    assert turns == 2, "two rounds of 12 s"
    assert all(each.distance_m == first.distance_m for each in others), "one distance, no collision"
    assert sorted(first.place_m(t)[0] for t in (0.0, 12.0, 24.0)) == pytest.approx([places[0]] * 3)


def test_a_dim_scene_is_dim_and_a_box_has_corners() -> None:
    bright, dim = (view(left_lens((640, 400)), SCENES[name]) for name in ("discs", "belt"))
    assert dim.brightness(0.0) == pytest.approx(bright.brightness(0.0) * 0.3, rel=0.2)
    box = dim.truth(2.0).masks["box"]
    rows, columns = np.flatnonzero(box.any(axis=1)), np.flatnonzero(box.any(axis=0))
    assert box[rows[0], columns[0]]
    assert box[rows[-1], columns[-1]]
