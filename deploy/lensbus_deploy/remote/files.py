"""Files that a system has saved: copied to this machine, and held against what was told of them."""

import hashlib
import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

from lensbus_deploy.exits import Code, Failure
from lensbus_deploy.remote.system import Answer, System, refusal

_BLOCK_BYTES: Final = 1 << 20


class Source(Protocol):
    """What bytes are read from: a file, or the body of an answer."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, none at the end."""


def copy(system: System, told: dict[str, Any], folder: Path) -> Path:
    """Copy a saved file into a folder; it gets its name there only when it is whole and right."""
    saved = str(told["file"])
    path = folder / saved.rpartition("/")[2]
    beside = path.with_name(f".{path.name}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with system.open("GET", f"/console/saved?path={quote(saved, safe='')}&save=1") as answer:
            if answer.status != 200:
                content = Answer(answer.status, answer.headers.get_content_type(), answer.read())
                raise refusal(system, content)
            with beside.open("wb") as file:
                check(told, _written(answer, file), path)
        beside.replace(path)
    except http.client.HTTPException as error:
        raise Failure(Code.FAILED, f"{path.name} broke off on its way here: again") from error
    except OSError as error:
        reason = error.strerror or str(error)
        sentence = f"{path.name} cannot be copied to {folder}: {reason}"
        raise Failure(Code.FAILED, sentence) from error
    finally:
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


def _blocks(source: Source) -> Iterator[bytes]:
    while block := source.read(_BLOCK_BYTES):
        yield block


def _written(source: Source, file: Any) -> Iterator[bytes]:
    for block in _blocks(source):
        file.write(block)
        yield block
