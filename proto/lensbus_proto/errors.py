"""Every error that lensbus raises or sends, as one tree.

    LensbusError
    ├── SettingsError               a bad value in lensbus.toml or in a variable
    ├── ProtocolError
    │   ├── LocalProtocolError      we were about to send something wrong
    │   └── RemoteProtocolError     the peer sent something wrong
    └── CommandError                crosses processes inside a reply
        ├── CommandUnknown          nobody here knows a command of that name
        ├── BadArguments            an argument is missing, of the wrong kind or out of range
        ├── DeadlinePassed          no answer in time; the command may still act
        ├── CameraUnknown           the broker never heard of this camera
        ├── WorkerAbsent            the camera is known, but no worker holds it now
        ├── WorkerSilent            its worker is there, but does not answer
        ├── InternalError           a fault of our own; the log has the traceback
        └── CameraError             the camera, its SDK or its state said no
            ├── CameraBusy          try again later; the connection is healthy
            ├── CameraGone          the link to the camera is lost
            ├── CameraTimeout       the camera did not answer the SDK in time
            ├── NotConnected        the command needs a connection that is not there
            ├── NotActive           the stream is known, but switched off
            ├── NotFound            no such stream, property or file on this camera
            ├── NotWritable         the camera does not let this be set now
            ├── BadValue            the camera does not offer this value now
            ├── Unsupported         this camera can never do it
            └── Refused             the vendor's SDK refused, see `vendor_code`

Callers choose by class or by `code`, which is stable; never by text.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar


class LensbusError(Exception):
    """The root: catches everything that lensbus raises on purpose."""

    code: ClassVar[str] = "lensbus"


class SettingsError(LensbusError):
    """A setting has a bad value: the text names its key, the value and what was expected."""

    code = "settings"


class ProtocolError(LensbusError):
    """A message breaks the rules of WIRE.md."""

    code = "protocol"


class LocalProtocolError(ProtocolError):
    """Our own fault: this message must not be sent."""

    code = "protocol.local"


class RemoteProtocolError(ProtocolError):
    """The peer's fault: these bytes are not a valid message."""

    code = "protocol.remote"


class CommandError(LensbusError):
    """A command that failed, with what the caller needs to go on.

    `vendor_code` is the SDK's own number and `operation` the SDK call that gave it; `detail`
    holds plain values for programs (the field, the accepted values). `began` is false when the
    command certainly did not act.
    """

    code = "command.failed"

    def __init__(
        self,
        message: str,
        *,
        vendor_code: int | None = None,
        operation: str | None = None,
        detail: Mapping[str, Any] | None = None,
        began: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.vendor_code = vendor_code
        self.operation = operation
        self.detail = dict(detail or {})
        self.began = began


class CommandUnknown(CommandError):
    """Nobody here knows a command of that name."""

    code = "command.unknown"


class BadArguments(CommandError):
    """An argument is missing, of the wrong kind or out of range; `detail["field"]` names it."""

    code = "command.arguments"

    @classmethod
    def of(cls, field: str, value: object, expected: str) -> "BadArguments":
        """Make the error for one field: what came, and what was expected."""
        return cls(f"{field} is {value!r}, expected {expected}", detail={"field": field})


class DeadlinePassed(CommandError):
    """No answer before the deadline; when `began` is true the command may still act."""

    code = "command.deadline"


class CameraUnknown(CommandError):
    """The broker never heard of this camera."""

    code = "camera.unknown"


class WorkerAbsent(CommandError):
    """The camera is known, but no worker holds it now."""

    code = "worker.absent"


class WorkerSilent(CommandError):
    """The camera's worker is there, but has stopped answering."""

    code = "worker.silent"


class InternalError(CommandError):
    """A fault of lensbus itself; the log of the process has the traceback."""

    code = "internal"


class CameraError(CommandError):
    """The camera, its SDK or its present state said no."""

    code = "camera.failed"


class CameraBusy(CameraError):
    """Try again later; the connection is healthy."""

    code = "camera.busy"


class CameraGone(CameraError):
    """The link to the camera is lost."""

    code = "camera.gone"


class CameraTimeout(CameraError):
    """The camera did not answer its SDK in time."""

    code = "camera.timeout"


class NotConnected(CameraError):
    """The command needs a connection to the camera, and there is none."""

    code = "camera.not_connected"


class NotActive(CameraError):
    """The stream exists, but is switched off."""

    code = "stream.inactive"


class NotFound(CameraError):
    """The camera has no such stream, property or file."""

    code = "camera.not_found"


class NotWritable(CameraError):
    """The camera does not let this be set in its present state."""

    code = "property.not_writable"


class BadValue(CameraError):
    """The camera does not offer this value in its present state."""

    code = "property.bad_value"


class Unsupported(CameraError):
    """The camera can never do it."""

    code = "camera.unsupported"


class Refused(CameraError):
    """The vendor's SDK refused: `vendor_code` says why."""

    code = "camera.refused"


def _tree(root: type[CommandError]) -> Iterator[type[CommandError]]:
    yield root
    for branch in root.__subclasses__():
        yield from _tree(branch)


BY_CODE: dict[str, type[CommandError]] = {cls.code: cls for cls in _tree(CommandError)}


def error_to_map(error: CommandError) -> dict[str, Any]:
    """Return the error as the map that travels in a reply."""
    wire: dict[str, Any] = {"code": error.code, "message": error.message, "began": error.began}
    if error.vendor_code is not None:
        wire["vendor_code"] = error.vendor_code
    if error.operation is not None:
        wire["operation"] = error.operation
    if error.detail:
        wire["detail"] = error.detail
    return wire


def error_from_map(wire: Mapping[str, Any]) -> CommandError:
    """Return the error of a reply; a code from a newer version becomes a plain CommandError."""
    cls = BY_CODE.get(wire["code"], CommandError)
    return cls(
        wire["message"],
        vendor_code=wire.get("vendor_code"),
        operation=wire.get("operation"),
        detail=wire.get("detail"),
        began=wire.get("began", False),
    )
