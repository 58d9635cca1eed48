"""Asking a connected camera for some of its properties."""

from collections.abc import Sequence

from lensbus_proto.errors import CommandError, NotConnected, NotFound
from lensbus_services.sony.codes import INVALID_CALLED
from lensbus_services.sony.link import Link
from lensbus_services.sony.properties import number
from lensbus_services.sony.values import RawProperty


def select(link: Link, codes: Sequence[int]) -> list[RawProperty]:
    """Return the properties with these codes, or all; what the camera lacks is absent."""
    try:
        return link.properties(codes)
    except NotConnected:
        raise
    except CommandError as error:
        # One code that it does not know, and the SDK refuses the whole selection.
        if not codes or error.vendor_code is None:
            raise
        if len(codes) == 1 and error.vendor_code == INVALID_CALLED:
            return []
    wanted = frozenset(codes)
    return [raw for raw in link.properties() if raw.code in wanted]


def find(link: Link, code: int) -> RawProperty | None:
    """Return one property, None where the camera does not report it."""
    return next((raw for raw in select(link, [code]) if raw.code == code), None)


def get(link: Link, code: int) -> RawProperty:
    """Return one property; NotFound where the camera does not report it."""
    found = find(link, code)
    if found is None:
        raise NotFound(
            f"this camera has no property 0x{code:x}",
            vendor_code=INVALID_CALLED,
            operation="GetSelectDeviceProperties",
            detail={"code": f"0x{code:x}"},
        )
    return found


def value_of(link: Link, code: int) -> int | None:
    """Return the number that a property has, None where the camera does not report it."""
    raw = find(link, code)
    return number(raw.value, raw.type) if raw else None
