from dataclasses import replace
from typing import Any

import pytest

from lensbus_proto.errors import BadArguments
from lensbus_services.oak.config import Config, available, change, default, to_map
from lensbus_services.oak.features import Mode, Sensor
from lensbus_services.oak.profiles import PROFILES

COLOR_SENSOR, MONO_SENSOR, _ = PROFILES["OAK-D-PRO"].sensors
COLOR = default(COLOR_SENSOR, 30.0)
MONO = default(MONO_SENSOR, 30.0)
COLOR_FORM = {
    "resolution": "THE_4_K",
    "still_size": [3840, 2160],
    "preview_size": [300, 300],
    "video_size": [1920, 1080],
    "sensor_crop": [0.5, 0.25],
    "fps": 20,
}


def refused(config: Config, body: dict[str, Any], sensor: Any = COLOR_SENSOR) -> str:
    with pytest.raises(BadArguments) as caught:
        change(config, body, sensor)
    field = caught.value.detail["field"]
    assert isinstance(field, str)
    return field


def test_the_defaults_are_those_of_the_published_api() -> None:
    assert to_map(COLOR, COLOR_SENSOR) == {
        "resolution": "THE_1080_P",
        "still_size": [1920, 1080],
        "preview_size": [300, 300],
        "video_size": [1920, 1080],
        "sensor_crop": [0.0, 0.0],
        "fps": 30.0,
        "width": 1920,
        "height": 1080,
        "resize_mode": "CROP",
    }
    assert to_map(MONO, MONO_SENSOR) == {
        "resolution": "THE_400_P",
        "fps": 30.0,
        "width": 640,
        "height": 400,
        "resize_mode": "CROP",
    }


def test_a_color_form_sets_everything() -> None:
    config = change(COLOR, COLOR_FORM, COLOR_SENSOR)
    assert to_map(config, COLOR_SENSOR) == COLOR_FORM | {
        "fps": 20.0,
        "width": 3840,
        "height": 2160,
        "resize_mode": "CROP",
    }


def test_a_camera_form_names_the_resolution_by_its_size() -> None:
    body = {key: value for key, value in COLOR_FORM.items() if key != "sensor_crop"}
    config = change(COLOR, body | {"resolution": [3840, 2160]}, COLOR_SENSOR)
    assert (config.resolution, config.still_size) == ("THE_4_K", (3840, 2160))


def test_a_mono_form_needs_resolution_and_fps_only() -> None:
    config = change(MONO, {"resolution": "THE_800_P", "fps": 60}, MONO_SENSOR)
    assert (config.resolution, config.fps, config.video_size) == ("THE_800_P", 60.0, (1280, 800))


def test_a_still_form_takes_the_smallest_mode_that_covers_it() -> None:
    body = {"width": 2016, "height": 1520, "fps": 30, "resize_mode": "LETTERBOX"}
    config = change(COLOR, body, COLOR_SENSOR)
    assert config.resolution == "THE_2024X1520"
    assert (config.still_size, config.video_size) == ((2016, 1520), (2016, 1520))
    assert config.resize_mode == "LETTERBOX"


def test_a_still_form_keeps_the_mode_if_it_is_large_enough() -> None:
    config = change(COLOR, {"width": 640, "height": 360, "fps": 30}, COLOR_SENSOR)
    assert (config.resolution, config.still_size) == ("THE_1080_P", (640, 360))


@pytest.mark.parametrize(
    ("changes", "resolution", "still"),
    [
        ({}, "THE_1080_P", (1920, 1080)),
        ({"resolution": "THE_4_K"}, "THE_4_K", (1920, 1080)),
        ({"width": 1280, "height": 720}, "THE_1080_P", (1280, 720)),
        ({"still_size": [1280, 720]}, "THE_1080_P", (1280, 720)),
    ],
)
def test_a_whole_object_that_goes_back_means_what_differs_in_it(
    changes: dict[str, Any], resolution: str, still: tuple[int, int]
) -> None:
    config = change(COLOR, to_map(COLOR, COLOR_SENSOR) | changes, COLOR_SENSOR)
    assert (config.resolution, config.still_size) == (resolution, still)


@pytest.mark.parametrize("name", ["THE_720_P", "THE_400_P", "4K", "", None, 1080, [1920, 1081], []])
def test_a_resolution_that_the_sensor_has_not_is_refused(name: object) -> None:
    assert refused(COLOR, COLOR_FORM | {"resolution": name}) == "resolution"


@pytest.mark.parametrize("name", ["THE_480_P", "THE_1080_P"])
def test_a_mono_sensor_refuses_what_is_not_its_own(name: str) -> None:
    assert refused(MONO, {"resolution": name, "fps": 30}, MONO_SENSOR) == "resolution"


@pytest.mark.parametrize("missing", ["fps", "still_size", "preview_size", "video_size"])
def test_a_camera_form_must_be_complete(missing: str) -> None:
    body = COLOR_FORM | {"resolution": [3840, 2160]}
    del body[missing]
    assert refused(COLOR, body) == missing


@pytest.mark.parametrize("missing", ["fps", "preview_size", "video_size", "sensor_crop"])
def test_a_color_form_must_be_complete(missing: str) -> None:
    assert refused(COLOR, {k: v for k, v in COLOR_FORM.items() if k != missing}) == missing


def test_an_empty_body_misses_its_resolution() -> None:
    assert refused(COLOR, {}) == "resolution"


@pytest.mark.parametrize("fps", [1.39, 42.01, "30", None, True, float("nan")])
def test_a_rate_outside_of_the_mode_is_refused(fps: object) -> None:
    assert refused(COLOR, COLOR_FORM | {"fps": fps}) == "fps"


@pytest.mark.parametrize("fps", [1.4, 42])
def test_both_ends_of_the_rates_of_a_mode_are_taken(fps: float) -> None:
    assert change(COLOR, COLOR_FORM | {"fps": fps}, COLOR_SENSOR).fps == fps


@pytest.mark.parametrize("field", ["still_size", "preview_size", "video_size"])
@pytest.mark.parametrize(
    "size", [[0, 100], [100, 0], [3841, 100], [100, 2161], [1, 2, 3], "ab", 5, [1.5, 2]]
)
def test_a_size_that_does_not_fit_the_mode_is_refused(field: str, size: object) -> None:
    assert refused(COLOR, COLOR_FORM | {field: size}) == field


@pytest.mark.parametrize("crop", [[-0.1, 0], [0, 1.1], [0], "no", [0, None]])
def test_a_crop_outside_of_the_sensor_is_refused(crop: object) -> None:
    assert refused(COLOR, COLOR_FORM | {"sensor_crop": crop}) == "sensor_crop"


def test_twelve_megapixels_give_stills_in_blocks_and_video_of_4k() -> None:
    body = COLOR_FORM | {
        "resolution": "THE_12_MP",
        "still_size": [4056, 3040],
        "video_size": [4056, 3040],
    }
    config = change(COLOR, body, COLOR_SENSOR)
    assert (config.still_size, config.video_size) == ((4032, 3040), (3840, 2160))


@pytest.mark.parametrize(("width", "height"), [(4057, 100), (100, 3041), (0, 1), ("a", 1)])
def test_a_still_form_larger_than_the_sensor_is_refused(width: Any, height: Any) -> None:
    assert refused(COLOR, {"width": width, "height": height, "fps": 10}) in ("width", "height")


def test_an_unknown_resize_mode_is_refused() -> None:
    body = {"width": 640, "height": 360, "fps": 30, "resize_mode": "ZOOM"}
    assert refused(COLOR, body) == "resize_mode"


def test_the_rate_of_the_settings_is_held_inside_the_mode() -> None:
    assert default(COLOR_SENSOR, 120.0).fps == 60.0


def test_the_still_form_offers_every_mode_in_blocks_largest_first() -> None:
    assert available(COLOR_SENSOR) == [
        {"width": 4032, "height": 3040, "min_fps": 2, "max_fps": 30},
        {"width": 3840, "height": 2160, "min_fps": 2, "max_fps": 42},
        {"width": 2016, "height": 1520, "min_fps": 2, "max_fps": 85},
        {"width": 1920, "height": 1080, "min_fps": 2, "max_fps": 60},
        {"width": 1344, "height": 1012, "min_fps": 2, "max_fps": 52},
    ]


def test_pictures_of_more_than_twenty_megapixels_are_not_offered() -> None:
    large = replace(COLOR_SENSOR, configs=(*COLOR_SENSOR.configs, Mode(8000, 6000, 1.0, 10.0)))
    assert available(large) == available(COLOR_SENSOR)


@pytest.mark.parametrize("sensor", [COLOR_SENSOR, MONO_SENSOR], ids=lambda s: s.socket)
def test_whatever_is_offered_is_taken_from_any_mode(sensor: Sensor) -> None:
    for name in sensor.resolutions():
        before = replace(default(sensor, 30.0), resolution=name)
        for option in available(sensor):
            size = {"width": option["width"], "height": option["height"]}
            for fps in (option["min_fps"], option["max_fps"]):
                after = to_map(change(before, size | {"fps": fps}, sensor), sensor)
                assert after | size | {"fps": fps} == after


def test_a_rate_that_no_mode_has_is_refused() -> None:
    assert refused(COLOR, {"width": 640, "height": 360, "fps": 86}) == "fps"
    assert refused(COLOR, {"width": 640, "height": 360, "fps": "fast"}) == "fps"
