"""`Control` as depthai's CameraControl message, for real and simulated sensors alike."""

from lensbus_services.oak.control import Control
from lensbus_services.oak.features import Sensor
from lensbus_services.oak.sdk import dai

_WHITEBALANCE = dai.CameraControl.AutoWhiteBalanceMode.__members__
_ANTI_BANDING = dai.CameraControl.AntiBandingMode.__members__
_FOCUS = dai.CameraControl.AutoFocusMode.__members__
# A limit cannot be taken back, only be widened to the longest exposure there is.
_NO_LIMIT_US = 33_000


def control_message(
    control: Control, before: Control | None, sensor: Sensor
) -> dai.CameraControl | None:
    """Return a message with what differs from `before`; None if nothing does.

    What a sensor cannot do is left out. The setters of depthai do not check their values: these
    come from `control.change`, which does.
    """
    message = dai.CameraControl()
    _exposure(message, control, before)
    _tones(message, control, before)
    if sensor.has_color:
        _color(message, control, before)
    if sensor.has_autofocus:
        _focus(message, control, before)
    return message if message.cmdMask else None


def _differs(control: Control, before: Control | None, *names: str) -> bool:
    return before is None or any(getattr(control, n) != getattr(before, n) for n in names)


def _exposure(message: dai.CameraControl, control: Control, before: Control | None) -> None:
    if not control.auto_exposure_enable:
        if _differs(control, before, "auto_exposure_enable", "exposure_time", "sensitivity_iso"):
            message.setManualExposure(control.exposure_time, control.sensitivity_iso)
        return
    is_back = _differs(control, before, "auto_exposure_enable")
    if is_back:
        message.setAutoExposureEnable()
    if is_back or _differs(control, before, "auto_exposure_compensation"):
        message.setAutoExposureCompensation(control.auto_exposure_compensation)
    if is_back or _differs(control, before, "auto_exposure_lock"):
        message.setAutoExposureLock(control.auto_exposure_lock)
    if is_back or _differs(control, before, "anti_banding_mode"):
        message.setAntiBandingMode(_ANTI_BANDING[control.anti_banding_mode])
    changed = _differs(control, before, "auto_exposure_limit")
    if changed and (control.auto_exposure_limit or before is not None):
        message.setAutoExposureLimit(control.auto_exposure_limit or _NO_LIMIT_US)


def _tones(message: dai.CameraControl, control: Control, before: Control | None) -> None:
    if _differs(control, before, "brightness"):
        message.setBrightness(control.brightness)
    if _differs(control, before, "contrast"):
        message.setContrast(control.contrast)
    if _differs(control, before, "sharpness"):
        message.setSharpness(control.sharpness)
    if _differs(control, before, "luma_denoise"):
        message.setLumaDenoise(control.luma_denoise)


def _color(message: dai.CameraControl, control: Control, before: Control | None) -> None:
    if _differs(control, before, "saturation"):
        message.setSaturation(control.saturation)
    if _differs(control, before, "chroma_denoise"):
        message.setChromaDenoise(control.chroma_denoise)
    if _differs(control, before, "auto_whitebalance_mode"):
        message.setAutoWhiteBalanceMode(_WHITEBALANCE[control.auto_whitebalance_mode])
    if control.auto_whitebalance_mode == "OFF":
        if _differs(control, before, "auto_whitebalance_mode", "manual_whitebalance"):
            message.setManualWhiteBalance(control.manual_whitebalance)
    elif _differs(control, before, "auto_whitebalance_mode", "auto_whitebalance_lock"):
        message.setAutoWhiteBalanceLock(control.auto_whitebalance_lock)


def _focus(message: dai.CameraControl, control: Control, before: Control | None) -> None:
    focus = control.focus
    if focus is None:
        return
    earlier = before.focus if before is not None else None
    if earlier is None or focus.auto_focus_mode != earlier.auto_focus_mode:
        message.setAutoFocusMode(_FOCUS[focus.auto_focus_mode])
    if focus.auto_focus_mode == "OFF":
        if focus != earlier:
            message.setManualFocusRaw(focus.lens_position)
    elif focus.auto_focus_trigger and focus is not earlier:
        # A new object that asks for a run asks again, even if it is equal to the last one.
        message.setAutoFocusTrigger()
