"""What a connection needs before it is of use, and what is noted of how the camera is set.

Bodies forget it when they are switched off.
"""

import logging
from pathlib import Path
from typing import Final

from lensbus_proto.errors import CameraError, CommandError
from lensbus_services.sony.capture import Pause, extra_s
from lensbus_services.sony.codes import PC_REMOTE, TO_HOST, DataType, Property
from lensbus_services.sony.link import Link
from lensbus_services.sony.present import Present
from lensbus_services.sony.reading import select, value_of
from lensbus_services.sony.saving import Places, SaveInfo
from lensbus_services.sony.telling import Teller
from lensbus_services.sony.triggers import Triggers

logger = logging.getLogger(__name__)

PRIORITY_S: Final = 2.0  # for the priority key to turn; a body takes a tenth of it
PRIORITY_TRIES: Final = 100


class Preparation:
    """The place for files, the priority key, and whether exposures are followed by files."""

    def __init__(
        self, present: Present, places: Places, teller: Teller, triggers: Triggers
    ) -> None:
        self.save_info = SaveInfo(places.default)
        self._present = present
        self._places = places
        self._teller = teller
        self._triggers = triggers

    def begin(self, link: Link, pause: Pause) -> None:
        """Prepare a connection that a client has asked for."""
        self.save_info = SaveInfo(self._places.default)
        self._places.sweep()
        self.prepare(link, pause)

    def prepare(self, link: Link, pause: Pause) -> None:
        """Do what a body forgets when it is switched off; it may refuse either."""
        try:
            # Without a place to save, settings are refused for the rest of the connection.
            self._places.prepare_default()
            self.save(link, self.save_info)
        except CameraError as error:
            logger.warning("save folder not set", extra={"reason": error.message})
        self.look_at_destination(link)
        try:
            link.set_value(Property.PRIORITY_KEY, DataType.UINT16_ARRAY, PC_REMOTE)
            self._await_priority(link, pause)
        except CameraError as error:
            # Bodies without this switch are under remote control by themselves.
            logger.info("priority key not set", extra={"reason": error.message})

    def save(self, link: Link, info: SaveInfo) -> None:
        """Tell the SDK where files for the host go from now on."""
        folder = self._prepare_incoming(info)
        self._teller.save_to(info.path, self._places.incoming(info.path))
        link.set_save_info(folder, info.prefix, info.start_number)
        self.save_info = info

    def prepare_incoming(self) -> Path:
        """Return the folder that the SDK shall write a pulled file into."""
        return self._prepare_incoming(self.save_info)

    def _prepare_incoming(self, info: SaveInfo) -> Path:
        try:
            return self._places.incoming(info.path).prepare()
        except OSError as error:
            raise CameraError(f"{info.path} cannot be used: {error.strerror}") from error

    def look_at_destination(self, link: Link) -> None:
        """Note whether exposures are followed by files for the host."""
        try:
            destination = value_of(link, Property.STORE_DESTINATION)
        except CommandError as error:
            logger.info("store destination not known", extra={"reason": error.message})
            return
        wish = self._present.wish
        is_remote = wish is not None and wish.mode == "remote"
        has_files = is_remote and (destination is None or bool(destination & TO_HOST))
        if has_files and not self._teller.has_host_files:
            self._triggers.expect_no_files()
        self._teller.has_host_files = has_files

    def _await_priority(self, link: Link, pause: Pause) -> None:
        """Wait a little until the key has turned: nothing can be set before."""
        for _ in range(PRIORITY_TRIES):
            found = link.properties([Property.PRIORITY_KEY])
            if found and found[0].value == PC_REMOTE:
                return
            pause(PRIORITY_S / PRIORITY_TRIES)
        logger.info("priority key has not turned", extra={"camera": self._places.camera})


def patience_s(present: Present) -> float:
    """Return by how much longer than usual an exposure may take, as the camera is set."""
    try:
        found = select(present.connected_link(), [Property.SHUTTER_SPEED, Property.DRIVE_MODE])
    except CommandError:
        return 0.0
    values = {raw.code: raw.value for raw in found}
    return extra_s(values.get(Property.SHUTTER_SPEED), values.get(Property.DRIVE_MODE))
