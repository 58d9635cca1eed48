"""Fetching a film for a caller, from where the settings allow it and from nowhere else.

Whoever may ask this gateway could otherwise have it knock at any door behind the firewall.
"""

import asyncio
import http.client
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Iterable
from email.message import Message
from typing import IO, Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

SILENCE_S: Final = 10.0  # a source that says nothing for so long is given up
PIECE: Final = 512 * 1024

_SCHEMES: Final = {"http": 80, "https": 443}


class DownloadFailed(Exception):
    """There is no whole film at that address."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A source that is allowed must not name one that is not."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        return None


# Without the proxies of the environment: what is allowed is where it goes.
_opener: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())


def is_allowed(url: str, sources: Iterable[str]) -> bool:
    """Tell whether an address lies below one of the sources."""
    asked = _split(url)
    if asked is None or ".." in unquote(asked.path).split("/") or "\\" in unquote(url):
        return False
    return any(_is_below(asked, _split(source)) for source in sources)


async def download(url: str, limit_bytes: int) -> AsyncGenerator[bytes, None]:
    """Yield what is at an address; raise `DownloadFailed` when it ends before it is whole."""
    size = 0
    try:
        response = await asyncio.to_thread(_opener.open, url, timeout=SILENCE_S)
        with response:
            announced = int(response.headers.get("Content-Length") or 0)
            while piece := await asyncio.to_thread(_read, response):
                size += len(piece)
                if size > limit_bytes:
                    raise DownloadFailed(f"it has more than {limit_bytes} bytes")
                yield piece
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadFailed(f"it answers {error.code}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DownloadFailed(str(error) or type(error).__name__) from error
    if size < announced:
        raise DownloadFailed(f"it ended after {size} of {announced} bytes")


def _read(response: Any) -> bytes:
    piece: bytes = response.read(PIECE)
    return piece


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        known = parts.scheme in _SCHEMES and parts.hostname and parts.username is None
        return parts if known and parts.port != 0 else None
    except ValueError:
        return None


def _is_below(asked: SplitResult, source: SplitResult | None) -> bool:
    if source is None or _host(asked) != _host(source):
        return False
    return asked.path.startswith(source.path.rstrip("/") + "/")


def _host(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or _SCHEMES[parts.scheme]
