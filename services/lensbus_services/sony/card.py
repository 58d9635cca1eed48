"""The memory card: what is on it, and having files sent over."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from lensbus_proto.errors import CameraBusy, CameraError, CommandError, NotFound, Refused
from lensbus_services.driver import Observation
from lensbus_services.sony.codes import (
    CHUNK_BYTES,
    CONTENTS_TRANSFER_ON,
    INDEX_BEING_BUILT,
    INVALID_CALLED,
    NOT_LISTED,
    PREVIEWS,
    Property,
)
from lensbus_services.sony.incoming import clean_name
from lensbus_services.sony.link import Link
from lensbus_services.sony.observations import CONTENT_DELETED
from lensbus_services.sony.pulls import Pull
from lensbus_services.sony.session import Session
from lensbus_services.sony.values import CardFile, Day, Kind, Listing, Seen

T = TypeVar("T")

RETRY_S: Final = 0.2
INDEX_LIMIT_S: Final = 10.0
PAGE_BYTES: Final = 512 * 1024  # a reply is at most 1 MiB
FILE_BYTES: Final = 110  # of a file on the wire besides its path
CONTENTS_SLOT: Final = 1  # the mode contents knows no slots

DELETED: Final = 1
NOT_DELETED: Final[Mapping[int, tuple[type[CameraError], str]]] = {
    2: (Refused, "the camera's state does not allow it"),
    3: (CameraBusy, "the camera is busy"),
    4: (Refused, "it is protected"),
    5: (NotFound, "it is not on the card"),
}


def list_files(
    session: Session, slot: int, deadline_s: float, offset: int, day: Day | None = None
) -> list[CardFile]:
    """Return the files on the card in a slot, or those that were taken on one day.

    The SDK tells all at once or nothing: what was told at offset 0 serves the later pages, too.
    """
    link = session.link()
    kept, wanted = session.listing, (link.number, slot, day)
    if offset and kept is not None and (kept.link, kept.slot, kept.day) == wanted:
        return kept.files
    if _mode(session) == "contents":
        files = _contents_files(link)
        if day is not None:
            files = [file for file in files if file.created[:3] == day]
    else:
        files = _while_indexing(session, deadline_s, lambda: link.card_files(slot, day))
    session.listing = Listing(link.number, slot, files, day)
    return files


def days(session: Session, slot: int, deadline_s: float) -> list[Day]:
    """Return the days on which something on the card in a slot was taken, oldest first."""
    link = session.link()
    if _mode(session) == "contents":
        return sorted({(y, m, d) for y, m, d, *_ in (f.created for f in _contents_files(link))})
    return sorted(_while_indexing(session, deadline_s, lambda: link.card_days(slot)))


def _while_indexing(session: Session, deadline_s: float, ask: Callable[[], T]) -> T:
    """Ask a card; where the camera has it closed, say in which mode that is."""
    # Some bodies answer 0x8D05 while they index; that is over after a moment.
    link, give_up = session.link(), time.monotonic() + min(deadline_s * 0.8, INDEX_LIMIT_S)
    try:
        while True:
            try:
                return ask()
            except CameraError as error:
                if error.vendor_code != INDEX_BEING_BUILT or time.monotonic() > give_up:
                    raise
            session.pause(link, RETRY_S)
    except Refused as error:
        if error.vendor_code != INVALID_CALLED:
            raise
        # Most bodies tell what is on their cards in one mode only; which, they are asked.
        mode = _mode(session)
        raise CameraError(
            f"the card cannot be read in the mode {mode}",
            vendor_code=error.vendor_code,
            operation=error.operation,
            detail={"mode": mode},
        ) from error


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


def pull(session: Session, wanted: Pull, incoming: Path) -> Observation | None:
    """Begin to copy a file, or a small picture of it; events tell the rest.

    Return what is to be told where it is there already.
    """
    link = session.link()
    session.teller.begin_pull(wanted)
    slot, content_id, file_id = wanted.slot, wanted.content_id, wanted.file_id
    try:
        if _mode(session) == "contents":
            return _pull_contents(session, link, wanted, incoming)
        if wanted.what == "file":
            link.pull_file(slot, content_id, file_id, CHUNK_BYTES, incoming)
        else:
            link.pull_preview(slot, content_id, file_id, PREVIEWS[wanted.what], incoming)
    except CommandError as error:
        if not error.began:
            session.teller.end_pull()
        raise
    return None


def _pull_contents(
    session: Session, link: Link, wanted: Pull, incoming: Path
) -> Observation | None:
    """Pull by handle. A handle is good only while the list that it came in is the last one."""
    handle = wanted.content_id
    if wanted.what == "thumbnail":
        image = _listed(session, link, lambda: link.contents_thumbnail(handle))
        name = _thumbnail_name(session, handle)
        try:
            (incoming / name).write_bytes(image)
        except OSError as error:
            raise CameraError(f"{incoming} cannot be written: {error.strerror}") from error
        return session.teller.bring(name)
    small = wanted.what == "screennail"
    _listed(session, link, lambda: link.pull_contents(handle, incoming, small=small))
    return None


def _listed(session: Session, link: Link, ask: Callable[[], T]) -> T:
    """Ask for something behind a handle; list the contents first where that is what is missing."""
    try:
        return ask()
    except CameraError as error:
        if error.vendor_code not in NOT_LISTED:
            raise
    session.listing = Listing(link.number, CONTENTS_SLOT, _contents_files(link))
    return ask()


def _thumbnail_name(session: Session, handle: int) -> str:
    files = session.listing.files if session.listing is not None else []
    path = next((one.path for one in files if one.content_id == handle), f"{handle:08x}")
    name = clean_name(path.rsplit("/", 1)[-1])
    return f"{name.rpartition('.')[0] or name}.JPG"


def delete(session: Session, slot: int, content_id: int, deadline_s: float) -> None:
    """Delete a content with all its files, and wait for what the camera says to that."""
    link = session.link()

    def is_answer(seen: Seen) -> bool:
        return (
            seen.kind is Kind.WARNING_EXT
            and seen.code == CONTENT_DELETED
            and seen.params[1] & 0xFFFFFFFF == content_id
            and seen.params[2] in (0, slot)
        )

    with session.teller.awaiting.expect(is_answer) as awaited:
        link.delete_content(slot, content_id)
        session.listing = None  # whatever comes of it
        result = awaited.wait(deadline_s, "DeleteRemoteTransferContentsFile").params[0]
    if result != DELETED:
        error, reason = NOT_DELETED.get(result, (CameraError, f"result {result}"))
        raise error(
            f"content {content_id} is not deleted: {reason}",
            operation="DeleteRemoteTransferContentsFile",
            detail={"result": result},
        )


def size_of(session: Session, content_id: int, file_id: int) -> int:
    """Return the size of a file as it was last listed, 0 if it was not."""
    files = session.listing.files if session.listing is not None else []
    wanted = (content_id, file_id)
    return next((one.size for one in files if (one.content_id, one.file_id) == wanted), 0)


def _mode(session: Session) -> str:
    return session.wish.mode if session.wish else ""


def _contents_files(link: Link) -> list[CardFile]:
    status = link.properties([Property.CONTENTS_TRANSFER_STATUS])
    if not status or status[0].value != CONTENTS_TRANSFER_ON:
        raise CameraError("the camera does not let its contents be read now")
    return link.contents_files()
