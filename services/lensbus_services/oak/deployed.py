"""The networks of one camera: which run on its streams, and what is kept of them."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lensbus_services.oak import networks
from lensbus_services.oak.inspection import Inspector
from lensbus_services.oak.networks import Model, Network, Wish
from lensbus_services.oak.shelf import Shelf, name_of

logger = logging.getLogger(__name__)

Rerun = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file that was found to be a model, and the name that it is kept under."""

    file: Path
    name: str
    model: Model


class Deployed:
    """Networks by stream. Whoever changes them holds the camera's lock, and hands in `rerun`.

    That has the camera run with the networks that there are now; it raises when the camera does
    not, and then the networks are those from before.
    """

    def __init__(self, camera: str, folder: Path) -> None:
        self._camera = camera
        self._shelf = Shelf(folder)
        self._inspector = Inspector()
        self._networks: dict[str, Network] = {}

    def load(self, streams: tuple[str, ...]) -> None:
        """Go on with what an earlier worker has left."""
        self._networks = self._shelf.load(streams)

    def on(self, stream: str) -> Network | None:
        """Return the network of a stream."""
        return self._networks.get(stream)

    def streams(self) -> Iterable[str]:
        """Return the streams that have one."""
        return self._networks.keys()

    def inspect(self, wish: Wish, file: Path, suffix: str) -> Inspected:
        """Look into an uploaded file, which takes a second; it gets the ending that it needs."""
        name = name_of(file, suffix)
        file = file.rename(file.with_name(file.name + suffix))
        try:
            model = self._inspector.inspect(file, name)
            networks.check(wish, model, is_archive=suffix in networks.ARCHIVES)
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        return Inspected(file, name, model)

    def put(self, stream: str, wish: Wish, found: Inspected, rerun: Rerun) -> None:
        """Have a network run, in place of the one before, and keep it."""
        before = self._networks
        path = self._shelf.lay(stream, found.file, found.name)
        network = Network(wish, found.model, path)
        try:
            self._change({**before, stream: network}, rerun)
        except Exception:
            earlier = before.get(stream)
            self._shelf.tidy(stream, None if earlier is None else earlier.path)
            self._fall_back(stream, rerun)
            raise
        self._shelf.keep(stream, network)

    def _fall_back(self, stream: str, rerun: Rerun) -> None:
        """Have the networks from before run again.

        A device that refused a graph stands without any until it gets one that it takes. Whoever
        deployed a network is told why that was refused, and not what came of this.
        """
        try:
            rerun()
        except Exception as error:
            extra = {"camera": self._camera, "stream": stream, "reason": str(error)}
            logger.warning("networks from before do not run", exc_info=True, extra=extra)

    def remove(self, stream: str, rerun: Rerun) -> None:
        """Have the network of a stream run no more, and forget it."""
        rest = {name: each for name, each in self._networks.items() if name != stream}
        self._change(rest, rerun)
        self._shelf.drop(stream)

    def _change(self, after: dict[str, Network], rerun: Rerun) -> None:
        before, self._networks = self._networks, after
        try:
            rerun()
        except BaseException:
            self._networks = before
            raise
