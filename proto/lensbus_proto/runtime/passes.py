"""What a system signs for itself: the session of a browser, and the pass of its own machine.

A pass names who it is for and when it ends. The key lies in `{state}/access/key`, which only the
owner of the system can read; all gateways share it, so that any of them can check any pass.
A session is bound to its token: without the token it opens nothing.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path
from typing import Final, NamedTuple

from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.tokens import write_new

# The owner of the state folder could as well make a token: on the machine itself none is needed.
LOCAL: Final = "local"
LOCAL_S: Final = 60

_TEXT: Final = re.compile(r"(local|[0-9a-f]{10})\.(\d{9,11})\.([A-Za-z0-9_-]{43})")
_KEY_BYTES: Final = 32


class Pass(NamedTuple):
    """A pass as it was presented, not checked yet."""

    bearer: str
    ends: int
    mac: str


def key_of(state: Path) -> bytes:
    """Return the key of a system, made at first use."""
    folder = state / "access"
    path = folder / "key"
    try:
        if not path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial = folder / f"key.{secrets.token_hex(4)}"
            write_new(partial, secrets.token_bytes(_KEY_BYTES))
            try:
                os.link(partial, path)  # whole or not at all, and the first one stays
            except FileExistsError:
                pass
            finally:
                partial.unlink()
        key = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    if len(key) != _KEY_BYTES:
        raise SettingsError(f"{path} is broken: delete it; who is signed in has to sign in anew")
    return key


def sign(key: bytes, bearer: str, ends: int, bound_to: str = "") -> str:
    """Return the text of a pass."""
    return f"{bearer}.{ends}.{_mac(key, bearer, ends, bound_to)}"


def parse(text: str) -> Pass | None:
    """Return what a text claims, None if it is no pass."""
    found = _TEXT.fullmatch(text)
    return Pass(found[1], int(found[2]), found[3]) if found else None


def is_good(key: bytes, claim: Pass, now_s: float, bound_to: str = "") -> bool:
    """Tell whether a pass was signed with this key and has not ended."""
    mac = _mac(key, claim.bearer, claim.ends, bound_to)
    return hmac.compare_digest(mac, claim.mac) and now_s < claim.ends


def local_pass(state: Path) -> str | None:
    """Return what opens the system of a state folder to whoever may read its key."""
    path = state / "access" / "key"
    try:
        key = path.read_bytes()
    except OSError:
        return None
    return sign(key, LOCAL, unix_us() // 1_000_000 + LOCAL_S)


def _mac(key: bytes, bearer: str, ends: int, bound_to: str) -> str:
    content = f"lensbus pass\n{bearer}\n{ends}\n{bound_to}".encode()
    digest = hmac.digest(key, content, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
