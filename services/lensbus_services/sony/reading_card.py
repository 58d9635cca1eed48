"""Reading a file of a card, its beginning or a small picture of it, without a file on the host.

The camera sends a file from its beginning to its end. Who wants no more than the beginning, where
the data about a picture are, has the rest stopped.
"""

import logging
from typing import Final

from lensbus_proto.errors import CameraBusy, CameraError, CommandError
from lensbus_services.sony.awaiting import Awaited
from lensbus_services.sony.codes import CHUNK_BYTES, error_of
from lensbus_services.sony.limits import Until
from lensbus_services.sony.observations import (
    TRANSFER_BUSY,
    TRANSFER_CANCELED,
    TRANSFER_FAILED,
    TRANSFER_GOES_ON,
    TRANSFER_OK,
)
from lensbus_services.sony.pulls import Pull
from lensbus_services.sony.session import Session
from lensbus_services.sony.values import Kind, Seen
from lensbus_services.sony.warnings import warning_name

logger = logging.getLogger(__name__)

READ_LIMIT: Final = 64 * 1024 * 1024  # what one part of a reply carries
LEAST_CHUNK: Final = 64 * 1024
STOP_S: Final = 2.0  # for the camera to stop a transfer; a chunk may be on its way
OPERATION: Final = "GetRemoteTransferContentsData"

_ENDS: Final = (TRANSFER_FAILED, TRANSFER_BUSY, TRANSFER_CANCELED)


def read(session: Session, wanted: Pull, limit: int, deadline_s: float) -> tuple[bytes, bool]:
    """Return at most so many bytes from the beginning of a file, and whether that is all of it."""
    link, until = session.link(), Until(deadline_s)
    chunk = min(CHUNK_BYTES, max(LEAST_CHUNK, limit))
    with session.teller.reading(), session.teller.awaiting.expect(_is_of_a_read) as awaited:
        link.read(wanted, chunk, limit)
        try:
            seen = awaited.wait(until.left_s(), OPERATION)
            has_more = seen.params[1] == 1
            _check(seen)
        except CommandError as error:
            link.take_read()
            if error.began:
                _stop(session, awaited)
            raise
        data = link.take_read()
        if has_more and seen.code == TRANSFER_GOES_ON:
            _stop(session, awaited)
        return data, not has_more


def _is_of_a_read(seen: Seen) -> bool:
    # The end of a transfer that failed is told as that of a file, whatever was asked for.
    return seen.kind is Kind.READ or (seen.kind is Kind.TRANSFER and seen.code in _ENDS)


def _check(seen: Seen) -> None:
    if seen.kind is Kind.READ and seen.params[2] < 0:
        raise error_of(seen.params[2], OPERATION, began=True)
    if seen.kind is Kind.READ and seen.code in (TRANSFER_OK, TRANSFER_GOES_ON):
        return
    name = warning_name(seen.code)
    error = CameraBusy if seen.code == TRANSFER_BUSY else CameraError
    raise error(f"the camera did not send the file: {name}", operation=OPERATION)


def _stop(session: Session, awaited: Awaited) -> None:
    """Have the rest of a transfer stopped, so that the camera is free for the next one."""
    try:
        session.link().cancel_pull()
        while awaited.wait(STOP_S, OPERATION).code == TRANSFER_GOES_ON:
            pass
    except CommandError as error:  # it has come to its end by itself, or the camera is gone
        logger.info("transfer not stopped", extra={"reason": error.message})
