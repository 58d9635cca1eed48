"""The one table from an error to the HTTP status that tells it best.

The Robopipe surface answers with it. The Alpha surface must not: its published client repeats
POSTs on 409 and 5xx, so it answers 400 to commands and asks this table nothing but 404.
"""

from collections.abc import Mapping
from typing import Final

from lensbus_proto.errors import (
    BadArguments,
    BadValue,
    CameraBusy,
    CameraError,
    CameraGone,
    CameraTimeout,
    CameraUnknown,
    CommandError,
    CommandUnknown,
    DeadlinePassed,
    InternalError,
    NotActive,
    NotConnected,
    NotFound,
    NotWritable,
    Refused,
    Unsupported,
    WorkerAbsent,
    WorkerSilent,
)

STATUS: Final[Mapping[type[CommandError], int]] = {
    CameraUnknown: 404,
    CommandUnknown: 404,  # a camera of another vendor: this surface does not have it
    NotFound: 404,
    WorkerAbsent: 409,
    WorkerSilent: 409,
    CameraBusy: 409,
    CameraGone: 409,  # it is known, but cannot be used until it is back
    NotConnected: 409,
    NotActive: 409,
    NotWritable: 409,
    BadArguments: 422,
    BadValue: 422,
    Unsupported: 422,
    CommandError: 502,
    InternalError: 502,  # in another process: seen from here, a bad gateway
    CameraError: 502,
    Refused: 502,
    CameraTimeout: 504,
    DeadlinePassed: 504,
}


def status_of(error: CommandError) -> int:
    """Return the status of an error; a class that is not in the table has that of its parent."""
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)
