"""Files that a system has saved: copied to this machine, and held against what was told of them."""

import contextlib
import hashlib
import http.client
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import quote

from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.system import Answer, System, refusal

# A worker or a gateway that is replaced is back sooner.
PATIENCE_S: Final = 30.0
AGAIN_S: Final = 0.5
_BLOCK_BYTES: Final = 1 << 20


class Source(Protocol):
    """What bytes are read from: a file, or the body of an answer."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, none at the end."""


class Block(NamedTuple):
    """A block of a file, and where it belongs."""

    offset: int
    content: bytes


def copy(
    system: System,
    camera: str,
    told: dict[str, Any],
    folder: Path,
    progress: Callable[[int], None] = lambda _: None,
    *,
    patience_s: float = PATIENCE_S,
) -> Path:
    """Copy a saved file into a folder; it gets its name there only when it is whole and right.

    A line that breaks is taken up where it broke, unless it gives nothing for `patience_s`.
    `progress` is called with the bytes that are here.
    """
    saved = str(told["file"])
    path = folder / saved.rpartition("/")[2]
    beside = path.with_name(f".{path.name}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            place = f"/api/cameras/{quote(camera)}/saved{quote(saved)}?save=1"
            for block in _fetched(system, place, path.name, patience_s):
                file.seek(block.offset)
                file.write(block.content)
                progress(block.offset + len(block.content))
            file.truncate()
        with beside.open("rb") as file:
            check(told, _blocks(file), path)
        beside.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        sentence = f"{path.name} cannot be copied to {folder}: {reason}"
        raise Failure(Code.FAILED, sentence) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    return path


def check_saved(told: dict[str, Any]) -> bool:
    """Hold a saved file against what was told of it; False if it cannot be read from here."""
    path = Path(told["file"])
    try:
        with path.open("rb") as file:
            check(told, _blocks(file), path)
    except (FileNotFoundError, PermissionError):
        return False
    return True


def check(told: dict[str, Any], blocks: Iterator[bytes], path: Path) -> None:
    """Refuse a content that has not the size and the SHA-256 that were told."""
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
    if (size, digest.hexdigest()) != (told["size"], told["sha256"]):
        raise Failure(
            Code.FAILED,
            f"{path} is not what the camera sent: {size} bytes, SHA-256 {digest.hexdigest()};"
            " fetch it again",
        )


def _fetched(system: System, place: str, name: str, patience_s: float) -> Iterator[Block]:
    """Yield the blocks of a file; from its beginning again when it has become another one."""
    got, tag, heard_s = 0, "", time.monotonic()
    while True:
        before, reason = got, "fetch it again"
        try:
            headers = {"Range": f"bytes={got}-", "If-Range": tag} if got else {}
            with system.open("GET", place, headers=headers) as answer:
                if answer.status not in (200, 206):
                    mime = answer.headers.get_content_type()
                    raise refusal(system, Answer(answer.status, mime, answer.read()))
                got = got if answer.status == 206 else 0
                tag = answer.headers.get("ETag", "")
                whole = got + int(answer.headers.get("Content-Length", "0"))
                for content in _received(answer):
                    yield Block(got, content)
                    got += len(content)
            if got >= whole:
                return
        except Failure as failure:
            if not before or failure.code is Code.FORBIDDEN:
                raise
            reason = str(failure)
        if got != before:
            heard_s = time.monotonic()
        elif time.monotonic() - heard_s > patience_s:
            sentence = f"{name} broke off on its way here, after {got} bytes: {reason}"
            raise Failure(Code.FAILED, sentence)
        else:
            time.sleep(AGAIN_S)


def _received(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield what comes of an answer until it ends or breaks."""
    while True:
        try:
            block = answer.read(_BLOCK_BYTES)
        except (OSError, http.client.HTTPException):
            return
        if not block:
            return
        yield block


def _blocks(source: Source) -> Iterator[bytes]:
    while block := source.read(_BLOCK_BYTES):
        yield block
