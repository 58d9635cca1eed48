"""Reading and setting properties by their numbers."""

from collections.abc import Mapping
from typing import Final

from lensbus_proto.errors import BadArguments, CameraError
from lensbus_services.sony.arguments import Arguments, integer, integers, text
from lensbus_services.sony.commands.handler import U32, Handler, Result
from lensbus_services.sony.display import TEXT_LIMIT
from lensbus_services.sony.properties import (
    accepted_value,
    check_writable,
    is_text,
    number,
    property_map,
)
from lensbus_services.sony.reading import get, select
from lensbus_services.sony.session import Session

CODES_LIMIT: Final = 1024
PROPERTY_BYTES: Final = 100
TEXT_BYTES: Final = 16 + 4 * TEXT_LIMIT
RESULT_BYTES: Final = 1_000_000  # a reply is at most 1 MiB


class PropertyCommands:
    """properties.get, property.set, display_texts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def table(self) -> Mapping[str, Handler]:
        """Return the commands by name."""
        return {
            "properties.get": self._get,
            "property.set": self._set,
            "display_texts": self._display_texts,
        }

    def _display_texts(self, _: Arguments, __: float) -> Result:
        self._session.link()
        return {"lists": self._session.display.list_maps()}

    def _get(self, arguments: Arguments, _: float) -> Result:
        codes = integers(arguments, "codes", most=U32, count=CODES_LIMIT)
        found = select(self._session.link(), codes)
        texts = self._session.display.of_property
        properties = [property_map(raw, texts(raw.code)) for raw in found]
        result = {"properties": properties, "total": len(found)}
        # Four bytes of a list become at most five on the wire, a text three for each unit.
        size = sum(PROPERTY_BYTES + 2 * len(raw.values) + 3 * len(raw.text) for raw in found)
        size += sum(TEXT_BYTES * len(one.get("texts", ())) for one in properties)
        if size > RESULT_BYTES:
            raise CameraError("the camera reports more than one answer can carry: ask for codes")
        return result

    def _set(self, arguments: Arguments, _: float) -> Result:
        code = integer(arguments, "code", 0, U32)
        link = self._session.link()
        raw = get(link, code)
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
