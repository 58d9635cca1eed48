"""What must not be read in a log, tokens, tickets, cookies, passwords: masked here, nowhere else.

Every log line goes through `masked_text` (`runtime.logs`), every line of the audit log through
`masked`; whoever adds a kind of secret adds its shape here.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "***"
NAMES: Final = ("password", "passwd", "passphrase", "secret", "token", "ticket", "cookie")
DEEPEST: Final = 8

# Secrets that show what they are: the id of a token may be read, it is needed to revoke it.
_TOKEN: Final = re.compile(r"(lensbus_[0-9a-f]{10}_)[A-Za-z0-9_-]{8,}")
_TICKET: Final = re.compile(r"(ticket_)[A-Za-z0-9_-]{8,}")
_PASS: Final = re.compile(r"((?:local|[0-9a-f]{10})\.\d{9,11}\.)[A-Za-z0-9_-]{8,}")
# Secrets that only their name gives away: header fields, queries, JSON and `repr` of dicts.
_HEADER: Final = re.compile(
    r"((?:authorization|cookie)\b[\"']?\s*[:=,]\s*)(?:b?([\"'])[^\"']*\2|[^\r\n\"',]+)",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"(\b\w*(?:password|passwd|passphrase|secret|ticket)\b[\"']?\s*[:=]\s*)"
    r"(?:b?\"[^\"]*\"|b?'[^']*'|[^\s&,;\"'}\])]+)",
    re.IGNORECASE,
)
_SUSPECT: Final = re.compile(
    r"lensbus_|ticket|local\.|\.\d{9,11}\.|authorization|cookie|passw|passphrase|secret",
    re.IGNORECASE,
)


def masked_text(text: str) -> str:
    """Return a text without the secrets in it."""
    if _SUSPECT.search(text) is None:
        return text
    for pattern in (_TOKEN, _TICKET, _PASS, _HEADER, _NAMED):
        text = pattern.sub(rf"\1{MASK}", text)
    return text


def masked(value: Any, depth: int = 0) -> Any:
    """Return what a command carries, for a record: secrets masked, bytes by their size."""
    if depth > DEEPEST:
        return "..."
    match value:
        case Mapping():
            return {
                str(key): MASK if item and _is_secret(str(key)) else masked(item, depth + 1)
                for key, item in value.items()
            }
        case list() | tuple():
            return [masked(item, depth + 1) for item in value]
        case bytes():
            return f"{len(value)} bytes"
        case str():
            return masked_text(value)
        case None | bool() | int() | float():
            return value
        case _:
            return masked_text(str(value))


def _is_secret(name: str) -> bool:
    lower = name.lower()
    return any(part in lower for part in NAMES)
