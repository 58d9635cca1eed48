"""Looking for one camera among those that the SDK finds."""

from typing import Final

from lensbus_proto.errors import CameraGone
from lensbus_services.sony.sdk import Cameras, Sdk

# What was enumerated leads to a port, and no hand swaps two cables more quickly than this: older
# findings could have another body operated under this camera's name.
FRESH_S: Final = 2.0


class Lookup:
    """The SDK's list of cameras, kept for a while. One thread at a time."""

    def __init__(self, sdk: Sdk, camera: str, cameras: Cameras, limit_s: int) -> None:
        self._sdk = sdk
        self._camera = camera
        self._cameras: Cameras | None = cameras
        self._limit_s = limit_s

    def look(self) -> tuple[Cameras, int]:
        """Return the cameras that there are, and the place of this one among them."""
        if self._cameras is not None and self._cameras.age_s() > FRESH_S:
            self.forget()
        cameras = self._cameras or self._sdk.enumerate(self._limit_s)
        self._cameras = cameras
        index = cameras.index(self._camera)
        if index is None:
            self.forget()
            raise CameraGone(f"camera {self._camera} is not there")
        return cameras, index

    def forget(self) -> None:
        """Have the next connection look for the camera anew: a replugged one is another object."""
        if self._cameras is not None:
            self._cameras.close()
            self._cameras = None
