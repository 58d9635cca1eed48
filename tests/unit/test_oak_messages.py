from typing import Any

from lensbus_services.oak.control import Control, change, default
from lensbus_services.oak.messages import control_message
from lensbus_services.oak.profiles import PROFILES
from lensbus_services.oak.sdk import dai

COLOR_SENSOR, MONO_SENSOR, _ = PROFILES["OAK-D-PRO"].sensors
COLOR = default(has_autofocus=True)
MONO = default(has_autofocus=False)


def commands(message: Any) -> set[str]:
    if message is None:
        return set()
    known = dai.CameraControl.Command.__members__
    return {name for name, command in known.items() if message.getCommand(command)}


def sent(changes: dict[str, Any], before: Control = COLOR, sensor: Any = COLOR_SENSOR) -> Any:
    return control_message(change(before, changes), before, sensor)


def test_a_sensor_that_knows_nothing_is_told_everything_that_it_can_do() -> None:
    assert commands(control_message(COLOR, None, COLOR_SENSOR)) == {
        "AE_AUTO", "EXPOSURE_COMPENSATION", "AE_LOCK", "BRIGHTNESS", "CONTRAST", "LUMA_DENOISE",
        "SHARPNESS", "ANTIBANDING_MODE", "SATURATION", "CHROMA_DENOISE", "AWB_MODE", "AWB_LOCK",
        "AF_MODE",
    }  # fmt: skip
    assert commands(control_message(MONO, None, MONO_SENSOR)) == {
        "AE_AUTO", "EXPOSURE_COMPENSATION", "AE_LOCK", "BRIGHTNESS", "CONTRAST", "LUMA_DENOISE",
        "SHARPNESS", "ANTIBANDING_MODE",
    }  # fmt: skip


def test_nothing_new_sends_nothing() -> None:
    assert control_message(COLOR, COLOR, COLOR_SENSOR) is None


def test_only_what_differs_is_sent() -> None:
    message = sent({"brightness": -3})
    assert commands(message) == {"BRIGHTNESS"}
    assert message.brightness == -3


def test_sharpness_and_the_mains_are_sent() -> None:
    message = sent({"sharpness": 4, "anti_banding_mode": "MAINS_60_HZ"}, MONO, MONO_SENSOR)
    assert commands(message) == {"SHARPNESS", "ANTIBANDING_MODE"}
    assert (message.sharpness, message.antiBandingMode.name) == (4, "MAINS_60_HZ")


def test_exposure_by_hand_carries_both_values() -> None:
    values = {"auto_exposure_enable": False, "exposure_time": 33_000, "sensitivity_iso": 5000}
    message = sent(values)
    assert commands(message) == {"AE_MANUAL"}
    assert message.expManual.exposureTimeUs == 33_000
    assert message.expManual.sensitivityIso == 5000


def test_exposure_by_hand_is_ignored_while_it_is_automatic() -> None:
    assert sent({"exposure_time": 100, "sensitivity_iso": 200}) is None


def test_back_to_automatic_exposure_tells_all_of_it_again() -> None:
    manual = change(COLOR, {"auto_exposure_enable": False, "auto_exposure_compensation": 2})
    message = sent({"auto_exposure_enable": True}, manual)
    assert commands(message) == {
        "AE_AUTO", "EXPOSURE_COMPENSATION", "AE_LOCK", "ANTIBANDING_MODE",
    }  # fmt: skip
    assert message.expCompensation == 2


def test_a_limit_is_set_and_widened_again() -> None:
    limited = change(COLOR, {"auto_exposure_limit": 5000})
    assert control_message(limited, COLOR, COLOR_SENSOR).aeMaxExposureTimeUs == 5000  # type: ignore[union-attr]
    assert sent({"auto_exposure_limit": 0}, limited).aeMaxExposureTimeUs == 33_000


def test_white_balance_by_hand_needs_mode_off() -> None:
    assert sent({"manual_whitebalance": 3000}) is None
    message = sent({"auto_whitebalance_mode": "OFF", "manual_whitebalance": 12_000})
    assert commands(message) == {"AWB_MODE", "WB_COLOR_TEMP"}
    assert (message.awbMode.name, message.wbColorTemp) == ("OFF", 12_000)


def test_the_lens_moves_only_in_mode_off() -> None:
    assert sent({"focus": {"lens_position": 0.5}}) is None
    message = sent({"focus": {"auto_focus_mode": "OFF", "lens_position": 0.5}})
    assert commands(message) == {"AF_MODE", "MOVE_LENS_RAW"}
    assert message.lensPositionRaw == 0.5


def test_a_trigger_that_is_asked_for_again_is_sent_again() -> None:
    trigger = {"focus": {"auto_focus_mode": "AUTO", "auto_focus_trigger": True}}
    once = change(COLOR, trigger)
    assert commands(control_message(once, COLOR, COLOR_SENSOR)) == {"AF_MODE", "AF_TRIGGER"}
    assert commands(sent(trigger, once)) == {"AF_TRIGGER"}
    assert sent({"contrast": 0}, once) is None


def test_what_a_mono_sensor_cannot_do_is_not_sent() -> None:
    changes = {"saturation": 5, "chroma_denoise": 2, "auto_whitebalance_mode": "SHADE"}
    assert sent(changes, MONO, MONO_SENSOR) is None
