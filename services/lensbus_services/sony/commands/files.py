"""Files: on the card, from the camera's settings, looks, and where they are saved."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from lensbus_proto.errors import BadArguments
from lensbus_services.driver import Result as Answer
from lensbus_services.sony import card, setup_files
from lensbus_services.sony.arguments import Arguments, integer, integers, optional, text, word
from lensbus_services.sony.codes import AUTO_NUMBER, PREVIEWS
from lensbus_services.sony.commands.handler import U32, Handler, Result
from lensbus_services.sony.pulls import Pull
from lensbus_services.sony.reading_card import READ_LIMIT, read
from lensbus_services.sony.saving import SaveInfo, check_prefix
from lensbus_services.sony.session import Session
from lensbus_services.sony.values import Day

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
            "card.days": self._card_days,
            "card.pull": self._pull,
            "card.read": self._read,
            "card.delete": self._delete,
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
        files = card.list_files(self._session, slot, deadline_s, offset, _day(arguments))
        return card.page(files, offset, limit)

    def _card_days(self, arguments: Arguments, deadline_s: float) -> Result:
        slot = integer(arguments, "slot", 1, 2)
        return {"days": [list(day) for day in card.days(self._session, slot, deadline_s)]}

    def _read(self, arguments: Arguments, deadline_s: float) -> Answer:
        wanted = _wanted(arguments)
        limit = optional(arguments, "limit", 1, READ_LIMIT, READ_LIMIT)
        data, complete = read(self._session, wanted, limit, deadline_s)
        return Answer({"size": len(data), "complete": complete}, (data,))

    def _delete(self, arguments: Arguments, deadline_s: float) -> Result:
        slot = integer(arguments, "slot", 1, 2)
        content_id = integer(arguments, "content_id", 0, U32)
        card.delete(self._session, slot, content_id, deadline_s)
        return {"content_id": content_id}

    def _pull(self, arguments: Arguments, _: float) -> Result:
        wanted = _wanted(arguments)
        asked = text(arguments, "save_path", limit=4096)
        session = self._session
        session.link()
        info = session.save_info
        if asked:
            # It stays the folder of this connection, for pictures and later pulls too.
            folder = session.places.prepare("save_path", asked)
            info = SaveInfo(folder, info.prefix, info.start_number)
            session.save(info)
        size = card.size_of(session, wanted.content_id, wanted.file_id)
        wanted = replace(wanted, size=size if wanted.what == "file" else 0)
        told = card.pull(session, wanted, session.prepare_incoming())
        if told is not None:
            session.tell(told)
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


def _wanted(arguments: Arguments) -> Pull:
    return Pull(
        slot=integer(arguments, "slot", 1, 2),
        content_id=integer(arguments, "content_id", 0, U32),
        file_id=integer(arguments, "file_id", 0, U32),
        what=word(arguments, "what", ("file", *PREVIEWS), "file"),
    )


def _day(arguments: Arguments) -> Day | None:
    """Return the day [year, month, day] that is asked for, None for all days."""
    if arguments.get("day") is None:
        return None
    day = integers(arguments, "day", most=9999, count=3)
    if len(day) != 3:
        raise BadArguments.of("day", day, "a list of year, month and day")
    return day[0], day[1], day[2]


def _save_info_map(info: SaveInfo) -> dict[str, Any]:
    return {"path": str(info.path), "prefix": info.prefix, "start_number": info.start_number}
