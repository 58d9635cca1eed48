"""Tokens that open a system to those who are not on its machine.

They are kept in `{state}/access/tokens.json` as hashes: whoever reads that file cannot use them.
A secret has 256 bits of chance, so that a plain SHA-256 of it cannot be searched for. Nothing
here needs a running system; every gateway looks at the file again when it has changed.
"""

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from lensbus_proto.errors import SettingsError
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.topics import is_camera_id

TEXT: Final = re.compile(r"lensbus_([0-9a-f]{10})_([A-Za-z0-9_-]{43})")
NAME_LIMIT: Final = 60
DAYS_LIMIT: Final = 36_500
DAY_S: Final = 86_400
LOOK_S: Final = 1.0


class Scope(IntEnum):
    """What a token allows; each allows what the ones before it do."""

    VIEW = 1
    CONTROL = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """The name that people use."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Token:
    """One token as it is kept. Times are Unix seconds; no `cameras` are all of them."""

    id: str
    name: str
    scope: Scope
    digest: str
    created: int
    expires: int | None = None
    cameras: frozenset[str] | None = None

    def is_over(self, now_s: float) -> bool:
        """Tell whether it has expired."""
        return self.expires is not None and now_s >= self.expires

    def opens_with(self, secret: str) -> bool:
        """Tell whether this is its secret, in a time that tells nothing about it."""
        return hmac.compare_digest(self.digest, digest_of(secret))


class TokenFile(NamedTuple):
    """Where the tokens of a system are."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "tokens.json"

    def read(self) -> Mapping[str, Token]:
        """Return the tokens by their ids, none without a file; SettingsError if it is broken."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{self.path} cannot be read: {error}") from error
        try:
            tokens = [_token(entry) for entry in json.loads(text)["tokens"]]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SettingsError(
                f"{self.path} is broken ({type(error).__name__}): put a good copy in its place, or"
                " delete it and create the tokens anew"
            ) from error
        return {token.id: token for token in tokens}

    def create(
        self,
        name: str,
        scope: Scope,
        *,
        cameras: Sequence[str] = (),
        days: float | None = None,
    ) -> tuple[Token, str]:
        """Keep a new token; return it and its text, which nobody can be told again."""
        _check(name, cameras, days)
        now_s = unix_us() // 1_000_000
        secret = secrets.token_urlsafe(32)
        token = Token(
            id=secrets.token_hex(5),
            name=name,
            scope=scope,
            digest=digest_of(secret),
            created=now_s,
            expires=None if days is None else now_s + round(days * DAY_S),
            cameras=frozenset(cameras) or None,
        )
        with self._locked():
            self._write({**self.read(), token.id: token})
        return token, f"lensbus_{token.id}_{secret}"

    def revoke(self, id_: str) -> Token | None:
        """Forget a token; return it, None if there is none of that id."""
        with self._locked():
            tokens = dict(self.read())
            token = tokens.pop(id_, None)
            if token is not None:
                self._write(tokens)
        return token

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SettingsError(f"{self.folder} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _write(self, tokens: Mapping[str, Token]) -> None:
        document = {"tokens": [_entry(token) for token in tokens.values()]}
        text = json.dumps(document, indent=1) + "\n"
        partial = self.path.with_suffix(".partial")
        partial.unlink(missing_ok=True)  # of a writer that was killed: we hold the lock
        write_new(partial, text.encode())
        partial.replace(self.path)


class TokenBook:
    """The tokens as a running process sees them: a new one at once, a revoked one a second later.

    Without a readable file there are no tokens: who cannot be checked stays outside.
    """

    def __init__(
        self, file: TokenFile, now_s: Callable[[], float], broken: Callable[[str], None]
    ) -> None:
        self._file = file
        self._now_s = now_s
        self._broken = broken
        self._tokens: Mapping[str, Token] = {}
        self._seen: object = None
        self._looked_s = -float("inf")

    def find(self, id_: str) -> Token | None:
        """Return the token of an id."""
        if id_ not in self._tokens or self._now_s() - self._looked_s >= LOOK_S:
            self._look()
        return self._tokens.get(id_)

    def _look(self) -> None:
        """Read the file again if it is another one."""
        self._looked_s = self._now_s()
        try:
            found = self._file.path.stat()
            seen: object = (found.st_mtime_ns, found.st_ino, found.st_size)
        except OSError:
            seen = None
        if seen == self._seen:
            return
        try:
            self._tokens = self._file.read()
        except SettingsError as error:
            self._tokens = {}
            self._broken(str(error))
        self._seen = seen


def token_file(state: Path) -> TokenFile:
    """Return where the tokens of a state folder are."""
    return TokenFile(state / "access")


def split(text: str) -> tuple[str, str] | None:
    """Return id and secret of a token's text, None of anything else."""
    found = TEXT.fullmatch(text)
    return (found[1], found[2]) if found else None


def digest_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def write_new(path: Path, data: bytes) -> None:
    """Write a file that did not exist, for this user alone; it is on disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _check(name: str, cameras: Sequence[str], days: float | None) -> None:
    if not (0 < len(name) <= NAME_LIMIT and name.isprintable()):
        raise SettingsError(f"the name {name!r} must have 1 to {NAME_LIMIT} printable characters")
    for camera in cameras:
        if not is_camera_id(camera):
            raise SettingsError(f"{camera!r} cannot be the id of a camera")
    if days is not None and not 0 < days <= DAYS_LIMIT:
        raise SettingsError(f"{days:g} days is no time for a token: expected 0 to {DAYS_LIMIT}")


def _entry(token: Token) -> dict[str, Any]:
    cameras = None if token.cameras is None else sorted(token.cameras)
    return {**asdict(token), "scope": token.scope.word, "cameras": cameras}


def _token(entry: Mapping[str, Any]) -> Token:
    cameras, expires = entry["cameras"], entry["expires"]
    return Token(
        id=str(entry["id"]),
        name=str(entry["name"]),
        scope=Scope[entry["scope"].upper()],
        digest=str(entry["digest"]),
        created=int(entry["created"]),
        expires=None if expires is None else int(expires),
        cameras=None if cameras is None else frozenset(map(str, cameras)),
    )
