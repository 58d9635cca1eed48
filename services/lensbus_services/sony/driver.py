"""The driver of one Sony camera: commands by name over a session, a card and a live view."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lensbus_proto.errors import (
    BadArguments,
    CameraGone,
    CommandError,
    CommandUnknown,
    NotConnected,
    NotFound,
)
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import SonySettings
from lensbus_services.driver import Description, Driver, Frame, Observation, Result
from lensbus_services.sony import card
from lensbus_services.sony.arguments import Arguments, flag, integer, integers, secret, text, word
from lensbus_services.sony.capture import af_shutter, half_press, press, shutter_down, shutter_up
from lensbus_services.sony.codes import AUTO_NUMBER, INVALID_CALLED, MODES, version_text
from lensbus_services.sony.discover import open_sdk
from lensbus_services.sony.library import Cameras, Credentials, Found, Link, RawProperty, Sdk
from lensbus_services.sony.liveview import STREAM, LiveView
from lensbus_services.sony.observations import Pull, failed
from lensbus_services.sony.outlet import Outlet
from lensbus_services.sony.properties import (
    accepted_value,
    check_writable,
    is_text,
    number,
    property_map,
)
from lensbus_services.sony.saving import Places, SaveInfo, check_prefix
from lensbus_services.sony.session import ENDING, Session
from lensbus_services.sony.wish import Wish, forget_wish, load_wish, save_wish, wish_path
from lensbus_services.threads import spawn

logger = logging.getLogger(__name__)

CLOSE_S: Final = 1.2
DEFAULT_MODE: Final = "remote-transfer"
U32: Final = 2**32 - 1
NUMBER_LIMIT: Final = 99_999
CODES_LIMIT: Final = 1024
RETRY_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)

Handler = Callable[[Arguments, float], Mapping[str, Any]]


class SonyDriver:
    """One camera behind the Camera Remote SDK, or behind the simulator of it."""

    def __init__(self, camera: str, settings: SonySettings, state: Path) -> None:
        self._camera = camera
        self._settings = settings
        self._state = state
        self._places = Places.of(settings, state, camera)
        self._wish_path = wish_path(state, camera)
        self._outlet = Outlet()
        self._sdk: Sdk | None = None
        self._opened: tuple[Description, Session, LiveView] | None = None
        self._closing = threading.Lock()
        self._given_up = threading.Event()  # nobody wants the camera back any more
        self._handlers: dict[str, Handler] = {
            "describe": self._describe,
            "connect": self._connect,
            "disconnect": self._disconnect,
            "connection": self._connection,
            "properties.get": self._get_properties,
            "property.set": self._set_property,
            "shutter": self._shutter,
            "half_press": self._half_press,
            "af_shutter": self._af_shutter,
            "live_view.enable": self._enable_live_view,
            "live_view.disable": self._disable_live_view,
            "live_view.start": self._start_live_view,
            "live_view.stop": self._stop_live_view,
            "live_view.status": self._live_view_status,
            "card.list": self._list_card,
            "card.pull": self._pull,
            "save_info.get": self._get_save_info,
            "save_info.set": self._set_save_info,
        }

    # The Protocol

    def open(self) -> Description:
        """Get hold of the SDK and find the camera; connect again if a client had wished it."""
        self._sdk = open_sdk(self._settings, self._state)
        cameras, found = self._find(self._sdk)
        description = Description(
            "sony",
            found.model,
            {
                "connection_type": found.connection_type,
                "sdk_version": version_text(self._sdk.version),
            },
        )
        session = Session(self._sdk, cameras, found, self._settings, self._places, self._outlet)
        self._opened = description, session, LiveView(session)
        wish = load_wish(self._wish_path)
        if wish is not None:
            spawn(lambda: self._come_back(session, wish), "sony-come-back")
        return description

    def close(self) -> None:
        """Let go of the camera and the SDK within 1.5 s. Calling it twice is fine."""
        self._given_up.set()
        with self._closing:
            opened, self._opened = self._opened, None
            orderly = opened is None or opened[1].close(CLOSE_S)
            sdk, self._sdk = self._sdk, None
            if sdk is not None and orderly:
                sdk.release()

    def execute(self, name: str, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        """Carry out one command; `deadline_s` is the time in seconds that the caller waits."""
        handler = self._handlers.get(name)
        if handler is None:
            raise CommandUnknown(f"a Sony camera has no command {name}")
        return Result(handler(arguments, deadline_s))

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
            opened[2].watch(STREAM in streams)

    def pictures(self, timeout_s: float) -> Sequence[Frame]:
        """Return the next live-view picture while it is watched; wait if need be."""
        opened = self._opened
        if opened is None:
            time.sleep(timeout_s)
            return []
        return opened[2].pictures(timeout_s)

    # Inside

    def _find(self, sdk: Sdk) -> tuple[Cameras, Found]:
        cameras = sdk.enumerate(self._settings.enumerate_s)
        index = cameras.index(self._camera)
        if index is None:
            others = ", ".join(found.camera for found in cameras.found) or "none"
            cameras.close()
            raise CameraGone(f"camera {self._camera} is not there; there are: {others}")
        return cameras, cameras.found[index]

    def _session(self) -> Session:
        opened = self._opened
        if opened is None:
            raise CameraGone(ENDING)
        return opened[1]

    def _live_view(self) -> LiveView:
        opened = self._opened
        if opened is None:
            raise CameraGone(ENDING)
        return opened[2]

    def _come_back(self, session: Session, wish: Wish) -> None:
        """Thread: connect as before the worker's last death, until it works or nobody wants it."""
        waits = iter(RETRY_S)
        wait_s = 0.0
        while not self._given_up.wait(wait_s):
            try:
                session.connect(wish, Credentials())
                return
            except CommandError as error:
                code = error.code if error.vendor_code is None else f"0x{error.vendor_code:08x}"
                logger.warning("not connected again", extra={"reason": error.message})
                if not (session.error_told or self._given_up.is_set()):
                    self._outlet.put(failed(unix_us(), code, error.message))
            wait_s = next(waits, RETRY_S[-1])

    # Commands

    def _describe(self, _: Arguments, __: float) -> Mapping[str, Any]:
        opened = self._opened
        if opened is None:
            raise CameraGone(ENDING)
        description = opened[0]
        return {
            "vendor": description.vendor,
            "model": description.model,
            "details": dict(description.details),
        }

    def _connect(self, arguments: Arguments, _: float) -> Mapping[str, Any]:
        wish = Wish(word(arguments, "mode", MODES, DEFAULT_MODE), flag(arguments, "reconnecting"))
        login = Credentials(
            username=secret(arguments, "username"),
            password=secret(arguments, "password"),
            fingerprint=secret(arguments, "fingerprint"),
        )
        session = self._session()
        already = session.connect(wish, login)
        now = session.wish or wish
        if not already:
            save_wish(self._wish_path, wish)
        return {"mode": now.mode, "already": already}

    def _disconnect(self, _: Arguments, __: float) -> Mapping[str, Any]:
        self._given_up.set()
        forget_wish(self._wish_path)
        return {"already": self._session().disconnect()}

    def _connection(self, _: Arguments, __: float) -> Mapping[str, Any]:
        session = self._session()
        wish = session.wish if session.is_connected else None
        return {
            "connected": session.is_connected,
            "mode": wish.mode if wish else None,
            "model": session.found.model,
        }

    def _get_properties(self, arguments: Arguments, _: float) -> Mapping[str, Any]:
        codes = integers(arguments, "codes", most=U32, count=CODES_LIMIT)
        found = _select(self._session().link(), codes)
        return {"properties": [property_map(raw) for raw in found], "total": len(found)}

    def _set_property(self, arguments: Arguments, _: float) -> Mapping[str, Any]:
        code = integer(arguments, "code", 0, U32)
        link = self._session().link()
        raw = _one(link, code)
        check_writable(raw)
        if "text" in arguments:
            wanted = text(arguments, "text", limit=2048)
            if not is_text(raw.type):
                raise BadArguments.of("text", wanted, "a value, for this property")
            link.set_text(code, wanted)
            return {"code": code, "text": wanted}
        value = accepted_value(raw, integer(arguments, "value", -(2**63), 2**64 - 1))
        link.set_value(code, raw.type, value)
        return {"code": code, "value": number(value, raw.type)}

    def _shutter(self, arguments: Arguments, deadline_s: float) -> Mapping[str, Any]:
        action = word(arguments, "action", ("press", "down", "up"), "press")
        session = self._session()
        with session.sequence(deadline_s) as link:
            if action == "down":
                return {"method": shutter_down(link)}
            if action == "up":
                return {"method": shutter_up(link)}
            return {"method": press(link, lambda wait_s: session.pause(link, wait_s))}

    def _half_press(self, _: Arguments, deadline_s: float) -> Mapping[str, Any]:
        session = self._session()
        with session.sequence(deadline_s) as link:
            return {"method": half_press(link, lambda wait_s: session.pause(link, wait_s))}

    def _af_shutter(self, _: Arguments, deadline_s: float) -> Mapping[str, Any]:
        session = self._session()
        with session.sequence(deadline_s) as link:
            return {"method": af_shutter(link, lambda wait_s: session.pause(link, wait_s))}

    def _enable_live_view(self, _: Arguments, __: float) -> Mapping[str, Any]:
        self._live_view().enable(True)
        return {}

    def _disable_live_view(self, _: Arguments, __: float) -> Mapping[str, Any]:
        self._live_view().enable(False)
        return {}

    def _start_live_view(self, _: Arguments, __: float) -> Mapping[str, Any]:
        return {"already": self._live_view().start()}

    def _stop_live_view(self, _: Arguments, __: float) -> Mapping[str, Any]:
        return {"already": self._live_view().stop()}

    def _live_view_status(self, _: Arguments, __: float) -> Mapping[str, Any]:
        live_view = self._live_view()
        return {"enabled": live_view.is_enabled(), "streaming": live_view.is_streaming()}

    def _list_card(self, arguments: Arguments, deadline_s: float) -> Mapping[str, Any]:
        slot = integer(arguments, "slot", 1, 2)
        return {"files": card.list_files(self._session(), slot, deadline_s)}

    def _pull(self, arguments: Arguments, _: float) -> Mapping[str, Any]:
        slot = integer(arguments, "slot", 1, 2)
        wanted = Pull(
            integer(arguments, "content_id", 0, U32), integer(arguments, "file_id", 0, U32)
        )
        what = word(arguments, "what", ("file", *card.PREVIEWS), "file")
        asked = text(arguments, "save_path")
        session = self._session()
        session.link()
        info = session.save_info
        if asked:
            # It stays the folder of this connection, for pictures and later pulls too.
            folder = self._places.prepare("save_path", asked)
            info = SaveInfo(folder, info.prefix, info.start_number)
            session.save(info)
        card.pull(session, slot, wanted, what, info.path)
        return {"path": str(info.path)}

    def _get_save_info(self, _: Arguments, __: float) -> Mapping[str, Any]:
        session = self._session()
        session.link()
        return _save_info_map(session.save_info)

    def _set_save_info(self, arguments: Arguments, _: float) -> Mapping[str, Any]:
        session = self._session()
        session.link()
        prefix = check_prefix(text(arguments, "prefix"))
        start = AUTO_NUMBER
        if arguments.get("start_number") is not None:
            start = integer(arguments, "start_number", AUTO_NUMBER, NUMBER_LIMIT)
        folder = self._places.prepare("path", text(arguments, "path", limit=4096))
        session.save(SaveInfo(folder, prefix, start))
        return _save_info_map(session.save_info)


def _select(link: Link, codes: list[int]) -> list[RawProperty]:
    """Return the properties with these codes, or all; what the camera lacks is absent."""
    try:
        return link.properties(codes)
    except NotConnected:
        raise
    except CommandError as error:
        # One code that it does not know, and the SDK refuses the whole selection.
        if not codes or error.vendor_code is None:
            raise
    wanted = frozenset(codes)
    return [raw for raw in link.properties() if raw.code in wanted]


def _one(link: Link, code: int) -> RawProperty:
    for raw in _select(link, [code]):
        if raw.code == code:
            return raw
    raise NotFound(
        f"this camera has no property 0x{code:x}",
        vendor_code=INVALID_CALLED,
        operation="GetSelectDeviceProperties",
        detail={"code": f"0x{code:x}"},
    )


def _save_info_map(info: SaveInfo) -> dict[str, Any]:
    return {"path": str(info.path), "prefix": info.prefix, "start_number": info.start_number}


if TYPE_CHECKING:
    _guard: type[Driver] = SonyDriver
