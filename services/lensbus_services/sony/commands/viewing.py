"""Live view and the camera's display."""

from collections.abc import Mapping

from lensbus_proto.errors import Unsupported
from lensbus_services.sony.arguments import Arguments, flag
from lensbus_services.sony.codes import OSD_OFF, OSD_ON, Property
from lensbus_services.sony.commands.handler import Handler, Result
from lensbus_services.sony.liveview import LiveView
from lensbus_services.sony.properties import is_supported
from lensbus_services.sony.reading import find
from lensbus_services.sony.session import Session


class ViewingCommands:
    """live_view.*, osd.*."""

    def __init__(self, session: Session, live_view: LiveView) -> None:
        self._session = session
        self._live_view = live_view

    def table(self) -> Mapping[str, Handler]:
        """Return the commands by name."""
        return {
            "live_view.enable": self._enable,
            "live_view.disable": self._disable,
            "live_view.start": self._start,
            "live_view.stop": self._stop,
            "live_view.status": self._status,
            "osd.set": self._set_osd,
            "osd.status": self._osd_status,
        }

    def _enable(self, _: Arguments, __: float) -> Result:
        self._live_view.enable(True)
        return {}

    def _disable(self, _: Arguments, __: float) -> Result:
        self._live_view.enable(False)
        return {}

    def _start(self, _: Arguments, __: float) -> Result:
        return {"already": self._live_view.start()}

    def _stop(self, _: Arguments, __: float) -> Result:
        return {"already": self._live_view.stop()}

    def _status(self, _: Arguments, __: float) -> Result:
        live_view = self._live_view
        return {"enabled": live_view.is_enabled(), "streaming": live_view.is_streaming()}

    def _set_osd(self, arguments: Arguments, _: float) -> Result:
        wanted = flag(arguments, "enabled")
        link = self._session.link()
        mode = find(link, Property.OSD_IMAGE_MODE)
        if mode is None or not is_supported(mode):
            raise Unsupported("OSD mode not supported by this camera")
        link.set_value(Property.OSD_IMAGE_MODE, mode.type, OSD_ON if wanted else OSD_OFF)
        return {}

    def _osd_status(self, _: Arguments, __: float) -> Result:
        mode = find(self._session.link(), Property.OSD_IMAGE_MODE)
        supported = mode is not None and is_supported(mode)
        return {"supported": supported, "enabled": bool(mode and mode.value == OSD_ON)}
