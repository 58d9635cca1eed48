"""What the SDK called back, told with what is known around it: files, captures, the pull."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lensbus_proto.errors import CameraBusy
from lensbus_proto.runtime.clock import unix_us
from lensbus_proto.runtime.records import bound
from lensbus_services.driver import Observation
from lensbus_services.sony import observations
from lensbus_services.sony.awaiting import Awaiting
from lensbus_services.sony.codes import CONTENTS_FAILURES, TRANSFER_RUNNING, error_name
from lensbus_services.sony.incoming import Incoming, Saved, clean_name, is_full
from lensbus_services.sony.observations import (
    CAPTURED,
    CONTENTS_COMPLETE,
    CONTENTS_STARTED,
    FILE_FAILURES,
    SETTINGS_FILE,
    STORAGE_FULL,
    TRANSFER_GOES_ON,
    TRANSFER_OK,
    Scene,
    observe,
)
from lensbus_services.sony.pulls import Pull, forget_pull, note_pull
from lensbus_services.sony.saving import Places
from lensbus_services.sony.triggers import Triggers
from lensbus_services.sony.values import Found, Kind, Seen
from lensbus_services.sony.warnings import warning_name

logger = logging.getLogger(__name__)

DISK_RESERVE: Final = 1024 * 1024  # with less than this left a disk counts as full
PICTURE_ROOM: Final = 256 * 1024 * 1024  # no picture needs more

PULL_S: Final = 120.0  # the longest silence of a body that is still at it
FOLDERS: Final = 4  # in which a file that is on its way may still arrive

# Told to the command alone that waits for it: nobody else has asked for this transfer.
_TAKEN: Final = (Kind.READ, Kind.TRANSFER)

DISK_FULL: Final = "disk.full"
CUT: Final = "transfer.cut"
LINK_LOST: Final = "camera.gone"
SILENT: Final = "camera.timeout"
UNUSABLE: Final = "transfer.unusable"  # the camera told a name behind which there is no file


class Teller:
    """Turns callbacks into observations. `tell` has one calling thread, the reader of the queue."""

    def __init__(self, found: Found, places: Places, pull_note: Path, triggers: Triggers) -> None:
        self.lut_slot: int | None = None  # of the look that was last sent
        self.awaiting = Awaiting()  # what commands take out of the callbacks
        self.has_host_files = False  # exposures are followed by files for the host
        self._found = found
        self._places = places
        self._triggers = triggers
        self._pull_note = pull_note
        self._lock = threading.Lock()
        self._pull: Pull | None = None
        self._reading = False  # into memory
        self._heard_at = 0.0  # of the pull
        self._saving: list[tuple[Path, Incoming]] = []  # newest first

    @property
    def pull(self) -> Pull | None:
        """The file that is on its way from the card."""
        return self._pull

    def save_to(self, folder: Path, incoming: Incoming) -> None:
        """Name the folder for files from now on, and where the SDK puts them first."""
        with self._lock:
            self._saving = [(folder, incoming), *self._saving][:FOLDERS]

    def begin_pull(self, pull: Pull) -> None:
        """Note a pull before the SDK is asked for it; CameraBusy while another is on its way."""
        with self._lock:
            self._check_free()
            self._pull, self._heard_at = pull, time.monotonic()
        note_pull(self._pull_note, pull)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Have no other transfer begin meanwhile; CameraBusy while there is one."""
        with self._lock:
            self._check_free()
            self._reading = True
        try:
            yield
        finally:
            with self._lock:
                self._reading = False

    def _check_free(self) -> None:
        if self._pull is not None or self._reading:
            raise CameraBusy("a file is on its way already", vendor_code=TRANSFER_RUNNING)

    def overdue_pull(self, now: float) -> Iterator[Observation]:
        """Tell a pull of which the camera has said nothing for too long, if there is one."""
        with self._lock:
            is_overdue = self._pull is not None and now - self._heard_at > PULL_S
        if is_overdue and (pull := self.end_pull()) is not None:
            message = f"the camera has said nothing of it for {PULL_S:g} s"
            yield observations.transfer_failed(unix_us(), SILENT, message, pull)

    def end_pull(self) -> Pull | None:
        """Note that the pull has ended, if there is one; return it."""
        with self._lock:
            pull, self._pull = self._pull, None
        if pull is not None:
            forget_pull(self._pull_note)
        return pull

    def tell(self, seen: Seen) -> Iterator[Observation]:
        """Tell one callback, with what it means for files and captures."""
        if self.awaiting.take(seen) and seen.kind in _TAKEN:
            return
        match seen.kind:
            case Kind.DOWNLOADED:
                yield self._downloaded(seen)
            case Kind.TRANSFER:
                yield from self._transferred(seen)
            case Kind.CONTENTS:
                yield from self._contents(seen)
            case Kind.WARNING if seen.code == CAPTURED:
                capture = self._triggers.exposed(has_files=self.has_host_files)
                yield from self._plain(seen, capture)
            case Kind.WARNING if seen.code in FILE_FAILURES:
                yield from self._plain(seen)
                yield from self._not_delivered(seen)
            case Kind.ERROR if seen.code in CONTENTS_FAILURES:
                yield from self._plain(seen)
                if (pull := self.end_pull()) is not None:
                    yield self._failed(seen, pull, error_name(seen.code))
            case _:
                yield from self._plain(seen)

    def bring(self, name: str) -> Observation:
        """End the pull with a file that lies whole where the SDK puts them; tell it as a pull's."""
        raw = os.fsencode(name)
        seen = Seen(
            Kind.TRANSFER, unix_us(), code=TRANSFER_OK, params=(100, 0, 0), text=name, raw=raw
        )
        pull = self.end_pull()
        return self._arrived(seen, pull)

    def lose(self, time_us: int, reason: str) -> Iterator[Observation]:
        """Tell what the end of the connection means for what was on its way."""
        self.awaiting.lose(reason)
        pull = self.end_pull()
        if pull is not None:
            yield observations.transfer_failed(time_us, LINK_LOST, reason, pull)
        lost = self._triggers.lose(reason)
        if lost is not None:
            yield lost

    def _plain(self, seen: Seen, capture: int | None = None) -> Iterator[Observation]:
        told = observe(seen, Scene(self._found, self.lut_slot, capture))
        if told is not None:
            yield told

    def _downloaded(self, seen: Seen) -> Observation:
        settings = seen.code == SETTINGS_FILE
        capture = None if settings else self._triggers.filed(_stem(seen.text))
        with bound(**({} if capture is None else {"capture": capture})):
            saved = self._finish(seen, is_settings=settings)
            if isinstance(saved, Saved):
                logger.info("file saved", extra={"path": saved.path, "size": saved.size})
        if isinstance(saved, Saved):
            kind = "settings" if settings else "image"
            return observations.download_complete(seen.time_us, saved, kind, capture)
        name = clean_name(_last(seen.text))
        return observations.transfer_failed(seen.time_us, UNUSABLE, saved, None, name, capture)

    def _transferred(self, seen: Seen) -> Iterator[Observation]:
        if seen.code == TRANSFER_GOES_ON:
            with self._lock:
                self._heard_at = time.monotonic()
            yield observations.transfer_progress(seen, self._pull)
            return
        pull = self.end_pull()
        if seen.code != TRANSFER_OK:
            yield observations.transfer_progress(seen, pull)
            yield self._failed(seen, pull, warning_name(seen.code))
            return
        yield self._arrived(seen, pull)

    def _arrived(self, seen: Seen, pull: Pull | None) -> Observation:
        saved = self._finish(seen)
        if isinstance(saved, Saved):
            return observations.transfer_progress(seen, pull, saved)
        name = clean_name(_last(seen.text))
        return observations.transfer_failed(seen.time_us, UNUSABLE, saved, pull, name)

    def _contents(self, seen: Seen) -> Iterator[Observation]:
        if seen.code == CONTENTS_STARTED:
            yield observations.contents_transfer(seen)
            return
        pull = self.end_pull()
        saved = self._finish(seen) if seen.code == CONTENTS_COMPLETE and seen.text else None
        if isinstance(saved, Saved):
            yield observations.contents_transfer(seen, saved)
            return
        yield observations.contents_transfer(seen)
        if seen.code != CONTENTS_COMPLETE:
            yield self._failed(seen, pull, warning_name(seen.code))
        elif saved is not None:
            name = clean_name(_last(seen.text))
            yield observations.transfer_failed(seen.time_us, UNUSABLE, saved, pull, name)

    def _not_delivered(self, seen: Seen) -> Iterator[Observation]:
        """Tell that a picture for the host did not arrive: the disk, or the camera, failed."""
        if not self.has_host_files:
            return  # it speaks of the card
        # What did not fit is gone by now: a little room may be left.
        full = self._is_full(PICTURE_ROOM)
        if seen.code == STORAGE_FULL and not full:
            return
        code = DISK_FULL if full else CUT
        message = "the disk is full" if full else warning_name(seen.code)
        capture = self._triggers.lost_file()
        yield observations.transfer_failed(seen.time_us, code, message, None, "", capture)

    def _failed(self, seen: Seen, pull: Pull | None, message: str) -> Observation:
        full = self._is_full(max(DISK_RESERVE, pull.size if pull else 0))
        for _, incoming in self._saving if seen.text else ():
            incoming.discard(seen.raw)
        code, message = (DISK_FULL, "the disk is full") if full else (CUT, message)
        name = clean_name(_last(seen.text)) if seen.text else ""
        return observations.transfer_failed(seen.time_us, code, message, pull, name)

    def _finish(self, seen: Seen, *, is_settings: bool = False) -> Saved | str:
        """Give a file its final name; return why not, if it cannot be."""
        saving = self._saving
        if is_settings:
            saving = [(self._places.settings, self._places.incoming_settings())]
        # What was triggered before the folder was changed may have gone to the one before.
        arrived = (one for one in saving if one[1].has(seen.raw))
        folder, incoming = next(arrived, (None, None))
        if folder is None or incoming is None:
            return "the camera told of a file that is not there"
        try:
            return incoming.finish(seen.raw, folder, replace=is_settings)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            logger.warning("file not kept", extra={"file": seen.text, "reason": reason})
            return f"the file cannot be kept: {reason}"

    def _is_full(self, needed_bytes: int) -> bool:
        return bool(self._saving) and is_full(self._saving[0][0], needed_bytes)


def _last(told: str) -> str:
    return told.rsplit("/", 1)[-1]


def _stem(told: str) -> str:
    name = _last(told)
    return name.rpartition(".")[0] or name
