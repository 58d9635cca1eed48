"""The keeper: knows the tokens, and tells who has come."""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final, NamedTuple
from urllib.parse import parse_qs

from lensbus_gateway.access.decide import ANYBODY, Stranger, Visitor
from lensbus_gateway.access.leases import Leases
from lensbus_gateway.access.tickets import LIFE_S, Holder, Tickets
from lensbus_proto.runtime import passes, tokens
from lensbus_proto.runtime.audit import AuditLog
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.settings import Settings
from lensbus_proto.runtime.tokens import Token, TokenBook

logger = logging.getLogger(__name__)

SESSION_S: Final = 7 * 86_400
LOOK_S: Final = 1.0

UNKNOWN: Final = Stranger("the token is not valid, or was revoked")
EXPIRED: Final = Stranger("the token has expired")
SIGNED_OUT: Final = Stranger("the session is over")
NO_TICKET: Final = Stranger("the ticket was used, is too old, or is none")


class Brought(NamedTuple):
    """What a request brought to be let in; of several the first counts."""

    bearer: str | None = None
    ticket: str | None = None
    cookies: str = ""


def read_brought(headers: Iterable[tuple[bytes, bytes]], query: bytes) -> Brought:
    """Return what a request brought, the names of its header fields in lower case."""
    bearer = None
    cookies: list[str] = []
    for name, value in headers:
        if name == b"authorization":
            scheme, _, text = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer":  # any other is meant for a proxy before us
                bearer = text.strip()
        elif name == b"cookie":
            cookies.append(value.decode("latin-1"))
    found = parse_qs(query.decode("latin-1")).get("ticket") if b"ticket=" in query else None
    return Brought(bearer, found[0] if found else None, ";".join(cookies))


class Session(NamedTuple):
    """What a browser keeps once somebody has signed in."""

    value: str
    lasts_s: int
    visitor: Visitor


class Keeper:
    """Tells who a visitor is. Belongs to one event loop."""

    def __init__(
        self, settings: Settings, now_s: Callable[[], float] = lambda: unix_us() / 1e6
    ) -> None:
        self.demands = settings.demands_tokens
        self.leases = Leases()
        self.audit = AuditLog(settings.state)
        self._now_s = now_s
        self._state = settings.state
        self._tickets = Tickets(settings.state)
        self._made_key: bytes | None = None
        self._book = TokenBook(
            tokens.token_file(settings.state),
            time.monotonic,
            lambda sentence: logger.error("no token is valid", extra={"reason": sentence}),
        )

    # Who has come

    def identify(self, brought: Brought, *, takes_tickets: bool) -> Visitor | Stranger:
        """Return who brought this."""
        if not self.demands:
            return ANYBODY
        if brought.bearer is not None:
            return self._of_bearer(brought.bearer)
        if takes_tickets and brought.ticket is not None:
            return self._of_ticket(brought.ticket)
        name = self.cookie_name
        for cookie in brought.cookies.split(";") if brought.cookies else ():
            key, _, value = cookie.strip().partition("=")
            if key == name:
                return self._of_session(value)
        return Stranger()

    def _of_bearer(self, text: str) -> Visitor | Stranger:
        parts = tokens.split(text)
        if parts is None:
            claim = passes.parse(text)
            is_ours = claim is not None and claim.bearer == passes.LOCAL
            if claim is None or not is_ours or not passes.is_good(self._key, claim, self._now_s()):
                return UNKNOWN
            return ANYBODY
        token = self._book.find(parts[0])
        if token is None or not token.opens_with(parts[1]):
            return UNKNOWN
        return self._visitor(token, token.expires)

    def _of_session(self, value: str) -> Visitor | Stranger:
        claim = passes.parse(value)
        token = None if claim is None else self._book.find(claim.bearer)
        if claim is None or token is None:
            return SIGNED_OUT
        if not passes.is_good(self._key, claim, self._now_s(), token.digest):
            return SIGNED_OUT
        return self._visitor(token, claim.ends)

    def _of_ticket(self, text: str) -> Visitor | Stranger:
        holder = self._tickets.use(text, self._now_s())
        if holder is None:
            return NO_TICKET
        if holder.id == passes.LOCAL:
            return ANYBODY
        token = self._book.find(holder.id)
        return NO_TICKET if token is None else self._visitor(token, holder.ends)

    def _visitor(self, token: Token, ends: int | None) -> Visitor | Stranger:
        if token.is_over(self._now_s()):
            return EXPIRED
        return Visitor(token.id, token.scope, token.cameras, token.name, ends)

    # Sessions and tickets

    @property
    def cookie_name(self) -> str:
        """The name of our cookie: two systems on one host, on two ports, keep theirs apart."""
        return f"lensbus_{hashlib.sha256(self._key).hexdigest()[:8]}"

    def sign_in(self, text: str) -> Session | Stranger:
        """Return a session for the text of a token."""
        visitor = self._of_bearer(text)
        if isinstance(visitor, Stranger):
            return visitor
        token = self._book.find(visitor.id)
        if token is None:  # a pass of this machine, which lives shorter than any session
            return UNKNOWN
        now_s = int(self._now_s())
        ends = now_s + SESSION_S
        if token.expires is not None:
            ends = min(ends, token.expires)
        value = passes.sign(self._key, token.id, ends, token.digest)
        return Session(value, ends - now_s, visitor._replace(ends=ends))

    def ticket(self, visitor: Visitor) -> tuple[str, int]:
        """Return a ticket for a visitor, and for how many seconds it is good."""
        return self._tickets.issue(Holder(visitor.id, visitor.ends), self._now_s()), LIFE_S

    @property
    def _key(self) -> bytes:
        if self._made_key is None:
            self._made_key = passes.key_of(self._state)
        return self._made_key

    # What goes on for long

    async def watch(self) -> None:
        """End what goes on without a good token, again and again."""
        while True:
            await asyncio.sleep(LOOK_S)
            ended = self.leases.end(self._is_good)
            if ended:
                logger.info("streams of invalid tokens ended", extra={"count": ended})

    def _is_good(self, id_: str) -> bool:
        if id_ == passes.LOCAL:
            return True
        token = self._book.find(id_)
        return token is not None and not token.is_over(self._now_s())

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Watch over what goes on for long while the block runs; then write what waits."""
        task = asyncio.create_task(self.watch()) if self.demands else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
            await asyncio.to_thread(self.audit.close)
