"""What a request says of where it comes from: the name it used for us, and whose page sent it.

A page that somebody opened in a browser can send requests here. Its name for this server gives a
rebound one away (its own, which now leads here), and browsers say of which origin a page is.
Programs send neither `Origin` nor `Sec-Fetch-Site` and are not touched.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from lensbus_gateway.access.decide import SAFE, Refused
from lensbus_proto.runtime.settings import Settings

ALL: Final = "*"
OWN_SITES: Final = ("same-origin", "none")
DEFAULT_PORTS: Final = (":80", ":443")
SHOWN: Final = 80


class Head(NamedTuple):
    """The fields of a request head that tell where it comes from."""

    hosts: tuple[str, ...] = ()
    origin: str | None = None
    site: str | None = None
    mode: str | None = None
    destination: str | None = None


def read_head(headers: Iterable[tuple[bytes, bytes]]) -> Head:
    """Return what the fields tell, their names in lower case."""
    hosts: tuple[str, ...] = ()
    origin = site = mode = destination = None
    for name, value in headers:
        if name == b"host":
            hosts += (value.decode("latin-1"),)
        elif name == b"origin":
            origin = value.decode("latin-1")
        elif name == b"sec-fetch-site":
            site = value.decode("latin-1").lower()
        elif name == b"sec-fetch-mode":
            mode = value.decode("latin-1").lower()
        elif name == b"sec-fetch-dest":
            destination = value.decode("latin-1").lower()
    return Head(hosts, origin, site, mode, destination)


@dataclass(frozen=True)
class Screen:
    """Which names are ours, and which origins are welcome."""

    names: frozenset[str] = frozenset()
    origins: frozenset[str] = field(default_factory=frozenset)

    @property
    def everyone(self) -> str:
        """What is said to pages whatever their origin: `*` in place of a list, else nothing."""
        return ALL if ALL in self.origins else ""

    def readable_by(self, head: Head) -> str:
        """Return the value that lets the page which asks read the answer, empty if none does."""
        if self.everyone or head.origin is None:
            return self.everyone
        return head.origin if head.origin in self.origins else ""

    def refuses(self, head: Head, method: str) -> Refused | None:
        """Return why a request is refused, None if it may go on. A WebSocket counts as GET."""
        for host in head.hosts:
            if not self.is_ours(host):
                shown = host[:SHOWN]
                return Refused(
                    421, f"This gateway is not known as {shown!r}: add the name to access.hosts"
                )
        if self.everyone or not is_foreign(head) or head.origin in self.origins:
            return None
        if method in SAFE and head.mode == "navigate" and head.destination == "document":
            return None  # a link: somebody looks at it, and the page it stood on does not
        origin = "another origin" if head.origin is None else head.origin[:SHOWN]
        return Refused(
            403, f"Pages of {origin} may not use this gateway: add the origin to access.origins"
        )

    def is_ours(self, host: str) -> bool:
        """Tell whether a value of `Host` means this server."""
        return ALL in self.names or _is_address(host) or _named(host) & self.names != set()


def screen_of(settings: Settings) -> Screen:
    """Return the screen of these settings."""
    names = {name.lower() for name in settings.access.hosts}
    names.add(settings.gateway.host.lower())
    return Screen(frozenset(names), frozenset(settings.access.origins))


def is_foreign(head: Head) -> bool:
    """Tell whether a page of another origin has sent a request."""
    if head.site is not None:
        return head.site not in OWN_SITES
    if head.origin is None:
        return False
    # A proxy may have taken TLS away: the scheme is not compared.
    _, _, there = head.origin.partition("://")
    return not any(_bare(there) == _bare(host) for host in head.hosts)


@lru_cache(256)
def _is_address(host: str) -> bool:
    """Tell whether a host is an address, or this machine's name for itself: no name to rebind."""
    name = _without_port(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _named(host: str) -> set[str]:
    return {host.lower().rstrip("."), _without_port(host)}


def _without_port(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return (name if colon and port.isdigit() else host.lower()).rstrip(".")


def _bare(host: str) -> str:
    lower = host.lower()
    return next((lower.removesuffix(p) for p in DEFAULT_PORTS if lower.endswith(p)), lower)
