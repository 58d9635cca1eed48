"""Tickets: one opens one stream once, within half a minute, to who cannot send a header.

A ticket lies in `{state}/run/tickets` under its hash. Whoever removes that file has used it, so
that it opens once, however many gateways are asked at the same time.
"""

import hashlib
import json
import re
import secrets
from pathlib import Path
from typing import Final, NamedTuple

from lensbus_proto.runtime.tokens import write_new

LIFE_S: Final = 30
TEXT: Final = re.compile(r"ticket_[A-Za-z0-9_-]{43}")


class Holder(NamedTuple):
    """For whom a ticket was made: the id of a token, and when that visit ends."""

    id: str
    ends: int | None


class Tickets:
    """The tickets of a system, shared by its gateways."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "run" / "tickets"
        self._swept_s = 0.0

    def issue(self, holder: Holder, now_s: float) -> str:
        """Return a new ticket."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep(now_s)
        ticket = f"ticket_{secrets.token_urlsafe(32)}"
        kept = {**holder._asdict(), "until": now_s + LIFE_S}
        write_new(self._place(ticket), json.dumps(kept).encode())
        return ticket

    def use(self, ticket: str, now_s: float) -> Holder | None:
        """Return whose ticket this is, once; None if it is used, too old or none."""
        if not TEXT.fullmatch(ticket):
            return None
        place = self._place(ticket)
        try:
            kept = json.loads(place.read_bytes())
            place.unlink()  # fails for all but the first
        except (OSError, ValueError):
            return None
        return Holder(kept["id"], kept["ends"]) if now_s < kept["until"] else None

    def _place(self, ticket: str) -> Path:
        return self._folder / hashlib.sha256(ticket.encode()).hexdigest()

    def _sweep(self, now_s: float) -> None:
        """Remove what nobody came to use."""
        if now_s - self._swept_s < LIFE_S:
            return
        self._swept_s = now_s
        for place in self._folder.iterdir():
            try:
                if place.stat().st_mtime < now_s - 2 * LIFE_S:
                    place.unlink()
            except OSError:
                pass  # used a moment ago, or swept by another gateway
