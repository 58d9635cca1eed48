"""The OAK devices that the simulator can play, as tables."""

from dataclasses import dataclass
from typing import Final

from lensbus_services.oak.features import COLOR, MONO, Mode, Pair, Sensor

_IMX378: Final = Sensor(
    socket="CAM_A",
    sensor_name="IMX378",
    width=4056,
    height=3040,
    types=(COLOR,),
    has_autofocus=True,
    configs=(
        Mode(1352, 1012, 1.3, 52.0),
        Mode(1920, 1080, 2.0, 60.0),
        Mode(2024, 1520, 2.0, 85.0),
        Mode(3840, 2160, 1.4, 42.0),
        Mode(4056, 3040, 1.4, 30.0),
    ),
)


def _ov9282(socket: str) -> Sensor:
    return Sensor(
        socket=socket,
        sensor_name="OV9282",
        width=1280,
        height=800,
        types=(MONO,),
        has_autofocus=False,
        configs=(
            Mode(640, 400, 1.7, 210.0),
            Mode(1280, 720, 1.7, 143.0),
            Mode(1280, 800, 1.7, 129.0),
        ),
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """What one model of a device is made of."""

    model: str
    sensors: tuple[Sensor, ...]
    pairs: tuple[Pair, ...] = ()
    has_ir: bool = False


_STEREO: Final = (_IMX378, _ov9282("CAM_B"), _ov9282("CAM_C"))
_PAIRS: Final = (Pair("CAM_B", "CAM_C", 7.5),)

PROFILES: Final = {
    profile.model: profile
    for profile in (
        Profile("OAK-D-PRO", _STEREO, _PAIRS, has_ir=True),
        Profile("OAK-D", _STEREO, _PAIRS),
        Profile("OAK-1", (_IMX378,)),
    )
}
