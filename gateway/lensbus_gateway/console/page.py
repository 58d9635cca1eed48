"""The files of the page, read once, with the headers that keep it from running anything else.

Nothing is looked for on the disk when a client asks: a path is a key of a table or unknown.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

FOLDER: Final = "web"
INDEX: Final = "index.html"

TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}

# Everything comes from this gateway, and nothing is written into the page as a program.
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Kept by browsers and asked for each time: an upgrade must not meet half of an old page.
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page."""

    content: bytes
    type: str
    tag: str


@cache
def assets() -> Mapping[str, Asset]:
    """Return every file of the page by its path below the folder."""
    return dict(_below(resources.files(__package__) / FOLDER, ""))


def _below(folder: Traversable, prefix: str) -> list[tuple[str, Asset]]:
    found: list[tuple[str, Asset]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _below(entry, f"{prefix}{entry.name}/")
        elif (type_ := TYPES.get(entry.name[entry.name.rfind(".") :])) is not None:
            content = entry.read_bytes()
            tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            found.append((prefix + entry.name, Asset(content, type_, tag)))
    return found


def asset_response(request: Request, name: str) -> Response | None:
    """Return a file of the page, 304 if the client has it, None if there is no such file."""
    asset = assets().get(name)
    if asset is None:
        return None
    headers = {**HEADERS, "ETag": asset.tag}
    if name == INDEX:
        headers["Vary"] = "Accept"
    if _knows(request.headers.get("if-none-match", ""), asset.tag):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers={**headers, "Content-Type": asset.type})


def _knows(tags: str, tag: str) -> bool:
    # A proxy that compresses makes the tag a weak one.
    known = {one.strip().removeprefix("W/") for one in tags.split(",")}
    return tag in known or "*" in known


def wants_page(accept: str) -> bool:
    """Tell whether a client asks for a page by name, as browsers do and programs do not."""
    for wish in accept.lower().split(","):
        type_, *parameters = (part.strip() for part in wish.split(";"))
        if type_ in ("text/html", "application/xhtml+xml"):
            return not any(parameter.replace(" ", "") in _NEVER for parameter in parameters)
    return False


_NEVER: Final = frozenset({"q=0", "q=0.0", "q=0.00", "q=0.000"})
