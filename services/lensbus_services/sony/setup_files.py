"""Files for the camera: its settings, kept in one folder below the state, and looks."""

from pathlib import Path
from typing import Final

from lensbus_proto.errors import BadArguments, CameraError, NotFound, Refused, Unsupported
from lensbus_services.sony.codes import ENABLED, INVALID_CALLED, SETTINGS_IDLE, Property
from lensbus_services.sony.incoming import Incoming
from lensbus_services.sony.link import Link
from lensbus_services.sony.reading import value_of

DEFAULT_NAME: Final = "CUMSET.DAT"
REBOOTS: Final = "the camera restarts with the new settings and ends the connection"


def download(link: Link, incoming: Incoming, name: str) -> None:
    """Begin to save the camera's settings; `downloadComplete` tells the end."""
    _check_gates(
        link,
        Property.SETTINGS_SAVE_ENABLE,
        "the camera does not let its settings be saved now: it needs a memory card (on bodies with"
        " two slots in slot 1)",
    )
    try:
        incoming.root.mkdir(parents=True, exist_ok=True)
        folder = incoming.prepare()
    except OSError as error:
        raise CameraError(f"{incoming.root} cannot be used: {error.strerror}") from error
    link.download_settings(folder, name)


def upload(link: Link, folder: Path, name: str) -> None:
    """Begin to give the camera settings that were saved; `settingsResult` tells the end."""
    file = folder / name
    if file.is_symlink() or not file.is_file():
        raise NotFound(f"there is no settings file {name}", detail={"field": "filename"})
    _check_gates(
        link, Property.SETTINGS_READ_ENABLE, "the camera does not take settings from files now"
    )
    link.upload_settings(file)


def import_lut(link: Link, file: Path, slot: int) -> None:
    """Begin to give the camera a look; `lutImportResult` tells the end."""
    try:
        link.import_lut(file, slot)
    except Refused as error:
        if error.vendor_code != INVALID_CALLED:
            raise
        raise Refused(
            "the camera takes no looks now: it does so only in a movie position (0x8402)",
            vendor_code=error.vendor_code,
            operation=error.operation,
        ) from error


def names(folder: Path) -> list[str]:
    """Return the names of the files that were saved, in order."""
    if not folder.is_dir():
        return []
    return sorted(
        file.name for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")
    )


def check_name(name: str) -> str:
    """Return a name if it is that of a file in the folder, and nothing else."""
    if not name or len(name.encode()) > 255 or "/" in name or not name.isprintable():
        raise BadArguments.of("filename", name, "a plain file name")
    if name.startswith("."):
        raise BadArguments.of("filename", name, "a file name without a leading dot")
    return name


def _check_gates(link: Link, gate: Property, closed: str) -> None:
    enable = value_of(link, gate)
    if enable is None:
        raise Unsupported("this camera has no settings files")
    if enable != ENABLED:
        raise CameraError(closed)
    if value_of(link, Property.SETTINGS_STATE) not in (SETTINGS_IDLE, None):
        raise CameraError("the camera is at work on a settings file")
