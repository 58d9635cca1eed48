"""The calls of a connection that lead to the camera's cards."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lensbus_services.sony.calls import Calls
from lensbus_services.sony.codes import PREVIEWS
from lensbus_services.sony.pulls import Pull
from lensbus_services.sony.shim import check, load_shim, read_text
from lensbus_services.sony.values import CardFile, Day


class CardCalls(Calls):
    """What is on the cards, and fetching it. Pulls only begin here: callbacks tell the rest."""

    def card_days(self, slot: int) -> list[Day]:
        """Return the days on which something on a card was taken, in the mode remote-transfer."""
        _, lib = load_shim()
        return self._list(
            "GetRemoteTransferCapturedDateList",
            "crshim_day **",
            lambda pointer, out, count: int(lib.crshim_card_days(pointer, slot, out, count)),
            lambda raw: (raw.year, raw.month, raw.day),
        )

    def card_files(self, slot: int, day: Day | None = None) -> list[CardFile]:
        """Return what is on a card, or what of it was taken on one day; in remote-transfer."""
        ffi, lib = load_shim()
        taken = ffi.new("crshim_day *", day) if day is not None else ffi.NULL
        return self._list(
            "GetRemoteTransferContentsInfoList",
            "crshim_file **",
            lambda pointer, out, count: int(
                lib.crshim_card_files(pointer, slot, taken, out, count)
            ),
            lambda raw: _file(ffi, raw),
        )

    def contents_files(self) -> list[CardFile]:
        """Return what is on the cards, in the mode contents."""
        ffi, lib = load_shim()
        return self._list(
            "GetContentsHandleList",
            "crshim_file **",
            lambda pointer, out, count: int(lib.crshim_contents_files(pointer, out, count)),
            lambda raw: _file(ffi, raw),
        )

    def pull_file(
        self, slot: int, content_id: int, file_id: int, chunk_bytes: int, folder: Path
    ) -> None:
        """Begin to copy a file from a card into a folder."""
        _, lib = load_shim()
        target = os.fsencode(folder)
        name = "GetRemoteTransferContentsDataFile"
        self._do(name, lib.crshim_pull_file, slot, content_id, file_id, chunk_bytes, target)

    def pull_preview(
        self, slot: int, content_id: int, file_id: int, kind: int, folder: Path
    ) -> None:
        """Begin to copy a small picture of a file into a folder."""
        _, lib = load_shim()
        target = os.fsencode(folder)
        name = "GetRemoteTransferContentsCompressedDataFile"
        self._do(name, lib.crshim_pull_preview, slot, content_id, file_id, kind, target)

    def pull_contents(self, handle: int, folder: Path, *, small: bool = False) -> None:
        """Begin to copy a file, or a small picture of it, into a folder; in the mode contents."""
        _, lib = load_shim()
        target = os.fsencode(folder)
        self._do("PullContentsFile", lib.crshim_pull_contents, handle, int(small), target)

    def contents_thumbnail(self, handle: int) -> bytes:
        """Return the small picture that belongs to a file, in the mode contents."""
        _, lib = load_shim()
        return self._bytes(
            "GetContentsThumbnailImage",
            lambda pointer, out, size: int(
                lib.crshim_contents_thumbnail(pointer, handle, out, size)
            ),
        )

    def delete_content(self, slot: int, content_id: int) -> None:
        """Begin to delete a content with all its files."""
        _, lib = load_shim()
        name = "DeleteRemoteTransferContentsFile"
        self._do(name, lib.crshim_delete_content, slot, content_id)

    def read(self, wanted: Pull, chunk_bytes: int, limit_bytes: int) -> None:
        """Begin to read a file, or a small picture of it, into memory; `take_read` is due then."""
        _, lib = load_shim()
        kind = PREVIEWS.get(wanted.what, 0)
        name = f"GetRemoteTransferContents{'Compressed' if kind else ''}Data"
        place = (wanted.slot, wanted.content_id, wanted.file_id, kind)
        self._do(name, lib.crshim_read, *place, chunk_bytes, limit_bytes)

    def take_read(self) -> bytes:
        """Return what was read, and end the reading."""
        _, lib = load_shim()
        return self._bytes(
            "GetRemoteTransferContentsData",
            lambda pointer, out, size: int(lib.crshim_take_read(pointer, out, size)),
        )

    def cancel_pull(self) -> None:
        """Ask the camera to stop the transfer that is on its way."""
        _, lib = load_shim()
        self._do("ControlGetRemoteTransferContentsDataFile", lib.crshim_cancel_pull)

    def _bytes(self, name: str, fetch: Callable[[Any, Any, Any], int]) -> bytes:
        """Call a function of the shim that hands out a block of bytes."""
        ffi, lib = load_shim()

        def take(pointer: Any) -> bytes:
            out, size = ffi.new("uint8_t **"), ffi.new("uint32_t *")
            check(fetch(pointer, out, size), name)
            try:
                return bytes(ffi.buffer(out[0], size[0]))
            finally:
                lib.crshim_free(out[0])

        return self._call(name, take)


def _file(ffi: Any, raw: Any) -> CardFile:
    return CardFile(
        content_id=raw.content_id,
        file_id=raw.file_id,
        path=read_text(ffi, raw.path),
        size=raw.size_bytes,
        created=tuple(raw.created),
        width=raw.width,
        height=raw.height,
    )
