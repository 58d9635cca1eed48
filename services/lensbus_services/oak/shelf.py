"""The networks of one camera and their models, kept so that a new worker goes on with them."""

import hashlib
import json
import logging
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import CommandError
from lensbus_services.oak import networks
from lensbus_services.oak.networks import Model, Network

logger = logging.getLogger(__name__)

_VERSION: Final = 1
_DIGITS: Final = 32
_NOTE: Final = ".json"
# What reading a note of any content can raise.
_BROKEN: Final = (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError)


def name_of(file: Path, suffix: str) -> str:
    """Return a name for a model that no other has: the sum of its bytes, and of what kind it is."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:_DIGITS] + suffix


class Shelf:
    """A folder with one model and one note for each stream that has a network.

    A model lies under the sum of its bytes, beside the one before until the camera runs it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def lay(self, stream: str, file: Path, name: str) -> Path:
        """Move a model in; it stays when `keep` is told of it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{stream}-{name}"
        shutil.move(file, path)
        return path

    def keep(self, stream: str, network: Network) -> None:
        """Have the next worker run this network, and forget any other of the stream."""
        note = {
            "version": _VERSION,
            "file": network.path.name,
            "wish": networks.to_map(network.wish),
            "model": asdict(network.model),
        }
        fresh = self._folder / f"{stream}.new"
        try:
            fresh.write_text(json.dumps(note, indent=1), encoding="utf-8")
            os.replace(fresh, self._note(stream))
        except OSError as error:
            # The camera does what it was told; only a new worker would not know.
            extra = {"stream": stream, "reason": error}
            logger.warning("network not kept", extra=extra)
        self.tidy(stream, network.path)

    def drop(self, stream: str) -> None:
        """Forget the network of a stream, and its model."""
        self._note(stream).unlink(missing_ok=True)
        self.tidy(stream, None)

    def tidy(self, stream: str, used: Path | None) -> None:
        """Remove every model of a stream but the one in use."""
        for path in self._folder.glob(f"{stream}-*"):
            if path != used:
                path.unlink(missing_ok=True)

    def load(self, streams: tuple[str, ...]) -> dict[str, Network]:
        """Return the networks of these streams; one that makes no sense is left out."""
        found: dict[str, Network] = {}
        for stream in streams:
            if not self._note(stream).exists():
                self.tidy(stream, None)  # left by a worker that died before it was told to keep it
                continue
            try:
                found[stream] = self._read(stream)
            except (*_BROKEN, CommandError) as error:
                logger.warning("network ignored", extra={"stream": stream, "reason": error})
        return found

    def _read(self, stream: str) -> Network:
        note: Any = json.loads(self._note(stream).read_text(encoding="utf-8"))
        if note["version"] != _VERSION:
            raise ValueError(f"version {note['version']}")
        path = self._folder / Path(note["file"]).name
        # What a power cut has left of a file could end the process that reads it.
        if path.name != f"{stream}-{name_of(path, networks.suffix_of(path.name))}":
            raise ValueError(f"its model {path.name} is not what was kept")
        return Network(networks.wish(note["wish"]), Model.from_map(note["model"]), path)

    def _note(self, stream: str) -> Path:
        return self._folder / f"{stream}{_NOTE}"
