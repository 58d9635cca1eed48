"""Pressing the shutter. Two sequences of one camera never mix."""

from collections.abc import Mapping

from lensbus_services.sony.arguments import Arguments, word
from lensbus_services.sony.capture import af_shutter, half_press, press, shutter_down, shutter_up
from lensbus_services.sony.captures import Capture
from lensbus_services.sony.commands.handler import Handler, Result
from lensbus_services.sony.session import Session


class ShootingCommands:
    """shutter, half_press, af_shutter."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def table(self) -> Mapping[str, Handler]:
        """Return the commands by name."""
        return {
            "shutter": self._shutter,
            "half_press": self._half_press,
            "af_shutter": self._af_shutter,
        }

    def _shutter(self, arguments: Arguments, deadline_s: float) -> Result:
        action = word(arguments, "action", ("press", "down", "up"), "press")
        session, triggers = self._session, self._session.triggers
        with session.sequence(deadline_s) as link:
            if action == "up":
                method = shutter_up(link)
                return _told(method, triggers.released())
            if action == "down":
                with triggers.trigger("shutter_down", held=True) as capture:
                    method = shutter_down(link)
            else:
                with triggers.trigger("full_press") as capture:
                    method = press(link, session.pause_on(link))
            return _told(method, capture)

    def _half_press(self, _: Arguments, deadline_s: float) -> Result:
        session = self._session
        with session.sequence(deadline_s) as link:
            return {"method": half_press(link, session.pause_on(link))}

    def _af_shutter(self, _: Arguments, deadline_s: float) -> Result:
        session = self._session
        with (
            session.sequence(deadline_s) as link,
            session.triggers.trigger("af_shutter") as capture,
        ):
            return _told(af_shutter(link, session.pause_on(link)), capture)


def _told(method: str, capture: Capture | None) -> Result:
    return {"method": method, "capture": capture.id if capture is not None else None}
