"""The decision: may this visitor do this here? Plain values in, a plain value out."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from lensbus_gateway.access.table import Rule
from lensbus_proto.runtime.tokens import Scope

SAFE: Final = frozenset(("GET", "HEAD"))
CHALLENGE: Final = 'Bearer realm="lensbus"'


class Visitor(NamedTuple):
    """Somebody who is known: the id of the token, what it allows, for which cameras (None: all).

    `ends` is the Unix second at which what was brought is worth nothing any more.
    """

    id: str
    scope: Scope
    cameras: frozenset[str] | None = None
    name: str = ""
    ends: int | None = None

    def sees(self, camera: str) -> bool:
        """Tell whether this camera is there for the visitor."""
        return self.cameras is None or camera in self.cameras


class Stranger(NamedTuple):
    """Somebody who is not known, and why: nothing was brought, or something that is no good."""

    reason: str = ""


class Refused(NamedTuple):
    """The answer to what is not allowed; its body is shaped by the surface."""

    status: int
    message: str
    headers: Mapping[str, str] = {}


ANYBODY: Final = Visitor("local", Scope.ADMIN)


def decide(
    visitor: Visitor | Stranger, rule: Rule, method: str, camera: str | None
) -> Refused | None:
    """Return why a request is refused, None if it is allowed. A WebSocket counts as GET."""
    needed = rule.read if method in SAFE else rule.act
    if needed is None:
        return None
    if isinstance(visitor, Stranger):
        return _unknown(visitor)
    if camera is not None and not visitor.sees(camera):
        # Whether it exists is not told: a camera of others is like one that nobody has.
        return Refused(404, f"Camera {camera} not found")
    if visitor.scope < needed:
        return Refused(
            403, f"This needs the scope {needed.word}; the token has {visitor.scope.word}"
        )
    if rule.whole and visitor.cameras is not None:
        return Refused(403, "This concerns the whole system; the token is for some cameras only")
    return None


def _unknown(stranger: Stranger) -> Refused:
    if not stranger.reason:
        message = "A token is needed: Authorization: Bearer TOKEN. `lensbus token create` makes one"
        return Refused(401, message, {"WWW-Authenticate": CHALLENGE})
    challenge = f'{CHALLENGE}, error="invalid_token", error_description="{stranger.reason}"'
    return Refused(401, f"Not let in: {stranger.reason}", {"WWW-Authenticate": challenge})
