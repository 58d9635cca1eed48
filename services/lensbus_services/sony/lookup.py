"""Looking for one camera: among those that the SDK finds, then among those of the settings."""

from collections.abc import Sequence
from typing import Final

from lensbus_proto.errors import CameraGone, CommandError
from lensbus_services.sony.configured import Configured
from lensbus_services.sony.sdk import Cameras, Sdk

# What was enumerated leads to a port, and no hand swaps two cables more quickly than this: older
# findings could have another body operated under this camera's name.
FRESH_S: Final = 2.0


class Lookup:
    """The SDK's list of cameras, kept for a while. One thread at a time."""

    def __init__(
        self, sdk: Sdk, camera: str, limit_s: int, configured: Sequence[Configured] = ()
    ) -> None:
        self._sdk = sdk
        self._camera = camera
        self._limit_s = limit_s
        named = (one for one in configured if one.camera(sdk.version) == camera)
        self._configured = next(named, None)
        self._cameras: Cameras | None = None
        self._with_login: bool | None = None  # of one that was made

    def look(self, *, with_login: bool = False) -> tuple[Cameras, int]:
        """Return the cameras that there are, and the place of this one among them.

        One that had to be made of the settings is made for a login, or for none.
        """
        cameras = self._cameras
        if cameras is None or cameras.age_s() > FRESH_S or self._with_login is (not with_login):
            self.forget()
            cameras = self._cameras = self._sdk.enumerate(self._limit_s)
        try:
            index = cameras.index(self._camera)
            if index is not None:
                return cameras, index
            others = ", ".join(found.camera for found in cameras.found) or "none"
            self.forget()
            if self._configured is None:
                raise CameraGone(f"camera {self._camera} is not there; there are: {others}")
            made = self._cameras = self._sdk.make(self._configured, with_login)
        except CommandError:
            self.forget()
            raise
        self._with_login = with_login
        return made, 0

    def forget(self) -> None:
        """Have the next connection look for the camera anew: a replugged one is another object."""
        self._with_login = None
        if self._cameras is not None:
            self._cameras.close()
            self._cameras = None
