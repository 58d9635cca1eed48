"""The OAK devices that the simulator can play, as tables."""

from dataclasses import dataclass
from typing import Final

from lensbus_services.oak.features import COLOR, MONO, Identity, Mode, Pair, Sensor

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


_IMX214: Final = Sensor(
    socket="CAM_A",
    sensor_name="IMX214",
    width=4208,
    height=3120,
    types=(COLOR,),
    has_autofocus=True,
    configs=(
        Mode(1920, 1080, 1.4, 60.0),
        Mode(2104, 1560, 1.4, 60.0),
        Mode(3840, 2160, 1.4, 30.0),
        Mode(4208, 3120, 1.4, 30.0),
    ),
)

_OV9282: Final = (
    Mode(640, 400, 1.7, 210.0),
    Mode(1280, 720, 1.7, 143.0),
    Mode(1280, 800, 1.7, 129.0),
)
_OV7251: Final = (Mode(640, 400, 1.5, 118.0), Mode(640, 480, 1.5, 99.0))


def _mono(socket: str, name: str, modes: tuple[Mode, ...]) -> Sensor:
    """Return one of the two sensors of a pair."""
    return Sensor(
        socket=socket,
        sensor_name=name,
        width=modes[-1].width,
        height=modes[-1].height,
        types=(MONO,),
        has_autofocus=False,
        configs=modes,
    )


def _stereo(color: Sensor, name: str, modes: tuple[Mode, ...]) -> tuple[Sensor, ...]:
    return (color, _mono("CAM_B", name, modes), _mono("CAM_C", name, modes))


@dataclass(frozen=True, slots=True)
class Profile:
    """What one model of a device is made of, how it is linked, and how long it takes to boot."""

    model: str
    sensors: tuple[Sensor, ...]
    pairs: tuple[Pair, ...] = ()
    has_ir: bool = False
    has_network: bool = False
    boot_s: float = 2.0

    def identity(self, camera: str) -> Identity:
        """Return DeviceInfo of one device: on USB its name is a port, on the network an address."""
        number = int(camera, 16)
        link_local = f"169.254.{number // 254 % 254 + 1}.{number % 254 + 1}"
        return Identity(
            mxid=camera,
            name=link_local if self.has_network else f"1.{number % 8 + 1}",
            camera_name=self.model,
            platform="X_LINK_MYRIAD_X",
            protocol="X_LINK_TCP_IP" if self.has_network else "X_LINK_USB_VSC",
            state="X_LINK_BOOTED",
            status="X_LINK_SUCCESS",
        )


_PAIRS: Final = (Pair("CAM_B", "CAM_C", 7.5),)
_D: Final = _stereo(_IMX378, "OV9282", _OV9282)
_LITE: Final = _stereo(_IMX214, "OV7251", _OV7251)

PROFILES: Final = {
    profile.model: profile
    for profile in (
        Profile("OAK-D-PRO", _D, _PAIRS, has_ir=True),
        Profile("OAK-D-PRO-POE", _D, _PAIRS, has_ir=True, has_network=True, boot_s=8.0),
        Profile("OAK-D", _D, _PAIRS),
        Profile("OAK-D-LITE", _LITE, _PAIRS),
        Profile("OAK-1", (_IMX378,)),
    )
}
