"""Reading and setting properties by the names of the catalogue."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.alpha import formats
from lensbus_gateway.alpha.body import required_body
from lensbus_gateway.alpha.bus import act, ask, camera_of
from lensbus_gateway.alpha.catalogue import CATALOGUE, Property, Shape
from lensbus_gateway.alpha.choice import choices, expected, offered, understand
from lensbus_gateway.alpha.envelope import ABSENT, NOT_CONNECTED, Refusal, done, explain
from lensbus_gateway.alpha.reading import Reading, in_bulk, one, pick, read_all
from lensbus_proto.errors import BadValue, CommandError, NotWritable

RETRYABLE: Final = {"retryable": "true"}
TEXT_LIMIT: Final = 64  # characters, on a body that does not tell how many it takes
TEXT_LIMIT_CODE: Final = CATALOGUE["image-id-string-max-length"].codes[0]

# These two have messages of their own, since the first release of the reference server.
_SPOKEN: Final = {"iso": "ISO", "aperture": "Aperture"}


def property_of(request: Request) -> Property:
    """Return the catalogue's entry for the name in the path."""
    name = request.path_params["name"]
    if name not in CATALOGUE:
        raise Refusal(f"Unknown property: {name}")
    return CATALOGUE[name]


async def readings(request: Request, *codes: int) -> dict[int, Reading]:
    """Ask the camera for properties; what it does not support is left out."""
    result = await ask(request, "properties.get", {"codes": list(codes)})
    return read_all(result["properties"])


async def get_one(request: Request) -> Response:
    """Show one property; one that this camera lacks is shown with empty fields."""
    entry = property_of(request)
    reading = pick(entry, await readings(request, *entry.codes))
    if reading is None and entry.shape in (Shape.TEXT, Shape.COUNTER):
        raise Refusal(f"Property {entry.name} is not supported by this camera")
    return await done(request, f"Property {entry.name} retrieved", one(entry, reading))


async def get_all(request: Request) -> Response:
    """Show every named property that the camera has, and how many it has in all."""
    result = await ask(request, "properties.get")
    found = read_all(result["properties"])
    picked = ((name, pick(entry, found)) for name, entry in sorted(CATALOGUE.items()))
    shown = {name: in_bulk(CATALOGUE[name], reading) for name, reading in picked if reading}
    data = {"properties": shown, "total_properties": result["total"]}
    return await done(request, "Properties retrieved", data)


async def put_one(request: Request) -> Response:
    """Set one property from any of the notations that clients use."""
    body = await required_body(request, "value")
    text = _text(body["value"])
    entry = property_of(request)
    try:
        found = await readings(request, *_codes_to_set(entry))
    except ABSENT as error:
        named = f": {camera_of(request)}" if entry.name in _SPOKEN else ""
        raise Refusal(f"{NOT_CONNECTED}{named}") from error
    reading = pick(entry, found)
    if entry.shape is Shape.TEXT:
        change, shown = _whole_text(entry, found, text), text
    else:
        change, shown = _number(entry, reading, text)
    await _set(request, entry, change)
    if entry.name in _SPOKEN:
        message = f"{_SPOKEN[entry.name]} set to {text}"
    else:
        message = f"Property {entry.name} set successfully"
    data = {"property": entry.name, "requested_value": text, "value": shown}
    return await done(request, message, data)


def _codes_to_set(entry: Property) -> tuple[int, ...]:
    return (*entry.codes, TEXT_LIMIT_CODE) if entry.shape is Shape.TEXT else entry.codes[:1]


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            pass
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else str(value)
    raise Refusal("'value' must be a text or a number", block=False)


def _number(entry: Property, reading: Reading | None, text: str) -> tuple[Mapping[str, Any], str]:
    """Return what to send for a text and how to show it."""
    wanted = understand(entry, reading, text)
    if wanted is None:
        raise Refusal(f"Invalid value '{text}' for {entry.name}. Use: {expected(entry, reading)}")
    usable = _writable(entry, reading)
    value = offered(entry, usable, wanted)
    if value is None:
        raise Refusal(
            f"Value '{text}' (sdk: {_sdk_value(usable, wanted)}) is not one of the available "
            f"values of {entry.name}: {choices(entry, usable)}",
            data=RETRYABLE,
        )
    decimal = entry.shape is Shape.COUNTER
    shown = str(value) if decimal else formats.hexadecimal(value)
    return {"value": usable.to_wire(value)}, shown


def _sdk_value(reading: Reading, wanted: int) -> str:
    mask = (1 << reading.bits) - 1
    return formats.hexadecimal(wanted & mask if wanted < 0 else wanted)


def _whole_text(entry: Property, found: Mapping[int, Reading], text: str) -> Mapping[str, Any]:
    """Return what to send for the value of a text property."""
    _writable(entry, pick(entry, found))
    limit = found[TEXT_LIMIT_CODE].value if TEXT_LIMIT_CODE in found else TEXT_LIMIT
    if len(text) > limit:
        raise Refusal(f"{entry.name} has {len(text)} characters, at most {limit} are possible")
    if not all(character.isprintable() for character in text):
        raise Refusal(f"{entry.name} may hold printable characters only")
    return {"text": text}


def _writable(entry: Property, reading: Reading | None) -> Reading:
    if reading is None:
        raise Refusal(f"Property {entry.name} is not writable (not supported by this camera)")
    if not reading.writable:
        raise Refusal(
            f"Property {entry.name} is not writable (the camera does not allow it in its present "
            "mode, or its priority key is not at PC remote)",
            data=RETRYABLE,
        )
    return reading


async def _set(request: Request, entry: Property, change: Mapping[str, Any]) -> None:
    try:
        await act(request, "property.set", {"code": entry.codes[0], **change}, deadline_s=10.0)
    except (NotWritable, BadValue) as error:
        # It was in the list a moment ago: the camera's state has changed in between.
        raise Refusal(explain(error), data=RETRYABLE) from error
    except CommandError as error:
        if error.vendor_code is None:
            raise
        message = f"Failed to set property: SDK error {error.vendor_code}"
        raise Refusal(message) from error
