"""The real OAK driver in the place of a fake worker: what its answers are once they were packed."""

from collections.abc import Mapping
from typing import Any

from kit.oak_camera import Camera
from lensbus_proto.codec import REQUEST_LIMIT, pack_map, unpack_map
from lensbus_proto.messages import Reply


class DriverOak:
    """One simulated device behind the real driver."""

    def __init__(self, opened: Camera) -> None:
        self.opened = opened
        self.camera = opened.camera

    @property
    def entry(self) -> dict[str, Any]:
        """The camera in the broker's registry, as it was when its worker began."""
        described = self.opened.description
        return {
            "camera": self.camera,
            "vendor": described.vendor,
            "model": described.model,
            "state": "present",
            "connected": True,
            "epoch": 2,
            "seq": 1,
            "description": _packed(described.details),
        }

    def execute(self, name: str, arguments: Mapping[str, Any]) -> Reply:
        """Answer one command."""
        result = self.opened.driver.execute(name, _packed(arguments), 5.0)
        return Reply("1", _packed(result.data), parts=result.parts)


def _packed(data: Mapping[str, Any]) -> dict[str, Any]:
    return dict(unpack_map(pack_map(dict(data), REQUEST_LIMIT), REQUEST_LIMIT))
