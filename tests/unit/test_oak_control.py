from typing import Any

import pytest

from kit.oak_limits import LATER_LIMITS, SEED_LIMITS
from lensbus_proto.errors import BadArguments
from lensbus_services.oak.control import (
    FOCUS_MODES,
    LIMITS,
    WHITEBALANCE_MODES,
    Focus,
    Reading,
    capabilities,
    change,
    default,
    live,
    to_map,
)
from lensbus_services.oak.features import Sensor
from lensbus_services.oak.profiles import PROFILES

COLOR_SENSOR, MONO_SENSOR, _ = PROFILES["OAK-D-PRO"].sensors
COLOR = default(has_autofocus=True)
MONO = default(has_autofocus=False)


@pytest.mark.parametrize(("field", "least", "most"), SEED_LIMITS + LATER_LIMITS)
def test_both_ends_of_a_range_are_taken_and_one_beyond_is_not(
    field: str, least: int, most: int
) -> None:
    for value in (least, most):
        assert to_map(change(COLOR, {field: value}))[field] == value
    for value in (least - 1, most + 1):
        with pytest.raises(BadArguments) as caught:
            change(COLOR, {field: value})
        assert caught.value.detail == {"field": field}
        assert f"{least} to {most}" in caught.value.message


def test_every_limit_is_tested() -> None:
    tested = {field for field, _, _ in SEED_LIMITS + LATER_LIMITS}
    assert set(LIMITS) == tested | {"auto_exposure_limit"}


def test_the_limit_of_automatic_exposure_has_a_floor_and_no_ceiling() -> None:
    assert change(COLOR, {"auto_exposure_limit": 0}).auto_exposure_limit == 0
    assert change(COLOR, {"auto_exposure_limit": 10**7}).auto_exposure_limit == 10**7
    with pytest.raises(BadArguments):
        change(COLOR, {"auto_exposure_limit": -1})


@pytest.mark.parametrize("value", [None, "9000", 1.5, True, [1], float("nan"), float("inf")])
def test_what_is_no_integer_is_refused(value: Any) -> None:
    with pytest.raises(BadArguments, match="exposure_time"):
        change(COLOR, {"exposure_time": value})


def test_a_whole_float_counts_as_an_integer() -> None:
    assert change(COLOR, {"exposure_time": 900.0}).exposure_time == 900


@pytest.mark.parametrize("value", [None, 1, "true"])
def test_what_is_no_bool_is_refused(value: Any) -> None:
    with pytest.raises(BadArguments, match="auto_exposure_enable"):
        change(COLOR, {"auto_exposure_enable": value})


def test_the_modes_are_the_published_ones() -> None:
    for mode in WHITEBALANCE_MODES:
        assert change(COLOR, {"auto_whitebalance_mode": mode}).auto_whitebalance_mode == mode
    for mode in FOCUS_MODES:
        focus = change(COLOR, {"focus": {"auto_focus_mode": mode}}).focus
        assert focus is not None
        assert focus.auto_focus_mode == mode
    for bad in ("auto", "SUNNY", None, 1):
        with pytest.raises(BadArguments, match="auto_whitebalance_mode"):
            change(COLOR, {"auto_whitebalance_mode": bad})


def test_the_mains_decide_about_banding() -> None:
    for mode in ("OFF", "MAINS_50_HZ", "MAINS_60_HZ", "AUTO"):
        assert change(MONO, {"anti_banding_mode": mode}).anti_banding_mode == mode
    with pytest.raises(BadArguments, match="anti_banding_mode"):
        change(MONO, {"anti_banding_mode": "MAINS_55_HZ"})


NUMBERS = [
    *("exposure_time", "sensitivity_iso", "auto_exposure_compensation", "auto_exposure_limit"),
    *("contrast", "brightness", "saturation", "sharpness", "chroma_denoise", "luma_denoise"),
    *("manual_whitebalance", "lens_position"),
]


@pytest.mark.parametrize("sensor", PROFILES["OAK-D-PRO"].sensors[:2], ids=lambda s: s.socket)
def test_a_control_drawn_from_the_capabilities_is_never_refused(sensor: Sensor) -> None:
    initial = default(sensor.has_autofocus)
    told = capabilities(sensor)

    for field in NUMBERS:
        if (offered := told[field]) is None:
            continue
        assert offered["min"] <= offered["default"] <= offered["max"]
        assert offered["step"] > 0
        for value in (offered["min"], offered["default"], offered["max"]):
            body = {"focus": {field: value}} if field == "lens_position" else {field: value}
            change(initial, body)
    for field, modes in (
        ("auto_whitebalance_mode", told["auto_whitebalance_modes"] or []),
        ("anti_banding_mode", told["anti_banding_modes"]),
    ):
        for mode in modes:
            assert getattr(change(initial, {field: mode}), field) == mode


def test_the_capabilities_of_a_color_sensor() -> None:
    told = capabilities(COLOR_SENSOR)
    assert (told["sensor_type"], told["has_autofocus"], told["has_color_controls"]) == (
        "COLOR", True, True,
    )  # fmt: skip
    assert told["exposure_time"] == {"min": 1, "max": 33000, "default": 20000, "step": 1}
    assert told["sensitivity_iso"] == {"min": 100, "max": 5000, "default": 800, "step": 1}
    assert told["lens_position"] == {"min": 0.0, "max": 1.0, "default": 0.0, "step": 0.01}
    assert told["auto_focus_modes"] == list(FOCUS_MODES)
    assert told["auto_whitebalance_modes"] == list(WHITEBALANCE_MODES)


def test_what_a_mono_sensor_without_autofocus_cannot_do_is_none() -> None:
    told = capabilities(MONO_SENSOR)
    assert (told["sensor_type"], told["has_autofocus"], told["has_color_controls"]) == (
        "MONO", False, False,
    )  # fmt: skip
    missing = {field for field, value in told.items() if value is None}
    assert missing == {
        "saturation", "chroma_denoise", "manual_whitebalance", "lens_position",
        "auto_whitebalance_modes",
    }  # fmt: skip
    assert told["auto_focus_modes"] == []


def test_nothing_and_unknown_keys_change_nothing() -> None:
    assert change(COLOR, {}) == COLOR
    assert change(COLOR, {"zoom": 3}) == COLOR


def test_focus_is_replaced_as_a_whole() -> None:
    manual = {"auto_focus_mode": "OFF", "lens_position": 0.25}
    first = change(COLOR, {"focus": manual})
    assert first.focus == Focus("OFF", False, 0.25)
    assert change(first, {"focus": {"lens_position": 0.5}}).focus == Focus(lens_position=0.5)


def test_focus_none_leaves_the_focus() -> None:
    assert change(COLOR, {"focus": None}) == COLOR


def test_the_lens_moves_from_0_to_1() -> None:
    for value in (0, 0.0, 1, 1.0):
        assert change(COLOR, {"focus": {"lens_position": value}}).focus is not None
    for bad in (-0.001, 1.001, "0.5", None, True):
        with pytest.raises(BadArguments) as caught:
            change(COLOR, {"focus": {"lens_position": bad}})
        assert caught.value.detail == {"field": "focus.lens_position"}


def test_focus_without_autofocus_is_checked_and_ignored() -> None:
    assert change(MONO, {"focus": {"lens_position": 0.5}}).focus is None
    with pytest.raises(BadArguments):
        change(MONO, {"focus": {"lens_position": 2}})


def test_a_whole_object_can_go_back_with_one_change() -> None:
    changed = change(COLOR, to_map(COLOR) | {"contrast": 3})
    assert to_map(changed) == to_map(COLOR) | {"contrast": 3}


def test_live_values_are_shown_while_automatics_choose_them() -> None:
    reading = Reading(exposure_us=40_000, iso=50, kelvin=4321, lens=0.5)
    shown = live(COLOR, reading)
    assert (shown.exposure_time, shown.sensitivity_iso) == (33_000, 100), "clamped for clients"
    assert shown.manual_whitebalance == 4321
    assert shown.focus is not None
    assert shown.focus.lens_position == 0.5


def test_live_values_do_not_hide_what_was_set_by_hand() -> None:
    manual = {
        "auto_exposure_enable": False,
        "exposure_time": 500,
        "auto_whitebalance_mode": "OFF",
        "manual_whitebalance": 3000,
        "focus": {"auto_focus_mode": "OFF", "lens_position": 0.1},
    }
    control = change(COLOR, manual)
    assert live(control, Reading(exposure_us=9000, iso=300, kelvin=5000, lens=0.9)) == control
