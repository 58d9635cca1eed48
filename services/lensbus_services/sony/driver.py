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
from lensbus_services.driver import Description, Driver, Frame, Observation, Result
from lensbus_services.sony.codes import version_text
from lensbus_services.sony.commands import Commands
from lensbus_services.sony.discover import open_sdk
from lensbus_services.sony.liveview import STREAM, LiveView
from lensbus_services.sony.observations import failed
from lensbus_services.sony.outlet import Outlet
from lensbus_services.sony.saving import Places
from lensbus_services.sony.sdk import Cameras, Sdk
from lensbus_services.sony.session import ENDING, Session
from lensbus_services.sony.values import Credentials, Found
from lensbus_services.sony.wish import Wish, load_wish, wish_path
from lensbus_services.threads import spawn

logger = logging.getLogger(__name__)

CLOSE_S: Final = 1.2
RETRY_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)


@dataclass(frozen=True, slots=True)
class Opened:
    """What an open driver consists of."""

    sdk: Sdk
    description: Description
    session: Session
    live_view: LiveView
    commands: Commands


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
        sdk = open_sdk(self._settings, self._state)
        try:
            cameras, found = self._find(sdk)
        except CommandError:
            sdk.release()
            raise
        details = {
            "connection_type": found.connection_type,
            "sdk_version": version_text(sdk.version),
        }
        places = Places.of(self._settings, self._state, self._camera)
        path = wish_path(self._state, self._camera)
        session = Session(sdk, cameras, found, self._settings, places, self._outlet, path)
        live_view = LiveView(session)
        commands = Commands(session, live_view)
        description = Description("sony", found.model, details)
        self._opened = Opened(sdk, description, session, live_view, commands)
        wish = load_wish(path)
        if wish is not None:
            spawn(lambda: self._come_back(session, commands.given_up, wish), "sony-come-back")
        return description

    def close(self) -> None:
        """Let go of the camera and the SDK within 1.5 s. Calling it twice is fine."""
        with self._closing:
            opened, self._opened = self._opened, None
            if opened is not None:
                opened.commands.given_up.set()
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
        return Result(opened.commands.execute(name, arguments, deadline_s))

    def drain(self, timeout_s: float) -> Sequence[Observation]:
        """Return what happened since the last call, in order; wait for the first if need be."""
        return self._outlet.drain(timeout_s)

    def observed(self) -> int:
        """Return how many observations there have been so far, drained or not."""
        return self._outlet.count

    def watch(self, streams: frozenset[str]) -> None:
        """Name the streams that somebody looks at now."""
        opened = self._opened
        if opened is not None:
            opened.live_view.watch(STREAM in streams)

    def pictures(self, timeout_s: float) -> Sequence[Frame]:
        """Return the next live-view picture while it is watched; wait if need be."""
        opened = self._opened
        if opened is None:
            time.sleep(timeout_s)
            return []
        return opened.live_view.pictures(timeout_s)

    def _find(self, sdk: Sdk) -> tuple[Cameras, Found]:
        cameras = sdk.enumerate(self._settings.enumerate_s)
        index = cameras.index(self._camera)
        if index is None:
            others = ", ".join(found.camera for found in cameras.found) or "none"
            cameras.close()
            raise CameraGone(f"camera {self._camera} is not there; there are: {others}")
        return cameras, cameras.found[index]

    def _come_back(self, session: Session, given_up: threading.Event, wish: Wish) -> None:
        """Thread: connect as before the worker's last death, until it works or nobody wants it."""
        waits = iter(RETRY_S)
        wait_s = 0.0
        while not given_up.wait(wait_s):
            try:
                already = session.connect(wish, Credentials())
                if given_up.is_set() and not already:  # it was dropped in the very last moment
                    session.disconnect()
                return
            except CommandError as error:
                code = error.code if error.vendor_code is None else f"0x{error.vendor_code:08x}"
                logger.warning("not connected again", extra={"reason": error.message})
                if not (session.error_told or given_up.is_set()):
                    self._outlet.put(failed(unix_us(), code, error.message))
            wait_s = next(waits, RETRY_S[-1])


if TYPE_CHECKING:
    _guard: type[Driver] = SonyDriver
