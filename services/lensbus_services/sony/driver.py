"""The driver of one Sony camera: its life around a session, its commands and its live view."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lensbus_proto.errors import CameraGone, CommandError
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import SonySettings
from lensbus_services.driver import Description, Driver, Frame, Observation, Result, Stuck
from lensbus_services.sony.codes import version_text
from lensbus_services.sony.commands import Commands
from lensbus_services.sony.configured import configured_cameras
from lensbus_services.sony.discover import open_sdk
from lensbus_services.sony.limits import asked_within
from lensbus_services.sony.liveview import LiveView
from lensbus_services.sony.lookup import Lookup
from lensbus_services.sony.observations import transfer_failed
from lensbus_services.sony.outlet import Outlet
from lensbus_services.sony.present import ENDING
from lensbus_services.sony.pulls import pull_path, take_pull
from lensbus_services.sony.recovery import Recovery
from lensbus_services.sony.saving import Places
from lensbus_services.sony.sdk import Sdk
from lensbus_services.sony.session import Session
from lensbus_services.sony.telling import CUT
from lensbus_services.sony.values import Credentials
from lensbus_services.sony.wish import load_wish, wish_path

logger = logging.getLogger(__name__)

CLOSE_S: Final = 1.2


@dataclass(frozen=True, slots=True)
class Opened:
    """What an open driver consists of."""

    sdk: Sdk
    description: Description
    session: Session
    live_view: LiveView
    commands: Commands
    recovery: Recovery


class SonyDriver:
    """One camera behind the Camera Remote SDK, or behind the simulator of it."""

    def __init__(self, camera: str, settings: SonySettings, state: Path) -> None:
        self._camera = camera
        self._settings = settings
        self._state = state
        self._outlet = Outlet()
        self._opened: Opened | None = None
        self._closing = threading.Lock()

    def open(self) -> Description:
        """Get hold of the SDK and find the camera; connect again if a client had wished it."""
        places = Places.of(self._settings, self._state, self._camera)
        self._tell_left_behind(places)
        configured = configured_cameras(self._settings.cameras)
        sdk = open_sdk(self._settings, self._state)
        lookup = Lookup(sdk, self._camera, self._settings.enumerate_s, configured)
        try:
            cameras, index = lookup.look()
            found = cameras.found[index]
        except CommandError:
            sdk.release()
            raise
        details = {
            "connection_type": found.connection_type,
            "sdk_version": version_text(sdk.version),
        }
        session = Session(sdk, lookup, found, self._settings, places, self._outlet, self._state)
        live_view = LiveView(session)
        recovery = Recovery(session, self._outlet.put, live_view.resume)
        session.when_lost = recovery.begin
        session.when_given_up = recovery.give_up
        commands = Commands(session, live_view)
        description = Description("sony", found.model, details)
        self._opened = Opened(sdk, description, session, live_view, commands, recovery)
        wish = load_wish(wish_path(self._state, self._camera))
        if wish is not None:
            recovery.begin(wish, Credentials())
        return description

    def close(self) -> None:
        """Let go of the camera and the SDK within 1.5 s. Calling it twice is fine."""
        with self._closing:
            opened, self._opened = self._opened, None
            if opened is not None:
                opened.recovery.close()
                if opened.session.close(CLOSE_S):
                    opened.sdk.release()

    def describe(self) -> Description:
        """Return what the camera is and how it is reached."""
        opened = self._opened
        if opened is None:
            raise CameraGone(ENDING)
        return opened.description

    def execute(self, name: str, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        """Carry out one command; `deadline_s` is the time in seconds that the caller waits."""
        opened = self._opened
        if opened is None:
            raise CameraGone(ENDING)
        if name == "describe":
            return Result(asdict(opened.description))
        with asked_within(deadline_s):
            return opened.commands.execute(name, arguments, deadline_s)

    def drain(self, timeout_s: float) -> Sequence[Observation]:
        """Return what happened since the last call, in order; wait for the first if need be."""
        return self._outlet.drain(timeout_s)

    def observed(self) -> int:
        """Return how many observations there have been so far, drained or not."""
        return self._outlet.count

    def stuck(self) -> Stuck | None:
        """Return the call into the SDK that does not come back, if there is one."""
        opened = self._opened
        return opened.session.stuck() if opened is not None else None

    def watch(self, streams: frozenset[str]) -> None:
        """Name the streams that somebody looks at now."""
        opened = self._opened
        if opened is not None:
            opened.live_view.watch(streams)

    def pictures(self, timeout_s: float) -> Sequence[Frame]:
        """Return the next picture of each watched stream; wait if need be."""
        opened = self._opened
        if opened is None:
            time.sleep(timeout_s)
            return []
        return opened.live_view.pictures(timeout_s)

    def _tell_left_behind(self, places: Places) -> None:
        """Remove and tell the files that were on their way when the worker's last life ended."""
        names = places.sweep()
        pull = take_pull(pull_path(self._state, self._camera))
        reason = "the worker died in the middle"
        if pull is not None:
            name = names.pop() if len(names) == 1 else ""
            self._outlet.put(transfer_failed(unix_us(), CUT, reason, pull, name))
        for name in names:
            self._outlet.put(transfer_failed(unix_us(), CUT, reason, None, name))


if TYPE_CHECKING:
    _guard: type[Driver] = SonyDriver
