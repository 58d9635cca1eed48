"""What one address may take of a gateway: requests in a second, and connections at a time.

Streams are neither counted nor cut here: they have limits of their own (`[hub]`, `viewers`). Behind
a proxy all clients have one address; there the proxy has to tell them apart.
"""

import ipaddress
import math
from typing import Final, Protocol

BURST_S: Final = 2.0  # so much of its rate an address may have used up at once
ROUNDING_S: Final = 1e-6
ADDRESSES: Final = 10_000
NETWORK_BITS: Final = 64  # of IPv6, what one customer has


def address_of(peername: object) -> str:
    """Return whom a connection counts for; of IPv6 the network."""
    if not isinstance(peername, tuple):
        return ""
    host = str(peername[0])
    if ":" not in host:
        return host
    address = ipaddress.IPv6Address(host.partition("%")[0])
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(address) >> NETWORK_BITS << NETWORK_BITS))


class Rate:
    """Admits so many requests a second from each address; 0 admits all."""

    def __init__(self, per_s: float) -> None:
        self._interval_s = 1 / per_s if per_s else 0.0
        # When an address would have used up its requests, had it sent them evenly.
        self._used_up_s: dict[str, float] = {}

    def wait_s(self, address: str, now_s: float) -> int:
        """Note a request; return 0 if it is admitted, else after how many seconds one may be."""
        if not self._interval_s:
            return 0
        used_up_s = max(self._used_up_s.get(address, 0.0), now_s) + self._interval_s
        too_early_s = used_up_s - now_s - BURST_S
        if too_early_s > ROUNDING_S:
            return math.ceil(too_early_s)
        if len(self._used_up_s) >= ADDRESSES:
            self._forget(now_s)
        self._used_up_s[address] = used_up_s
        return 0

    def _forget(self, now_s: float) -> None:
        """Forget who has sent nothing for a while, and half of the others if they are many.

        Half, because what is done for all of them must not be done for each that comes.
        """
        busy = [(address, at) for address, at in self._used_up_s.items() if at > now_s]
        self._used_up_s = dict(busy[-ADDRESSES // 2 :])


class Guest(Protocol):
    """A connection that is no stream."""

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is being done for it."""

    def leave(self) -> None:
        """Close it."""


class Guests:
    """The connections of each address, the one that has been idle for longest first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._guests: dict[str, dict[Guest, None]] = {}
        self.turned_out = 0

    def __len__(self) -> int:
        """Return how many there are."""
        return sum(map(len, self._guests.values()))

    def enter(self, address: str, guest: Guest) -> None:
        """Take a connection in, or note that it does something; one too many costs an idle one."""
        guests = self._guests.setdefault(address, {})
        guests.pop(guest, None)
        guests[guest] = None
        if len(guests) > self._limit:
            self.turned_out += 1
            # Of connections that all do something the newest has to go.
            next((one for one in guests if one.is_idle), guest).leave()

    def left(self, address: str, guest: Guest) -> None:
        """Forget a connection, whether or not it was here."""
        guests = self._guests.get(address)
        if guests is not None and guests.pop(guest, guest) is None and not guests:
            del self._guests[address]
