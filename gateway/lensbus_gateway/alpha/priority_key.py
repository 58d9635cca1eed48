"""Who is in charge of the settings: the camera's own dials or this computer."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from lensbus_gateway.alpha.body import required_body
from lensbus_gateway.alpha.bus import act
from lensbus_gateway.alpha.catalogue import CATALOGUE
from lensbus_gateway.alpha.envelope import ABSENT, Refusal, done
from lensbus_gateway.alpha.parse import PRIORITY_KEY
from lensbus_gateway.alpha.properties import RETRYABLE, readings
from lensbus_proto.errors import CommandError, NotFound, Unsupported

CODE: Final = CATALOGUE["priority-key"].codes[0]
SETTINGS: Final = {value: word for word, value in PRIORITY_KEY.items()}

# What the SDK says for a property that the body lacks. Clients look for it in the message: cinema
# bodies have no such key and obey the computer anyway.
INVALID_CALL: Final = 0x8402


async def get_priority_key(request: Request) -> Response:
    """Show the setting."""
    try:
        reading = (await readings(request, CODE)).get(CODE)
    except ABSENT:
        raise
    except CommandError as error:
        raise Refusal("Failed to get priority key setting") from error
    if reading is None:
        raise Refusal("Failed to get priority key setting")
    setting = SETTINGS.get(reading.value, "unknown")
    data = {"setting": setting, "rawValue": str(reading.value)}
    return await done(request, "Priority key setting retrieved", data)


async def put_priority_key(request: Request) -> Response:
    """Change the setting."""
    setting = (await required_body(request, "setting"))["setting"]
    if not isinstance(setting, str) or setting not in PRIORITY_KEY:
        raise Refusal("Invalid setting. Use: 'pc-remote' or 'camera-position'")
    try:
        await act(request, "property.set", {"code": CODE, "value": PRIORITY_KEY[setting]})
    except (NotFound, Unsupported) as error:
        raise _refused(error.vendor_code or INVALID_CALL) from error
    except CommandError as error:
        if error.vendor_code is None:
            raise
        raise _refused(error.vendor_code) from error
    return await done(request, f"Priority key set to {setting}", {"setting": setting})


def _refused(code: int) -> Refusal:
    return Refusal(f"Failed to set priority key. Error code: {code:#x}", data=RETRYABLE)
