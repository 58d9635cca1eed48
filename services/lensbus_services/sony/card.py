"""The memory card: what is on it, and having files sent over."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from lensbus_proto.errors import CameraBusy, CameraError, CommandError, Refused
from lensbus_services.sony.codes import (
    CHUNK_BYTES,
    CONTENTS_TRANSFER_ON,
    INDEX_BEING_BUILT,
    INVALID_CALLED,
    PREVIEWS,
    TRANSFER_RUNNING,
    Property,
)
from lensbus_services.sony.link import Link
from lensbus_services.sony.pulls import Pull
from lensbus_services.sony.session import Session
from lensbus_services.sony.values import CardFile, Listing

RETRY_S: Final = 0.2
INDEX_LIMIT_S: Final = 10.0
PAGE_BYTES: Final = 512 * 1024  # a reply is at most 1 MiB
FILE_BYTES: Final = 110  # of a file on the wire besides its path


def list_files(session: Session, slot: int, deadline_s: float, offset: int) -> list[CardFile]:
    """Return the files on the card in a slot.

    The SDK tells all at once or nothing: what was told at offset 0 serves the later pages, too.
    """
    link = session.link()
    kept = session.listing
    if offset and kept is not None and (kept.link, kept.slot) == (link.number, slot):
        return kept.files
    mode = session.wish.mode if session.wish else ""
    try:
        if mode == "contents":
            files = _contents_files(link)
        else:
            files = _card_files(session, link, slot, min(deadline_s * 0.8, INDEX_LIMIT_S))
    except Refused as error:
        if error.vendor_code != INVALID_CALLED:
            raise
        # Most bodies tell what is on their cards in one mode only; which, they are asked.
        raise CameraError(
            f"the card cannot be read in the mode {mode}",
            vendor_code=error.vendor_code,
            operation=error.operation,
            detail={"mode": mode},
        ) from error
    session.listing = Listing(link.number, slot, files)
    return files


def page(files: Sequence[CardFile], offset: int, limit: int) -> dict[str, Any]:
    """Return a page of files as they travel. It ends where the reply would become too large."""
    listed: list[dict[str, Any]] = []
    room = PAGE_BYTES
    for file in files[offset : offset + limit]:
        room -= FILE_BYTES + len(file.path.encode())
        if room < 0 and listed:
            break
        listed.append(file_map(file))
    return {"files": listed, "total": len(files)}


def file_map(file: CardFile) -> dict[str, Any]:
    """Return a file as it travels; the size of the picture only where the SDK tells it."""
    data: dict[str, Any] = {
        "content_id": file.content_id,
        "file_id": file.file_id,
        "path": file.path,
        "size": file.size,
        "created": list(file.created),
    }
    return data | ({"width": file.width, "height": file.height} if file.width else {})


def pull(session: Session, wanted: Pull, incoming: Path) -> None:
    """Begin to copy a file, or a small picture of it; events tell the rest."""
    link = session.link()
    if session.teller.pull is not None:
        raise CameraBusy("a file is on its way already", vendor_code=TRANSFER_RUNNING)
    session.teller.begin_pull(wanted)
    slot, content_id, file_id = wanted.slot, wanted.content_id, wanted.file_id
    try:
        if session.wish is not None and session.wish.mode == "contents" and wanted.what == "file":
            link.pull_contents(content_id, incoming)
        elif wanted.what == "file":
            link.pull_file(slot, content_id, file_id, CHUNK_BYTES, incoming)
        else:
            link.pull_preview(slot, content_id, file_id, PREVIEWS[wanted.what], incoming)
    except CommandError as error:
        if not error.began:
            session.teller.end_pull()
        raise


def size_of(session: Session, content_id: int, file_id: int) -> int:
    """Return the size of a file as it was last listed, 0 if it was not."""
    files = session.listing.files if session.listing is not None else []
    wanted = (content_id, file_id)
    return next((one.size for one in files if (one.content_id, one.file_id) == wanted), 0)


def _card_files(session: Session, link: Link, slot: int, limit_s: float) -> list[CardFile]:
    # Some bodies answer 0x8D05 while they index; that is over after a moment.
    give_up = time.monotonic() + limit_s
    while True:
        try:
            return link.card_files(slot)
        except CameraError as error:
            if error.vendor_code != INDEX_BEING_BUILT or time.monotonic() > give_up:
                raise
        session.pause(link, RETRY_S)


def _contents_files(link: Link) -> list[CardFile]:
    status = link.properties([Property.CONTENTS_TRANSFER_STATUS])
    if not status or status[0].value != CONTENTS_TRANSFER_ON:
        raise CameraError("the camera does not let its contents be read now")
    return link.contents_files()
