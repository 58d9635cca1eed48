"""What a client can ask of a Sony camera, by the names of WIRE.md."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from lensbus_proto.errors import BadArguments, CommandError, CommandUnknown, NotConnected, NotFound
from lensbus_services.sony import card
from lensbus_services.sony.arguments import Arguments, flag, integer, integers, secret, text, word
from lensbus_services.sony.capture import af_shutter, half_press, press, shutter_down, shutter_up
from lensbus_services.sony.codes import AUTO_NUMBER, INVALID_CALLED, MODES
from lensbus_services.sony.link import Link
from lensbus_services.sony.liveview import LiveView
from lensbus_services.sony.observations import Pull
from lensbus_services.sony.properties import (
    accepted_value,
    check_writable,
    is_text,
    number,
    property_map,
)
from lensbus_services.sony.saving import SaveInfo, check_prefix
from lensbus_services.sony.session import Session
from lensbus_services.sony.values import Credentials, RawProperty
from lensbus_services.sony.wish import Wish

DEFAULT_MODE: Final = "remote-transfer"
U32: Final = 2**32 - 1
NUMBER_LIMIT: Final = 99_999
CODES_LIMIT: Final = 1024

Handler = Callable[[Arguments, float], Mapping[str, Any]]


class Commands:
    """The commands of one open camera. `given_up` is set once nobody wishes it connected."""

    def __init__(self, session: Session, live_view: LiveView) -> None:
        self.given_up = threading.Event()
        self._session = session
        self._live_view = live_view
        self._handlers: dict[str, Handler] = {
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

    def execute(self, name: str, arguments: Arguments, deadline_s: float) -> Mapping[str, Any]:
        """Carry out one command and return its result."""
        handler = self._handlers.get(name)
        if handler is None:
            raise CommandUnknown(f"a Sony camera has no command {name}")
        return handler(arguments, deadline_s)

    def _connect(self, arguments: Arguments, _: float) -> Mapping[str, Any]:
        wish = Wish(word(arguments, "mode", MODES, DEFAULT_MODE), flag(arguments, "reconnecting"))
        login = Credentials(
            username=secret(arguments, "username"),
            password=secret(arguments, "password"),
            fingerprint=secret(arguments, "fingerprint"),
        )
        session = self._session
        already = session.connect(wish, login)
        return {"mode": (session.wish or wish).mode, "already": already}

    def _disconnect(self, _: Arguments, __: float) -> Mapping[str, Any]:
        self.given_up.set()
        return {"already": self._session.disconnect()}

    def _connection(self, _: Arguments, __: float) -> Mapping[str, Any]:
        session = self._session
        wish = session.wish if session.is_connected else None
        return {
            "connected": session.is_connected,
            "mode": wish.mode if wish else None,
            "model": session.found.model,
        }

    def _get_properties(self, arguments: Arguments, _: float) -> Mapping[str, Any]:
        codes = integers(arguments, "codes", most=U32, count=CODES_LIMIT)
        found = _select(self._session.link(), codes)
        return {"properties": [property_map(raw) for raw in found], "total": len(found)}

    def _set_property(self, arguments: Arguments, _: float) -> Mapping[str, Any]:
        code = integer(arguments, "code", 0, U32)
        link = self._session.link()
        raw = _one(link, code)
        check_writable(raw)
        if arguments.get("text") is not None:
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
        session = self._session
        with session.sequence(deadline_s) as link:
            if action == "down":
                return {"method": shutter_down(link)}
            if action == "up":
                return {"method": shutter_up(link)}
            return {"method": press(link, lambda wait_s: session.pause(link, wait_s))}

    def _half_press(self, _: Arguments, deadline_s: float) -> Mapping[str, Any]:
        session = self._session
        with session.sequence(deadline_s) as link:
            return {"method": half_press(link, lambda wait_s: session.pause(link, wait_s))}

    def _af_shutter(self, _: Arguments, deadline_s: float) -> Mapping[str, Any]:
        session = self._session
        with session.sequence(deadline_s) as link:
            return {"method": af_shutter(link, lambda wait_s: session.pause(link, wait_s))}

    def _enable_live_view(self, _: Arguments, __: float) -> Mapping[str, Any]:
        self._live_view.enable(True)
        return {}

    def _disable_live_view(self, _: Arguments, __: float) -> Mapping[str, Any]:
        self._live_view.enable(False)
        return {}

    def _start_live_view(self, _: Arguments, __: float) -> Mapping[str, Any]:
        return {"already": self._live_view.start()}

    def _stop_live_view(self, _: Arguments, __: float) -> Mapping[str, Any]:
        return {"already": self._live_view.stop()}

    def _live_view_status(self, _: Arguments, __: float) -> Mapping[str, Any]:
        live_view = self._live_view
        return {"enabled": live_view.is_enabled(), "streaming": live_view.is_streaming()}

    def _list_card(self, arguments: Arguments, deadline_s: float) -> Mapping[str, Any]:
        slot = integer(arguments, "slot", 1, 2)
        return {"files": card.list_files(self._session, slot, deadline_s)}

    def _pull(self, arguments: Arguments, _: float) -> Mapping[str, Any]:
        slot = integer(arguments, "slot", 1, 2)
        wanted = Pull(
            integer(arguments, "content_id", 0, U32), integer(arguments, "file_id", 0, U32)
        )
        what = word(arguments, "what", ("file", *card.PREVIEWS), "file")
        asked = text(arguments, "save_path")
        session = self._session
        session.link()
        info = session.save_info
        if asked:
            # It stays the folder of this connection, for pictures and later pulls too.
            folder = self._session.places.prepare("save_path", asked)
            info = SaveInfo(folder, info.prefix, info.start_number)
            session.save(info)
        card.pull(session, slot, wanted, what, info.path)
        return {"path": str(info.path)}

    def _get_save_info(self, _: Arguments, __: float) -> Mapping[str, Any]:
        session = self._session
        session.link()
        return _save_info_map(session.save_info)

    def _set_save_info(self, arguments: Arguments, _: float) -> Mapping[str, Any]:
        session = self._session
        session.link()
        prefix = check_prefix(text(arguments, "prefix"))
        start = AUTO_NUMBER
        if arguments.get("start_number") is not None:
            start = integer(arguments, "start_number", AUTO_NUMBER, NUMBER_LIMIT)
        folder = self._session.places.prepare("path", text(arguments, "path", limit=4096))
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
