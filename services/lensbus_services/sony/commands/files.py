"""Files: on the card, from the camera's settings, looks, and where they are saved."""

from collections.abc import Mapping
from typing import Any, Final

from lensbus_services.sony import card, setup_files
from lensbus_services.sony.arguments import Arguments, integer, optional, text, word
from lensbus_services.sony.codes import AUTO_NUMBER, PREVIEWS
from lensbus_services.sony.commands.handler import U32, Handler, Result
from lensbus_services.sony.pulls import Pull
from lensbus_services.sony.saving import SaveInfo, check_prefix
from lensbus_services.sony.session import Session

NUMBER_LIMIT: Final = 99_999
LUT_SLOTS: Final = 16


class FileCommands:
    """card.*, save_info.*, settings.*, lut.import."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def table(self) -> Mapping[str, Handler]:
        """Return the commands by name."""
        return {
            "card.list": self._list_card,
            "card.pull": self._pull,
            "save_info.get": self._get_save_info,
            "save_info.set": self._set_save_info,
            "settings.download": self._download_settings,
            "settings.upload": self._upload_settings,
            "settings.files": self._settings_files,
            "lut.import": self._import_lut,
        }

    def _list_card(self, arguments: Arguments, deadline_s: float) -> Result:
        slot = integer(arguments, "slot", 1, 2)
        offset = optional(arguments, "offset", 0, U32, 0)
        limit = optional(arguments, "limit", 1, U32, U32)
        return card.page(card.list_files(self._session, slot, deadline_s, offset), offset, limit)

    def _pull(self, arguments: Arguments, _: float) -> Result:
        slot = integer(arguments, "slot", 1, 2)
        content_id = integer(arguments, "content_id", 0, U32)
        file_id = integer(arguments, "file_id", 0, U32)
        what = word(arguments, "what", ("file", *PREVIEWS), "file")
        asked = text(arguments, "save_path", limit=4096)
        session = self._session
        session.link()
        info = session.save_info
        if asked:
            # It stays the folder of this connection, for pictures and later pulls too.
            folder = session.places.prepare("save_path", asked)
            info = SaveInfo(folder, info.prefix, info.start_number)
            session.save(info)
        size = card.size_of(session, content_id, file_id) if what == "file" else 0
        wanted = Pull(content_id, file_id, what, slot, size)
        card.pull(session, wanted, session.prepare_incoming())
        return {"path": str(info.path)}

    def _get_save_info(self, _: Arguments, __: float) -> Result:
        session = self._session
        session.link()
        return _save_info_map(session.save_info)

    def _set_save_info(self, arguments: Arguments, _: float) -> Result:
        session = self._session
        session.link()
        prefix = check_prefix(text(arguments, "prefix"))
        start = optional(arguments, "start_number", AUTO_NUMBER, NUMBER_LIMIT, AUTO_NUMBER)
        folder = session.places.prepare("path", text(arguments, "path", limit=4096))
        session.save(SaveInfo(folder, prefix, start))
        return _save_info_map(session.save_info)

    def _download_settings(self, arguments: Arguments, _: float) -> Result:
        name = setup_files.check_name(
            text(arguments, "filename", limit=255) or setup_files.DEFAULT_NAME
        )
        session = self._session
        setup_files.download(session.link(), session.places.incoming_settings(), name)
        return {"filename": name, "path": str(session.places.settings / name)}

    def _upload_settings(self, arguments: Arguments, _: float) -> Result:
        name = setup_files.check_name(text(arguments, "filename", limit=255))
        session = self._session
        setup_files.upload(session.link(), session.places.settings, name)
        return {"filename": name, "warning": setup_files.REBOOTS}

    def _settings_files(self, _: Arguments, __: float) -> Result:
        return {"files": setup_files.names(self._session.places.settings)}

    def _import_lut(self, arguments: Arguments, _: float) -> Result:
        slot = optional(arguments, "slot", 1, LUT_SLOTS, 1)
        session = self._session
        file = session.places.existing("file_path", text(arguments, "file_path", limit=4096))
        setup_files.import_lut(session.link(), file, slot)
        session.teller.lut_slot = slot
        return {"slot": slot, "file": file.name}


def _save_info_map(info: SaveInfo) -> dict[str, Any]:
    return {"path": str(info.path), "prefix": info.prefix, "start_number": info.start_number}
