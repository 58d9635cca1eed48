"""Operating a camera besides the shutter: zoom, focus, movie, buttons, touch, the focus area."""

from collections.abc import Mapping
from typing import Final

from lensbus_proto.errors import BadArguments
from lensbus_services.sony import actions
from lensbus_services.sony.arguments import Arguments, integer, text, word
from lensbus_services.sony.codes import TRACKING_FRAME, Property
from lensbus_services.sony.commands.handler import Handler, Result
from lensbus_services.sony.frames import FOCUS_FRAMES, TRACKING_FRAMES, all_frames, frame_maps
from lensbus_services.sony.session import Session

ZOOM_MOST: Final = 10
STEP_MOST: Final = 7
VERIFY: Final = "accepted is not done: ask af_area.get where the frame is"


class OperationCommands:
    """zoom, focus_step, movie_rec, button, touch, touch_cancel, af_area, tracking, frames."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def table(self) -> Mapping[str, Handler]:
        """Return the commands by name."""
        return {
            "zoom": self._zoom,
            "focus_step": self._focus_step,
            "movie_rec": self._movie_rec,
            "button": self._button,
            "touch": self._touch,
            "touch_cancel": self._touch_cancel,
            "af_area.get": self._get_af_area,
            "af_area.set": self._set_af_area,
            "tracking.get": self._get_tracking,
            "frames.get": self._get_frames,
        }

    def _zoom(self, arguments: Arguments, _: float) -> Result:
        speed = integer(arguments, "speed", -ZOOM_MOST, ZOOM_MOST)
        actions.zoom(self._session.link(), speed)
        return {"speed": speed}

    def _focus_step(self, arguments: Arguments, _: float) -> Result:
        step = integer(arguments, "step", -STEP_MOST, STEP_MOST)
        if step == 0:
            raise BadArguments.of("step", step, f"-{STEP_MOST} to -1 (near) or 1 to {STEP_MOST}")
        actions.focus_step(self._session.link(), step)
        return {"step": step}

    def _movie_rec(self, _: Arguments, deadline_s: float) -> Result:
        with self._session.sequence(deadline_s) as link:  # two that toggle at once undo each other
            return {"recording": actions.movie_rec(link), "method": "movie_record"}

    def _button(self, arguments: Arguments, deadline_s: float) -> Result:
        name = text(arguments, "button", limit=64)
        action = word(arguments, "action", ("press", "down", "up"), "press")
        session = self._session
        with session.sequence(deadline_s) as link:
            method = actions.button(link, name, action, session.pause_on(link))
        return {"button": name, "method": method}

    def _touch(self, arguments: Arguments, _: float) -> Result:
        x, y = _point(arguments)
        actions.touch(self._session.link(), x, y)
        return {"x": x, "y": y, "verify": VERIFY}

    def _touch_cancel(self, _: Arguments, __: float) -> Result:
        actions.touch_cancel(self._session.link())
        return {"method": "cancel_remote_touch"}

    def _set_af_area(self, arguments: Arguments, _: float) -> Result:
        x, y = _point(arguments)
        actions.place_af_area(self._session.link(), x, y)
        return {"x": x, "y": y, "verify": VERIFY}

    def _get_af_area(self, _: Arguments, __: float) -> Result:
        frames = frame_maps(self._session.link().frames(Property.AF_AREA_POSITION), FOCUS_FRAMES)
        return {"frames": frames, "available": bool(frames)}

    def _get_tracking(self, _: Arguments, __: float) -> Result:
        # Nothing tracked is an answer; only a camera that tells nothing of it has none.
        found = self._session.link().frames(TRACKING_FRAME)
        return {"frames": frame_maps(found, TRACKING_FRAMES), "available": bool(found)}

    def _get_frames(self, _: Arguments, __: float) -> Result:
        return all_frames(self._session.link().frames())


def _point(arguments: Arguments) -> tuple[int, int]:
    return integer(arguments, "x", 0, actions.X_MOST), integer(arguments, "y", 0, actions.Y_MOST)
