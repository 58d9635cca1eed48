"""The lives of one camera's worker, over its processes: how often in a row it died soon.

A life leaves a note when it begins and takes it away when it ends in order. Who finds a note knows
that the life before died, and how long it had lasted at most.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from lensbus_services.driver import Description

logger = logging.getLogger(__name__)

FREE_DEATHS: Final = 2  # after so many the worker tries again at once
FIRST_WAIT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Life:
    """One life: when it began (Unix microseconds), and what was known of its camera."""

    began_us: int
    deaths: int = 0  # in a row, before it
    vendor: str = ""
    model: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def deaths_before(last: Life | None, now_us: int, steady_s: float) -> int:
    """Return how many lives in a row have died soon, the last one among them."""
    if last is None:
        return 0
    was_steady = now_us - last.began_us > steady_s * 1e6
    return 1 if was_steady else last.deaths + 1


def wait_s(deaths: int) -> float:
    """Return how long to wait before the next try: longer with each death."""
    tries = deaths - FREE_DEATHS
    return FIRST_WAIT_S * 2.0 ** (tries - 1) if tries > 0 else 0.0


class Lives:
    """The note of one camera's worker. One process at a time writes it."""

    def __init__(self, state: Path, camera: str) -> None:
        self._path = state / "lives" / f"{camera}.json"
        self._life: Life | None = None

    def last(self) -> Life | None:
        """Return the life that died, if one did."""
        try:
            found = json.loads(self._path.read_bytes())
            return Life(**found)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            logger.warning("life not read", extra={"path": str(self._path), "reason": str(error)})
            return None

    def begin(self, life: Life) -> None:
        """Note that a life begins."""
        self._life = life
        self._write()

    def know(self, known: Description) -> None:
        """Note what the camera says of itself: the next life may not get that far."""
        if self._life is not None:
            self._life = replace(
                self._life, vendor=known.vendor, model=known.model, details=known.details
            )
            self._write()

    def end(self) -> None:
        """Take the note away, if it is ours and not a successor's: this life ends in order."""
        last = self.last()
        if self._life is not None and last is not None and last.began_us == self._life.began_us:
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_suffix(".new")
            draft.write_text(json.dumps(asdict(self._life)), encoding="utf-8")  # type: ignore[arg-type]
            os.replace(draft, self._path)
        except (OSError, TypeError) as error:
            # Only a death that comes soon would be missed.
            logger.warning("life not kept", extra={"path": str(self._path), "reason": str(error)})
