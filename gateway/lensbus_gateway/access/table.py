"""The scope of every path: what a token must allow to read there, and to act.

One table for all surfaces, so that it can be read at a glance; a path that is not in it is for
administrators, and a test names it. A path of the Robopipe surface means both of its spellings.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from lensbus_proto.runtime.tokens import Scope

VIEW, CONTROL, ADMIN = Scope


class Rule(NamedTuple):
    """What one path demands; without a scope it is open to everybody.

    `whole`: it concerns the whole system, and a token for some cameras is not enough. `stream`: it
    goes on for long, and a browser that cannot send a header may bring a ticket.
    """

    read: Scope | None = VIEW
    act: Scope | None = CONTROL
    whole: bool = False
    stream: bool = False


OPEN: Final = Rule(None, None)
NORMAL: Final = Rule()
VIEWING: Final = Rule(act=VIEW)  # a POST that changes nothing
STREAM: Final = Rule(stream=True)
SYSTEM: Final = Rule(whole=True)
ADMINS: Final = Rule(ADMIN, ADMIN, whole=True)

_ALPHA: Final = "/api/cameras/{camera}"
_FILE: Final = _ALPHA + "/sd-card/slot/{slot}/files/{content}/{file}/{kind}"
_OAK: Final = "/cameras/{mxid}"
_STREAM: Final = _OAK + "/streams/{stream_name}"

RULES: Final[Mapping[str, Rule]] = {
    # The console: its files are open, what it shows is not.
    "/": OPEN,
    "/console/{name:path}": OPEN,
    "/console/session": OPEN,  # signing in and out
    "/console/pictures": STREAM,
    "/access/tickets": VIEWING,
    "/metrics": SYSTEM,
    "/livez": OPEN,
    "/readyz": NORMAL,
    "/openapi.json": OPEN,  # what could be asked, and nothing of this system
    "/asyncapi.json": OPEN,
    "/docs": OPEN,
    # Alpha
    "/api/server/status": NORMAL,
    "/api/status": NORMAL,
    "/api/server/logs": ADMINS,
    "/api/server/shutdown": ADMINS,
    "/api/events": STREAM,
    "/api/cameras": VIEWING,  # it lists, whatever the method
    _ALPHA + "/events": STREAM,
    _ALPHA + "/connection": NORMAL,
    _ALPHA + "/properties/all": NORMAL,
    _ALPHA + "/properties/{name}": NORMAL,
    _ALPHA + "/priority-key": NORMAL,
    _ALPHA + "/actions/shutter": NORMAL,
    _ALPHA + "/actions/half-press": NORMAL,
    _ALPHA + "/actions/af-shutter": NORMAL,
    _ALPHA + "/actions/zoom": NORMAL,
    _ALPHA + "/actions/focus-near-far": NORMAL,
    _ALPHA + "/actions/movie-rec": NORMAL,
    _ALPHA + "/actions/button": NORMAL,
    _ALPHA + "/actions/touch": NORMAL,
    _ALPHA + "/actions/touch-cancel": NORMAL,
    _ALPHA + "/actions/{action}": NORMAL,
    _ALPHA + "/live-view/{action}": STREAM,
    _ALPHA + "/sd-card/slot/{slot}/files": NORMAL,
    _FILE: NORMAL,
    _ALPHA + "/saved": NORMAL,
    _ALPHA + "/saved/{name:path}": NORMAL,
    _ALPHA + "/settings/save-info": NORMAL,
    _ALPHA + "/settings/save-destination": NORMAL,
    _ALPHA + "/settings/download": NORMAL,
    _ALPHA + "/settings/upload": NORMAL,
    _ALPHA + "/settings/files": NORMAL,
    _ALPHA + "/lut/import": NORMAL,
    _ALPHA + "/af-area-position": NORMAL,
    _ALPHA + "/tracking-frame": NORMAL,
    _ALPHA + "/fingerprint": NORMAL,
    "/api/{rest:path}": VIEWING,  # nothing is there
    # Robopipe
    "/cameras": NORMAL,
    "/cameras/refresh": NORMAL,
    _OAK: NORMAL,
    _OAK + "/stats": NORMAL,
    _OAK + "/ir": NORMAL,
    _OAK + "/recording": NORMAL,
    _OAK + "/streams": NORMAL,
    _STREAM: NORMAL,
    _STREAM + "/config": NORMAL,
    _STREAM + "/config/available": NORMAL,
    _STREAM + "/control": NORMAL,
    _STREAM + "/control/capabilities": NORMAL,
    _STREAM + "/control/reset": NORMAL,
    _STREAM + "/still": NORMAL,
    _STREAM + "/depth": NORMAL,
    _STREAM + "/points": NORMAL,
    _STREAM + "/mjpeg": STREAM,
    _STREAM + "/nn": STREAM,
    _STREAM + "/replay": NORMAL,
    _STREAM + "/video": Rule(act=VIEW, stream=True),  # an offer of WebRTC only watches
    "/cameras/{rest:path}": VIEWING,  # nothing is there
}


def rule_of(path: str) -> Rule:
    """Return the rule of a path as its route spells it."""
    return RULES.get(path) or RULES.get(path.rstrip("/")) or ADMINS
