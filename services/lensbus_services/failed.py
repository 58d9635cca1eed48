"""Stands in for the driver of a camera whose worker has died too often: it tells so, and no more.

No SDK is loaded. The camera stays listed, and whoever asks for it gets a sentence instead of a
crash; `restart` ends the worker in order, and the next one tries anew.
"""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lensbus_proto.codec import ended_to_map
from lensbus_proto.errors import CameraError
from lensbus_proto.messages import Past
from lensbus_proto.runtime.clock import unix_us
from lensbus_services.driver import Description, Driver, Frame, Observation, Result, Stuck
from lensbus_services.lives import Life


class FailedDriver:
    """A camera that nobody opens any more."""

    def __init__(self, vendor: str, life: Life, past: Past | None = None) -> None:
        self._vendor = vendor
        self._life = life
        self._signal = past.ended.signal if past is not None else ""
        data: dict[str, Any] = {"deaths": life.deaths, "message": self._sentence()}
        if past is not None:
            data["ended"] = ended_to_map(past.ended)
        self._told = [Observation("worker.failed", unix_us(), data)]

    def _sentence(self) -> str:
        last = f" (the last time by {self._signal})" if self._signal else ""
        return (
            f"the worker of this camera died {self._life.deaths} times in a row, each time soon"
            f" after its start{last}: look into its log, then restart it (lensbus restart)"
        )

    def open(self) -> Description:
        """Open nothing; describe the camera."""
        return self.describe()

    def describe(self) -> Description:
        """Describe the camera as it was known, and the failure."""
        details = {**self._life.details, "failed": self._life.deaths}
        return Description(self._vendor, self._life.model, details)

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def execute(self, name: str, arguments: Mapping[str, Any], deadline_s: float) -> Result:
        """Refuse every command."""
        raise CameraError(self._sentence(), operation=name)

    def drain(self, timeout_s: float) -> Sequence[Observation]:
        """Return the news, once."""
        told, self._told = self._told, []
        if not told:
            time.sleep(timeout_s)
        return told

    def observed(self) -> int:
        """Return how many observations there have been so far."""
        return 1

    def stuck(self) -> Stuck | None:
        """Return nothing: no call is made."""
        return None

    def watch(self, streams: frozenset[str]) -> None:
        """Take no notice: there are no pictures."""

    def pictures(self, timeout_s: float) -> Sequence[Frame]:
        """Return no picture."""
        time.sleep(timeout_s)
        return []


if TYPE_CHECKING:
    _guard: type[Driver] = FailedDriver
