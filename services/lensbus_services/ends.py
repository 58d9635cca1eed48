"""How the processes of workers ended, and how often they crashed, as the process manager saw it.

A process that dies by a signal cannot tell; its parent knows for sure. The process manager notes
every end before it starts the next process of that camera, which finds the note and tells it on
the bus. The counts begin with the process manager.
"""

import json
import logging
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Final

from lensbus_proto.codec import past_from_map, past_to_map
from lensbus_proto.errors import RemoteProtocolError
from lensbus_proto.messages import Crashes, Ended, Past

logger = logging.getLogger(__name__)

FOLDER: Final = "ends"
# Whoever sends these wants an end.
ORDERLY: Final = frozenset({"SIGTERM", "SIGINT"})


def ended_by(pid: int, status: int, time_us: int) -> Ended:
    """Return how a process ended, from the status that `wait` gave for it."""
    if not os.WIFSIGNALED(status):
        return Ended(pid, time_us, code=os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    try:
        return Ended(pid, time_us, signal.Signals(number).name)
    except ValueError:  # a real-time signal has only a number
        return Ended(pid, time_us, f"SIG{number}")


def is_crash(ended: Ended, *, asked: bool) -> bool:
    """Tell whether a process died; one that was asked to end and did not is killed in the end."""
    orderly = ORDERLY | {"SIGKILL"} if asked else ORDERLY
    return ended.signal not in orderly | {""}


def counted(crashes: tuple[Crashes, ...], ended: Ended) -> tuple[Crashes, ...]:
    """Return the crashes with one more."""
    known = {one.signal: one for one in crashes}
    before = known.get(ended.signal, Crashes(ended.signal, 0, 0))
    known[ended.signal] = replace(before, count=before.count + 1, time_us=ended.time_us)
    return tuple(known.values())


class Ends:
    """The process manager's notes of all workers. What earlier managers noted is forgotten."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._pasts: dict[str, Past] = {}
        shutil.rmtree(state / FOLDER, ignore_errors=True)

    def note(self, camera: str, ended: Ended, *, asked: bool) -> None:
        """Note how a camera's worker ended, `asked` to or not. Raises OSError when it cannot."""
        before = self._pasts.get(camera)
        crashes = () if before is None else before.crashes
        if is_crash(ended, asked=asked):
            crashes = counted(crashes, ended)
        past = self._pasts[camera] = Past(ended, crashes)
        path = _path(self._state, camera)
        draft = path.with_suffix(".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(past_to_map(past)), encoding="utf-8")
            os.replace(draft, path)
        except OSError:
            path.unlink(missing_ok=True)  # the next worker shall not take an older end for this one
            raise


def read_past(state: Path, camera: str) -> Past | None:
    """Return what is noted of a camera's workers so far; None without a process manager."""
    path = _path(state, camera)
    try:
        found = json.loads(path.read_bytes())
        return past_from_map(found if isinstance(found, dict) else {})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RemoteProtocolError) as error:
        logger.warning("end not read", extra={"path": str(path), "reason": str(error)})
        return None


def _path(state: Path, camera: str) -> Path:
    return state / FOLDER / f"{camera}.json"
